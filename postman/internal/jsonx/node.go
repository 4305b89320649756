// Package jsonx reads JSON as JavaScript would: the order of members is kept,
// values of the wrong type are converted rather than refused, and every value
// knows where in the text it stood. Depth is bounded.
package jsonx

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is a JSON type.
type Kind byte

// The kinds. Missing is that of a nil Node.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// Node is a JSON value. All methods may be called on nil, which stands for a
// value that is not there.
type Node struct {
	Kind   Kind
	Text   string   // of a string its value, else the literal; empty for arrays and objects
	Keys   []string // of an object, parallel to Items
	Items  []*Node
	Offset int64 // bytes from the start of the text to the end of the value's first token
}

// Is tells whether the node is of the kind.
func (n *Node) Is(k Kind) bool { return n.kind() == k }

func (n *Node) kind() Kind {
	if n == nil {
		return Missing
	}
	return n.Kind
}

// Get finds a member of an object; of duplicates the last counts, as in JavaScript.
func (n *Node) Get(key string) *Node {
	if n.kind() != Object {
		return nil
	}
	for i := len(n.Keys) - 1; i >= 0; i-- {
		if n.Keys[i] == key {
			return n.Items[i]
		}
	}
	return nil
}

// Has tells whether an object has the member, even if it is null.
func (n *Node) Has(key string) bool { return n.Get(key) != nil }

// List is the elements of an array; nil for anything else.
func (n *Node) List() []*Node {
	if n.kind() != Array {
		return nil
	}
	return n.Items
}

// Str is String(value) of JavaScript, but empty for null and nothing.
func (n *Node) Str() string {
	switch n.kind() {
	case String, Bool:
		return n.Text
	case Number:
		return NumberText(n.Float())
	case Array:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = item.Str()
		}
		return strings.Join(parts, ",")
	case Object:
		return "[object Object]"
	default:
		return ""
	}
}

// StrPtr is the text of a string, nil for every other kind.
func (n *Node) StrPtr() *string {
	if n.kind() != String {
		return nil
	}
	return &n.Text
}

// True is Boolean(value) of JavaScript.
func (n *Node) True() bool {
	switch n.kind() {
	case Bool:
		return n.Text == "true"
	case Number:
		f := n.Float()
		return f != 0 && f == f
	case String:
		return n.Text != ""
	case Array, Object:
		return true
	default:
		return false
	}
}

// Float is a number's value, 0 for anything else.
func (n *Node) Float() float64 {
	if n.kind() != Number {
		return 0
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	if err != nil && f == 0 {
		return 0
	}
	return f
}

// Any is the value as encoding/json decodes it into an interface.
func (n *Node) Any() any {
	switch n.kind() {
	case Bool:
		return n.Text == "true"
	case Number:
		return n.Float()
	case String:
		return n.Text
	case Array:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = item.Any()
		}
		return list
	case Object:
		object := make(map[string]any, len(n.Keys))
		for i, key := range n.Keys {
			object[key] = n.Items[i].Any()
		}
		return object
	default:
		return nil
	}
}

// MarshalJSON writes the value with its members in their order. A number keeps
// its literal.
func (n *Node) MarshalJSON() ([]byte, error) { return n.Append(nil), nil }

// Append writes the value as compact JSON at the end of b.
func (n *Node) Append(b []byte) []byte {
	switch n.kind() {
	case Bool, Number:
		return append(b, n.Text...)
	case String:
		return AppendString(b, n.Text)
	case Array:
		b = append(b, '[')
		for i, item := range n.Items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.Append(b)
		}
		return append(b, ']')
	case Object:
		b = append(b, '{')
		for i, key := range n.Keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(AppendString(b, key), ':')
			b = n.Items[i].Append(b)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}

// AppendString writes s as JSON.stringify does: <, > and & stay as they are.
func AppendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\f':
			b = append(b, `\f`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
	}
	return append(b, '"')
}

// NumberText is a number as JavaScript prints it.
func NumberText(f float64) string {
	abs := max(f, -f)
	switch {
	case f != f:
		return "NaN"
	case abs > 1.7976931348623157e308:
		if f < 0 {
			return "-Infinity"
		}
		return "Infinity"
	case f == 0:
		return "0"
	case abs >= 1e21 || abs < 1e-6:
		return strings.NewReplacer("e-0", "e-", "e+0", "e+").Replace(strconv.FormatFloat(f, 'e', -1, 64))
	default:
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
}
