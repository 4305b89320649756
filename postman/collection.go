package postman

import (
	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/vars"
)

// Collection is a parsed collection: the root folder and its variables. Runs
// never change it, so that one collection may serve many runs at a time.
type Collection struct {
	Item
	Schema    string // the schema URL that the file names; may be empty
	Variables []vars.Variable
	// Ignored is what the file says that changes nothing here, as "path: what": a
	// script that nothing starts, a mode of body that isn't known.
	Ignored []string
}

// Item is a request or a folder.
type Item struct {
	ID       string // made of its place where the file has none
	Name     string
	Events   []Event
	Auth     *Auth
	Behavior Behavior // protocolProfileBehavior
	Request  *Request // nil for a folder
	Items    []*Item  // of a folder
	Parent   *Item    // nil for the collection
}

// IsFolder tells folders (and the collection) from requests.
func (i *Item) IsFolder() bool { return i.Request == nil }

// Path is the names from the collection down to the item.
func (i *Item) Path() []string {
	if i == nil {
		return nil
	}
	return append(i.Parent.Path(), i.Name)
}

// Requests are the requests at or below the item, in order.
func (i *Item) Requests() []*Item {
	if !i.IsFolder() {
		return []*Item{i}
	}
	var list []*Item
	for _, child := range i.Items {
		list = append(list, child.Requests()...)
	}
	return list
}

// Find looks for a request or folder by id or name, near ones first: all
// children before the children's children. It is nil when there is none.
func (i *Item) Find(idOrName string) *Item {
	for _, child := range i.Items {
		if child.ID == idOrName || child.Name == idOrName {
			return child
		}
	}
	for _, child := range i.Items {
		if found := child.Find(idOrName); found != nil {
			return found
		}
	}
	return nil
}

// EffectiveAuth is the item's own auth or the nearest that it inherits; nil when
// there is none.
func (i *Item) EffectiveAuth() *Auth {
	for at := i; at != nil; at = at.Parent {
		if at.Request != nil && at.Request.Auth != nil {
			return at.Request.Auth
		}
		if at.Auth != nil && at.Request == nil {
			return at.Auth
		}
	}
	return nil
}

// EffectiveBehavior merges the protocolProfileBehavior of the item with what it
// inherits; the nearest wins.
func (i *Item) EffectiveBehavior() Behavior {
	merged := Behavior{}
	for at := i; at != nil; at = at.Parent {
		for key, value := range at.Behavior {
			if _, set := merged[key]; !set {
				merged[key] = value
			}
		}
	}
	return merged
}

// Scripts are the scripts to run for an event ("prerequest", "test"), from the
// collection down to the item.
func (i *Item) Scripts(listen string) []Event {
	if i == nil {
		return nil
	}
	list := i.Parent.Scripts(listen)
	for _, event := range i.Events {
		if event.Listen == listen && !event.Disabled {
			list = append(list, event)
		}
	}
	return list
}

// Event is a script of an item.
type Event struct {
	ID       string
	Listen   string // "prerequest" or "test"
	ScriptID string
	Source   string
	Disabled bool
}

// Auth is how a request proves who sends it.
type Auth struct {
	Type   string
	Params []AuthParam
}

// AuthParam is one setting of an Auth. Value is what JSON decodes to.
type AuthParam struct {
	Key    string
	Value  any
	System bool // set by the engine, not by the author
}

// Map copies the auth with every text value changed by f. It may be called on nil.
func (a *Auth) Map(f func(string) string) *Auth {
	if a == nil {
		return nil
	}
	out := &Auth{Type: a.Type, Params: make([]AuthParam, len(a.Params))}
	for i, p := range a.Params {
		if s, ok := p.Value.(string); ok {
			p.Value = f(s)
		}
		out.Params[i] = p
	}
	return out
}

// Behavior is a protocolProfileBehavior: settings that differ from the run's.
type Behavior map[string]*jsonx.Node

// Bool reads a setting that is on or off; false as the second value when it isn't set.
func (b Behavior) Bool(key string) (on, set bool) {
	n, ok := b[key]
	return n.True(), ok
}

// Int reads a number; false when it isn't set or no number.
func (b Behavior) Int(key string) (int, bool) {
	n := b[key]
	return int(n.Float()), n.Is(jsonx.Number)
}

// Text reads a text; empty when it isn't set or no text.
func (b Behavior) Text(key string) string {
	n := b[key]
	if !n.Is(jsonx.String) {
		return ""
	}
	return n.Str()
}

// Texts reads a list of texts.
func (b Behavior) Texts(key string) []string {
	items := b[key].List()
	list := make([]string, len(items))
	for i, n := range items {
		list[i] = n.Str()
	}
	return list
}

// Flags reads an object of booleans: the names of those that are on.
func (b Behavior) Flags(key string) map[string]bool {
	on := map[string]bool{}
	if n := b[key]; n.Is(jsonx.Object) {
		for i, name := range n.Keys {
			if n.Items[i].True() {
				on[name] = true
			}
		}
	}
	return on
}
