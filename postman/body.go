package postman

import (
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/urls"
)

// Mode is the kind of a body.
type Mode string

// The modes.
const (
	ModeRaw        Mode = "raw"
	ModeURLEncoded Mode = "urlencoded"
	ModeFormData   Mode = "formdata"
	ModeFile       Mode = "file"
	ModeGraphQL    Mode = "graphql"
)

// Body is what a request carries. Only the part that Mode names counts.
type Body struct {
	Mode       Mode
	Raw        string
	Language   string // of raw: json, xml, html, text, javascript; empty = not said
	URLEncoded []FormField
	FormData   []FormPart
	File       BodyFile
	GraphQL    GraphQL
	Disabled   bool

	options *jsonx.Node
}

// FormField is one field of an urlencoded body.
type FormField struct {
	Key, Value string
	Disabled   bool
}

// FormPart is one part of a multipart body.
type FormPart struct {
	Key, Value  string
	IsFile      bool
	Files       []string // paths to send, one part each
	List        bool     // Files was written as a list
	ContentType string
	FileName    *string
	Disabled    bool
}

// BodyFile is a body that is a file: a path, or the content itself.
type BodyFile struct{ Src, Content string }

// GraphQL is a query. Variables are a text of JSON, or JSON; OperationName may be nil.
type GraphQL struct{ Query, OperationName, Variables *jsonx.Node }

func bodyFrom(n *jsonx.Node) *Body {
	if n.Is(jsonx.String) {
		return &Body{Mode: ModeRaw, Raw: n.Text}
	}
	if !n.Is(jsonx.Object) || !n.Get("mode").True() {
		return nil
	}
	b := &Body{Mode: Mode(strings.ToLower(n.Get("mode").Str())), Disabled: n.Get("disabled").True()}
	switch b.Mode {
	case ModeRaw, ModeURLEncoded, ModeFormData, ModeFile, ModeGraphQL:
	default:
		b.Mode = ModeRaw
	}
	if raw := n.Get("raw"); raw.Is(jsonx.String) {
		b.Raw = raw.Text
	} else if raw.True() && len(raw.Items)+len(raw.Text) > 0 {
		b.Raw = string(raw.Append(nil))
	}
	b.URLEncoded = fieldsFrom(n.Get("urlencoded"))
	b.FormData = partsFrom(n.Get("formdata"))
	if f := n.Get("file"); f.Is(jsonx.String) {
		b.File.Src = f.Text
	} else {
		b.File = BodyFile{Src: f.Get("src").Str(), Content: f.Get("content").Str()}
	}
	if g := n.Get("graphql"); g.Is(jsonx.Object) {
		b.GraphQL = GraphQL{Query: g.Get("query"), OperationName: g.Get("operationName"), Variables: g.Get("variables")}
	}
	if o := n.Get("options"); o.Is(jsonx.Object) {
		b.options = o
		b.Language = o.Get("raw").Get("language").Str()
	}
	return b
}

func fieldsFrom(n *jsonx.Node) []FormField {
	var fields []FormField
	switch {
	case n.Is(jsonx.String):
		for _, p := range urls.ParseQuery(n.Text) {
			fields = append(fields, FormField{Key: deref(p.Key), Value: deref(p.Value)})
		}
	case n.Is(jsonx.Object):
		for i, key := range n.Keys {
			fields = append(fields, FormField{Key: key, Value: n.Items[i].Str()})
		}
	}
	for _, f := range n.List() {
		switch {
		case f.Is(jsonx.String):
			fields = append(fields, fieldsFrom(f)...)
		case f.Is(jsonx.Object):
			fields = append(fields, FormField{Key: f.Get("key").Str(), Value: scalar(f.Get("value")), Disabled: f.Get("disabled").True()})
		}
	}
	return fields
}

