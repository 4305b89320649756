package jsonx

import "strconv"

// Text makes a string.
func Text(s string) *Node { return &Node{Kind: String, Text: s} }

// TextOrNull makes a string, or null for nil.
func TextOrNull(s *string) *Node {
	if s == nil {
		return &Node{Kind: Null}
	}
	return Text(*s)
}

// Flag makes a boolean.
func Flag(b bool) *Node { return &Node{Kind: Bool, Text: strconv.FormatBool(b)} }

// Int makes a number.
func Int(n int64) *Node { return &Node{Kind: Number, Text: strconv.FormatInt(n, 10)} }

// Of makes a node of a value as encoding/json decodes it; members of a map are
// not in any order. Values of other types become null.
func Of(v any) *Node {
	switch v := v.(type) {
	case string:
		return Text(v)
	case bool:
		return Flag(v)
	case float64:
		if text := NumberText(v); text != "NaN" && text != "Infinity" && text != "-Infinity" {
			return &Node{Kind: Number, Text: text}
		}
	case int:
		return Int(int64(v))
	case int64:
		return Int(v)
	case []any:
		n := NewArray()
		for _, item := range v {
			n.Add(Of(item))
		}
		return n
	case map[string]any:
		n := NewObject()
		for key, item := range v {
			n.Set(key, Of(item))
		}
		return n
	case *Node:
		return v
	}
	return &Node{Kind: Null}
}

// NewArray makes an array.
func NewArray(items ...*Node) *Node { return &Node{Kind: Array, Items: items} }

// NewObject makes an object without members.
func NewObject() *Node { return &Node{Kind: Object} }

// Add puts an element at the end of an array.
func (n *Node) Add(item *Node) *Node {
	n.Items = append(n.Items, item)
	return n
}

// Set adds a member at the end of an object; nil adds nothing.
func (n *Node) Set(key string, value *Node) *Node {
	if value != nil {
		n.Keys, n.Items = append(n.Keys, key), append(n.Items, value)
	}
	return n
}

// Map copies the value with every string but the names of members changed by f.
func (n *Node) Map(f func(string) string) *Node {
	if n == nil {
		return nil
	}
	out := *n
	if n.Kind == String {
		out.Text = f(n.Text)
	}
	if n.Items != nil {
		out.Items = make([]*Node, len(n.Items))
		for i, item := range n.Items {
			out.Items[i] = item.Map(f)
		}
	}
	return &out
}
