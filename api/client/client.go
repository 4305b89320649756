// Package client is the Go client of the control plane's two surfaces: /api/v1
// for people, scripts and the CLI, and /agent/v1 for runners.
//
// Every call takes a context, has a deadline of its own and reads a bounded
// answer. A refusal is an *Error; errors.As finds the *wire.Problem in it when
// Picket itself refused. A call that got no answer is a *NetworkError.
package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// DefaultTimeout is how long a call may take, unless Options say otherwise.
const DefaultTimeout = 30 * time.Second

// ErrInsecure is what New answers when the credentials would cross the network
// unencrypted.
var ErrInsecure = errors.New("plain http would show the key to the network")

// Options are how to reach a control plane. Only Server is required.
type Options struct {
	Server string // base URL, such as https://picket.example.com
	APIKey string // sent as X-Api-Key
	Token  string // sent as Authorization: Bearer

	UserAgent string        // default "picket"
	Timeout   time.Duration // of one call; default DefaultTimeout
	NoRetry   bool          // don't repeat calls that may be repeated (reads, and creations under an Idempotency-Key)

	CAFile            string // PEM file of certificate authorities, beside the system's
	Proxy             string // URL of a proxy; default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY
	AllowInsecureHTTP bool   // allow plain http to a host that isn't this one

	Transport http.RoundTripper // replaces the network; CAFile and Proxy are ignored then
}

// Client calls a control plane. It is safe for concurrent use.
type Client struct {
	base    *url.URL
	http    *http.Client
	options Options
}

// New makes a client; it doesn't call the server. The error says what to change
// in the options.
func New(o Options) (*Client, error) {
	base, err := parseServer(o.Server)
	if err != nil {
		return nil, err
	}
	if base.Scheme == "http" && !o.AllowInsecureHTTP && !loopbackHost(base.Hostname()) {
		return nil, fmt.Errorf("server %s: %w: use https, or --insecure-http where the network is trusted", base, ErrInsecure)
	}
	if o.UserAgent == "" {
		o.UserAgent = "picket"
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	transport := o.Transport
	if transport == nil {
		if transport, err = newTransport(o); err != nil {
			return nil, err
		}
	}
	return &Client{
		base:    base,
		options: o,
		http: &http.Client{
			Transport: transport,
			// A redirect would carry the key to another place.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Server is the base URL that the client calls.
func (c *Client) Server() string { return c.base.String() }

// WithToken is a client that authenticates with the token and shares the
// connections of c.
func (c *Client) WithToken(token string) *Client {
	clone := *c
	clone.options.Token, clone.options.APIKey = token, ""
	return &clone
}

// Close closes the connections that no call uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func parseServer(server string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(server, "/"))
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("server %q is no URL like https://picket.example.com", server)
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, errors.New("the server's URL must have no user, query or fragment")
	}
	return base, nil
}

func loopbackHost(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

func newTransport(o Options) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		// A connection that a firewall dropped silently is found out between calls.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 10 * time.Second},
	}
	if o.Proxy != "" {
		proxy, err := url.Parse(o.Proxy)
		if err != nil || proxy.Host == "" {
			return nil, errors.New("the proxy is no URL like http://proxy.example.com:3128")
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	if o.CAFile != "" {
		pool, err := LoadCAs(o.CAFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}

// LoadCAs reads certificate authorities from a PEM file, beside the system's.
func LoadCAs(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read certificate authorities: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no PEM certificate", file)
	}
	return pool, nil
}
