package urls

import (
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
)

// FromJSON reads a URL of a collection: a text, or an object with its parts.
// The member raw of an object is not looked at, as in Postman's runtime.
func FromJSON(n *jsonx.Node) URL {
	if n.Is(jsonx.String) {
		return Parse(n.Text)
	}
	if !n.Is(jsonx.Object) {
		return URL{}
	}
	u := URL{Host: hostOf(n.Get("host")), Path: pathOf(n.Get("path")), Query: queryOf(n.Get("query")), Hash: n.Get("hash").StrPtr()}
	if p := n.Get("protocol"); p.True() {
		u.Protocol = ptr(p.Str())
	}
	if p := n.Get("port"); p != nil && !p.Is(jsonx.Null) {
		u.Port = ptr(p.Str())
	}
	if a := n.Get("auth"); a.Is(jsonx.Object) {
		u.Auth = &UserInfo{User: a.Get("user").StrPtr(), Password: a.Get("password").StrPtr()}
	}
	for _, v := range n.Get("variable").List() {
		key := v.Get("key")
		if !key.True() {
			key = v.Get("id")
		}
		u.Variables = append(u.Variables, Variable{Key: key.Str(), Value: variableValue(v)})
	}
	return u
}

// variableValue is what a path variable stands for: only texts count, unless its
// type makes one of it.
func variableValue(v *jsonx.Node) *string {
	value := v.Get("value")
	if v.Get("type").Str() == "string" && value != nil && !value.Is(jsonx.Null) {
		return ptr(value.Str())
	}
	return value.StrPtr()
}

func hostOf(n *jsonx.Node) []string {
	switch {
	case n.Is(jsonx.Array):
		return texts(n)
	case n.True():
		host, restore := protect(n.Str())
		return split(host, ".", restore)
	default:
		return nil
	}
}

func pathOf(n *jsonx.Node) []string {
	switch {
	case n.Is(jsonx.Array):
		return texts(n)
	case n.Is(jsonx.String) && n.Text != "":
		path := n.Text
		if path == "/" {
			return []string{""}
		}
		return strings.Split(strings.TrimPrefix(path, "/"), "/")
	default:
		return nil
	}
}

func texts(n *jsonx.Node) []string {
	list := make([]string, len(n.Items))
	for i, item := range n.Items {
		list[i] = item.Str()
	}
	return list
}

func queryOf(n *jsonx.Node) []Param {
	if n.Is(jsonx.String) && n.Text != "" {
		return ParseQuery(n.Text)
	}
	var params []Param
	if n.Is(jsonx.Object) {
		for i, key := range n.Keys {
			params = append(params, Param{Key: ptr(key), Value: n.Items[i].StrPtr()})
		}
	}
	for _, item := range n.List() {
		switch {
		case item.Is(jsonx.String):
			params = append(params, ParseQuery(item.Text)...)
		case item.Is(jsonx.Object):
			params = append(params, Param{Key: item.Get("key").StrPtr(), Value: item.Get("value").StrPtr(), Disabled: item.Get("disabled").True()})
		}
	}
	return params
}

// JSON writes the URL as an object of a v2.1 collection.
func (u URL) JSON() *jsonx.Node {
	n := jsonx.NewObject()
	if raw := u.String(); raw != "" {
		n.Set("raw", jsonx.Text(raw))
	}
	setText(n, "protocol", u.Protocol)
	if u.Auth != nil {
		a := jsonx.NewObject()
		setText(a, "user", u.Auth.User)
		setText(a, "password", u.Auth.Password)
		n.Set("auth", a)
	}
	setText(n, "port", u.Port)
	if u.Path != nil {
		n.Set("path", textArray(u.Path))
	}
	setText(n, "hash", u.Hash)
	if u.Host != nil {
		n.Set("host", textArray(u.Host))
	}
	query := jsonx.NewArray()
	for _, p := range u.Query {
		item := jsonx.NewObject().Set("key", jsonx.TextOrNull(p.Key)).Set("value", jsonx.TextOrNull(p.Value))
		if p.Disabled {
			item.Set("disabled", jsonx.Flag(true))
		}
		query.Add(item)
	}
	variables := jsonx.NewArray()
	for _, v := range u.Variables {
		item := jsonx.NewObject().Set("type", jsonx.Text("any"))
		setText(item, "value", v.Value)
		variables.Add(item.Set("key", jsonx.Text(v.Key)))
	}
	return n.Set("query", query).Set("variable", variables)
}

func setText(n *jsonx.Node, key string, value *string) {
	if value != nil {
		n.Set(key, jsonx.Text(*value))
	}
}

func textArray(list []string) *jsonx.Node {
	n := jsonx.NewArray()
	for _, s := range list {
		n.Add(jsonx.Text(s))
	}
	return n
}

// Map copies the URL with every part changed by f: how variables are filled in
// when the parts are not to be parsed again.
func (u URL) Map(f func(string) string) URL { return FromJSON(u.JSON().Map(f)) }
