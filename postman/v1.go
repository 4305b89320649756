package postman

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/urls"
)

// Format v1 is what Postman exported before 2017: requests and folders in lists,
// put together by their ids. It is written anew as v2.1 and then read as such, as
// newman does.

// object is a JSON object.
type object = map[string]any

// convertV1 makes a v2.1 document of one in format v1.
func convertV1(data []byte) (*jsonx.Node, error) {
	var doc object
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	c := v1{requests: map[string]object{}, folders: map[string]object{}, inside: map[string]bool{}, used: map[string]bool{}}
	for _, r := range objects(doc["requests"]) {
		c.requests[textOf(r["id"])] = r
	}
	folders := objects(doc["folders"])
	for _, f := range folders {
		c.folders[textOf(f["id"])] = f
	}
	for _, f := range folders {
		for _, id := range texts(f["folders_order"]) {
			c.inside[id] = true
		}
	}
	out := object{
		"info": object{"_postman_id": doc["id"], "name": doc["name"], "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
	}
	common(out, doc)
	order := texts(doc["folders_order"])
	if _, ok := doc["folders_order"].([]any); !ok {
		for _, f := range folders {
			order = append(order, textOf(f["id"]))
		}
	}
	items := []any{}
	for _, id := range order {
		if !c.inside[id] {
			items = c.appendFolder(items, id)
		}
	}
	out["item"] = c.appendRequests(items, texts(doc["order"]))
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return jsonx.Parse(text)
}

// v1 is a collection that is being put together.
type v1 struct {
	requests, folders map[string]object
	inside            map[string]bool // folders that stand in another one
	used              map[string]bool // folders that were placed: each only once, whatever the file says
}

func (c *v1) appendFolder(to []any, id string) []any {
	f, ok := c.folders[id]
	if !ok || c.used[id] {
		return to
	}
	c.used[id] = true
	out := object{"id": f["id"], "name": f["name"]}
	common(out, f)
	items := []any{}
	for _, below := range texts(f["folders_order"]) {
		items = c.appendFolder(items, below)
	}
	out["item"] = c.appendRequests(items, texts(f["order"]))
	return append(to, out)
}

func (c *v1) appendRequests(to []any, order []string) []any {
	for _, id := range order {
		r, ok := c.requests[id]
		if !ok {
			continue
		}
		request := object{"method": r["method"], "url": urlV1(r), "header": headersV1(r)}
		if body := bodyV1(r); body != nil {
			request["body"] = body
		}
		if a := authV1(r); a != nil {
			request["auth"] = a
		}
		item := object{"id": r["id"], "name": r["name"], "request": request}
		common(item, r)
		delete(item, "auth") // the request has it
		to = append(to, item)
	}
	return to
}

// common is what collections, folders and requests share.
func common(out, from object) {
	if events := eventsV1(from); len(events) > 0 {
		out["event"] = events
	}
	if a := authV1(from); a != nil {
		out["auth"] = a
	}
	if b, ok := from["protocolProfileBehavior"].(object); ok {
		out["protocolProfileBehavior"] = b
	}
	list := objects(from["variables"])
	if len(list) == 0 {
		list = objects(from["variable"])
	}
	for _, v := range list {
		if textOf(v["key"]) == "" {
			v["key"] = v["id"]
		}
	}
	if len(list) > 0 {
		out["variable"] = list
	}
}

func eventsV1(from object) []any {
	var events []any
	for _, kind := range []struct{ key, listen string }{{"tests", "test"}, {"preRequestScript", "prerequest"}} {
		if source := from[kind.key]; source != nil && source != "" {
			events = append(events, object{"listen": kind.listen, "script": object{"exec": source}})
		}
	}
	if len(events) > 0 {
		return events
	}
	for _, e := range objects(from["events"]) {
		if textOf(e["listen"]) == "" {
			e["listen"] = "test"
		}
		events = append(events, e)
	}
	return events
}

func urlV1(r object) any {
	variables := objects(r["pathVariableData"])
	known := map[string]bool{}
	for _, v := range variables {
		known[textOf(v["key"])] = true
	}
	if named, ok := r["pathVariables"].(object); ok {
		for _, key := range slices.Sorted(maps.Keys(named)) {
			if !known[key] {
				variables = append(variables, object{"key": key, "value": named[key]})
			}
		}
	}
	raw := textOf(r["url"])
	query := objects(r["queryParams"])
	if len(variables) == 0 && len(query) == 0 {
		return raw
	}
	out := object{"raw": raw}
	_ = json.Unmarshal(urls.Parse(raw).JSON().Append(nil), &out) // our own text
	if len(variables) > 0 {
		out["variable"] = variables
	}
	if len(query) > 0 {
		for _, q := range query {
			if q["enabled"] == false {
				q["disabled"] = true
			}
		}
		out["query"] = query
	}
	return out
}

func headersV1(r object) []any {
	if list, ok := r["headers"].([]any); ok {
		return list
	}
	var out []any
	known := map[string]bool{}
	for _, h := range objects(r["headerData"]) {
		key := textOf(h["key"])
		if strings.HasPrefix(key, "//") || h["enabled"] == false {
			h["disabled"] = true
			h["key"] = strings.TrimSpace(strings.TrimPrefix(key, "//"))
		}
		known[textOf(h["key"])] = true
		out = append(out, h)
	}
	for line := range strings.Lines(textOf(r["headers"])) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		name := strings.TrimSpace(strings.TrimPrefix(key, "//"))
		if !ok || name == "" || known[name] {
			continue
		}
		out = append(out, object{"key": name, "value": strings.TrimSpace(value), "disabled": strings.HasPrefix(key, "//")})
	}
	return out
}

