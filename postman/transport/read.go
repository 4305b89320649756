package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

type bytesBody struct{ *bytes.Reader }

func newBytesBody(b []byte) io.ReadCloser { return bytesBody{bytes.NewReader(b)} }

func (bytesBody) Close() error { return nil }

func get(headers []Header, name string) string {
	for _, h := range headers {
		if strings.EqualFold(h.Name, name) {
			return h.Value
		}
	}
	return ""
}

// body is an answer's body on the wire.
type body interface {
	io.Reader
	reusable() bool // the connection stands right behind the body
}

type lengthBody struct{ io.LimitedReader }

func (b *lengthBody) Read(p []byte) (int, error) {
	n, err := b.LimitedReader.Read(p)
	if errors.Is(err, io.EOF) && b.N > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *lengthBody) reusable() bool { return b.N == 0 }

type closeBody struct{ io.Reader }

// Read takes the end of the connection for the end of the body, however it came:
// many servers end TLS without saying so.
func (b closeBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

func (closeBody) reusable() bool { return false }

// bodyOf finds out how long the body is (RFC 9112, section 6.3). That the head is
// clear about it was checked when it was read.
func bodyOf(r *bufio.Reader, method string, resp *Response, head *headReader) body {
	none := &lengthBody{io.LimitedReader{R: r}}
	if method == "HEAD" || resp.Code/100 == 1 || resp.Code == 204 || resp.Code == 304 {
		return none
	}
	if te := resp.list("Transfer-Encoding"); te != "" {
		last := te[strings.LastIndexByte(te, ',')+1:]
		if strings.EqualFold(strings.TrimSpace(last), "chunked") {
			return &chunkedBody{r: r, head: head}
		}
		return closeBody{r}
	}
	if head.length < 0 {
		return closeBody{r}
	}
	none.N = head.length
	return none
}

var errTooLarge = &Error{Message: "Maximum response size reached", Err: ErrTooLarge}

func readLimited(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return data, err
	}
	if int64(len(data)) > limit {
		return nil, errTooLarge
	}
	return data, nil
}
