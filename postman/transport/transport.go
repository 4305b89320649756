// Package transport sends one HTTP request and reads one answer, telling how long
// each phase took and, when it fails, which error Node would have given.
//
// It is an HTTP client of its own (1.1, and 2 over TLS) because a test of an API must
// see what is on the wire: headers keep their order and case in both directions,
// request targets go out as they were written, sizes are those of the wire. It
// starts no goroutine that outlives a call.
package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Defaults of a Config.
const (
	// DefaultMaxBody is the most bytes of an answer's body, decoded.
	DefaultMaxBody = 100 << 20
	// DefaultMaxHeader is the most bytes of an answer's head.
	DefaultMaxHeader = 1 << 20
	// DefaultDialTimeout is how long one connection attempt may take, and how long
	// a TLS handshake.
	DefaultDialTimeout = 30 * time.Second

	idleTimeout    = 90 * time.Second
	maxIdlePerHost = 4
	maxIdle        = 64
)

// Config sets a Client up. The zero value is usable.
type Config struct {
	// Control is called for each connection when the address is known and before
	// anything is sent (net.Dialer.Control): an error refuses the address. It
	// stands below name resolution, so that no name can lead around it.
	Control func(network, address string, c syscall.RawConn) error
	// Resolver finds addresses; the system's when nil.
	Resolver *net.Resolver
	// Proxy names the proxy for a URL; none when nil, or when it returns nil.
	Proxy func(*url.URL) (*url.URL, error)
	// RootCAs replaces the system's certificate authorities.
	RootCAs *x509.CertPool
	// DialTimeout, MaxHeader and MaxBody replace the defaults when above zero.
	DialTimeout time.Duration
	MaxHeader   int64
	MaxBody     int64
}

// Header is one header line.
type Header struct{ Name, Value string }

// Content is a request's body. Open gives it anew each time, since a request may
// have to be sent again.
type Content struct {
	Length int64
	Open   func() (io.ReadCloser, error)
}

// Bytes is a body held in memory.
func Bytes(b []byte) *Content {
	return &Content{Length: int64(len(b)), Open: func() (io.ReadCloser, error) { return newBytesBody(b), nil }}
}

// Request is what to send. Headers go out as they are: the caller adds Host,
// Content-Length and the others.
type Request struct {
	Method string
	Scheme string // http or https
	Host   string // ASCII, an IPv6 address with or without brackets
	Port   string // empty = the scheme's
	Target string // path and query as they stand in the request line
	Header []Header
	Body   *Content // nil = none
	TLS    TLS
	// Session names what connections stand for once a request has made them its own:
	// they are shared only among requests of the same session.
	Session string
	// Lenient takes answers that HTTP/1.1 doesn't allow, as Node's insecureHTTPParser
	// does. It makes requests smuggled into answers possible.
	Lenient bool
}

// TLS is how an https connection is made.
type TLS struct {
	Insecure     bool // accept any certificate
	MinVersion   uint16
	MaxVersion   uint16
	CipherSuites []uint16
	Certificates []tls.Certificate
	Protocols    []string // to choose from, the best first: ProtocolHTTP2, ProtocolHTTP1; default HTTP/1.1 alone
	Key          string   // names the certificates: connections are shared only among equal keys
}

// Response is the answer.
type Response struct {
	Proto      string // HTTP/1.1, HTTP/2.0
	Code       int
	Status     string // reason phrase; may be empty
	Header     []Header
	Body       []byte // decoded
	WireBody   int64  // bytes of the body before decoding
	WireHeader int64  // bytes of status line and headers; of HTTP/2 the first frame with them
	Timings    Timings
	Reused     bool // the connection had served before
	RemoteAddr string
	TLS        *tls.ConnectionState // nil for http
}

// Get finds the first header of that name, in any case.
func (r *Response) Get(name string) string { return get(r.Header, name) }

// list is a header whose lines are one list (RFC 9110, section 5.3).
func (r *Response) list(name string) string {
	var all []string
	for _, h := range r.Header {
		if strings.EqualFold(h.Name, name) {
			all = append(all, h.Value)
		}
	}
	return strings.Join(all, ",")
}

// Timings says how long each phase took. DNS, Connect and TLS are zero on a
// connection that was used before.
type Timings struct {
	DNS       time.Duration
	Connect   time.Duration
	TLS       time.Duration
	FirstByte time.Duration // from the connection's readiness to the first byte of the answer
	Download  time.Duration
	Total     time.Duration
}

// Client sends requests over connections that it keeps. Close it when done. It
// is safe for concurrent use.
type Client struct {
	cfg      Config
	sessions tls.ClientSessionCache

	mu     sync.Mutex
	idle   map[string][]*conn
	nidle  int
	closed bool
}

// New makes a client.
func New(cfg Config) *Client {
	if cfg.DialTimeout <= 0 {
		cfg.DialTimeout = DefaultDialTimeout
	}
	if cfg.MaxHeader <= 0 {
		cfg.MaxHeader = DefaultMaxHeader
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	return &Client{cfg: cfg, sessions: tls.NewLRUClientSessionCache(32), idle: map[string][]*conn{}}
}

// Close ends all kept connections; those in use end with their request.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, list := range c.idle {
		for _, idle := range list {
			idle.close()
		}
	}
	c.idle, c.nidle = map[string][]*conn{}, 0
}

// Do sends the request and reads the whole answer. Errors are of type *Error,
// except that a context that ended by itself gives its own error.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	if err := check(r); err != nil {
		return nil, err
	}
	proxy, err := c.proxyFor(r)
	if err != nil {
		return nil, err
	}
	for attempt := 0; ; attempt++ {
		cn, err := c.take(ctx, r, proxy, attempt > 0)
		if err != nil {
			return nil, c.wrap(ctx, err, phaseConnect)
		}
		resp, err := cn.roundTrip(ctx, r, proxy, &c.cfg)
		if err == nil {
			c.put(cn)
			return resp, nil
		}
		cn.close()
		// A kept connection may have been closed by the other side just now: then
		// nothing came back, and the request goes out once more on a new one.
		if cn.reused && attempt == 0 && !cn.answered && ctx.Err() == nil && (errors.Is(err, errUnprocessed) || isReset(err) && idempotent(r.Method)) {
			continue
		}
		return nil, c.wrap(ctx, err, phaseExchange)
	}
}

// wrap gives the context's error if that is why it failed.
func (c *Client) wrap(ctx context.Context, err error, ph phase) error {
	if deadline, ok := ctx.Deadline(); ok && isTimeout(err) && !time.Now().Before(deadline) {
		<-ctx.Done() // dialling noticed a moment before the context did
	}
	if ctx.Err() != nil {
		return &Error{Message: ctx.Err().Error(), Err: context.Cause(ctx), Connecting: ph == phaseConnect}
	}
	return classify(err, ph)
}

func idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "PROPFIND":
		return true
	}
	return false
}
