package postman

import (
	"encoding/json"
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/urls"
)

// Request is a request as a collection holds it, or as it was sent.
type Request struct {
	Method  string // upper case
	URL     urls.URL
	Headers []Header
	Body    *Body
	Auth    *Auth // nil = inherited

	Description string
}

// Header is one header line. System ones were added by the engine.
type Header struct {
	Key      string
	Value    string
	Disabled bool
	System   bool
}

// ParseRequest reads a v2.1 request: an object, or a JSON text that is a URL.
func ParseRequest(data []byte) (*Request, error) {
	n, err := parseJSON(data, "not a Postman request")
	if err != nil {
		return nil, err
	}
	if !n.Is(jsonx.Object) && !n.Is(jsonx.String) {
		return nil, parseError("not a Postman request", "$", n, "expected an object or a URL, found %v", n.Kind)
	}
	return requestFrom(n), nil
}

func requestFrom(n *jsonx.Node) *Request {
	r := &Request{Method: "GET"}
	if n.Is(jsonx.String) {
		r.URL = urls.Parse(n.Text)
		return r
	}
	if m := n.Get("method"); m != nil && !m.Is(jsonx.Null) {
		if r.Method = m.Str(); !strings.Contains(r.Method, "{{") {
			r.Method = strings.ToUpper(r.Method)
		}
	}
	r.URL = urls.FromJSON(n.Get("url"))
	r.Headers = headersFrom(n.Get("header"))
	r.Body = bodyFrom(n.Get("body"))
	r.Auth = parseAuth(n.Get("auth"))
	r.Description = n.Get("description").Str()
	if d := n.Get("description"); d.Is(jsonx.Object) {
		r.Description = d.Get("content").Str()
	}
	return r
}

// headersFrom reads a list of objects or lines, one text of lines, or an object
// of name to value.
func headersFrom(n *jsonx.Node) []Header {
	var headers []Header
	line := func(s string) {
		if key, value, ok := strings.Cut(s, ":"); ok || strings.TrimSpace(s) != "" {
			headers = append(headers, Header{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
		}
	}
	switch {
	case n.Is(jsonx.String):
		for _, s := range strings.FieldsFunc(n.Text, func(r rune) bool { return r == '\n' || r == '\r' }) {
			line(s)
		}
	case n.Is(jsonx.Object) && n.Has("key"):
		return headersFrom(jsonx.NewArray(n))
	case n.Is(jsonx.Object):
		for i, key := range n.Keys {
			headers = append(headers, Header{Key: key, Value: n.Items[i].Str()})
		}
	}
	for _, h := range n.List() {
		if h.Is(jsonx.String) {
			line(h.Text)
			continue
		}
		if !h.Is(jsonx.Object) {
			continue
		}
		value := h.Get("value").Str()
		if h.Get("value").Is(jsonx.Null) {
			value = "null"
		}
		headers = append(headers, Header{Key: h.Get("key").Str(), Value: value, Disabled: h.Get("disabled").True(), System: h.Get("system").True()})
	}
	return headers
}

// Header finds the last enabled header of that name, in any case; nil when there is none.
func (r *Request) Header(name string) *Header {
	for i := len(r.Headers) - 1; i >= 0; i-- {
		if h := &r.Headers[i]; !h.Disabled && strings.EqualFold(h.Key, name) {
			return h
		}
	}
	return nil
}

// SetHeader removes every header of the name and adds one at the end that counts
// as the engine's own.
func (r *Request) SetHeader(name, value string) {
	r.RemoveHeader(name)
	r.Headers = append(r.Headers, Header{Key: name, Value: value, System: true})
}

// RemoveHeader drops every header of the name, in any case.
func (r *Request) RemoveHeader(name string) {
	kept := make([]Header, 0, len(r.Headers)+1)
	for _, h := range r.Headers {
		if !strings.EqualFold(h.Key, name) {
			kept = append(kept, h)
		}
	}
	r.Headers = kept
}

// Resolve copies the request with variables filled in by expand. The URL is
// filled in as a whole and parsed anew, since a variable may hold any part of it.
func (r *Request) Resolve(expand func(string) string) *Request {
	out := &Request{Description: r.Description, Method: strings.ToUpper(expand(r.Method)), Body: r.Body.resolve(expand), Auth: r.Auth.Map(expand)}
	if raw := expand(r.URL.String()); raw != "" {
		out.URL = urls.Parse(raw)
	}
	out.Headers = make([]Header, len(r.Headers), len(r.Headers)+8)
	for i, h := range r.Headers {
		h.Key, h.Value = expand(h.Key), expand(h.Value)
		out.Headers[i] = h
	}
	return out
}

// Clone is a copy that shares nothing that the engine changes.
func (r *Request) Clone() *Request {
	out := *r
	out.Headers = append([]Header(nil), r.Headers...)
	if r.Body != nil {
		body := *r.Body
		out.Body = &body
	}
	return &out
}

// MarshalJSON writes a v2.1 request.
func (r *Request) MarshalJSON() ([]byte, error) { return r.node().Append(nil), nil }

// UnmarshalJSON reads what ParseRequest does.
func (r *Request) UnmarshalJSON(data []byte) error {
	parsed, err := ParseRequest(data)
	if err == nil {
		*r = *parsed
	}
	return err
}

var (
	_ json.Marshaler   = (*Request)(nil)
	_ json.Unmarshaler = (*Request)(nil)
)

func (r *Request) node() *jsonx.Node {
	n := jsonx.NewObject().Set("url", r.URL.JSON())
	if len(r.Headers) > 0 {
		list := jsonx.NewArray()
		for _, h := range r.Headers {
			item := jsonx.NewObject().Set("key", jsonx.Text(h.Key)).Set("value", jsonx.Text(h.Value))
			flag(item, "system", h.System)
			flag(item, "disabled", h.Disabled)
			list.Add(item)
		}
		n.Set("header", list)
	}
	n.Set("method", jsonx.Text(r.Method))
	if r.Body != nil {
		n.Set("body", r.Body.node())
	}
	if r.Auth != nil {
		n.Set("auth", r.Auth.node())
	}
	if r.Description != "" {
		n.Set("description", jsonx.Text(r.Description))
	}
	return n
}

func flag(n *jsonx.Node, key string, on bool) {
	if on {
		n.Set(key, jsonx.Flag(true))
	}
}

func (a *Auth) node() *jsonx.Node {
	params := jsonx.NewArray()
	for _, p := range a.Params {
		item := jsonx.NewObject().Set("type", jsonx.Text("any")).Set("value", jsonx.Of(p.Value)).Set("key", jsonx.Text(p.Key))
		flag(item, "system", p.System)
		params.Add(item)
	}
	return jsonx.NewObject().Set("type", jsonx.Text(a.Type)).Set(a.Type, params)
}
