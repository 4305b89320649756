package codec_test

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/eventstore/codec"
)

type inner struct {
	Text string `json:"text"`
}

type sample struct {
	inner
	ID     string         `json:"id"`
	Count  int64          `json:"count"`
	Ratio  float64        `json:"ratio"`
	At     time.Time      `json:"at"`
	None   *time.Time     `json:"none"`
	Tags   []string       `json:"tags"`
	Loose  map[string]any `json:"loose"`
	Absent string         `json:"absent,omitempty"`
}

const text = `{"text":"Größe <b> \u0026 \ud83d\ude00","id":"0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa","count":9007199254740993,
	"ratio":1e-7,"at":"2026-03-01T12:00:00.000000001Z","none":null,"tags":["a","b"],"loose":{"n":1,"o":{"x":[true,null]}},"later":"a field of a newer version"}`

// The decoder is exchangeable: it says what encoding/json says.
func TestDecodesAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	var got, want sample
	require.NoError(t, codec.Unmarshal([]byte(text), &got))
	require.NoError(t, json.Unmarshal([]byte(text), &want))
	require.Equal(t, want, got)
	for _, broken := range []string{``, `{`, `{"id":1}`, `[]`, `{"at":"yesterday"}`, `{"count":1.5}`} {
		require.Error(t, codec.Unmarshal([]byte(broken), new(sample)), broken)
		require.Error(t, json.Unmarshal([]byte(broken), new(sample)), broken)
	}
}

// What the standard library reads is read as the same, and nothing crashes.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{text, `{}`, `null`, `{"id":"\ud800","loose":{"":[1e400]}}`, `{"tags":null,"loose":{"a":{"a":{}}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var got, want sample
		err := codec.Unmarshal(data, &got)
		if !utf8.Valid(data) || json.Unmarshal(data, &want) != nil {
			return
		}
		require.NoError(t, err, "%s", data)
		require.Equal(t, want, got, "%s", data)
	})
}

// Beside each other in one run.
func BenchmarkUnmarshal(b *testing.B) {
	for name, f := range map[string]func([]byte, any) error{"codec": codec.Unmarshal, "encoding-json": json.Unmarshal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var s sample
				if err := f([]byte(text), &s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
