package transport

import (
	"context"
	"errors"
	"net"
	"time"

	netproxy "golang.org/x/net/proxy"
)

// connectSOCKS opens a connection through a SOCKS 5 proxy (RFC 1928). With socks5
// the name is looked up here, with socks5h and socks by the proxy.
func (c *Client) connectSOCKS(ctx context.Context, r *Request, p *proxy, setup *Timings) (net.Conn, error) {
	host := r.hostname()
	if p.url.Scheme == "socks5" && net.ParseIP(host) == nil {
		start := time.Now()
		addresses, err := c.resolver().LookupHost(ctx, host)
		if err != nil {
			return nil, err
		}
		host, setup.DNS = addresses[0], time.Since(start)
	}
	var auth *netproxy.Auth
	if u := p.url.User; u != nil {
		password, _ := u.Password()
		auth = &netproxy.Auth{User: u.Username(), Password: password}
	}
	way := &toProxy{c: c}
	d, err := netproxy.SOCKS5("tcp", net.JoinHostPort(p.url.Hostname(), p.port()), auth, way)
	if err != nil {
		return nil, err
	}
	dialer, ok := d.(netproxy.ContextDialer)
	if !ok {
		return nil, errors.New("the SOCKS dialer has no context")
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	nc, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, r.port()))
	setup.Connect = time.Since(start)
	if way.err != nil {
		err = way.err // without the target that was never asked for
	}
	return nc, err
}

func (c *Client) resolver() *net.Resolver {
	if c.cfg.Resolver != nil {
		return c.cfg.Resolver
	}
	return net.DefaultResolver
}

// toProxy dials the proxy itself as every other host.
type toProxy struct {
	c   *Client
	err error // why it failed
}

// Dial implements proxy.Dialer.
func (d *toProxy) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext implements proxy.ContextDialer.
func (d *toProxy) DialContext(ctx context.Context, _, address string) (nc net.Conn, err error) {
	defer func() { d.err = err }()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return d.c.connect(ctx, host, port, &Timings{})
}
