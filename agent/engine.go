package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

// maxResponse is the most bytes of a response that a run may hold.
const maxResponse = 32 << 20

// maxSecrets bounds what masking costs.
const maxSecrets = 5_000

// codeRefused is the code of requests that the egress guard refused.
const codeRefused = "EGRESS_REFUSED"

// engine is the Executor that runs Postman collections.
type engine struct {
	network *network
	roots   *x509.CertPool // nil: the system's
	version string
	sandbox func(workspace string) (script.Sandbox, error) // for one run

	resolver *net.Resolver // nil: the system's
}

// newEngine makes the executor of a configuration with its defaults filled in.
func newEngine(cfg Config) (*engine, error) {
	e := &engine{sandbox: cfg.Sandbox, network: newNetwork(&Guard{AllowLoopback: cfg.AllowLoopback}, cfg.Proxies), version: cfg.Version}
	if e.network.proxied() {
		cfg.Log.Warn("requests of collections may go through a proxy: the addresses that names resolve to are the proxy's to check", "proxies", e.network.proxies)
	}
	if cfg.Control.CAFile != "" {
		roots, err := client.LoadCAs(cfg.Control.CAFile)
		if err != nil {
			return nil, err
		}
		e.roots = roots
	}
	return e, nil
}

// Execute implements Executor.
func (e *engine) Execute(ctx context.Context, job Job) (wire.Report, error) {
	secrets := newRedactor()
	options := e.options(job)
	if job.Environment != nil {
		environment, err := postman.ParseEnvironment(job.Environment)
		if err != nil {
			return wire.Report{}, fmt.Errorf("read the environment: %w", err)
		}
		secrets.addVariables(environment.Values)
		options.Environment = environment
	}
	collection, err := postman.ParseCollection(job.Collection)
	if err != nil {
		return wire.Report{}, errors.New(secrets.text("read the collection: " + err.Error()))
	}
	secrets.addCollection(collection, options.Environment.Scope(), vars.NewScope("", collection.Variables...))
	if n := secrets.fixed.Len(); n > maxSecrets {
		return wire.Report{}, fmt.Errorf("collection and environment hold %d secrets: the runner can watch over %d", n, maxSecrets)
	}

	n := &narrator{ctx: ctx, recorder: newRecorder(job.MaxReport-envelopeBytes, secrets), sent: job.Sent}
	options.Reporters = []run.Reporter{n}
	result, err := run.Run(ctx, collection, options)
	if err != nil {
		return wire.Report{}, errors.New(secrets.text(err.Error()))
	}
	n.conclude(result)
	secrets.addVariables(result.Environment.All())
	secrets.addVariables(result.Globals.All())
	secrets.addVariables(result.Collection.All())
	secrets.addCollection(collection, result.Environment, result.Collection, result.Globals)
	return n.done(), nil
}

// options are those of the monitor; what it leaves out has Postman's default.
func (e *engine) options(job Job) run.Options {
	o := job.Options
	out := run.Options{
		Folders: o.Folders, RootCAs: e.roots, MaxResponse: maxResponse, Version: e.version,
		Proxy: e.network.choose, CheckURL: e.network.check, DialControl: e.network.control,
		Sandbox: func() (script.Sandbox, error) { return e.sandbox(job.Workspace) }, Resolver: e.resolver,
	}
	if o.RequestTimeoutMS != nil {
		out.RequestTimeout = duration(*o.RequestTimeoutMS)
	}
	if o.RequestDelayMS != nil {
		out.Delay = duration(*o.RequestDelayMS)
	}
	if o.Iterations != nil {
		out.Iterations = *o.Iterations
	}
	out.IgnoreRedirects = o.FollowRedirects != nil && !*o.FollowRedirects
	out.Insecure = o.StrictTLS != nil && !*o.StrictTLS
	return out
}

// narrator turns the engine's events into a report.
type narrator struct {
	*recorder
	ctx  context.Context //nolint:containedctx // of the run that it narrates
	sent func(int)

	started  time.Time
	requests int
	source   run.Source // of the newest request, replays for auth aside
	current  wire.RequestReport
}

// Report implements run.Reporter.
func (n *narrator) Report(e run.Event) {
	switch e := e.(type) {
	case run.RunStarted:
		n.started = e.At
	case run.ItemStarted:
		n.begin(e)
	case run.ConsoleLogged:
		n.current.Console = append(n.current.Console, wire.ConsoleLine{Level: e.Level, Text: n.text(strings.Join(e.Args, " "))})
	case run.AssertionsDone:
		n.asserted(e.Assertions)
	case run.ScriptFinished:
		if e.Error != nil {
			n.current.Scripts = append(n.current.Scripts, wire.ScriptError{Phase: string(e.Phase), Name: e.Error.Name, Message: n.text(e.Error.Message)})
		}
	case run.RequestSent:
		n.request(e)
	case run.ResponseReceived:
		n.response(e)
	case run.PhaseFinished:
		n.source = run.FromCollection // its auth may ask for a token first
	case run.ItemFinished:
		n.end(e)
	case run.Warning:
		n.warned(e)
	}
	if n.ctx.Err() == nil { // what fails because the run was ended is no trouble of its own
		n.failures(e)
	}
}

