package transport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// headReader reads the heads of answers, and trailers, as Node's parser (llhttp)
// does: what it refuses is refused, in its words. TestParserAsNode compares.
type headReader struct {
	r       *bufio.Reader
	left    int64 // bytes that may still come
	read    int64 // bytes of the head under way
	lenient bool  // Node's insecureHTTPParser

	length int64 // Content-Length; -1 when there is none
	coded  bool  // Transfer-Encoding was there
}

func parseError(code, message string) *Error {
	return &Error{Code: code, Message: "Parse Error: " + message}
}

// line reads up to the next LF, which it leaves out. A CR before it is for the
// caller.
func (h *headReader) line() ([]byte, error) {
	var whole []byte
	for {
		part, err := h.r.ReadSlice('\n')
		h.left -= int64(len(part))
		h.read += int64(len(part))
		if h.left < 0 {
			return nil, parseError("HPE_HEADER_OVERFLOW", "Header overflow")
		}
		whole = append(whole, part...)
		switch {
		case err == nil:
			return whole[:len(whole)-1], nil
		case errors.Is(err, io.EOF):
			return nil, errHangUp
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
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
		h.read, h.length, h.coded = 0, -1, false
		resp, err := h.status()
		if err != nil {
			return nil, err
		}
		if err := h.fields(&resp.Header, true); err != nil {
			return nil, err
		}
		if resp.Code >= 200 || resp.Code == 101 || resp.Code < 100 {
			resp.WireHeader = h.read
			return resp, nil
		}
	}
}

// status reads the first line; empty lines may stand before it.
func (h *headReader) status() (*Response, error) {
	line := []byte{}
	for len(bytes.Trim(line, "\r")) == 0 {
		var err error
		if line, err = h.line(); err != nil {
			return nil, err
		}
	}
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(line, "\r"), []byte("HTTP/"))
	if !ok {
		return nil, parseError("HPE_INVALID_CONSTANT", "Expected HTTP/, RTSP/ or ICE/")
	}
	version, err := h.version(rest)
	if err != nil {
		return nil, err
	}
	if len(rest) < 4 || rest[3] != ' ' {
		return nil, parseError("HPE_INVALID_VERSION", "Expected space after version")
	}
	rest = rest[4:]
	code := 0
	for i := range 3 {
		if i >= len(rest) || !isDigit(rest[i]) {
			return nil, parseError("HPE_INVALID_STATUS", "Invalid status code")
		}
		code = code*10 + int(rest[i]-'0')
	}
	reason, err := h.reason(rest[3:])
	return &Response{Proto: "HTTP/" + version, Code: code, Status: text(reason)}, err
}

