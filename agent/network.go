package agent

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"
)

// network is how collections reach the world: through the guard, or through the
// proxies that the operator set. A proxy itself may have any address, as the
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

// proxied says whether requests may go through a proxy: it resolves their names
// then, so the check of the resolved address is the proxy's to make.
func (n *network) proxied() bool { return len(n.proxies) > 0 }

// check refuses what can be refused by name.
func (n *network) check(_ context.Context, u *url.URL) error {
	if slices.Contains(n.proxies, hostPort(u)) {
		return &RefusedError{Address: u.Host, Rule: "the runner's own proxy", remedy: noRemedy}
	}
	return n.guard.CheckHost(u.Hostname())
}

// control is for net.Dialer.Control.
func (n *network) control(network, address string, c syscall.RawConn) error {
	err := n.guard.Control(network, address, c)
	if err != nil && n.isProxy(address) {
		return nil
	}
	return err
}

// isProxy looks whether the address is that of a proxy. It is asked only about
// addresses that the guard refuses.
func (n *network) isProxy(address string) bool {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, p := range n.proxies {
		host, port, err := net.SplitHostPort(p)
		if err != nil || port != portOf(at) {
			continue
		}
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err == nil && slices.ContainsFunc(ips, func(ip netip.Addr) bool { return ip.Unmap() == at.Addr().Unmap() }) {
			return true
		}
	}
	return false
}

func portOf(at netip.AddrPort) string {
	_, port, _ := net.SplitHostPort(at.String())
	return port
}

// hostPort is the address that a URL leads to, with the default port of its scheme.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks": "1080", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}
