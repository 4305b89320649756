package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
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

// headReader reads status lines and headers up to a bound.
type headReader struct {
	r    *bufio.Reader
	left int64
	read int64
}

func (h *headReader) line() (string, error) {
	var whole []byte
	for {
		part, err := h.r.ReadSlice('\n')
		h.left -= int64(len(part))
		h.read += int64(len(part))
		if h.left < 0 {
			return "", &Error{Code: "HPE_HEADER_OVERFLOW", Message: "Parse Error: Header overflow"}
		}
		whole = append(whole, part...)
		if err == nil {
			break
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = errHangUp
			}
			return "", err
		}
	}
	whole = bytes.TrimSuffix(whole, []byte("\n"))
	return text(bytes.TrimSuffix(whole, []byte("\r"))), nil
}

// text is UTF-8, or what Latin-1 meant.
func text(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]byte, 0, len(b)+8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return string(out)
}

// response reads a head; informational ones (1xx) are passed over.
func (h *headReader) response() (*Response, error) {
	for {
		h.read = 0
		resp, err := h.head()
		if err != nil {
			return nil, err
		}
		if resp.Code >= 200 || resp.Code == 101 {
			resp.WireHeader = h.read
			return resp, nil
		}
	}
}

func (h *headReader) head() (*Response, error) {
	status, err := h.line()
	if err != nil {
		return nil, err
	}
	proto, rest, _ := strings.Cut(status, " ")
	code, reason, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	n, err := strconv.Atoi(code)
	if !strings.HasPrefix(proto, "HTTP/") {
		return nil, &Error{Code: "HPE_INVALID_CONSTANT", Message: "Parse Error: Expected HTTP/"}
	}
	if err != nil || n < 100 || n > 999 {
		return nil, &Error{Code: "HPE_INVALID_STATUS", Message: "Parse Error: Invalid status code"}
	}
	resp := &Response{Proto: proto, Code: n, Status: reason}
	for {
		line, err := h.line()
		if err != nil || line == "" {
			return resp, err
		}
		if line[0] == ' ' || line[0] == '\t' { // a folded line goes on
			if last := len(resp.Header) - 1; last >= 0 {
				resp.Header[last].Value += " " + strings.Trim(line, " \t")
				continue
			}
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return nil, &Error{Code: "HPE_INVALID_HEADER_TOKEN", Message: "Parse Error: Invalid header token"}
		}
		resp.Header = append(resp.Header, Header{Name: name, Value: strings.Trim(value, " \t")})
	}
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

// bodyOf finds out how long the body is (RFC 9112 §6.3).
func bodyOf(r *bufio.Reader, method string, resp *Response) (body, error) {
	none := &lengthBody{io.LimitedReader{R: r}}
	if method == "HEAD" || resp.Code < 200 || resp.Code == 204 || resp.Code == 304 {
		return none, nil
	}
	if te := resp.list("Transfer-Encoding"); te != "" {
		if err := bothLengths(resp); err != nil {
			return nil, err
		}
		last := te[strings.LastIndexByte(te, ',')+1:]
		if strings.EqualFold(strings.TrimSpace(last), "chunked") {
			return &chunkedBody{r: r}, nil
		}
		return closeBody{r}, nil
	}
	length := resp.Get("Content-Length")
	if length == "" {
		return closeBody{r}, nil
	}
	for _, h := range resp.Header {
		if strings.EqualFold(h.Name, "Content-Length") && h.Value != length {
			return nil, &Error{Code: "HPE_UNEXPECTED_CONTENT_LENGTH", Message: "Parse Error: Content-Length can't be present twice"}
		}
	}
	n, err := strconv.ParseUint(length, 10, 63)
	if err != nil {
		return nil, &Error{Code: "HPE_INVALID_CONTENT_LENGTH", Message: "Parse Error: Invalid character in Content-Length"}
	}
	none.N = int64(n)
	return none, nil
}

// bothLengths refuses an answer that tells its length in two ways (RFC 9112,
// section 6.3): somebody may have put another answer into it.
func bothLengths(resp *Response) error {
	for _, h := range resp.Header {
		switch {
		case strings.EqualFold(h.Name, "Transfer-Encoding"):
			if resp.Get("Content-Length") == "" {
				return nil
			}
			return &Error{Code: "HPE_INVALID_CONTENT_LENGTH", Message: "Parse Error: Content-Length can't be present with Transfer-Encoding"}
		case strings.EqualFold(h.Name, "Content-Length"):
			return &Error{Code: "HPE_INVALID_TRANSFER_ENCODING", Message: "Parse Error: Transfer-Encoding can't be present with Content-Length"}
		}
	}
	return nil
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
