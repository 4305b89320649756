package transport_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/transport"
)

func request(t *testing.T, base, target string) *transport.Request {
	t.Helper()
	u, err := url.Parse(base)
	require.NoError(t, err)
	return &transport.Request{
		Method: "GET", Scheme: u.Scheme, Host: u.Hostname(), Port: u.Port(), Target: target,
		Header: []transport.Header{{Name: "Host", Value: u.Host}},
	}
}

func client(t *testing.T, cfg transport.Config) *transport.Client {
	t.Helper()
	c := transport.New(cfg)
	t.Cleanup(c.Close)
	return c
}

// serve answers each connection with a text, then closes it.
func serve(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				r := bufio.NewReader(conn)
				for {
					line, err := r.ReadString('\n')
					if err != nil || line == "\r\n" {
						break
					}
				}
				_, _ = io.WriteString(conn, answer)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// nowhere is a resolver whose name server knows no name at all.
func nowhere(t *testing.T) *net.Resolver {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			b[2], b[3] = b[2]|0x80, b[3]&0xf0|3 // an answer: no such name
			_, _ = server.WriteTo(b[:n], from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer string
		method string
		code   int
		status string
		body   string
	}{
		"length":        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef", "GET", 200, "OK", "abc"},
		"until the end": {"HTTP/1.0 200\r\n\r\nabc", "GET", 200, "", "abc"},
		"chunked":       {"HTTP/1.1 200 Fine by me\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n", "GET", 200, "Fine by me", "abcde"},
		"informational": {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", 204, "No Content", ""},
		"head":          {"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n", "HEAD", 200, "OK", ""},
		"latin 1":       {"HTTP/1.1 418 \xfcber\r\nA: b\r\n\r\nx", "GET", 418, "über", "x"},
		"odd method":    {"HTTP/1.1 207 Multi-Status\r\nContent-Length: 0\r\n\r\n", "PROPFIND", 207, "Multi-Status", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, serve(t, tt.answer), "/")
			r.Method = tt.method
			resp, err := client(t, transport.Config{}).Do(t.Context(), r)
			require.NoError(t, err)
			require.Equal(t, tt.code, resp.Code)
			require.Equal(t, tt.status, resp.Status)
			require.Equal(t, tt.body, string(resp.Body))
			require.Positive(t, resp.Timings.Total)
			require.Positive(t, resp.WireHeader)
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	closed := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		return "http://" + l.Addr().String()
	}()
	resolver := nowhere(t)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, tt := range map[string]struct {
		base, code, message string
		change              func(*transport.Request)
	}{
		"refused":          {closed, "ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:", nil},
		"no host":          {"http://nobody.invalid", "ENOTFOUND", "getaddrinfo ENOTFOUND nobody.invalid", nil},
		"odd host":         {closed, "ENOTFOUND", "getaddrinfo ENOTFOUND {{host}}", func(r *transport.Request) { r.Host = "{{host}}" }},
		"hang up":          {serve(t, ""), "ECONNRESET", "socket hang up", nil},
		"cut head":         {serve(t, "HTTP/1.1 200 OK\r\nA: b"), "ECONNRESET", "socket hang up", nil},
		"cut body":         {serve(t, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "ECONNRESET", "aborted", nil},
		"cut chunk":        {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), "ECONNRESET", "aborted", nil},
		"not HTTP":         {serve(t, "SSH-2.0\r\n\r\n"), "HPE_INVALID_CONSTANT", "Parse Error", nil},
		"bad status":       {serve(t, "HTTP/1.1 abc\r\n\r\n"), "HPE_INVALID_STATUS", "Parse Error", nil},
		"bad header":       {serve(t, "HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "HPE_INVALID_HEADER_TOKEN", "Parse Error", nil},
		"bad chunk":        {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "HPE_INVALID_CHUNK_SIZE", "Parse Error", nil},
		"after a chunk":    {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXXX\r\n0\r\n\r\n"), "HPE_STRICT", "Expected LF after chunk data", nil},
		"chunk without CR": {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"), "HPE_CR_EXPECTED", "Missing expected CR", nil},
		"space in a size":  {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\n"), "HPE_INVALID_CHUNK_SIZE", "Parse Error", nil},
		"length, chunked":  {serve(t, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "HPE_INVALID_TRANSFER_ENCODING", "Transfer-Encoding can't be present", nil},
		"chunked, length":  {serve(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n"), "HPE_INVALID_CONTENT_LENGTH", "Content-Length can't be present", nil},
		"bad length":       {serve(t, "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "HPE_INVALID_CONTENT_LENGTH", "Parse Error", nil},
		"two lengths":      {serve(t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"), "HPE_UNEXPECTED_CONTENT_LENGTH", "Parse Error", nil},
		"endless header":   {serve(t, "HTTP/1.1 200 OK\r\nA: "+strings.Repeat("x", 70_000)), "HPE_HEADER_OVERFLOW", "Header overflow", nil},
		"broken gzip":      {serve(t, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all"), "Z_DATA_ERROR", "incorrect header check", nil},
		"too large":        {serve(t, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("x", 5000)), "", "Maximum response size reached", nil},
		"protocol":         {closed, "", "Invalid protocol: ftp:", func(r *transport.Request) { r.Scheme = "ftp" }},
		"no address":       {closed, "", "Invalid URI", func(r *transport.Request) { r.Host = "" }},
		"method":           {closed, "ERR_INVALID_HTTP_TOKEN", "Method must be a valid HTTP token", func(r *transport.Request) { r.Method = "A B" }},
		"header name":      {closed, "ERR_INVALID_HTTP_TOKEN", "Header name must be", func(r *transport.Request) { r.Header[0].Name = "a b" }},
		"header injection": {closed, "ERR_INVALID_CHAR", "Invalid character in header content", func(r *transport.Request) { r.Header[0].Value = "a\r\nb: c" }},
		"path":             {closed, "ERR_UNESCAPED_CHARACTERS", "Request path contains", func(r *transport.Request) { r.Target = "/a b" }},
		"port":             {closed, "ERR_SOCKET_BAD_PORT", "Port should be", func(r *transport.Request) { r.Port = "{{port}}" }},
		"tls to http":      {strings.Replace(plain.URL, "http:", "https:", 1), "EPROTO", "write EPROTO", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, tt.base, "/")
			if tt.change != nil {
				tt.change(r)
			}
			_, err := client(t, transport.Config{MaxBody: 1000, MaxHeader: 60_000, Resolver: resolver}).Do(t.Context(), r)
			var e *transport.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, tt.code, e.Code)
			require.ErrorContains(t, err, tt.message)
		})
	}
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("packed ", 100)
	pack := func(w func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		z := w(&b)
		_, err := io.WriteString(z, text)
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.Bytes()
	}
	bodies := map[string][]byte{
		"gzip":    pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }),
		"deflate": pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }),
		"Deflate": pack(func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 5); return f }),
		"br":      pack(func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }),
		"zstd":    pack(func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }),
		"gzip, br": pack(func(w io.Writer) io.WriteCloser {
			outer := brotli.NewWriter(w)
			return &nested{gzip.NewWriter(outer), outer}
		}),
		"unknown":       []byte(text),
		"unknown, zstd": pack(func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		w.Header().Set("Content-Encoding", name)
		_, _ = w.Write(bodies[name])
	}))
	t.Cleanup(server.Close)
	for name, body := range bodies {
		resp, err := client(t, transport.Config{}).Do(t.Context(), request(t, server.URL, "/"+url.PathEscape(name)))
		require.NoError(t, err, name)
		require.Equal(t, text, string(resp.Body), name)
		require.EqualValues(t, len(body), resp.WireBody, name)
	}
	for _, name := range []string{"gzip", "br", "zstd"} {
		_, err := client(t, transport.Config{MaxBody: 300}).Do(t.Context(), request(t, server.URL, "/"+name))
		require.ErrorIs(t, err, transport.ErrTooLarge, "the limit holds for what is unpacked")
	}
}

// nested closes the inner of two writers first.
type nested struct {
	io.WriteCloser
	outer io.Closer
}

func (n *nested) Close() error { return errors.Join(n.WriteCloser.Close(), n.outer.Close()) }

func TestKeepsHeadersAndConnections(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["x-lower-CASE"] = []string{"1", "2"}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %q %d", r.Method, r.RequestURI, r.Header.Values("X-A"), len(body))
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c := client(t, transport.Config{})
	for i := range 5 {
		r := request(t, server.URL, "/a?b="+strings.Repeat("x", i))
		r.Method = "POST"
		r.Header = append(r.Header, transport.Header{Name: "X-A", Value: "1"}, transport.Header{Name: "X-A", Value: "2"}, transport.Header{Name: "Content-Length", Value: "200000"})
		r.Body = transport.Bytes(make([]byte, 200_000))
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, "POST /a?b="+strings.Repeat("x", i)+` ["1" "2"] 200000`, string(resp.Body))
		require.Equal(t, i > 0, resp.Reused)
		require.Contains(t, resp.Header, transport.Header{Name: "x-lower-CASE", Value: "2"})
		if i > 0 {
			require.Zero(t, resp.Timings.Connect)
		}
	}
	require.EqualValues(t, 1, connections.Load())
	server.CloseClientConnections()
	resp, err := c.Do(t.Context(), request(t, server.URL, "/again"))
	require.NoError(t, err, "a connection that the server closed is replaced")
	require.False(t, resp.Reused)
}

func TestContextEndsEverything(t *testing.T) { //nolint:paralleltest // it counts goroutines
	before := runtime.NumGoroutine()
	hold := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "begun")
			w.(http.Flusher).Flush()
		}
		<-hold
	}))
	cause := errors.New("enough")
	c := transport.New(transport.Config{})
	for _, path := range []string{"/", "/body"} {
		r := request(t, server.URL, path)
		r.Method, r.Body = "POST", transport.Bytes(make([]byte, 8<<20))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, cause)
		_, err := c.Do(ctx, r)
		cancel()
		require.ErrorIs(t, err, cause)
	}
	close(hold)
	c.Close()
	server.Close()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 5*time.Second, time.Millisecond)
}

