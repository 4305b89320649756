package run

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/transport"
	"github.com/picket-api/picket/postman/urls"
)

var errRequestTimeout = errors.New("the request took longer than its time limit")

// hop is what goes out next: the request, then each redirect.
type hop struct {
	method  string
	target  urls.Target
	headers *headers
	content *content
	n       int
}

// send sends a signed request, follows redirects, and tells about it.
func (j *job) send(ctx context.Context, r *postman.Request, c *content, source Source) (*Response, *RequestError) {
	raw, _ := j.behavior.Bool("disableUrlEncoding")
	off := j.behavior.Flags("disabledSystemHeaders")
	target := r.URL.Encode(raw)
	empty := r.URL.String() == ""
	if !empty {
		r.URL = urls.Parse(target.String())
		if c.asHeader && c.contentType != "" && r.Header("Content-Type") == nil {
			r.Headers = append(r.Headers, postman.Header{Key: "Content-Type", Value: c.contentType, System: true})
		}
		j.addSystemHeaders(r, target.Authority(), off)
	}
	j.emit(RequestSent{Cursor: j.cursor, Item: j.item, Source: source, Request: r})
	received := ResponseReceived{At: time.Now(), Cursor: j.cursor, Item: j.item, Source: source, Request: r}
	if c.body != nil {
		received.SentSize = c.body.Length
	}
	if empty {
		received.Err = &RequestError{Class: ClassRequest, Message: "runtime:extensions~request: request url is empty"}
	} else {
		h := &hop{method: r.Method, target: target, headers: wireHeaders(r, target, c, off), content: c}
		received.Response, received.Err = j.follow(ctx, h, r, off, raw)
	}
	j.end(received)
	return received.Response, received.Err
}

// follow makes the hops of a request.
func (j *job) follow(ctx context.Context, h *hop, r *postman.Request, off map[string]bool, raw bool) (*Response, *RequestError) {
	if j.opts.RequestTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, j.opts.RequestTimeout, errRequestTimeout)
		defer cancel()
	}
	start := time.Now()
	limit := DefaultMaxRedirects
	if n, ok := j.behavior.Int("maxRedirects"); ok {
		limit = n
	}
	for {
		resp, err := j.hop(ctx, h, r, off)
		if err != nil {
			return nil, requestError(err)
		}
		location := resp.Get("Location")
		if !j.following() || resp.Code < 300 || resp.Code > 399 || location == "" {
			return j.response(resp, h, time.Since(start)), nil
		}
		if h.n >= limit {
			return nil, &RequestError{Class: ClassRequest, Message: "Exceeded maxRedirects. Probably stuck in a redirect loop " + h.target.String()}
		}
		j.redirect(h, resp.Code, location, raw)
	}
}

func (j *job) following() bool {
	if follow, ok := j.behavior.Bool("followRedirects"); ok {
		return follow
	}
	return !j.opts.IgnoreRedirects
}

// hop sends one request with the jar's cookies and keeps the cookies of the answer.
func (j *job) hop(ctx context.Context, h *hop, r *postman.Request, off map[string]bool) (*transport.Response, error) {
	at := cookies.URL{Scheme: h.target.Scheme, Host: h.target.Host, Path: h.target.Path}
	lines := h.headers.clone()
	cookie := ""
	noCookies, _ := j.behavior.Bool("disableCookies")
	if !noCookies {
		cookie = j.jar.Header(at)
	}
	finishHeaders(lines, h.method, h.content, cookie, off)
	if h.n == 0 {
		showSent(r, lines)
	}
	if check := j.opts.CheckURL; check != nil {
		u := &url.URL{Scheme: h.target.Scheme, Host: h.target.Authority(), Path: h.target.Path}
		if err := check(ctx, u); err != nil {
			return nil, &RequestError{Class: ClassRequest, Message: err.Error(), Err: err}
		}
	}
	security, err := j.tlsSettings(h.target)
	if err != nil {
		return nil, err
	}
	req := &transport.Request{
		Method: h.method, Scheme: h.target.Scheme, Host: h.target.Host, Target: h.target.RequestURI(),
		Header: lines.lines(), Body: h.content.body, TLS: security, Lenient: j.lenient(), Session: j.session(),
	}
	if h.target.Port != nil {
		req.Port = *h.target.Port
	}
	resp, err := j.client.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, line := range resp.Header {
		if !noCookies && strings.EqualFold(line.Name, "Set-Cookie") {
			j.jar.Receive(at, line.Value)
		}
	}
	return resp, nil
}

