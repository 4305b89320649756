package agent

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// network is how collections reach the world: through the guard, or through the
// proxies that the operator set. The proxy itself may have any address, as the
// operator chose it; a collection may not ask for it directly.
type network struct {
	guard   *Guard
	choose  func(*url.URL) (*url.URL, error)
	proxies []string // their host:port
}

func newNetwork(guard *Guard, c *httpproxy.Config) *network {
	n := &network{guard: guard, choose: c.ProxyFunc()}
	for _, text := range []string{c.HTTPProxy, c.HTTPSProxy} {
		if text == "" {
			continue
		}
		if !strings.Contains(text, "://") {
			text = "http://" + text
		}
		if u, err := url.Parse(text); err == nil && u.Host != "" {
			n.proxies = append(n.proxies, hostPort(u))
		}
	}
	return n
}

// proxied says whether requests may go through a proxy, where the check of the
// address that a name resolves to can't be made here.
func (n *network) proxied() bool { return len(n.proxies) > 0 }

// Proxy is for http.Transport.Proxy.
func (n *network) Proxy(r *http.Request) (*url.URL, error) {
	if slices.Contains(n.proxies, hostPort(r.URL)) {
		return nil, &RefusedError{Address: r.URL.Host, Rule: "the runner's own proxy", remedy: noRemedy}
	}
	proxy, err := n.choose(r.URL)
	if proxy == nil || err != nil {
		return nil, err
	}
	return proxy, n.guard.CheckHost(r.URL.Hostname())
}

// DialContext is for http.Transport.DialContext.
func (n *network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if slices.Contains(n.proxies, strings.ToLower(address)) {
		return (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext(ctx, network, address)
	}
	return n.guard.DialContext(ctx, network, address)
}

// hostPort is the address that a URL leads to, with the default port of its scheme.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}