func TestControl(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	refused := errors.New("not allowed")
	var seen string
	c := client(t, transport.Config{Control: func(_, address string, _ syscall.RawConn) error {
		seen = address
		return refused
	}})
	_, err := c.Do(t.Context(), request(t, server.URL, "/"))
	require.ErrorIs(t, err, refused)
	require.Equal(t, strings.TrimPrefix(server.URL, "http://"), seen)
}

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%d", len(r.TLS.PeerCertificates))
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	code := func(cfg transport.Config, change func(*transport.Request)) (string, string) {
		r := request(t, server.URL, "/")
		change(r)
		resp, err := client(t, cfg).Do(t.Context(), r)
		var e *transport.Error
		if errors.As(err, &e) {
			return e.Code, ""
		}
		require.NoError(t, err)
		require.Positive(t, resp.Timings.TLS)
		return "", string(resp.Body)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	got, _ := code(transport.Config{}, func(*transport.Request) {})
	require.Equal(t, "DEPTH_ZERO_SELF_SIGNED_CERT", got)
	got, body := code(transport.Config{}, func(r *transport.Request) { r.TLS.Insecure = true })
	require.Equal(t, "0", got+body)
	got, body = code(transport.Config{RootCAs: roots}, func(r *transport.Request) { r.TLS.Certificates = server.TLS.Certificates })
	require.Equal(t, "1", got+body)
	got, _ = code(transport.Config{RootCAs: roots}, func(r *transport.Request) { r.Host = "localhost" })
	require.Equal(t, "ERR_TLS_CERT_ALTNAME_INVALID", got)
	for disabled, want := range map[string][2]uint16{
		"":                      {tls.VersionTLS12, tls.VersionTLS13},
		"TLSv1_3":               {tls.VersionTLS12, tls.VersionTLS12},
		"SSLv3 TLSv1_2":         {tls.VersionTLS13, tls.VersionTLS13},
		"TLSv1_2 TLSv1_3":       {tls.VersionTLS10, tls.VersionTLS11},
		"TLSv1_2 TLSv1_3 TLSv1": {tls.VersionTLS11, tls.VersionTLS11},
	} {
		low, high := transport.Versions(strings.Fields(disabled))
		require.Equal(t, want, [2]uint16{low, high}, disabled)
	}
	got, _ = code(transport.Config{RootCAs: roots}, func(r *transport.Request) {
		r.TLS.MinVersion, r.TLS.MaxVersion = transport.Versions([]string{"TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"})
	})
	require.NotEqual(t, "0", got, "no version, no handshake")
	ids, unknown := transport.CipherSuites([]string{"ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", "NO"})
	require.Len(t, ids, 2)
	require.Equal(t, []string{"NO"}, unknown)
}

