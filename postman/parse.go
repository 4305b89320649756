package postman

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/vars"
)

// Bounds of what is read.
const (
	// MaxSize is the most bytes of a collection, environment or data file.
	MaxSize = 64 << 20
	// MaxItems is the most requests and folders of a collection.
	MaxItems = 100_000
	// MaxFolderDepth is how deep folders may nest.
	MaxFolderDepth = 100
)

// ParseError says what is wrong with a file, and where.
type ParseError struct {
	What   string // "not a Postman collection", "not a Postman environment", …
	Path   string // JSON path of the place, such as $.item[2].event; empty for broken JSON
	Offset int64  // bytes into the file, roughly
	Err    error
}

func (e *ParseError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("%s: %v", e.What, e.Err)
	}
	return fmt.Sprintf("%s: %s (byte %d): %v", e.What, e.Path, e.Offset, e.Err)
}

func (e *ParseError) Unwrap() error { return e.Err }

func parseError(what, path string, at *jsonx.Node, format string, args ...any) *ParseError {
	e := &ParseError{What: what, Path: path, Err: fmt.Errorf(format, args...)}
	if at != nil {
		e.Offset = at.Offset
	}
	return e
}

// parseJSON is the common beginning: size, syntax, an object unless lists are fine.
func parseJSON(data []byte, what string) (*jsonx.Node, error) {
	if len(data) > MaxSize {
		return nil, &ParseError{What: what, Err: fmt.Errorf("larger than %d MiB", MaxSize>>20)}
	}
	n, err := jsonx.Parse(data)
	if err != nil {
		e := &ParseError{What: what, Err: err}
		var syntax *jsonx.SyntaxError
		if errors.As(err, &syntax) {
			e.Offset = syntax.Offset
		}
		return nil, e
	}
	return n, nil
}

const notCollection = "not a Postman collection"

// ParseCollection reads a collection of format v2.1, v2.0 or v1, alone or inside of
// {"collection": …} as Postman's API gives it. The error is a *ParseError.
func ParseCollection(data []byte) (*Collection, error) {
	n, err := parseJSON(data, notCollection)
	if err != nil {
		return nil, err
	}
	path := "$"
	if inner := n.Get("collection"); inner.Is(jsonx.Object) && !n.Has("item") {
		n, path = inner, "$.collection"
	}
	if !n.Is(jsonx.Object) {
		return nil, parseError(notCollection, path, n, "expected an object, found %v", n.Kind)
	}
	items := n.Get("item")
	switch {
	case items.Is(jsonx.Array):
	case n.Get("requests").Is(jsonx.Array):
		if n, err = convertV1(n.Append(nil)); err != nil {
			return nil, parseError(notCollection, path, nil, "format v1: %w", err)
		}
	case items == nil:
		return nil, parseError(notCollection, path, n, `"item" is missing`)
	default:
		return nil, parseError(notCollection, path+".item", items, "expected an array, found %v", items.Kind)
	}
	c := &Collection{Schema: n.Get("info").Get("schema").Str(), Variables: parseVariables(n.Get("variable")), Ignored: ignoredIn(n, path)}
	p := itemParser{}
	if err := p.folder(&c.Item, n, path); err != nil {
		return nil, err
	}
	info := n
	if i := n.Get("info"); i.Is(jsonx.Object) {
		info = i
	}
	c.Name = info.Get("name").Str()
	c.ID = firstText(info, "id", "_postman_id")
	if c.ID == "" {
		c.ID = uuid.NewSHA1(uuid.NameSpaceURL, data).String()
	}
	p.nameless(&c.Item)
	return c, nil
}

func firstText(n *jsonx.Node, keys ...string) string {
	for _, key := range keys {
		if v := n.Get(key); v.True() {
			return v.Str()
		}
	}
	return ""
}

// itemParser reads the tree of items and counts them.
type itemParser struct{ count int }

// nameless gives ids to what has none. They depend on the place only, so that
// the same file always gives the same ids.
func (p *itemParser) nameless(parent *Item) {
	space, err := uuid.Parse(parent.ID)
	if err != nil {
		space = uuid.NewSHA1(uuid.NameSpaceOID, []byte(parent.ID))
	}
	for i, item := range parent.Items {
		if item.ID == "" {
			item.ID = uuid.NewSHA1(space, fmt.Appendf(nil, "%d", i)).String()
		}
		p.nameless(item)
	}
}