func (n *narrator) begin(e run.ItemStarted) {
	n.current = wire.RequestReport{Iteration: e.Cursor.Iteration, Name: e.Item.Name, ItemID: e.Item.ID, Folders: folders(e.Item)}
	if e.Item.Request != nil {
		n.current.Method, n.current.URL = e.Item.Request.Method, e.Item.Request.URL.String()
	}
	n.current.StartMS = n.sinceStart(time.Now())
}

func folders(item *postman.Item) []string {
	path := item.Parent.Path()
	if len(path) == 0 {
		return nil
	}
	return path[1:]
}

func (n *narrator) asserted(list []script.Assertion) {
	for _, a := range list {
		r := wire.AssertionReport{Name: n.text(a.Name), Passed: a.Error == nil && !a.Skipped, Skipped: a.Skipped}
		if a.Error != nil {
			r.Error = a.Error.Message
			if a.Error.Name != "" && a.Error.Name != "AssertionError" {
				r.Error = a.Error.Name + ": " + r.Error
			}
			r.Error = n.text(r.Error)
		}
		n.current.Assertions = append(n.current.Assertions, r)
	}
}

func (n *narrator) request(e run.RequestSent) {
	n.requests++
	if n.sent != nil {
		n.sent(n.requests)
	}
	if e.Source != run.FromAuth {
		n.source = e.Source
	}
	n.secrets.seenRequest(e.Request)
}

// response records the answer to the item's request, or a request of a script as
// an entry of its own.
func (n *narrator) response(e run.ResponseReceived) {
	n.secrets.seenRequest(e.Request)
	q := &n.current
	var own wire.RequestReport
	if n.source == run.FromScript {
		own = wire.RequestReport{Iteration: q.Iteration, Name: "pm.sendRequest", ItemID: q.ItemID, Folders: append(folders(e.Item), e.Item.Name)}
		q = &own
	}
	q.StartMS = n.sinceStart(e.At)
	q.Method, q.URL, q.BytesOut = e.Request.Method, n.text(e.Request.URL.String()), e.SentSize
	q.Error = n.requestError(e.Err)
	if r := e.Response; r != nil {
		q.Status, q.StatusText, q.BytesIn, q.Remote = r.Code, r.Status, r.BodySize, r.RemoteAddr
		q.Timings = wire.PhaseTimings{
			DNSMS: ms(r.Timings.DNS), ConnectMS: ms(r.Timings.Connect), TLSMS: ms(r.Timings.TLS),
			WaitMS: ms(r.Timings.FirstByte), DownloadMS: ms(r.Timings.Download), TotalMS: ms(r.Time),
		}
		n.secrets.seenBody(r.Body)
		for _, h := range r.Headers {
			if strings.EqualFold(h.Key, "Set-Cookie") {
				value, _, _ := strings.Cut(h.Value, ";")
				n.secrets.seenCookies(value)
			}
		}
	}
	if n.source == run.FromScript {
		n.add(own)
	}
}

func (n *narrator) requestError(err *run.RequestError) *wire.RequestError {
	if err == nil {
		return nil
	}
	out := &wire.RequestError{Class: string(err.Class), Code: err.Code, Message: n.text(err.Message)}
	var refused *RefusedError
	switch {
	case errors.As(err, &refused):
		out.Class, out.Code, out.Message = string(run.ClassNetwork), codeRefused, refused.Error()
	case n.ctx.Err() != nil:
		out.Class, out.Code, out.Message = string(run.ClassNetwork), "", "the run ended before the answer came"
	}
	return out
}

func (n *narrator) end(e run.ItemFinished) {
	n.current.Skipped = e.Skipped
	n.add(n.current)
	n.current = wire.RequestReport{}
}

func (n *narrator) warned(e run.Warning) {
	text := e.Message
	if e.Item != nil {
		text = e.Item.Name + ": " + text
	}
	n.warn(text)
}

// failures keeps the first thing that went wrong.
func (n *narrator) failures(e run.Event) {
	for _, f := range run.Failures(e) {
		t := wire.Trouble{Class: string(f.Class), Assertion: f.Test, Message: f.Message}
		if f.Item != nil {
			t.Request = f.Item.Name
		}
		var refused *RefusedError
		if f.Request != nil && errors.As(f.Request, &refused) {
			t.Class, t.Message = string(run.ClassNetwork), refused.Error()
		}
		n.trouble(t)
	}
}

// conclude takes over the counts. Outcome stays empty when the run was ended from
// outside.
func (n *narrator) conclude(r *run.Result) {
	c := r.Counts
	n.report.Counts = wire.Counts{
		Requests: c.Requests.Total, FailedRequests: c.Requests.Failed,
		Assertions: c.Assertions.Total, FailedAssertions: c.Assertions.Failed,
		Skipped: c.SkippedAssertions, ScriptErrors: c.ScriptErrors,
	}
	n.report.Timings = wire.RunTimings{
		TotalMS: ms(r.Duration()), ResponseAvgMS: ms(r.Response.Average()),
		ResponseMinMS: ms(r.Response.Min), ResponseMaxMS: ms(r.Response.Max),
	}
	if r.Outcome != run.Aborted {
		n.report.Outcome = string(r.Outcome)
	}
	if r.Err != nil && r.Outcome == run.Errored {
		n.trouble(wire.Trouble{Class: "runner", Message: r.Err.Error()})
	}
}

func (n *narrator) sinceStart(t time.Time) float64 { return ms(t.Sub(n.started)) }

// ms is a duration in milliseconds with three digits behind the point.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