func TestProxy(t *testing.T) {
	t.Parallel()
	target := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "behind") }))
	t.Cleanup(target.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Proxy-Authorization") != "Basic dTpw" {
			w.WriteHeader(407)
			return
		}
		if r.Method != http.MethodConnect {
			fmt.Fprintf(w, "proxied %s", r.RequestURI)
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			return
		}
		down, _, _ := w.(http.Hijacker).Hijack()
		_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(up, down); up.Close() }()
		_, _ = io.Copy(down, up)
		down.Close()
	}))
	t.Cleanup(proxy.Close)
	u, err := url.Parse(strings.Replace(proxy.URL, "http://", "http://u:p@", 1))
	require.NoError(t, err)
	cfg := transport.Config{Proxy: func(*url.URL) (*url.URL, error) { return u, nil }}
	resp, err := client(t, cfg).Do(t.Context(), request(t, "http://nowhere.invalid", "/x"))
	require.NoError(t, err)
	require.Equal(t, "proxied http://nowhere.invalid:80/x", string(resp.Body))
	r := request(t, target.URL, "/")
	r.TLS.Insecure = true
	resp, err = client(t, cfg).Do(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "behind", string(resp.Body))
	cfg.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(proxy.URL) }
	_, err = client(t, cfg).Do(t.Context(), r)
	require.ErrorContains(t, err, "statusCode=407")
}
