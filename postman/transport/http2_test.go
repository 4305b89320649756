package transport_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/picket-api/picket/postman/transport"
)

var (
	onlyHTTP2 = transport.TLS{Insecure: true, Protocols: []string{transport.ProtocolHTTP2}}
	anyHTTP   = transport.TLS{Insecure: true, Protocols: []string{transport.ProtocolHTTP2, transport.ProtocolHTTP1}}
)

func serveTLS(t *testing.T, http2 bool, h http.HandlerFunc) (*httptest.Server, *transport.Request) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = http2
	s.StartTLS()
	t.Cleanup(s.Close)
	host, port, err := net.SplitHostPort(s.Listener.Addr().String())
	require.NoError(t, err)
	return s, &transport.Request{Method: "GET", Scheme: "https", Host: host, Port: port, Target: "/a?b=c", TLS: onlyHTTP2}
}

func newClient(t *testing.T) *transport.Client {
	t.Helper()
	c := transport.New(transport.Config{MaxBody: 32 << 20})
	t.Cleanup(c.Close)
	return c
}

func TestHTTP2(t *testing.T) {
	t.Parallel()
	_, r := serveTLS(t, true, func(w http.ResponseWriter, q *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Add("Set-Cookie", "a=1")
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Trailer", "X-After")
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s %s %q %q", q.Proto, q.Method, q.Host, q.RequestURI, q.Header["X-Many"], q.Header.Get("Connection"))
		w.Header().Set("X-After", "t")
	})
	r.Header = []transport.Header{{Name: "Host", Value: "elsewhere"}, {Name: "X-Many", Value: "1"}, {Name: "Connection", Value: "keep-alive"}, {Name: "X-Many", Value: "2"}}
	c := newClient(t)
	for i := range 3 {
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 418, resp.Code)
		require.Equal(t, "HTTP/2.0", resp.Proto)
		require.Equal(t, fmt.Sprintf(`HTTP/2.0 GET 127.0.0.1:%s /a?b=c ["1" "2"] ""`, r.Port), string(resp.Body))
		require.Equal(t, "1", strings.TrimPrefix(resp.Get("Set-Cookie"), "a="))
		require.Empty(t, resp.Get("X-After"))
		require.Equal(t, i > 0, resp.Reused)
		require.Positive(t, resp.WireHeader)
		require.Positive(t, resp.Timings.FirstByte)
		require.Equal(t, i > 0, resp.Timings.TLS == 0)
		require.NotNil(t, resp.TLS)
	}
}

func TestHTTP2Bodies(t *testing.T) {
	t.Parallel()
	_, r := serveTLS(t, true, func(w http.ResponseWriter, q *http.Request) {
		data, err := io.ReadAll(q.Body)
		if err != nil {
			return
		}
		w.Header().Set("X-Sum", fmt.Sprintf("%x", sha256.Sum256(data)))
		_, _ = w.Write(data)
	})
	c := newClient(t)
	r.Method = "POST"
	for _, n := range []int{0, 1, 16384, 16385, 65535, 65536, 5 << 20} {
		data := bytes.Repeat([]byte("0123456789abcdef"), n/16+1)[:n]
		r.Body = transport.Bytes(data)
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err, n)
		require.Equal(t, fmt.Sprintf("%x", sha256.Sum256(data)), resp.Get("x-sum"), n)
		require.True(t, bytes.Equal(data, resp.Body), n)
		require.Equal(t, int64(n), resp.WireBody)
	}
	r.Body = transport.Bytes(make([]byte, 33<<20))
	_, err := c.Do(t.Context(), r)
	require.ErrorIs(t, err, transport.ErrTooLarge)
}

func TestHTTP2OrNot(t *testing.T) {
	t.Parallel()
	_, old := serveTLS(t, false, func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, q.Proto) })
	_, both := serveTLS(t, true, func(w http.ResponseWriter, q *http.Request) { fmt.Fprint(w, q.Proto) })
	for _, tt := range []struct {
		r    *transport.Request
		tls  transport.TLS
		want string
	}{
		{old, anyHTTP, "HTTP/1.1"}, {both, anyHTTP, "HTTP/2.0"}, {both, transport.TLS{Insecure: true}, "HTTP/1.1"}, {both, onlyHTTP2, "HTTP/2.0"},
	} {
		r := *tt.r
		r.TLS, r.Header = tt.tls, []transport.Header{{Name: "Host", Value: "x"}}
		resp, err := newClient(t).Do(t.Context(), &r)
		require.NoError(t, err)
		require.Equal(t, tt.want, string(resp.Body))
		require.Equal(t, tt.want, resp.Proto)
	}
	_, err := newClient(t).Do(t.Context(), old)
	var failed *transport.Error
	require.ErrorAs(t, err, &failed)
	require.NotEmpty(t, failed.Code)
}

// A server may answer before it read the body, and stop reading at all.
func TestHTTP2EarlyAnswer(t *testing.T) {
	t.Parallel()
	_, r := serveTLS(t, true, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	c := newClient(t)
	r.Method, r.Body = "POST", transport.Bytes(make([]byte, 8<<20))
	for range 3 {
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 403, resp.Code)
	}
}

func TestHTTP2EndsWithItsContext(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	_, r := serveTLS(t, true, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		<-release
	})
	defer close(release)
	c := newClient(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := c.Do(ctx, r)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), 5*time.Second)
}

