// Package api is HTTP for people, scripts, the CLI and runners: it turns requests
// into commands and queries, and their results into JSON (package wire).
//
// It cannot append to the log: every change goes through commands.Service.Do.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/blobs"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
)

// Bounds of requests.
const (
	maxBody        = 1 << 20
	maxDocument    = 10 << 20
	maxReport      = 16 << 20
	maxHeader      = 64 << 10
	requestTimeout = 30 * time.Second
	bodyTimeout    = 30 * time.Second
	viewWait       = 2 * time.Second // at most, until a view shows what a command did
)

// Log reads the event log for people. The wiring fills it from the event store,
// which this package may not know.
type Log interface {
	// Events are those after a position ("" is the start), and where to go on.
	Events(ctx context.Context, after string, limit int) (events []wire.Event, next string, err error)
	// Stream are the events of one stream with a version over after.
	Stream(ctx context.Context, stream string, after int64, limit int) ([]wire.Event, error)
}

// Documents understands Postman's formats. The wiring fills it from the engine.
type Documents interface {
	// Collection checks a collection and returns its name and number of requests.
	Collection(data []byte) (name string, requests int, err error)
	// Environment checks an environment and returns its name and number of variables.
	Environment(data []byte) (name string, variables int, err error)
}

// Config is what a Server needs. The first group must be set.
type Config struct {
	Commands  *commands.Service
	Views     *projections.Views
	Ops       *ops.DB
	Blobs     blobs.Store
	Log       Log
	Documents Documents

	Version        string
	Epoch          string         // of the event log
	PublicURL      string         // for commands that people paste; default from the request
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Lease          time.Duration  // default 15 s
	Heartbeat      time.Duration  // default 5 s
	Poll           time.Duration  // default 25 s; at most 50 s
	Ready          func() error   // nil, or why the control plane can't serve
	// Background runs work that outlives a request until the control plane stops.
	Background func(func(context.Context) error) error
	Now        func() time.Time
	Logger     *slog.Logger
}

func (c *Config) setDefaults() {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.Lease, 15*time.Second)
	set(&c.Heartbeat, 5*time.Second)
	set(&c.Poll, 25*time.Second)
	c.Poll = min(c.Poll, 50*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Ready == nil {
		c.Ready = func() error { return nil }
	}
}

// Server serves the API.
type Server struct {
	Config
	echo     *echo.Echo
	huma     huma.API
	waiting  *dispatcher
	stopping chan struct{}

	mu         sync.Mutex
	rebuilding map[string]bool // projections, from the request to its end
}

// New makes a Server; serve it as an http.Handler.
func New(c Config) *Server {
	c.setDefaults()
	s := &Server{Config: c, echo: echo.New(), waiting: newDispatcher(), stopping: make(chan struct{}), rebuilding: make(map[string]bool)}
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.HTTPErrorHandler = s.answerError
	s.echo.IPExtractor = s.clientIP
	s.echo.Use(s.recover, s.headers, s.deadline, s.authenticate, decompress(middleware.Decompress()))
	s.huma = humaecho.New(s.echo, s.openAPI())
	s.routes()
	s.Views.OnQueued(func(r domain.RunnerID, n int) { s.waiting.wake(r, n) })
	s.Views.OnRunnerChanged(s.waiting.wakeAll)
	return s
}

func (s *Server) openAPI() huma.Config {
	c := huma.DefaultConfig("Picket", s.Version)
	c.Info.Description = "Private API monitoring, self-hosted."
	c.CreateHooks = nil
	c.RejectUnknownQueryParameters = true // a mistyped filter must not list everything
	c.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "/openapi", "", "" // behind authentication like everything else
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":      {Type: "apiKey", In: "header", Name: "X-Api-Key"},
		"bearer":   {Type: "http", Scheme: "bearer", Description: "An API key"},
		"instance": {Type: "http", Scheme: "bearer", Description: "The token that a runner got when it registered"},
	}
	return c
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Shutdown answers every long poll, so that the HTTP server can drain.
func (s *Server) Shutdown() { close(s.stopping) }

// Wake tells a waiting instance of the runner to look for work again.
func (s *Server) Wake(r domain.RunnerID) { s.waiting.wake(r, 1) }

func (s *Server) routes() {
	s.systemRoutes()
	s.workspaceRoutes()
	s.documentRoutes()
	s.runnerRoutes()
	s.monitorRoutes()
	s.runRoutes()
	s.auditRoutes()
	s.agentRoutes()
	s.allowNull()
}

// allowNull marks the objects that may be null, which huma's tags can't say.
func (s *Server) allowNull() {
	schemas := s.huma.OpenAPI().Components.Schemas
	for of, field := range map[string][]string{
		"ConfigureMonitor": {"schedule"}, "Monitor": {"schedule", "last_run"}, "Run": {"first_error"},
	} {
		for _, f := range field {
			properties := schemas.Map()[of].Properties
			object := *schemas.SchemaFromRef(properties[f].Ref)
			object.Nullable = true
			object.PrecomputeMessages()
			properties[f] = &object
		}
	}
}

// route describes one operation; get, post and so on fill in the rest.
type route struct {
	id, method, path, summary string
	status                    int   // of success; default 200
	body                      int64 // bound; default 1 MiB
	also                      []int // error statuses beside the common ones
}

// register adds an operation of the people's API.
func register[I, O any](s *Server, r route, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.huma, s.operation(r, []map[string][]string{{"key": {}}, {"bearer": {}}}), h)
}

// registerAgent adds an operation of the runners' API.
func registerAgent[I, O any](s *Server, r route, h func(context.Context, *I) (*O, error)) {
	huma.Register(s.huma, s.operation(r, []map[string][]string{{"instance": {}}}), h)
}

func (s *Server) operation(r route, security []map[string][]string) huma.Operation {
	if r.body == 0 {
		r.body = maxBody
	}
	errs := append([]int{400, 401, 403, 404, 409, 413, 415, 422, 500, 503, 507}, r.also...)
	return huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, DefaultStatus: r.status,
		MaxBodyBytes: r.body, BodyReadTimeout: bodyTimeout, Errors: errs, Security: security,
	}
}

// settle waits, bounded, until the views that the next read looks at show the
// command. When they don't in time the answer is built from the Result alone.
func (s *Server) settle(ctx context.Context, res commands.Result, views ...string) bool {
	ctx, cancel := context.WithTimeout(ctx, viewWait)
	defer cancel()
	err := s.Views.Wait(ctx, res.Position, views...)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.Logger.DebugContext(ctx, "answer did not wait for the views", "err", err)
	}
	return err == nil
}

// clientIP is the address of the client: the connection's, or what a trusted
// proxy says.
func (s *Server) clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !s.trusted(host) {
		return host
	}
	hops := r.Header.Values(echo.HeaderXForwardedFor)
	all := splitList(hops)
	for i := len(all) - 1; i >= 0; i-- {
		if _, err := netip.ParseAddr(all[i]); err != nil {
			break
		}
		host = all[i]
		if !s.trusted(host) {
			break
		}
	}
	return host
}

func (s *Server) trusted(host string) bool {
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range s.TrustedProxies {
		if p.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}
