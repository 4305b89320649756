// Package run executes a collection. It tells what happens as a stream of typed
// events, delivered one at a time to reporters, and keeps nothing but counts: the
// memory of a run does not grow with its iterations.
//
// The reference for what happens when is newman 6.2 with postman-runtime 7.39.
package run

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/urls"
)

// Bail says when a run stops before its end.
type Bail int

// The ways to bail out.
const (
	// BailNever goes on whatever fails.
	BailNever Bail = iota
	// BailOnFailure stops after the item in which an assertion, a script or a
	// request failed (newman's --bail and --bail failure).
	BailOnFailure
)

// Defaults of Options.
const (
	DefaultMaxRedirects = 10
	DefaultVersion      = "dev"
)

// Options are how to run a collection. The zero value runs it once, with the
// system's certificates, without environment, data, proxy, files or scripts.
type Options struct {
	Environment *postman.Environment
	Globals     *postman.Environment
	Data        []postman.Row
	// Iterations is how often to run; 0 = once for each row of Data, or once. For
	// iterations beyond the rows the last row counts.
	Iterations int
	// Parallel is how many iterations may run at the same time; 0 and 1 = one after
	// the other. Iterations beside each other are independent: each begins with the
	// variables and cookies of the run's start, and those of the last one are what
	// the run leaves. Reporters are told of one iteration after the other.
	Parallel int
	// Folders selects folders or requests by name or id, run in the order of the
	// collection; empty = all. Order selects likewise and is run as listed, what is
	// listed twice twice; Folders then follow it.
	Folders []string
	Order   []string
	Bail    Bail
	// Delay is waited before each request of the collection.
	Delay time.Duration
	// Timeout ends the whole run, RequestTimeout one request with all its
	// redirects, ScriptTimeout one script with all it waits for. 0 = no limit.
	Timeout        time.Duration
	RequestTimeout time.Duration
	ScriptTimeout  time.Duration

	// Insecure accepts any certificate of a server.
	Insecure bool
	// RootCAs replaces the system's authorities; Certificates are the client's own.
	RootCAs      *x509.CertPool
	Certificates []ClientCertificate
	// IgnoreRedirects makes a redirect the response.
	IgnoreRedirects bool
	// MaxResponse is the most bytes of a response's body; 0 = 100 MiB.
	MaxResponse int64
	// Proxy names the proxy for a URL; none when nil. The environment's proxies are
	// http.ProxyFromEnvironment's matter: the caller passes them.
	Proxy func(*url.URL) (*url.URL, error)
	// CheckURL may refuse a URL, each hop of a redirect included, before its host
	// is looked up. DialControl may refuse an address when it is known, below name
	// resolution (net.Dialer.Control). Both see pm.sendRequest too.
	CheckURL    func(context.Context, *url.URL) error
	DialControl func(network, address string, c syscall.RawConn) error
	Resolver    *net.Resolver
	// Files opens the files that bodies name; nil = there are none.
	Files Files
	// Jar holds the cookies; nil = a new one.
	Jar *cookies.Jar

	// Sandbox makes what runs the scripts. It is called for the first script, and
	// again after a sandbox was used up. nil = scripts are not run.
	Sandbox func() (script.Sandbox, error)
	// Reporters get every event, in this order.
	Reporters []Reporter
	// Version stands in the User-Agent header.
	Version string
}

// ClientCertificate is sent to servers whose URL matches one of the patterns.
// Without a pattern it is for every server.
type ClientCertificate struct {
	Name        string
	Match       []urls.Pattern
	Certificate tls.Certificate
}

func (c *ClientCertificate) forTarget(t urls.Target) bool {
	return len(c.Match) == 0 || slices.ContainsFunc(c.Match, func(p urls.Pattern) bool { return p.Match(t) })
}

func (o *Options) iterations() int {
	switch {
	case o.Iterations > 0:
		return o.Iterations
	case len(o.Data) > 0:
		return len(o.Data)
	default:
		return 1
	}
}

func (o *Options) row(iteration int) postman.Row {
	if len(o.Data) == 0 {
		return nil
	}
	return o.Data[min(iteration, len(o.Data)-1)]
}