// scalar is how the query string module of Node writes a value: nothing for
// objects.
func scalar(n *jsonx.Node) string {
	if n.Is(jsonx.Object) {
		return ""
	}
	return n.Str()
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func partsFrom(n *jsonx.Node) []FormPart {
	list := n.List()
	if n.Is(jsonx.Object) {
		list = []*jsonx.Node{n}
	}
	var parts []FormPart
	for _, p := range list {
		if !p.Is(jsonx.Object) {
			continue
		}
		part := FormPart{
			Key: p.Get("key").Str(), IsFile: p.Get("type").Str() == "file",
			ContentType: deref(p.Get("contentType").StrPtr()), FileName: p.Get("fileName").StrPtr(), Disabled: p.Get("disabled").True(),
		}
		switch value := p.Get("value"); {
		case value.Is(jsonx.String):
			part.Value = value.Text
		case value.True():
			part.Value = string(value.Append(nil))
		}
		switch src := p.Get("src"); {
		case src.Is(jsonx.Array):
			part.List = true
			for _, s := range src.Items {
				part.Files = append(part.Files, s.Str())
			}
		case src.True():
			part.Files = []string{src.Str()}
		}
		parts = append(parts, part)
	}
	return parts
}

// Empty tells whether there is nothing to send.
func (b *Body) Empty() bool {
	if b == nil || b.Disabled {
		return true
	}
	switch b.Mode {
	case ModeURLEncoded:
		for _, f := range b.URLEncoded {
			if !f.Disabled {
				return false
			}
		}
		return true
	case ModeFormData:
		for _, p := range b.FormData {
			if !p.Disabled {
				return false
			}
		}
		return true
	case ModeFile:
		return b.File.Src == "" && b.File.Content == ""
	case ModeGraphQL:
		return b.GraphQL == GraphQL{}
	default:
		return b.Raw == ""
	}
}

func (b *Body) resolve(expand func(string) string) *Body {
	if b == nil {
		return nil
	}
	out := *b
	out.Raw = expand(b.Raw)
	out.URLEncoded = append([]FormField(nil), b.URLEncoded...)
	for i := range out.URLEncoded {
		f := &out.URLEncoded[i]
		f.Key, f.Value = expand(f.Key), expand(f.Value)
	}
	out.FormData = append([]FormPart(nil), b.FormData...)
	for i := range out.FormData {
		p := &out.FormData[i]
		p.Key, p.Value, p.ContentType = expand(p.Key), expand(p.Value), expand(p.ContentType)
		p.Files = append([]string(nil), p.Files...)
		for j := range p.Files {
			p.Files[j] = expand(p.Files[j])
		}
		if p.FileName != nil {
			name := expand(*p.FileName)
			p.FileName = &name
		}
	}
	out.File = BodyFile{Src: expand(b.File.Src), Content: expand(b.File.Content)}
	out.GraphQL = GraphQL{Query: b.GraphQL.Query.Map(expand), OperationName: b.GraphQL.OperationName.Map(expand), Variables: b.GraphQL.Variables.Map(expand)}
	return &out
}

func (b *Body) node() *jsonx.Node {
	n := jsonx.NewObject().Set("mode", jsonx.Text(string(b.Mode)))
	switch b.Mode {
	case ModeURLEncoded:
		list := jsonx.NewArray()
		for _, f := range b.URLEncoded {
			item := jsonx.NewObject().Set("key", jsonx.Text(f.Key)).Set("value", jsonx.Text(f.Value))
			flag(item, "disabled", f.Disabled)
			list.Add(item)
		}
		n.Set("urlencoded", list)
	case ModeFormData:
		list := jsonx.NewArray()
		for _, p := range b.FormData {
			list.Add(p.node())
		}
		n.Set("formdata", list)
	case ModeFile:
		f := jsonx.NewObject()
		setNonEmpty(f, "src", b.File.Src)
		setNonEmpty(f, "content", b.File.Content)
		n.Set("file", f)
	case ModeGraphQL:
		n.Set("graphql", jsonx.NewObject().Set("query", b.GraphQL.Query).Set("operationName", b.GraphQL.OperationName).Set("variables", b.GraphQL.Variables))
	default:
		n.Set("raw", jsonx.Text(b.Raw))
	}
	n.Set("options", b.options)
	flag(n, "disabled", b.Disabled)
	return n
}

func (p *FormPart) node() *jsonx.Node {
	n := jsonx.NewObject().Set("key", jsonx.Text(p.Key))
	if p.IsFile {
		n.Set("type", jsonx.Text("file"))
		if p.List {
			src := jsonx.NewArray()
			for _, s := range p.Files {
				src.Add(jsonx.Text(s))
			}
			n.Set("src", src)
		} else if len(p.Files) > 0 {
			n.Set("src", jsonx.Text(p.Files[0]))
		}
		setNonEmpty(n, "value", p.Value)
	} else {
		n.Set("value", jsonx.Text(p.Value)).Set("type", jsonx.Text("text"))
	}
	setNonEmpty(n, "contentType", p.ContentType)
	if p.FileName != nil {
		n.Set("fileName", jsonx.Text(*p.FileName))
	}
	flag(n, "disabled", p.Disabled)
	return n
}

func setNonEmpty(n *jsonx.Node, key, value string) {
	if value != "" {
		n.Set(key, jsonx.Text(value))
	}
}
