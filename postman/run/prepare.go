package run

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/transport"
	"github.com/picket-api/picket/postman/urls"
)

// headers are header lines as Node keeps them: one entry for each name whatever
// its case, in the order in which the names came up, with one or more values.
type headers struct {
	names  []string
	values [][]string
}

func (h *headers) find(name string) int {
	return slices.IndexFunc(h.names, func(have string) bool { return strings.EqualFold(have, name) })
}

func (h *headers) has(name string) bool { return h.find(name) >= 0 }

func (h *headers) get(name string) string {
	if i := h.find(name); i >= 0 {
		return strings.Join(h.values[i], "; ")
	}
	return ""
}

// byName makes headers of the author's lines: the same name again is another value;
// of names that differ in their letters only, the one that came up last stands, in
// the place of the first.
func byName(lines []postman.Header) *headers {
	var exact headers
	for _, line := range lines {
		if line.Disabled || line.Key == "" {
			continue
		}
		if i := slices.Index(exact.names, line.Key); i >= 0 {
			exact.values[i] = append(exact.values[i], line.Value)
			continue
		}
		exact.names, exact.values = append(exact.names, line.Key), append(exact.values, []string{line.Value})
	}
	h := &headers{}
	for i, name := range exact.names {
		if at := h.find(name); at >= 0 {
			h.names[at], h.values[at] = name, exact.values[i]
			continue
		}
		h.names, h.values = append(h.names, name), append(h.values, exact.values[i])
	}
	return h
}

// set changes a header in its place, or adds it at the end.
func (h *headers) set(name, value string) {
	if i := h.find(name); i >= 0 {
		h.values[i] = []string{value}
		return
	}
	h.names, h.values = append(h.names, name), append(h.values, []string{value})
}

func (h *headers) remove(name string) {
	if i := h.find(name); i >= 0 {
		h.names, h.values = slices.Delete(h.names, i, i+1), slices.Delete(h.values, i, i+1)
	}
}

func (h *headers) clone() *headers {
	return &headers{names: slices.Clone(h.names), values: slices.Clone(h.values)}
}

func (h *headers) lines() []transport.Header {
	list := make([]transport.Header, 0, len(h.names))
	for i, name := range h.names {
		for _, value := range h.values[i] {
			list = append(list, transport.Header{Name: name, Value: value})
		}
	}
	return list
}

// addSystemHeaders gives the request what the author didn't: Postman's default
// headers, in its order. Those that the author switched off stay away.
func (j *job) addSystemHeaders(r *postman.Request, host string, off map[string]bool) {
	version := j.opts.Version
	if version == "" {
		version = DefaultVersion
	}
	for _, h := range []postman.Header{
		{Key: "User-Agent", Value: "PicketRuntime/" + version},
		{Key: "Accept", Value: "*/*"},
		{Key: "Cache-Control", Value: "no-cache"},
		{Key: "Postman-Token", Value: uuid.NewString()},
		{Key: "Host", Value: host},
		{Key: "Accept-Encoding", Value: "gzip, deflate, br"},
		{Key: "Connection", Value: "keep-alive"},
	} {
		if !off[strings.ToLower(h.Key)] && r.Header(h.Key) == nil {
			h.System = true
			r.Headers = append(r.Headers, h)
		}
	}
}

// removable are the headers that disabledSystemHeaders may keep from going out
// although the protocol would have them.
var removable = []string{"content-type", "content-length", "accept-encoding", "connection", "host"}

// wireHeaders are the lines to send: the request's, then those that the body and
// the URL ask for.
func wireHeaders(r *postman.Request, t urls.Target, c *content, off map[string]bool) *headers {
	h := byName(r.Headers)
	if given := h.get("Content-Type"); c.contentType != "" && !c.asHeader {
		invalid := c.typePattern != nil && !c.typePattern.MatchString(given) && !off["content-type"]
		if !h.has("Content-Type") || invalid {
			h.set("Content-Type", c.contentType)
		}
	}
	if c.body != nil && !c.late && !h.has("Content-Length") && !h.has("Transfer-Encoding") {
		h.set("Content-Length", strconv.FormatInt(c.body.Length, 10))
	}
	if (t.User != nil || t.Password != nil) && !h.has("Authorization") {
		h.set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(unescape(t.User)+":"+unescape(t.Password))))
	}
	for _, name := range removable {
		if line := r.Header(name); off[name] && (line == nil || line.System) {
			h.remove(name)
		}
	}
	return h
}

func unescape(s *string) string {
	if s == nil {
		return ""
	}
	if plain, err := url.PathUnescape(*s); err == nil {
		return plain
	}
	return *s
}

// finishHeaders adds what comes last: cookies, and the length of a body that is
// known late or that isn't there.
func finishHeaders(h *headers, method string, c *content, cookie string, off map[string]bool) {
	if cookie != "" {
		if own := h.get("Cookie"); own != "" {
			cookie = own + "; " + cookie
		}
		h.set("Cookie", cookie)
	}
	if off["content-length"] || h.has("Content-Length") || h.has("Transfer-Encoding") {
		return
	}
	if c.body != nil {
		h.set("Content-Length", strconv.FormatInt(c.body.Length, 10))
		return
	}
	switch method {
	case "GET", "HEAD", "TRACE", "DELETE", "CONNECT", "OPTIONS":
	default:
		h.set("Content-Length", "0")
	}
}
