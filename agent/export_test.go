package agent

import (
	"net"
	"net/http"

	"golang.org/x/net/http/httpproxy"

	"github.com/picket-api/picket/api/wire"
)

// Redact masks the secrets in a report.
func Redact(report *wire.Report, secrets ...any) {
	r := newRedactor()
	for _, s := range secrets {
		r.add(s)
	}
	r.report(report)
}

// LimitSpool makes the spool smaller.
func (a *Agent) LimitSpool(files int) { a.spool.maxFiles = files }

// RedactText masks the secrets in a text.
func RedactText(text string, secrets ...any) string {
	r := newRedactor()
	for _, s := range secrets {
		r.add(s)
	}
	return r.text(text)
}

// Bound leaves details out of a report.
func Bound(report *wire.Report, most int) { bound(report, most) }

// WithResolver is the guard over another resolver.
func (g Guard) WithResolver(r *net.Resolver) *Guard {
	g.resolver = r
	return &g
}

// Transport is the way out through the guard and the operator's proxies.
func Transport(g *Guard, proxies *httpproxy.Config) *http.Transport {
	n := newNetwork(g, proxies)
	return &http.Transport{Proxy: n.Proxy, DialContext: n.DialContext}
}
