package run_test

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/urls"
)

// one makes a collection of one request.
func one(t *testing.T, request string, more ...string) *postman.Collection {
	t.Helper()
	return parse(t, `{"item": [{"name": "r", "request": %s}]%s}`, request, strings.Join(more, ""))
}

func TestBodies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f.json"), []byte("{}"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "g.txt"), []byte("g"), 0o600))
	for name, tt := range map[string]struct {
		method, header, body string
		contentType, want    string
		warning              string
	}{
		"raw":             {"POST", "", `{"mode":"raw","raw":"a // b"}`, "text/plain", "a // b", ""},
		"json":            {"POST", "", `{"mode":"raw","raw":"{} // b","options":{"raw":{"language":"json"}}}`, "application/json", "{} ", ""},
		"own type":        {"PUT", `{"key":"content-type","value":"x/y"}`, `{"mode":"raw","raw":"a"}`, "x/y", "a", ""},
		"get":             {"GET", "", `{"mode":"raw","raw":"a"}`, "", "", ""},
		"delete":          {"DELETE", "", `{"mode":"raw","raw":"a"}`, "text/plain", "a", ""},
		"urlencoded":      {"POST", "", `{"mode":"urlencoded","urlencoded":[{"key":"a","value":"b c"}]}`, "application/x-www-form-urlencoded", "a=b%20c", ""},
		"urlencoded type": {"POST", `{"key":"Content-Type","value":"text/plain"}`, `{"mode":"urlencoded","urlencoded":[{"key":"a","value":"b"}]}`, "application/x-www-form-urlencoded", "a=b", ""},
		"graphql":         {"POST", "", `{"mode":"graphql","graphql":{"query":"q","variables":{"a":1}}}`, "application/json", `{"query":"q","variables":{"a":1}}`, ""},
		"form":            {"POST", "", `{"mode":"formdata","formdata":[{"key":"a","value":"b","type":"text"},{"key":"off","value":"x","disabled":true},{"key":"f","type":"file","src":["f.json","g.txt"]}]}`, "multipart/form-data", "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.json\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"g.txt\"\r\nContent-Type: text/plain\r\n\r\ng\r\n--B--\r\n", ""},
		"form type":       {"POST", "", `{"mode":"formdata","formdata":[{"key":"a","value":"b","contentType":"x/y","fileName":"z"}]}`, "multipart/form-data", "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"z\"\r\nContent-Type: x/y\r\n\r\nb\r\n--B--\r\n", ""},
		"form no file":    {"POST", "", `{"mode":"formdata","formdata":[{"key":"f","type":"file","src":"no"}]}`, "", "", "Form param `f`, file load error: \"no\", no such file"},
		"file":            {"POST", "", `{"mode":"file","file":{"src":"f.json"}}`, "application/json", "{}", ""},
		"no file":         {"POST", "", `{"mode":"file","file":{"src":"no"}}`, "", "", `Binary file load error: "no", no such file`},
		"outside":         {"POST", "", `{"mode":"file","file":{"src":"../x"}}`, "", "", "PPERM: insecure file access outside working directory"},
		"directory":       {"POST", "", `{"mode":"file","file":{"src":"."}}`, "", "", "is not a file"},
		"none":            {"POST", "", `null`, "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newEcho(t, nil)
			request := fmt.Sprintf(`{"method":%q,"url":%q,"header":[%s],"body":%s}`, tt.method, server.URL, tt.header, tt.body)
			_, j := execute(t, one(t, request), run.Options{Files: run.Dir{Root: dir, Inside: true}})
			r, body := server.last()
			kind, boundary, _ := strings.Cut(r.Header.Get("Content-Type"), "; boundary=")
			if boundary != "" {
				body = strings.ReplaceAll(body, boundary, "B")
			}
			require.Equal(t, []string{tt.contentType, tt.want}, []string{kind, body})
			require.Contains(t, j.String(), tt.warning)
		})
	}
	server := newEcho(t, nil)
	_, j := execute(t, one(t, fmt.Sprintf(`{"method":"POST","url":%q,"body":{"mode":"file","file":{"src":"f.json"}}}`, server.URL)), run.Options{})
	require.Contains(t, j.String(), "files are not available in this run")
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	server := newEcho(t, nil)
	u := strings.TrimPrefix(server.URL, "http://")
	execute(t, one(t, fmt.Sprintf(`{"url":"u%%20s:p@%s/?b","header":[{"key":"accept","value":"mine"},{"key":"X","value":"1"},{"key":"X","value":"2"},{"key":"off","value":"x","disabled":true},{"key":"","value":"y"}]}`, u),
		`,"protocolProfileBehavior":{"disabledSystemHeaders":{"cache-control":true,"user-agent":true,"accept-encoding":true,"connection":true}}`), run.Options{Version: "1.2"})
	r, _ := server.last()
	require.Equal(t, []string{"mine"}, r.Header.Values("Accept"))
	require.Equal(t, []string{"1", "2"}, r.Header.Values("X"))
	require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte("u s:p")), r.Header.Get("Authorization"))
	require.NotEmpty(t, r.Header.Get("Postman-Token"))
	for _, name := range []string{"Cache-Control", "User-Agent", "Accept-Encoding", "Connection", "Off"} {
		require.Empty(t, r.Header.Get(name), name)
	}
	execute(t, one(t, fmt.Sprintf("%q", server.URL)), run.Options{Version: "1.2"})
	r, _ = server.last()
	require.Equal(t, "PicketRuntime/1.2", r.UserAgent())
	require.Equal(t, "gzip, deflate, br", r.Header.Get("Accept-Encoding"))
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	to := func(code int, location string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(code)
		}
	}
	const away = "to another host"
	for name, tt := range map[string]struct {
		code      int
		location  string
		behavior  string
		method    string
		hops      int
		wantCode  int
		want      string // method, body and Authorization of the last request
		wantError string
	}{
		"302":             {302, "/end", ``, "POST", 1, 200, "GET||Bearer t", ""},
		"303 put":         {303, "end?x", ``, "PUT", 1, 200, "GET||Bearer t", ""},
		"307":             {307, "/end", ``, "POST", 1, 200, "POST|body|Bearer t", ""},
		"head":            {301, "/end", ``, "HEAD", 1, 200, "HEAD||Bearer t", ""},
		"method kept":     {302, "/end", `"followOriginalHttpMethod":true`, "POST", 1, 200, "POST|body|Bearer t", ""},
		"other host":      {307, away, ``, "POST", 1, 200, "POST|body|", ""},
		"other host, own": {307, away, `"followAuthorizationHeader":true`, "POST", 1, 200, "POST|body|Bearer t", ""},
		"off":             {302, "/end", `"followRedirects":false`, "POST", 0, 302, "POST|body|Bearer t", ""},
		"ten":             {302, "/hop/9", ``, "GET", 10, 200, "GET||Bearer t", ""},
		"eleven":          {302, "/hop/10", ``, "GET", 0, 0, "", "Exceeded maxRedirects. Probably stuck in a redirect loop"},
		"fewer":           {302, "/hop/1", `"maxRedirects":1`, "GET", 0, 0, "", "Exceeded maxRedirects"},
		"bad":             {302, "ftp://x", ``, "GET", 0, 0, "", "Invalid protocol: ftp:"},
		"no location":     {302, "", ``, "GET", 0, 302, "GET||Bearer t", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			routes := map[string]http.HandlerFunc{"/start": to(tt.code, tt.location), "/hop/1": to(302, "/end")}
			for i := 2; i <= 10; i++ {
				routes[fmt.Sprintf("/hop/%d", i)] = to(302, fmt.Sprintf("/hop/%d", i-1))
			}
			server, other := newEcho(t, routes), newEcho(t, nil)
			if tt.location == away {
				routes["/start"] = to(tt.code, strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/end")
			}
			c := one(t, fmt.Sprintf(`{"method":%q,"url":"%s/start","header":"Authorization: Bearer t","body":{"mode":"raw","raw":"body"}}`, tt.method, server.URL),
				`,"protocolProfileBehavior":{`+tt.behavior+`}`)
			var got run.ResponseReceived
			res, _ := execute(t, c, run.Options{Reporters: []run.Reporter{run.ReporterFunc(func(e run.Event) {
				if e, ok := e.(run.ResponseReceived); ok {
					got = e
				}
			})}})
			if tt.wantError != "" {
				require.ErrorContains(t, got.Err, tt.wantError)
				require.Equal(t, run.ClassRequest, got.Err.Class)
				require.Equal(t, run.Errored, res.Outcome)
				return
			}
			require.Nil(t, got.Err)
			require.Equal(t, []int{tt.wantCode, tt.hops}, []int{got.Response.Code, got.Response.Redirects})
			at := server
			if tt.location == away {
				at = other
			}
			r, body := at.last()
			require.Equal(t, tt.want, r.Method+"|"+body+"|"+r.Header.Get("Authorization"))
			if tt.hops > 0 {
				require.Contains(t, r.Referer(), server.URL)
			}
		})
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	server := newEcho(t, map[string]http.HandlerFunc{
		"/set": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
		},
		"/hop": func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
			http.Redirect(w, r, "/end", http.StatusFound)
		},
		"/show": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header.Get("Cookie")) },
	})
	var shown []string
	s := scripted{"see": func(_ context.Context, in script.Input) script.Output {
		list := ""
		for _, c := range in.Host.Cookies(in.URL) {
			list += c.Name + "=" + c.Value + ";"
		}
		shown = append(shown, string(in.Response.Body)+"|"+list)
		require.NoError(t, in.Host.SetCookie(in.URL, script.Cookie{Name: "s", Value: "3"}))
		require.Error(t, in.Host.SetCookie(in.URL, script.Cookie{Name: "s", Value: "3", Domain: "other.example"}))
		require.NoError(t, in.Host.DeleteCookie(in.URL, "b"))
		return script.Output{}
	}}
	c := parse(t, `{"item": [{"name": "1", "request": "%[1]s/set"}, {"name": "2", "request": "%[1]s/hop"},
		{"name": "3", "request": {"url": "%[1]s/show", "header": "Cookie: own=0"}, "event": [{"listen": "test", "script": "see"}]},
		{"name": "4", "request": "%[1]s/show", "protocolProfileBehavior": {"disableCookies": true}}]}`, server.URL)
	jar := &cookies.Jar{}
	execute(t, c, run.Options{Sandbox: s.factory, Iterations: 2, Jar: jar})
	require.Equal(t, []string{"own=0; a=1; b=2|a=1;b=2;", "own=0; a=1; s=3; b=2|a=1;s=3;b=2;"}, shown)
	r, _ := server.last()
	require.Empty(t, r.Header.Get("Cookie"))
	require.Len(t, jar.All(), 2)
}