// h2Server answers each connection's frames by hand.
func h2Server(t *testing.T, answer func(fr *http2.Framer, f http2.Frame, connection int32) error) *transport.Request {
	t.Helper()
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	t.Cleanup(certificate.Close)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificate.TLS.Certificates, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	var n atomic.Int32
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			number := n.Add(1)
			go func() {
				defer nc.Close()
				if _, err := io.ReadFull(nc, make([]byte, len(http2.ClientPreface))); err != nil {
					return
				}
				fr := http2.NewFramer(nc, nc)
				for {
					f, err := fr.ReadFrame()
					if err != nil || answer(fr, f, number) != nil {
						return
					}
				}
			}()
		}
	}()
	host, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return &transport.Request{Method: "POST", Scheme: "https", Host: host, Port: port, Target: "/", TLS: onlyHTTP2}
}

func block(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

func TestHTTP2OddServers(t *testing.T) {
	t.Parallel()
	headers := func(fr *http2.Framer, id uint32, end bool, fields ...string) error {
		return fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block(fields...), EndHeaders: true, EndStream: end})
	}
	errEnd := errors.New("end")
	for name, tt := range map[string]struct {
		answer func(fr *http2.Framer, id uint32) error
		want   string // error, or "" for 200
	}{
		"refused": {func(fr *http2.Framer, id uint32) error { return fr.WriteRSTStream(id, http2.ErrCodeRefusedStream) }, "HTTP/2 Stream closed with error code NGHTTP2_REFUSED_STREAM"},
		"internal": {func(fr *http2.Framer, id uint32) error {
			return errors.Join(headers(fr, id, false, ":status", "200"), fr.WriteRSTStream(id, http2.ErrCodeInternal))
		}, "NGHTTP2_INTERNAL_ERROR"},
		"hang up":           {func(*http2.Framer, uint32) error { return errEnd }, "socket hang up"},
		"data first":        {func(fr *http2.Framer, id uint32) error { return fr.WriteData(id, true, []byte("x")) }, "NGHTTP2_PROTOCOL_ERROR"},
		"no status":         {func(fr *http2.Framer, id uint32) error { return headers(fr, id, true, "a", "b") }, "NGHTTP2_PROTOCOL_ERROR"},
		"status of letters": {func(fr *http2.Framer, id uint32) error { return headers(fr, id, true, ":status", "abc") }, "NGHTTP2_PROTOCOL_ERROR"},
		"push": {func(fr *http2.Framer, id uint32) error {
			return fr.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, BlockFragment: block(":method", "GET"), EndHeaders: true})
		}, "NGHTTP2_PROTOCOL_ERROR"},
		"window too large": {func(fr *http2.Framer, _ uint32) error {
			return errors.Join(fr.WriteWindowUpdate(0, 1<<31-1), fr.WriteWindowUpdate(0, 1<<31-1))
		}, "NGHTTP2_FLOW_CONTROL_ERROR"},
		"headers beyond size": {func(fr *http2.Framer, id uint32) error {
			return headers(fr, id, true, ":status", "200", "a", strings.Repeat("~", 3000), "b", strings.Repeat("~", 3000), "c", strings.Repeat("~", 3000))
		}, "Header overflow"},
		"noise around it": {func(fr *http2.Framer, id uint32) error {
			return errors.Join(fr.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 20000}), fr.WritePing(false, [8]byte{1}), fr.WriteRawFrame(0xee, 0, 0, []byte("x")),
				headers(fr, id, false, ":status", "103", "link", "x"), headers(fr, id, false, ":status", "200"), fr.WriteData(id, false, []byte("o")), fr.WriteData(id+2, true, nil),
				fr.WriteData(id, false, []byte("k")), headers(fr, id, true, "x-trailer", "1"))
		}, ""},
		"going away after it": {func(fr *http2.Framer, id uint32) error {
			return errors.Join(fr.WriteGoAway(id, http2.ErrCodeNo, nil), headers(fr, id, false, ":status", "200"), fr.WriteData(id, true, []byte("ok")))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := h2Server(t, func(fr *http2.Framer, f http2.Frame, _ int32) error {
				if f.Header().Type == http2.FrameHeaders {
					return tt.answer(fr, f.Header().StreamID)
				}
				return nil
			})
			c := transport.New(transport.Config{MaxHeader: 8000})
			t.Cleanup(c.Close)
			for range 2 {
				resp, err := c.Do(t.Context(), r)
				if tt.want != "" {
					require.ErrorContains(t, err, tt.want)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, "ok", string(resp.Body))
			}
		})
	}
}

// What a server that goes away has not looked at is sent again, whatever it is.
func TestHTTP2GoAwayOnAKeptConnection(t *testing.T) {
	t.Parallel()
	r := h2Server(t, func(fr *http2.Framer, f http2.Frame, connection int32) error {
		if f.Header().Type != http2.FrameHeaders {
			return nil
		}
		if id := f.Header().StreamID; id == 1 {
			return fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block(":status", fmt.Sprint(200+connection)), EndHeaders: true, EndStream: true})
		}
		return fr.WriteGoAway(1, http2.ErrCodeNo, nil)
	})
	c := newClient(t)
	for _, want := range []int{201, 202} {
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, want, resp.Code)
	}
}
