package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
)

// decode undoes a Content-Encoding. A stream that ends too early gives what it
// held, as in browsers; unknown encodings are left alone.
func decode(data []byte, encoding string, limit int64) ([]byte, error) {
	if len(data) == 0 {
		return data, nil
	}
	var r io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(bytes.NewReader(data))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(data)); err != nil {
			r, err = flate.NewReader(bytes.NewReader(data)), nil // without zlib's frame
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(data))
	default:
		return data, nil
	}
	if err != nil {
		return nil, decodeError(err)
	}
	out, err := readLimited(r, limit)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		var e *Error
		if errors.As(err, &e) {
			return nil, e
		}
		return nil, decodeError(err)
	}
	return out, nil
}

func decodeError(err error) error {
	return &Error{Code: "Z_DATA_ERROR", Errno: -3, Message: "incorrect header check", Err: err}
}