func TestAuth(t *testing.T) {
	t.Parallel()
	server := newEcho(t, map[string]http.HandlerFunc{"/digest": func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), `Digest username="u", realm="R", nonce="N", uri="/digest"`) {
			w.Header().Set("WWW-Authenticate", `Digest realm="R", nonce="N", qop="auth"`)
			w.WriteHeader(401)
		}
	}})
	c := parse(t, `{"auth": {"type": "digest", "digest": {"username": "{{u}}", "password": "p"}}, "variable": [{"key": "u", "value": "u"}],
		"item": [{"name": "1", "request": "%[1]s/digest"}, {"name": "2", "request": "%[1]s/digest"},
		{"name": "3", "request": {"url": "%[1]s/x", "auth": {"type": "magic"}}}, {"name": "4", "request": {"url": "%[1]s/x", "auth": {"type": "apikey", "apikey": {"key": "{{u}}k", "value": "v w", "in": "query"}}}}]}`, server.URL)
	_, j := execute(t, c, run.Options{})
	require.Equal(t, `iteration 0; item 1; collection 401; auth 200; item 2; collection 200; item 3; warning: auth type "magic" is not known: the request goes out without; collection 200; item 4; collection 200; successful`, j.String())
	r, _ := server.last()
	require.Equal(t, "/x?uk=v%20w", r.RequestURI)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	server := newEcho(t, map[string]http.HandlerFunc{
		"/slow": func(http.ResponseWriter, *http.Request) { <-hold },
		"/big":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 5000)) },
	})
	t.Cleanup(func() { close(hold) })
	slow := one(t, fmt.Sprintf("%q", server.URL+"/slow"))
	res, j := execute(t, slow, run.Options{RequestTimeout: 30 * time.Millisecond})
	require.Equal(t, "iteration 0; item r; collection failed: ESOCKETTIMEDOUT; error", j.String())
	require.Equal(t, run.ClassNetwork, res.FirstFailure.Class)
	require.NoError(t, res.Err)

	res, _ = execute(t, slow, run.Options{Timeout: 30 * time.Millisecond, Iterations: 1000})
	require.Equal(t, run.Aborted, res.Outcome)
	require.ErrorIs(t, res.Err, run.ErrTimeout)
	require.Less(t, res.Duration(), 5*time.Second)

	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by hand")
	cancel(stopped)
	res, err := run.Run(ctx, slow, run.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, res.Err, stopped)

	res, _ = execute(t, slow, run.Options{Timeout: 30 * time.Millisecond, Delay: time.Hour})
	require.Equal(t, run.Aborted, res.Outcome, "a delay ends with the run")

	res, _ = execute(t, one(t, fmt.Sprintf("%q", server.URL+"/big")), run.Options{MaxResponse: 1000})
	require.Contains(t, res.FirstFailure.Message, "Maximum response size reached")
}