// folder reads what collections and folders have in common.
func (p *itemParser) folder(into *Item, n *jsonx.Node, path string) error {
	if strings.Count(path, ".item[") > MaxFolderDepth {
		return parseError(notCollection, path, n, "folders nest deeper than %d", MaxFolderDepth)
	}
	into.Auth = parseAuth(n.Get("auth"))
	into.Events = parseEvents(n.Get("event"))
	into.Behavior = parseBehavior(n.Get("protocolProfileBehavior"))
	for i, child := range n.Get("item").List() {
		childPath := fmt.Sprintf("%s.item[%d]", path, i)
		if p.count++; p.count > MaxItems {
			return parseError(notCollection, childPath, child, "more than %d requests and folders", MaxItems)
		}
		if child.Is(jsonx.Null) {
			continue
		}
		if !child.Is(jsonx.Object) {
			return parseError(notCollection, childPath, child, "expected a request or a folder, found %v", child.Kind)
		}
		item := &Item{Parent: into, ID: firstText(child, "id", "_postman_id"), Name: firstText(child, "name")}
		if err := p.item(item, child, childPath); err != nil {
			return err
		}
		into.Items = append(into.Items, item)
	}
	return nil
}

func (p *itemParser) item(into *Item, n *jsonx.Node, path string) error {
	if n.Get("item").True() {
		return p.folder(into, n, path)
	}
	into.Events = parseEvents(n.Get("event"))
	into.Behavior = parseBehavior(n.Get("protocolProfileBehavior"))
	into.Request = requestFrom(n.Get("request"))
	return nil
}

func parseBehavior(n *jsonx.Node) Behavior {
	if !n.Is(jsonx.Object) {
		return nil
	}
	b := make(Behavior, len(n.Keys))
	for i, key := range n.Keys {
		b[key] = n.Items[i]
	}
	return b
}

func parseEvents(n *jsonx.Node) []Event {
	list := n.List()
	if n.Is(jsonx.Object) {
		list = []*jsonx.Node{n}
	}
	var events []Event
	for _, e := range list {
		script := e.Get("script")
		if !script.True() || !e.Get("listen").Is(jsonx.String) {
			continue
		}
		event := Event{ID: e.Get("id").Str(), Listen: e.Get("listen").Text, Disabled: e.Get("disabled").True(), ScriptID: script.Get("id").Str()}
		exec := script
		if script.Is(jsonx.Object) {
			exec = script.Get("exec")
		}
		event.Source = exec.Str()
		if exec.Is(jsonx.Array) {
			lines := make([]string, len(exec.Items))
			for i, line := range exec.Items {
				lines[i] = line.Str()
			}
			event.Source = strings.Join(lines, "\n")
		}
		events = append(events, event)
	}
	return events
}

// parseAuth reads both forms of parameters: v2.1's list and v2.0's object. It is
// nil where no type is named, which means to inherit.
func parseAuth(n *jsonx.Node) *Auth {
	kind := n.Get("type")
	if !kind.Is(jsonx.String) || kind.Text == "type" {
		return nil
	}
	a := &Auth{Type: kind.Text}
	params := n.Get(a.Type)
	if params.Is(jsonx.Object) {
		for i, key := range params.Keys {
			a.Params = append(a.Params, AuthParam{Key: key, Value: params.Items[i].Any()})
		}
	}
	for _, p := range params.List() {
		if !p.Is(jsonx.Object) || p.Get("disabled").True() {
			continue
		}
		a.Params = append(a.Params, AuthParam{Key: p.Get("key").Str(), Value: p.Get("value").Any(), System: p.Get("system").True()})
	}
	return a
}

// parseVariables reads the variables of a collection, environment or globals:
// a list, or an object of name to value.
func parseVariables(n *jsonx.Node) []vars.Variable {
	var list []vars.Variable
	if n.Is(jsonx.Object) {
		for i, key := range n.Keys {
			list = append(list, vars.Variable{Key: key, Value: n.Items[i].Any(), Type: "any"})
		}
	}
	for _, v := range n.List() {
		if !v.Is(jsonx.Object) {
			continue
		}
		key := v.Get("key")
		if key == nil {
			key = v.Get("id") // as in format v2.0
		}
		enabled := v.Get("enabled")
		variable := vars.Variable{
			Key: key.Str(), Type: v.Get("type").Str(),
			Disabled: v.Get("disabled").True() || (enabled != nil && !enabled.True()),
		}
		variable.Value = typedValue(v.Get("value"), variable.Type)
		list = append(list, variable)
	}
	return list
}

// typedValue converts as Postman's variable types do.
func typedValue(n *jsonx.Node, kind string) any {
	if n == nil || n.Is(jsonx.Null) && kind == "string" {
		return "" // a variable without a value is an empty text when it is filled in
	}
	return vars.Cast(kind, n.Any())
}
