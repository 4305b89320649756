// Package codec decodes the JSON of events: the largest cost of a projection,
// so that the decoder stands behind one door.
package codec

import "github.com/bytedance/sonic"

// Unmarshal reads JSON into v. sonic falls back to encoding/json by itself on a
// Go version or processor that it does not know.
func Unmarshal(data []byte, v any) error { return sonic.ConfigStd.Unmarshal(data, v) }
