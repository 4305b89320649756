package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptrace"
	"sync"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/urls"
)

// host is what a script may ask of the run.
type host struct {
	*execution
	ctx context.Context //nolint:containedctx // of the script that it serves

	mu       sync.Mutex
	answered [][]Event // the ends of each of the script's requests
}

// Send serves pm.sendRequest. {{names}} in it are not filled in, as in newman:
// scripts have pm.variables.replaceIn. Bodies go out whatever the method, files
// do not.
func (h *host) Send(ctx context.Context, raw json.RawMessage) (script.Response, error) {
	request, err := postman.ParseRequest(raw)
	if err != nil {
		return script.Response{}, fmt.Errorf("pm.sendRequest: %w", err)
	}
	if dropFiles(request) {
		h.warn(h.execution, "uploading files from scripts is not allowed")
	}
	j := &job{
		execution: h.execution, source: FromScript, auth: request.Auth, settings: request.Auth, request: request,
		behavior: postman.Behavior{"disableBodyPruning": jsonx.Flag(true)},
	}
	h.mu.Lock()
	number := len(h.answered)
	h.answered = append(h.answered, nil)
	h.mu.Unlock()
	j.ended = func(e ResponseReceived) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.answered[number] = append(h.answered[number], e)
	}
	sent := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { script.Sent(ctx) }}
	_, resp, failure := j.do(httptrace.WithClientTrace(ctx, sent))
	if failure != nil {
		return script.Response{}, failure
	}
	return script.Response{
		Code: resp.Code, Status: resp.Status, Headers: resp.Headers, Body: resp.Body, Time: resp.Time, Size: int(resp.BodySize),
	}, nil
}

func dropFiles(r *postman.Request) bool {
	if r.Body == nil {
		return false
	}
	if r.Body.Mode == postman.ModeFile {
		r.Body = nil
		return true
	}
	dropped := false
	var kept []postman.FormPart
	for _, part := range r.Body.FormData {
		if part.IsFile {
			dropped = true
			continue
		}
		kept = append(kept, part)
	}
	r.Body.FormData = kept
	return dropped
}

// assertions tells of a script's tests and of the answers to its requests, in the
// order in which they came. The script is over.
func (h *host) assertions(phase script.Phase, out script.Output) {
	told := 0
	tell := func(end int) {
		if end > told {
			h.emit(AssertionsDone{Cursor: h.cursor, Item: h.item, Phase: phase, First: told, Assertions: out.Assertions[told:end]})
			told = end
		}
	}
	for n, number := range out.Answered {
		end := told
		for end < len(out.Assertions) && out.Assertions[end].After <= n {
			end++
		}
		tell(end)
		h.answer(number)
	}
	tell(len(out.Assertions))
	for number := range h.answered {
		h.answer(number)
	}
}

// answer tells of the end of one of the script's requests, once.
func (h *host) answer(number int) {
	if number < len(h.answered) {
		for _, e := range h.answered[number] {
			h.emit(e)
		}
		h.answered[number] = nil
	}
}

// jarURL is an address as a cookie jar sees it.
func jarURL(raw string) cookies.URL {
	t := urls.Parse(raw).Encode(false)
	return cookies.URL{Scheme: t.Scheme, Host: t.Host, Path: t.Path}
}

// Cookies are those that the jar would send to the URL.
func (h *host) Cookies(url string) []script.Cookie {
	found := h.jar.For(jarURL(url))
	list := make([]script.Cookie, len(found))
	for i, c := range found {
		list[i] = script.Cookie{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Expires: c.Expires, HTTPOnly: c.HTTPOnly, Secure: c.Secure}
	}
	return list
}

// SetCookie stores a cookie for the URL.
func (h *host) SetCookie(url string, c script.Cookie) error {
	ok := h.jar.Set(jarURL(url), cookies.Cookie{
		Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Expires: c.Expires, HTTPOnly: c.HTTPOnly, Secure: c.Secure,
	})
	if !ok {
		return fmt.Errorf("cookie %q is not for %s", c.Name, url)
	}
	return nil
}

// DeleteCookie drops a cookie of the URL, or all of them.
func (h *host) DeleteCookie(url, name string) error {
	h.jar.Delete(jarURL(url), name)
	return nil
}
