package agent

import (
	"net"
	"net/http"
	"net/url"

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

// Transport is the way out through the guard and the operator's proxies.
func Transport(g *Guard, proxies *httpproxy.Config) *http.Transport {
	n := newNetwork(g, proxies)
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if err := n.check(r.Context(), r.URL); err != nil {
				return nil, err
			}
			return n.choose(r.URL)
		},
		DialContext: (&net.Dialer{Control: n.control}).DialContext,
	}
}

// NewEngine is the Executor of a configuration.
func NewEngine(cfg Config) (Executor, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return newEngine(cfg)
}

// Seen is what a redactor remembers of requests.
type Seen struct{ r *redactor }

// NewSeen remembers nothing.
func NewSeen() Seen { return Seen{newRedactor()} }

// See tells a secret that a request carried.
func (s Seen) See(secret string) { s.r.seen(secret) }

// Text masks a text.
func (s Seen) Text(text string) string { return s.r.text(text) }

// Remembered counts secrets.
func (s Seen) Remembered() int { return s.r.recent.Len() + s.r.older.Len() }

// SetResolver makes an engine look names up elsewhere.
func SetResolver(e Executor, r *net.Resolver) { e.(*engine).resolver = r }

// Record makes a report of requests, each with a secret that is seen in it.
func Record(most int, list []wire.RequestReport, secrets []string) wire.Report {
	r := newRecorder(most, newRedactor())
	for i, q := range list {
		if secrets != nil {
			r.secrets.seen(secrets[i])
		}
		r.add(q)
	}
	return r.done()
}