// showSent puts into the request that scripts and reports see what was added last.
func showSent(r *postman.Request, sent *headers) {
	for _, name := range []string{"Cookie", "Content-Length"} {
		if sent.has(name) {
			r.SetHeader(name, sent.get(name))
		}
	}
}

// redirect makes the next hop of a redirect.
func (j *job) redirect(h *hop, code int, location string, raw bool) {
	from := h.target
	if !strings.HasPrefix(location, "http:") && !strings.HasPrefix(location, "https:") {
		location = from.Resolve(location)
	}
	h.target = urls.Parse(location).Encode(raw)
	h.n++
	if h.target.Host != from.Host {
		if keep, _ := j.behavior.Bool("followAuthorizationHeader"); !keep {
			h.headers.remove("Authorization")
		}
	}
	if h.headers.has("Host") {
		h.headers.remove("Host")
		h.headers.set("Host", hostHeader(h.target))
	}
	if original, _ := j.behavior.Bool("followOriginalHttpMethod"); !original && code != 307 && code != 308 {
		if h.method != http.MethodHead {
			h.method = http.MethodGet
		}
		h.content = &content{}
		h.headers.remove("Content-Type")
		h.headers.remove("Content-Length")
	}
	if off, _ := j.behavior.Bool("removeRefererHeaderOnRedirect"); !off {
		h.headers.set("Referer", from.String())
	}
}

// hostHeader is the authority without the scheme's own port.
func hostHeader(t urls.Target) string {
	if t.Port != nil && (t.Scheme == "http" && *t.Port == "80" || t.Scheme == "https" && *t.Port == "443") {
		return t.Host
	}
	return t.Authority()
}

func (j *job) response(resp *transport.Response, h *hop, took time.Duration) *Response {
	out := &Response{
		Code: resp.Code, Status: resp.Status, Body: resp.Body, BodySize: resp.WireBody, HeaderSize: resp.WireHeader,
		Time: time.Duration(math.Ceil(float64(took)/float64(time.Millisecond))) * time.Millisecond, URL: h.target.String(), Proto: resp.Proto,
		RemoteAddr: resp.RemoteAddr, Redirects: h.n, Reused: resp.Reused, Timings: resp.Timings,
		Headers: make([]script.Header, len(resp.Header)),
	}
	if out.Status == "" {
		out.Status = http.StatusText(resp.Code)
	}
	for i, line := range resp.Header {
		out.Headers[i] = script.Header{Key: line.Name, Value: line.Value}
	}
	return out
}

// values are all values of a header, whatever its case.
func (r *Response) values(name string) []string {
	var list []string
	for _, h := range r.Headers {
		if strings.EqualFold(h.Key, name) {
			list = append(list, h.Value)
		}
	}
	return list
}

// requestError makes an error of a run of what the transport said.
func requestError(err error) *RequestError {
	var made *RequestError
	if errors.As(err, &made) {
		return made
	}
	var t *transport.Error
	if !errors.As(err, &t) {
		return &RequestError{Class: ClassRequest, Message: err.Error(), Err: err}
	}
	if errors.Is(t.Err, errRequestTimeout) {
		code := "ESOCKETTIMEDOUT"
		if t.Connecting {
			code = "ETIMEDOUT"
		}
		return &RequestError{Class: ClassNetwork, Code: code, Message: code, Err: t.Err}
	}
	class := ClassNetwork
	if t.Code == "" && t.Err == nil || strings.HasPrefix(t.Code, "ERR_INVALID") || t.Code == "ERR_UNESCAPED_CHARACTERS" || t.Code == "ERR_SOCKET_BAD_PORT" {
		class = ClassRequest
	}
	return &RequestError{
		Class: class, Code: t.Code, Errno: t.Errno, Syscall: t.Syscall, Host: t.Host, Address: t.Address, Port: t.Port, Message: t.Message, Err: err,
	}
}