var modesV1 = map[string]string{"binary": "file", "graphql": "graphql", "params": "formdata", "raw": "raw", "urlencoded": "urlencoded"}

func bodyV1(r object) object {
	raw := textOf(r["rawModeData"])
	if list := texts(r["rawModeData"]); len(list) == 1 {
		raw = list[0]
	}
	fields := objects(r["data"])
	if len(fields) == 0 {
		fields = objects(r["rawModeData"])
	}
	graphql := r["graphqlModeData"]
	mode := modesV1[textOf(r["dataMode"])]
	if dataMode, set := r["dataMode"]; set && dataMode == nil {
		return nil
	}
	if mode == "" {
		switch {
		case raw != "" || textOf(r["data"]) != "":
			mode = "raw"
		case len(fields) > 0:
			mode = "formdata"
		case isFilled(graphql):
			mode = "graphql"
		default:
			return nil
		}
	}
	out := object{"mode": mode}
	switch mode {
	case "raw":
		if raw == "" {
			raw = textOf(r["data"])
		}
		out["raw"] = raw
	case "graphql":
		out["graphql"] = graphql
	case "file":
		out["file"] = object{"src": raw}
	default:
		out[mode] = fieldsV1(fields)
	}
	if r["dataDisabled"] == true {
		out["disabled"] = true
	}
	if options, ok := r["dataOptions"].(object); ok {
		renamed := object{}
		for name, value := range options {
			renamed[modesV1[name]] = value
		}
		out["options"] = renamed
	}
	return out
}

func isFilled(v any) bool {
	o, ok := v.(object)
	return ok && len(o) > 0
}

func fieldsV1(fields []object) []any {
	out := []any{}
	for _, f := range fields {
		if f["key"] == nil {
			continue
		}
		if f["type"] == "file" && f["src"] == nil {
			f["src"] = f["value"]
			delete(f, "value")
		}
		if f["enabled"] == false {
			f["disabled"] = true
		}
		out = append(out, f)
	}
	return out
}

// helpersV1 are the names of auth types, helperKeys those of their settings where
// they changed.
var (
	helpersV1 = map[string]string{
		"apikeyAuth": "apikey", "basicAuth": "basic", "bearerAuth": "bearer", "digestAuth": "digest", "hawkAuth": "hawk",
		"oAuth1": "oauth1", "oAuth2": "oauth2", "ntlmAuth": "ntlm", "awsSigV4": "awsv4",
	}
	helperKeys = map[string]map[string]string{
		"hawk":   {"hawk_id": "authId", "hawk_key": "authKey", "ext": "extraData", "app": "appId", "dlg": "delegation"},
		"oauth1": {"header": "addParamsToHeader", "auto": "autoAddParam", "includeEmpty": "addEmptyParamsToSign"},
	}
)

func authV1(from object) object {
	helper, named := from["currentHelper"]
	if !named && from["helperAttributes"] == nil {
		a, _ := from["auth"].(object)
		return a
	}
	kind := textOf(helper)
	if kind == "" || kind == "normal" {
		return nil
	}
	if known, ok := helpersV1[kind]; ok {
		kind = known
	}
	settings, ok := from["helperAttributes"].(object)
	if text := textOf(from["helperAttributes"]); !ok && text != "" && json.Unmarshal([]byte(text), &settings) != nil {
		return nil
	}
	params := object{}
	for key, value := range settings {
		if now, ok := helperKeys[kind][key]; ok {
			key = now
		}
		params[key] = value
	}
	return object{"type": kind, kind: params}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func objects(v any) []object {
	list, _ := v.([]any)
	var out []object
	for _, e := range list {
		if o, ok := e.(object); ok {
			out = append(out, o)
		}
	}
	return out
}
