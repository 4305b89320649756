package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// binary is the product, built once.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "picket-e2e-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "picket")
		build := exec.Command("go", "build", "-o", binary, "../cmd/picket")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

const apiKey = "e2e-bootstrap-key-0123456789abcdef"

// process is one started binary.
type process struct {
	*exec.Cmd
	mu   sync.Mutex
	out  bytes.Buffer
	done chan struct{} // closed when it has ended
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// start runs the binary; it is killed at the end of the test if it still runs.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(binary, args...), done: make(chan struct{})}
	p.Env = append(os.Environ(), env...)
	p.Stdout, p.Stderr = p, p
	require.NoError(t, p.Start())
	go func() {
		_ = p.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("output of %s:\n%s", strings.Join(args, " "), p.output())
		}
	})
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.Process.Kill()
	<-p.done
}

// ended waits until the process has ended by itself.
func (p *process) ended(t *testing.T, within time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		require.FailNow(t, "the process did not end", p.output())
	}
	return p.ProcessState.ExitCode()
}

// plane is a control plane that can be restarted on the same data and address.
type plane struct {
	t    *testing.T
	proc *process
	addr string
	data string
	url  string
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func newPlane(t *testing.T) *plane {
	t.Helper()
	addr := freeAddr(t)
	p := &plane{t: t, addr: addr, data: filepath.Join(t.TempDir(), "data"), url: "http://" + addr}
	p.start()
	return p
}

func (p *plane) start(args ...string) {
	p.t.Helper()
	p.proc = start(p.t, []string{"PICKET_BOOTSTRAP_API_KEY=" + apiKey}, append([]string{"serve", "--addr", p.addr, "--data", p.data}, args...)...)
	p.eventually(10*time.Second, "the control plane is ready", func() bool {
		resp, err := http.Get(p.url + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// eventually polls; what it waits for is an event in another process.
func (p *plane) eventually(within time.Duration, what string, is func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(within)
	for !is() {
		if time.Now().After(deadline) {
			require.FailNow(p.t, "not within "+within.String()+": "+what, p.proc.output())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// object is a JSON answer.
type object = map[string]any

// do sends a request and returns status, body and header.
func (p *plane) do(method, path string, body any, header ...string) (int, object, http.Header) {
	p.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		require.NoError(p.t, err)
		r = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.url+path, r)
	require.NoError(p.t, err)
	req.Header.Set("X-Api-Key", apiKey)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	var o object
	if len(data) > 0 {
		require.NoError(p.t, json.Unmarshal(data, &o), "%s %s: %s", method, path, data)
	}
	return resp.StatusCode, o, resp.Header
}

func (p *plane) post(path string, body any, want int) object {
	p.t.Helper()
	status, o, _ := p.do(http.MethodPost, path, body)
	require.Equal(p.t, want, status, "POST %s: %v", path, o)
	return o
}

func (p *plane) get(path string) object {
	p.t.Helper()
	status, o, _ := p.do(http.MethodGet, path, nil)
	require.Equal(p.t, http.StatusOK, status, "GET %s: %v", path, o)
	return o
}

func (p *plane) items(path string) []any {
	p.t.Helper()
	items, _ := p.get(path)["items"].([]any)
	return items
}

// finished waits for the run to end.
func (p *plane) finished(run string, within time.Duration) object {
	p.t.Helper()
	var o object
	p.eventually(within, "run "+run+" has finished", func() bool {
		o = p.get("/api/v1/runs/" + run)
		return o["state"] == "finished"
	})
	return o
}

// team is what is configured for a test.
type team struct {
	workspace, collection, environment, runner, key, monitor string
}

// configure creates everything that a monitor needs, and the monitor.
func (p *plane) configure(collection []byte, options object) team {
	p.t.Helper()
	var c team
	c.workspace = p.post("/api/v1/workspaces", object{"name": "Payments", "type": "internal"}, 201)["id"].(string)
	c.collection = p.post("/api/v1/collections?workspace="+c.workspace, collection, 201)["id"].(string)
	c.environment = p.post("/api/v1/environments?workspace="+c.workspace, []byte(`{"name":"staging","values":[{"key":"who","value":"ann","enabled":true}]}`), 201)["id"].(string)
	r := p.post("/api/v1/runners", object{"name": "office", "description": "", "visibility": object{"scope": "all"}}, 201)
	c.runner, c.key = r["id"].(string), r["key"].(string)
	m := p.post("/api/v1/monitors", object{
		"name": "Orders", "workspace": c.workspace, "collection": c.collection, "environment": c.environment,
		"runners": []string{c.runner}, "schedule": nil, "options": options,
	}, 201)
	c.monitor = m["id"].(string)
	return c
}

func (p *plane) runner(c team, args ...string) *process {
	p.t.Helper()
	dir := p.t.TempDir()
	return start(p.t, nil, append([]string{
		"runner", "start", "--server", p.url, "--id", c.runner, "--key", c.key, "--allow-loopback",
		"--spool", filepath.Join(dir, "spool"), "--cache", filepath.Join(dir, "cache"),
	}, args...)...)
}

func (p *plane) trigger(c team) string {
	p.t.Helper()
	return p.post("/api/v1/monitors/"+c.monitor+"/run", object{}, 202)["id"].(string)
}

// collection has n requests to url, each with two tests.
func collection(url string, n int) []byte {
	items := make([]any, n)
	for i := range n {
		items[i] = object{
			"name":    fmt.Sprintf("request %d", i+1),
			"request": object{"method": "GET", "url": fmt.Sprintf("%s/%d?who={{who}}", url, i+1)},
			"event": []any{object{"listen": "test", "script": object{"exec": []string{
				`pm.test("status is 200", () => pm.response.to.have.status(200));`,
				`pm.test("knows who", () => pm.expect(pm.response.json().who).to.eql(pm.environment.get("who")));`,
			}}}},
		}
	}
	data, _ := json.Marshal(object{
		"info": object{"name": "Orders", "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
		"item": items,
	})
	return data
}

// target is the internal API: it answers after a delay and counts.
type target struct {
	*httptest.Server
	mu    sync.Mutex
	paths []string
}

func newTarget(t *testing.T, delay time.Duration) *target {
	t.Helper()
	tg := new(target)
	tg.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tg.mu.Lock()
		tg.paths = append(tg.paths, r.URL.Path)
		tg.mu.Unlock()
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object{"who": r.URL.Query().Get("who")})
	}))
	t.Cleanup(tg.Close)
	return tg
}

func (tg *target) calls() int {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	return len(tg.paths)
}
