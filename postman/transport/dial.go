package transport

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// proxy is a proxy that was chosen for a request.
type proxy struct {
	url  *url.URL
	auth string // value of Proxy-Authorization; may be empty
}

func (c *Client) proxyFor(r *Request) (*proxy, error) {
	if c.cfg.Proxy == nil {
		return nil, nil //nolint:nilnil // no proxy is not an error
	}
	u, err := c.cfg.Proxy(&url.URL{Scheme: r.Scheme, Host: r.authority(), Path: "/"})
	if err != nil {
		return nil, &Error{Message: "proxy: " + err.Error(), Err: err}
	}
	if u == nil {
		return nil, nil //nolint:nilnil // as above
	}
	p := &proxy{url: u}
	switch u.Scheme {
	case "http", "https":
	case "socks", "socks5", "socks5h":
		return p, nil
	default:
		return nil, &Error{Message: fmt.Sprintf("proxy scheme %q is none of http, https, socks5 and socks5h", u.Scheme)}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		p.auth = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	return p, nil
}

func (p *proxy) port() string {
	if port := p.url.Port(); port != "" {
		return port
	}
	if p.speaksSOCKS() {
		return "1080" // RFC 1928
	}
	return map[string]string{"http": "80", "https": "443"}[p.url.Scheme]
}

// speaksSOCKS tells proxies that pass on bytes from those that pass on requests.
func (p *proxy) speaksSOCKS() bool { return strings.HasPrefix(p.url.Scheme, "socks") }

// forwards tells whether the proxy takes the request itself, rather than a
// connection to its target.
func (p *proxy) forwards(r *Request) bool { return p != nil && !p.speaksSOCKS() && r.Scheme == "http" }

func (r *Request) hostname() string { return strings.Trim(r.Host, "[]") }

func (r *Request) port() string {
	switch {
	case r.Port != "":
		return strings.TrimSpace(r.Port)
	case r.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

func (r *Request) authority() string { return net.JoinHostPort(r.hostname(), r.port()) }

// dial makes a connection up to and with TLS.
func (c *Client) dial(ctx context.Context, r *Request, p *proxy, key string) (*conn, error) {
	var setup Timings
	raw, err := c.reach(ctx, r, p, &setup)
	if err != nil {
		return nil, err
	}
	cn := newConn(raw, raw, key)
	if err := c.upgrade(ctx, cn, r, p, &setup); err != nil {
		cn.close()
		return nil, err
	}
	cn.setup = setup
	return cn, nil
}

// reach opens a connection to the target, or to the proxy that is asked for one.
func (c *Client) reach(ctx context.Context, r *Request, p *proxy, setup *Timings) (net.Conn, error) {
	switch {
	case p == nil:
		return c.connect(ctx, r.hostname(), r.port(), setup)
	case p.speaksSOCKS():
		return c.connectSOCKS(ctx, r, p, setup)
	}
	return c.connect(ctx, p.url.Hostname(), p.port(), setup)
}

func (c *Client) upgrade(ctx context.Context, cn *conn, r *Request, p *proxy, setup *Timings) error {
	if p != nil && p.url.Scheme == "https" {
		if err := c.handshake(ctx, cn, p.url.Hostname(), TLS{}, setup); err != nil {
			return err
		}
	}
	if r.Scheme != "https" {
		return nil
	}
	if p != nil && !p.speaksSOCKS() {
		if err := cn.tunnel(ctx, r, p); err != nil {
			return err
		}
	}
	return c.handshake(ctx, cn, r.hostname(), r.TLS, setup)
}

func (c *Client) handshake(ctx context.Context, cn *conn, host string, opts TLS, setup *Timings) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.DialTimeout)
	defer cancel()
	t := tls.Client(cn.Conn, c.tlsConfig(host, opts))
	if err := t.HandshakeContext(ctx); err != nil {
		return &tlsError{err: err, host: host}
	}
	state := t.ConnectionState()
	*cn = *newConn(t, cn.raw, cn.key)
	cn.tls = &state
	switch {
	case state.NegotiatedProtocol == ProtocolHTTP2:
		cn.h2 = newH2(cn, c.cfg.MaxHeader)
	case len(opts.Protocols) == 1 && opts.Protocols[0] == ProtocolHTTP2:
		return &Error{Code: "ERR_HTTP2_ERROR", Message: "Protocol error: the server does not speak HTTP/2 (protocolVersion is http2; auto would take HTTP/1.1)"}
	}
	setup.TLS += time.Since(start)
	return nil
}

// tunnel asks a proxy for a way to the host (CONNECT).
func (cn *conn) tunnel(ctx context.Context, r *Request, p *proxy) error {
	defer cn.guard(ctx)()
	head := "CONNECT " + r.authority() + " HTTP/1.1\r\nHost: " + r.authority() + "\r\n"
	if p.auth != "" {
		head += "Proxy-Authorization: " + p.auth + "\r\n"
	}
	if _, err := cn.Write([]byte(head + "\r\n")); err != nil {
		return err
	}
	resp, err := (&headReader{r: cn.r, left: DefaultMaxHeader}).response()
	if err != nil {
		return err
	}
	if resp.Code != 200 {
		return &Error{Code: "ECONNRESET", Message: fmt.Sprintf("tunneling socket could not be established, statusCode=%d", resp.Code)}
	}
	return nil
}

// connect finds the host and opens a TCP connection. localhost and names below it
// mean this machine, by IPv6 first, whatever name servers say (RFC 6761).
func (c *Client) connect(ctx context.Context, host, port string, setup *Timings) (net.Conn, error) {
	d := net.Dialer{Timeout: c.cfg.DialTimeout, Resolver: c.cfg.Resolver, Control: c.cfg.Control, KeepAlive: 30 * time.Second}
	start := time.Now()
	if lower := strings.ToLower(strings.TrimSuffix(host, ".")); lower == "localhost" || strings.HasSuffix(lower, ".localhost") {
		nc, err := d.DialContext(ctx, "tcp6", net.JoinHostPort("::1", port))
		if err != nil && ctx.Err() == nil {
			nc, err = d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
		}
		setup.Connect = time.Since(start)
		return nc, err
	}
	var resolved time.Time
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{DNSDone: func(httptrace.DNSDoneInfo) { resolved = time.Now() }})
	nc, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	if !resolved.IsZero() {
		setup.DNS = resolved.Sub(start)
	}
	setup.Connect = time.Since(start) - setup.DNS
	return nc, err
}
