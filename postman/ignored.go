package postman

import (
	"fmt"
	"slices"
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
)

// maxIgnored bounds Collection.Ignored.
const maxIgnored = 50

// schemas are the formats that are read, by the ends of their schemas' addresses.
var schemas = []string{"/v2.0.0/collection.json", "/v2.0.0/", "/v2.1.0/collection.json", "/v2.1.0/", "/draft-07/collection/v2.0.0/", "/draft-07/collection/v2.1.0/"}

// ignoredIn finds what a file says that changes nothing here, as "path: what".
func ignoredIn(n *jsonx.Node, path string) []string {
	var f ignoredFinder
	if schema := n.Get("info").Get("schema"); schema.Is(jsonx.String) && schema.Text != "" {
		if !slices.ContainsFunc(schemas, func(end string) bool {
			return strings.HasSuffix(strings.TrimSuffix(schema.Text, "/"), strings.TrimSuffix(end, "/"))
		}) {
			f.add(path+".info.schema", "%q is no format that is known: the file is read as v2.1", clipped(schema.Text))
		}
	}
	f.item(n, path)
	if n := len(f.found) - maxIgnored; n > 0 {
		f.found = append(f.found[:maxIgnored], fmt.Sprintf("and %d more", n))
	}
	return f.found
}

type ignoredFinder struct{ found []string }

func (f *ignoredFinder) add(path, format string, args ...any) {
	f.found = append(f.found, path+": "+fmt.Sprintf(format, args...))
}

func (f *ignoredFinder) item(n *jsonx.Node, path string) {
	for i, e := range n.Get("event").List() {
		listen, at := e.Get("listen"), fmt.Sprintf("%s.event[%d]", path, i)
		switch {
		case !e.Get("script").True():
		case !listen.Is(jsonx.String):
			f.add(at, "listen is missing: the script does not run")
		case listen.Text != "prerequest" && listen.Text != "test":
			f.add(at, "listen %q is none of prerequest and test: the script does not run", clipped(listen.Text))
		}
	}
	if r := n.Get("request"); r.Is(jsonx.Object) {
		f.request(r, path+".request")
	}
	for i, child := range n.Get("item").List() {
		at := fmt.Sprintf("%s.item[%d]", path, i)
		if child.Is(jsonx.Null) {
			f.add(at, "null is neither a request nor a folder")
			continue
		}
		f.item(child, at)
	}
}

func (f *ignoredFinder) request(r *jsonx.Node, path string) {
	for _, key := range []string{"proxy", "certificate"} {
		if r.Get(key).True() {
			f.add(path+"."+key, "is not used: it is set for the whole run")
		}
	}
	mode := r.Get("body").Get("mode")
	if !mode.True() {
		return
	}
	switch Mode(strings.ToLower(mode.Str())) {
	case ModeRaw, ModeURLEncoded, ModeFormData, ModeFile, ModeGraphQL:
	default:
		f.add(path+".body.mode", "%q is not known: the body is sent as raw", clipped(mode.Str()))
	}
}

// clipped keeps a message short.
func clipped(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
