package agent_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

const (
	runnerID = "7d6a1c0e-3f0b-4a3e-9f43-0b6a2f1c9d11"
	theKey   = "pkr_the-key-of-the-runner"
	theToken = "token-of-an-instance-"
)

var (
	collection  = []byte(`{"info":{"name":"orders"},"item":[]}`)
	environment = []byte(`{"name":"env","values":[{"key":"pin","value":"canary-of-the-environment","type":"secret"}]}`)
)

// plane is a control plane that speaks the wire contract, over pipes, so that the
// clock of a synctest bubble can move.
type plane struct {
	conns chan net.Conn
	gone  chan struct{} // closed when nobody accepts any more
	wake  chan struct{}

	mu         sync.Mutex
	down       bool
	open       []net.Conn
	intercept  func(w http.ResponseWriter, r *http.Request) bool // true: it answered
	instances  int
	leases     []wire.Lease          // waiting
	handed     map[string]wire.Lease // by claim id
	blobs      map[string][]byte
	calls      []string // every call that was answered, "claim" when it brought a run
	heartbeats []wire.Heartbeat
	stop       []string
	released   []wire.Release
	reports    []wire.SubmitReport
	bodies     [][]byte // the same, as they came
	receipt    wire.ReportReceipt
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	p := &plane{
		conns: make(chan net.Conn), gone: make(chan struct{}), wake: make(chan struct{}, 1000),
		handed: map[string]wire.Lease{}, blobs: map[string][]byte{},
		receipt: wire.ReportReceipt{Accepted: true, State: "finished"},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /agent/v1/register", p.register)
	mux.HandleFunc("POST /agent/v1/claim", p.claim)
	mux.HandleFunc("POST /agent/v1/heartbeat", p.heartbeat)
	mux.HandleFunc("POST /agent/v1/runs/{id}/{verb}", p.run)
	mux.HandleFunc("GET /agent/v1/blobs/{hash}", p.blob)
	mux.HandleFunc("POST /agent/v1/disconnect", func(w http.ResponseWriter, _ *http.Request) {
		p.note("disconnect")
		w.WriteHeader(http.StatusNoContent)
	})
	srv := &http.Server{Handler: p.guard(mux), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go func() { _ = srv.Serve(p) }()
	t.Cleanup(func() {
		_ = srv.Close()
		time.Sleep(time.Second) // for handlers that take their time
	})
	return p
}

// Accept, Close and Addr make a plane the listener of its own server.
func (p *plane) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.gone:
		return nil, net.ErrClosed
	}
}
func (p *plane) Close() error   { close(p.gone); return nil }
func (p *plane) Addr() net.Addr { return &net.TCPAddr{} }