func (h *headReader) version(b []byte) (string, error) {
	at := func(i int) byte {
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	switch {
	case !isDigit(at(0)):
		return "", parseError("HPE_INVALID_VERSION", "Invalid major version")
	case at(1) != '.':
		return "", parseError("HPE_INVALID_VERSION", "Expected dot")
	case !isDigit(at(2)):
		return "", parseError("HPE_INVALID_VERSION", "Invalid minor version")
	}
	switch version := string(b[:3]); version {
	case "0.9", "1.0", "1.1", "2.0":
		return version, nil
	default:
		if h.lenient {
			return version, nil
		}
		return "", parseError("HPE_INVALID_VERSION", "Invalid HTTP version")
	}
}

// reason is the rest of the first line, behind the code.
func (h *headReader) reason(b []byte) ([]byte, error) {
	var separated bool
	if len(b) > 0 && b[0] == ' ' {
		b, separated = b[1:], true
	}
	phrase, crs := b, len(b)
	if i := bytes.IndexByte(b, '\r'); i >= 0 {
		phrase, crs = b[:i], i
	}
	switch {
	case !separated && len(phrase) > 0:
		return nil, parseError("HPE_INVALID_STATUS", "Invalid response status")
	case crs < len(b)-1:
		return nil, parseError("HPE_STRICT", "Expected LF after CR")
	case crs < len(b) || h.lenient:
		return phrase, nil
	case !separated:
		return nil, parseError("HPE_INVALID_STATUS", "Invalid response status")
	}
	return nil, parseError("HPE_CR_EXPECTED", "Missing expected CR after response line")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// fields reads header lines up to the empty one.
func (h *headReader) fields(to *[]Header, first bool) error {
	for {
		line, err := h.line()
		if err != nil {
			return err
		}
		switch {
		case len(line) > 0 && line[0] == '\r':
			if len(line) > 1 {
				return parseError("HPE_STRICT", "Expected LF after headers")
			}
			return nil
		case len(line) == 0 && h.lenient:
			return nil
		case len(line) == 0:
			return parseError("HPE_INVALID_HEADER_TOKEN", "Invalid header field char")
		case first && (line[0] == ' ' || line[0] == '\t'):
			if !h.lenient {
				return parseError("HPE_UNEXPECTED_SPACE", "Unexpected space after start line")
			}
			line = bytes.TrimLeft(line, " \t")
		}
		first = false
		field, err := h.field(line)
		if err != nil {
			return err
		}
		if err := h.framing(field); err != nil {
			return err
		}
		*to = append(*to, field)
	}
}

// field reads the header that begins with the line, and lines that it is folded
// into.
func (h *headReader) field(line []byte) (Header, error) {
	i := 0
	for i < len(line) && isTokenByte(line[i]) {
		i++
	}
	if i == 0 || i == len(line) || line[i] != ':' {
		return Header{}, parseError("HPE_INVALID_HEADER_TOKEN", "Invalid header token")
	}
	name := string(line[:i])
	value, err := h.value(line[i+1:])
	if err != nil {
		return Header{}, err
	}
	for folded, whole := h.folded(), value; ; folded, whole = h.folded(), value {
		if !folded {
			return Header{Name: name, Value: text(bytes.Trim(whole, " \t"))}, nil
		}
		if !h.lenient {
			message := "Unexpected whitespace after header value"
			if len(bytes.Trim(whole, " \t")) == 0 {
				message = "Invalid header value char"
			}
			return Header{}, parseError("HPE_INVALID_HEADER_TOKEN", message)
		}
		more, err := h.line()
		if err != nil {
			return Header{}, err
		}
		if more, err = h.value(more); err != nil {
			return Header{}, err
		}
		value = append(append([]byte{}, value...), more...)
	}
}

// folded tells whether the next line goes on with this one.
func (h *headReader) folded() bool {
	next, err := h.r.Peek(1)
	return err == nil && (next[0] == ' ' || next[0] == '\t')
}

// value checks a header's value, and takes off the line's CR.
func (h *headReader) value(b []byte) ([]byte, error) {
	for i, c := range b {
		switch {
		case c == '\r' && i == len(b)-1:
			return b[:i], nil
		case c == '\r':
			return nil, parseError("HPE_LF_EXPECTED", "Missing expected LF after header value")
		case (c < ' ' && c != '\t' || c == 0x7f) && !h.lenient:
			return nil, parseError("HPE_INVALID_HEADER_TOKEN", "Invalid header value char")
		}
	}
	if !h.lenient {
		return nil, parseError("HPE_CR_EXPECTED", "Missing expected CR after header value")
	}
	return b, nil
}

// framing notes what says how long the body is. Two that say so may be two answers
// in one (RFC 9112, section 6.3).
func (h *headReader) framing(f Header) error {
	switch {
	case strings.EqualFold(f.Name, "Transfer-Encoding"):
		if h.length >= 0 && !h.lenient {
			return parseError("HPE_INVALID_TRANSFER_ENCODING", "Transfer-Encoding can't be present with Content-Length")
		}
		h.coded = h.coded || f.Value != ""
	case strings.EqualFold(f.Name, "Content-Length"):
		switch {
		case h.length >= 0:
			return parseError("HPE_UNEXPECTED_CONTENT_LENGTH", "Duplicate Content-Length")
		case h.coded && !h.lenient:
			return parseError("HPE_INVALID_CONTENT_LENGTH", "Content-Length can't be present with Transfer-Encoding")
		case f.Value == "":
			return parseError("HPE_INVALID_CONTENT_LENGTH", "Empty Content-Length")
		}
		h.length = 0
		for _, c := range []byte(f.Value) {
			if !isDigit(c) {
				return parseError("HPE_INVALID_CONTENT_LENGTH", "Invalid character in Content-Length")
			}
			if h.length > (math.MaxInt64-9)/10 {
				return parseError("HPE_INVALID_CONTENT_LENGTH", "Content-Length overflow")
			}
			h.length = h.length*10 + int64(c-'0')
		}
	}
	return nil
}
