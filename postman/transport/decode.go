package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// maxEncodings bounds how often one body may be encoded.
const maxEncodings = 5

// decode undoes a Content-Encoding, from the last that was applied (RFC 9110,
// section 8.4). A stream that ends too early gives what it held, as in browsers;
// from an unknown encoding on, all is left as it is.
func decode(data []byte, encoding string, limit int64) ([]byte, error) {
	names := strings.Split(encoding, ",")
	if len(names) > maxEncodings {
		return data, nil
	}
	for _, name := range slices.Backward(names) {
		if len(data) == 0 {
			return data, nil
		}
		r, err := decoder(strings.ToLower(strings.TrimSpace(name)), data, limit)
		if err != nil {
			return nil, decodeError(err)
		}
		if r == nil {
			return data, nil
		}
		if data, err = readDecoded(r, limit); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// decoder is nil for encodings that nobody knows.
func decoder(name string, data []byte, limit int64) (io.ReadCloser, error) {
	switch name {
	case "gzip", "x-gzip":
		return gzip.NewReader(bytes.NewReader(data))
	case "deflate":
		if r, err := zlib.NewReader(bytes.NewReader(data)); err == nil {
			return r, nil
		}
		return flate.NewReader(bytes.NewReader(data)), nil // without zlib's frame
	case "br":
		return io.NopCloser(brotli.NewReader(bytes.NewReader(data))), nil
	case "zstd":
		r, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(max(uint64(limit), 8<<20)), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		return r.IOReadCloser(), nil
	default:
		return nil, nil //nolint:nilnil // unknown, and no error
	}
}

func readDecoded(r io.ReadCloser, limit int64) ([]byte, error) {
	defer r.Close()
	out, err := readLimited(r, limit)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		if e, ok := errors.AsType[*Error](err); ok {
			return nil, e
		}
		return nil, decodeError(err)
	}
	return out, nil
}

func decodeError(err error) error {
	return &Error{Code: "Z_DATA_ERROR", Errno: -3, Message: "incorrect header check", Err: err}
}