func TestGuards(t *testing.T) {
	t.Parallel()
	target := newEcho(t, nil)
	server := newEcho(t, map[string]http.HandlerFunc{"/away": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL+"/in", http.StatusFound) }})
	refused := errors.New("not on the list")
	s := scripted{"send": func(ctx context.Context, in script.Input) script.Output {
		_, err := in.Host.Send(ctx, []byte(fmt.Sprintf("%q", target.URL)))
		return script.Output{Assertions: []script.Assertion{{Name: "refused: " + err.Error()}}}
	}}
	c := parse(t, `{"item": [{"name": "r", "request": "%s/away", "event": [{"listen": "prerequest", "script": "send"}]}]}`, server.URL)
	allowed := strings.TrimPrefix(server.URL, "http://")
	for name, o := range map[string]run.Options{
		"address": {DialControl: func(_, address string, _ syscall.RawConn) error {
			if address != allowed {
				return refused
			}
			return nil
		}},
		"url": {CheckURL: func(_ context.Context, u *url.URL) error {
			if u.Host != allowed {
				return refused
			}
			return nil
		}},
	} {
		o.Sandbox = s.factory
		res, j := execute(t, c, o)
		require.Equal(t, 2, res.Counts.RequestErrors, name)
		require.Contains(t, j.String(), "not on the list", name)
		require.ErrorIs(t, res.FirstFailure.Request, refused, name)
		require.Empty(t, target.paths(), name)
	}
}

func TestTLSAndCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200 + len(r.TLS.PeerCertificates)) }))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	request := fmt.Sprintf("%q", server.URL)
	own := server.TLS.Certificates[0]
	certificate := func(pattern string) []run.ClientCertificate {
		p, err := urls.ParsePattern(pattern)
		require.NoError(t, err)
		return []run.ClientCertificate{{Match: []urls.Pattern{p}, Certificate: own}}
	}
	for name, tt := range map[string]struct {
		o        run.Options
		behavior string
		want     string
	}{
		"strict":     {run.Options{}, ``, "collection failed: DEPTH_ZERO_SELF_SIGNED_CERT; error"},
		"insecure":   {run.Options{Insecure: true}, ``, "collection 200; successful"},
		"strictSSL":  {run.Options{Insecure: true}, `"strictSSL":true`, "collection failed: DEPTH_ZERO_SELF_SIGNED_CERT; error"},
		"own":        {run.Options{Insecure: true, Certificates: certificate("https://127.0.0.1:*/*")}, ``, "collection 201; successful"},
		"any":        {run.Options{Insecure: true, Certificates: []run.ClientCertificate{{Certificate: own}}}, ``, "collection 201; successful"},
		"other host": {run.Options{Insecure: true, Certificates: certificate("https://*.example.com/*")}, ``, "collection 200; successful"},
	} {
		_, j := execute(t, one(t, request, `,"protocolProfileBehavior":{`+tt.behavior+`}`), tt.o)
		require.Equal(t, "iteration 0; item r; "+tt.want, j.String(), name)
	}
}