func (p *plane) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, far := net.Pipe()
		p.mu.Lock()
		down := p.down
		p.open = append(p.open, far)
		p.mu.Unlock()
		if down {
			return nil, errors.New("connection refused")
		}
		select {
		case p.conns <- far:
			return near, nil
		case <-p.gone: // an agent may still be dialling when its test is over
			return nil, errors.New("connection refused")
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

// setDown takes the plane off the network, or puts it back.
func (p *plane) setDown(down bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = down
	for _, c := range p.open {
		_ = c.Close()
	}
	p.open = nil
}

func (p *plane) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

func (p *plane) note(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

func (p *plane) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		intercept := p.intercept
		p.mu.Unlock()
		if intercept != nil && intercept(w, r) {
			return
		}
		if r.URL.Path != "/agent/v1/register" && !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+theToken) {
			problem(w, 401, "")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p *plane) register(w http.ResponseWriter, r *http.Request) {
	var in wire.Register
	_ = json.NewDecoder(r.Body).Decode(&in)
	p.note("register")
	if in.Runner != runnerID || in.Key != theKey {
		problem(w, 401, wire.ProblemRunnerKeyRefused)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.instances++
	reply(w, wire.Registered{
		Instance: uuid.NewString(), Token: theToken + uuid.NewString(), RunnerName: "Frankfurt",
		HeartbeatMS: 5_000, PollMS: 30_000, LeaseMS: 15_000, MaxReportBytes: 1 << 20, Protocol: wire.AgentVersion,
	})
}

func (p *plane) claim(w http.ResponseWriter, r *http.Request) {
	var in wire.Claim
	_ = json.NewDecoder(r.Body).Decode(&in)
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	for {
		p.mu.Lock()
		lease, again := p.handed[in.ClaimID]
		if !again && len(p.leases) > 0 {
			lease, p.leases = p.leases[0], p.leases[1:]
			p.handed[in.ClaimID], again = lease, true
		}
		p.mu.Unlock()
		if again {
			p.note("claim")
			reply(w, lease)
			return
		}
		select {
		case <-p.wake:
		case <-timer.C:
			w.WriteHeader(http.StatusNoContent)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (p *plane) heartbeat(w http.ResponseWriter, r *http.Request) {
	var in wire.Heartbeat
	_ = json.NewDecoder(r.Body).Decode(&in)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heartbeats = append(p.heartbeats, in)
	reply(w, wire.HeartbeatAnswer{Stop: slices.Clone(p.stop)})
}

func (p *plane) run(w http.ResponseWriter, r *http.Request) {
	verb := r.PathValue("verb")
	p.note(verb)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch verb {
	case "release":
		var in wire.Release
		_ = json.NewDecoder(r.Body).Decode(&in)
		p.released = append(p.released, in)
	case "report":
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			problem(w, 400, "")
			return
		}
		body, _ := io.ReadAll(z)
		var in wire.SubmitReport
		_ = json.Unmarshal(body, &in)
		p.reports, p.bodies = append(p.reports, in), append(p.bodies, body)
		reply(w, p.receipt)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *plane) blob(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	data, ok := p.blobs[r.PathValue("hash")]
	p.mu.Unlock()
	p.note("blob")
	if !ok || r.URL.Query().Get("run") == "" || r.URL.Query().Get("token") == "" {
		problem(w, http.StatusGone, "")
		return
	}
	_, _ = w.Write(data)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func problem(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(wire.Problem{Type: kind, Title: "refused by the test", Status: status})
}

// offer puts a run in the queue.
func (p *plane) offer(change func(*wire.Lease)) wire.Lease {
	l := wire.Lease{
		Run: uuid.NewString(), Monitor: uuid.NewString(), MonitorName: "Orders", Trigger: "manual",
		Attempt: 1, Token: 7, LeaseMS: 15_000,
		CollectionHash: p.keep(collection), EnvironmentHash: p.keep(environment),
	}
	if change != nil {
		change(&l)
	}
	p.set(func() { p.leases = append(p.leases, l) })
	p.wake <- struct{}{}
	return l
}

func (p *plane) keep(data []byte) string {
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	p.set(func() { p.blobs[hash] = data })
	return hash
}

func (p *plane) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

func (p *plane) got() []wire.SubmitReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.reports)
}

// executor is an Executor made of a function.
type executor func(ctx context.Context, job agent.Job) (wire.Report, error)

func (e executor) Execute(ctx context.Context, job agent.Job) (wire.Report, error) {
	return e(ctx, job)
}

var succeed = executor(func(context.Context, agent.Job) (wire.Report, error) {
	return wire.Report{Outcome: "successful"}, nil
})

// process is a runner under test.
type process struct {
	*agent.Agent
	t      *testing.T
	signal context.CancelFunc // the first SIGTERM
	done   chan error
	logs   *logs
	spool  string
}

// start starts a runner of the plane. Its log must never show the key or a token.
func start(t *testing.T, p *plane, change func(*agent.Config)) *process {
	t.Helper()
	proc := &process{t: t, done: make(chan error, 1), logs: &logs{}}
	cfg := agent.Config{
		Control:  client.Options{Server: "http://localhost", Transport: p.transport()},
		RunnerID: runnerID, Key: theKey, HostName: "host", UniqueID: "unique", Version: "1.0.0",
		Executor: succeed, Log: slog.New(slog.NewTextHandler(proc.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	if cfg.SpoolDir == "" {
		cfg.SpoolDir = t.TempDir()
	}
	if cfg.CacheDir == "" {
		cfg.CacheDir = t.TempDir()
	}
	proc.spool = cfg.SpoolDir
	a, err := agent.New(cfg)
	require.NoError(t, err)
	proc.Agent = a
	ctx, cancel := context.WithCancel(context.Background())
	proc.signal = cancel
	go func() { proc.done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		a.Abort()
		require.NotContains(t, proc.logs.String(), theKey)
		require.NotContains(t, proc.logs.String(), theToken)
	})
	synctest.Wait()
	return proc
}

// end waits for Run and returns its error.
func (p *process) end() error {
	p.t.Helper()
	select {
	case err := <-p.done:
		return err
	case <-time.After(24 * time.Hour):
		require.Fail(p.t, "the runner doesn't end", p.logs.String())
		return nil
	}
}

type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
