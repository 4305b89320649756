package jsonx

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep values may nest.
const MaxDepth = 512

// SyntaxError says where a text stopped being JSON.
type SyntaxError struct {
	Offset int64 // in bytes of the decoded text
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// Parse reads one JSON value and nothing after it. UTF-16 and byte order marks
// are understood. Every error is a *SyntaxError.
func Parse(data []byte) (*Node, error) {
	data = ToUTF8(data)
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	p := parser{dec: dec}
	node, err := p.value(0)
	if err == nil {
		if _, extra := dec.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("text after the end of the value")
		}
	}
	if err != nil {
		return nil, p.syntax(err, len(data))
	}
	return node, nil
}

type parser struct{ dec *json.Decoder }

func (p *parser) syntax(err error, size int) *SyntaxError {
	at := p.dec.InputOffset()
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return &SyntaxError{Offset: max(syntax.Offset, at), Reason: syntax.Error()}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &SyntaxError{Offset: int64(size), Reason: "the text ends too early"}
	default:
		return &SyntaxError{Offset: at, Reason: err.Error()}
	}
}

func (p *parser) value(depth int) (*Node, error) {
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	return p.node(token, depth)
}

func (p *parser) node(token json.Token, depth int) (*Node, error) {
	n := &Node{Offset: p.dec.InputOffset()}
	switch v := token.(type) {
	case nil:
		n.Kind = Null
	case bool:
		n.Kind, n.Text = Bool, "false"
		if v {
			n.Text = "true"
		}
	case json.Number:
		n.Kind, n.Text = Number, string(v)
	case string:
		n.Kind, n.Text = String, v
	case json.Delim:
		if depth >= MaxDepth {
			return nil, fmt.Errorf("more than %d levels", MaxDepth)
		}
		return n, p.nested(n, v, depth+1)
	}
	return n, nil
}

func (p *parser) nested(n *Node, open json.Delim, depth int) error {
	n.Kind = Array
	if open == '{' {
		n.Kind = Object
	}
	for p.dec.More() {
		if n.Kind == Object {
			key, err := p.dec.Token()
			if err != nil {
				return err
			}
			name, ok := key.(string)
			if !ok {
				return errors.New("a member without a name")
			}
			n.Keys = append(n.Keys, name)
		}
		item, err := p.value(depth)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
	}
	_, err := p.dec.Token()
	return err
}

// ToUTF8 drops a byte order mark and converts UTF-16, which exports of some
// editors come in.
func ToUTF8(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order, data = binary.LittleEndian, data[2:]
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order, data = binary.BigEndian, data[2:]
	case len(data) >= 4 && data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0:
		order = binary.LittleEndian
	case len(data) >= 4 && data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0:
		order = binary.BigEndian
	default:
		return data
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	out := make([]byte, 0, len(units))
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	return out
}