// Nothing is left of a run: no goroutine, and no memory that grows with iterations.
func TestLeavesNothing(t *testing.T) { //nolint:paralleltest // it counts goroutines and memory
	server := newEcho(t, nil)
	c := one(t, fmt.Sprintf("%q", server.URL))
	before := runtime.NumGoroutine()
	heap := func(iterations int) uint64 {
		var peak uint64
		n := 0
		server.mu.Lock()
		server.seen, server.body = nil, nil
		server.mu.Unlock()
		_, err := run.Run(t.Context(), c, run.Options{Iterations: iterations, Reporters: []run.Reporter{run.ReporterFunc(func(e run.Event) {
			if _, ok := e.(run.IterationFinished); !ok {
				return
			}
			if n++; n%100 != 0 {
				return
			}
			server.mu.Lock()
			server.seen, server.body = nil, nil
			server.mu.Unlock()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		})}})
		require.NoError(t, err)
		return peak
	}
	few, many := heap(200), heap(2000)
	require.Less(t, many, few+1<<20)
	server.CloseClientConnections()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 5*time.Second, time.Millisecond)
}

// Names that differ in their letters only are one header, as in Node.
func TestHeadersOfOneNameInOtherLetters(t *testing.T) {
	t.Parallel()
	server := newEcho(t, nil)
	_, j := execute(t, parse(t, `{"info":{"name":"c"},"item":[{"name":"r","request":{"url":"%s","header":[{"key":"X-A","value":"1"},{"key":"x-a","value":"2"},{"key":"X-A","value":"3"},{"key":"X-B","value":"1"},{"key":"X-B","value":"2"}]}}]}`, server.URL), run.Options{})
	require.Contains(t, j.String(), "200")
	r, _ := server.last()
	require.Equal(t, []string{"2"}, r.Header["X-A"])
	require.Equal(t, []string{"1", "2"}, r.Header["X-B"])
}

func TestPortsAreNumbersAsInJavaScript(t *testing.T) {
	t.Parallel()
	server := newEcho(t, nil)
	for suffix, want := range map[string]string{" /x": "collection 200; successful", "x/y": "collection failed: ERR_SOCKET_BAD_PORT; error", "99999/": "collection failed: ERR_SOCKET_BAD_PORT; error"} {
		res, j := execute(t, one(t, fmt.Sprintf("%q", server.URL+suffix)), run.Options{})
		require.Contains(t, j.String(), want, suffix)
		if res.FirstFailure != nil {
			require.Equal(t, "RangeError", res.FirstFailure.Name)
		}
	}
}
