package transport_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/transport"
)

// socksServer is a SOCKS 5 proxy (RFC 1928, RFC 1929) that leads every name to
// this machine, and keeps what it was asked for.
type socksServer struct {
	net.Listener
	user, password string // required, if set

	mu    sync.Mutex
	asked []string
}

func newSOCKS(t *testing.T, user, password string) *socksServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	s := &socksServer{Listener: l, user: user, password: password}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				_ = s.serve(nc)
			}()
		}
	}()
	return s
}

func (s *socksServer) serve(nc net.Conn) error {
	r := bufio.NewReader(nc)
	short := func() []byte { // a text with its length in front
		n, _ := r.ReadByte()
		b := make([]byte, n)
		_, _ = io.ReadFull(r, b)
		return b
	}
	_, _ = r.ReadByte()
	short()
	if s.user == "" {
		_, _ = nc.Write([]byte{5, 0})
	} else {
		_, _ = nc.Write([]byte{5, 2})
		_, _ = r.ReadByte()
		if string(short()) != s.user || string(short()) != s.password {
			_, err := nc.Write([]byte{1, 1})
			return err
		}
		_, _ = nc.Write([]byte{1, 0})
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	var host string
	switch head[3] {
	case 1:
		ip := make([]byte, 4)
		_, _ = io.ReadFull(r, ip)
		host = net.IP(ip).String()
	case 3:
		host = string(short())
	default:
		return errors.New("another kind of address")
	}
	port := make([]byte, 2)
	_, _ = io.ReadFull(r, port)
	s.mu.Lock()
	s.asked = append(s.asked, host)
	s.mu.Unlock()
	if host == "refused.test" {
		_, err := nc.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return err
	}
	target, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", int(port[0])<<8|int(port[1])))
	if err != nil {
		return err
	}
	defer target.Close()
	_, _ = nc.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go func() { _, _ = io.Copy(target, r) }()
	_, err = io.Copy(nc, target)
	return err
}

func TestSOCKS(t *testing.T) {
	t.Parallel()
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Host, r.RequestURI, r.Proto) })
	plain, secure := httptest.NewServer(answer), httptest.NewUnstartedServer(answer)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	open, closed := newSOCKS(t, "", ""), newSOCKS(t, "ann", "p:w")
	for _, tt := range []struct {
		proxy, base, host, want, fails string
	}{
		{"socks5h://" + open.Addr().String(), plain.URL, "api.test", "api.test/xHTTP/1.1", ""},
		{"socks://" + open.Addr().String(), secure.URL, "api.test", "api.test/xHTTP/2.0", ""},
		{"socks5://" + open.Addr().String(), plain.URL, "127.0.0.1", "127.0.0.1/xHTTP/1.1", ""},
		{"socks5h://ann:p%3Aw@" + closed.Addr().String(), plain.URL, "api.test", "api.test/xHTTP/1.1", ""},
		{"socks5h://ann:no@" + closed.Addr().String(), plain.URL, "api.test", "", "username/password authentication failed"},
		{"socks5h://" + open.Addr().String(), plain.URL, "refused.test", "", "connection refused"},
		{"socks5h://127.0.0.1:1", plain.URL, "api.test", "", "connect ECONNREFUSED 127.0.0.1:1"},
		{"socks4://127.0.0.1:1", plain.URL, "api.test", "", `proxy scheme "socks4" is none of http, https, socks5 and socks5h`},
	} {
		proxy, err := url.Parse(tt.proxy)
		require.NoError(t, err)
		c := client(t, transport.Config{Proxy: func(*url.URL) (*url.URL, error) { return proxy, nil }})
		r := request(t, tt.base, "/x")
		r.Host, r.Header[0].Value, r.TLS = tt.host, tt.host, anyHTTP
		for range 2 {
			resp, err := c.Do(t.Context(), r)
			if tt.fails != "" {
				require.ErrorContains(t, err, tt.fails, tt.proxy)
				require.NotContains(t, err.Error(), "p:w")
				continue
			}
			require.NoError(t, err, tt.proxy)
			if r.Scheme == "https" {
				require.Contains(t, string(resp.Body), "HTTP/2.0")
				continue
			}
			require.Equal(t, tt.want, string(resp.Body))
		}
	}
	require.Equal(t, []string{"api.test", "api.test", "127.0.0.1", "refused.test", "refused.test"}, open.asked, "a kept connection serves again")
}
