package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/api"
	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/blobs"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/eventstore"
	"github.com/picket-api/picket/eventstore/memory"
	"github.com/picket-api/picket/ops"
	"github.com/picket-api/picket/projections"
)

const key = "test-api-key-0123456789"

// bench is the API over real parts, with the log in memory.
type bench struct {
	*testing.T
	store   eventstore.Store
	server  *api.Server
	service *commands.Service
	http    *httptest.Server
}

type documents struct{}

// Collection accepts what has an info.name, as far as these tests care.
func (documents) Collection(data []byte) (string, int, error) {
	var c struct {
		Info *struct{ Name string }
		Item []any
	}
	if err := json.Unmarshal(data, &c); err != nil || c.Info == nil {
		return "", 0, errors.New("it has no info")
	}
	return c.Info.Name, len(c.Item), nil
}

func (documents) Environment(data []byte) (string, int, error) {
	var e struct {
		Name   string
		Values []any
	}
	if err := json.Unmarshal(data, &e); err != nil || e.Values == nil {
		return "", 0, errors.New("it has no values")
	}
	return e.Name, len(e.Values), nil
}

type eventLog struct{ store eventstore.Store }

func (l eventLog) Events(ctx context.Context, after string, limit int) ([]wire.Event, string, error) {
	from, err := eventstore.ParsePosition(after)
	if err != nil {
		return nil, "", err
	}
	events, next, err := l.store.ReadAll(ctx, from, limit, eventstore.Filter{})
	out := make([]wire.Event, len(events))
	for i, e := range events {
		out[i] = wire.Event{Position: e.Position.String(), Stream: e.Stream, Type: e.Type}
	}
	return out, next.String(), err
}

func (eventLog) Stream(context.Context, string, int64, int) ([]wire.Event, error) { return nil, nil }

func newBench(t *testing.T) *bench {
	t.Helper()
	return newBenchWith(t, 200*time.Millisecond)
}

// newBenchWith has claims wait for so long.
func newBenchWith(t *testing.T, poll time.Duration) *bench {
	t.Helper()
	store := memory.New()
	dir := t.TempDir()
	state, err := ops.Open(t.Context(), filepath.Join(dir, "ops.db"))
	require.NoError(t, err)
	views, err := projections.Open(t.Context(), filepath.Join(dir, "views.db"), store)
	require.NoError(t, err)
	docs, err := blobs.OpenDir(filepath.Join(dir, "blobs"))
	require.NoError(t, err)
	b := &bench{T: t, store: store, service: commands.New(commands.Config{Store: store, Lanes: state})}
	_, err = b.service.Do(t.Context(), commands.System, commands.CreateAPIKey{Name: "test", Known: key})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- views.Run(ctx) }()
	b.server = api.New(api.Config{
		Commands: b.service, Views: views, Ops: state, Blobs: docs, Log: eventLog{store}, Documents: documents{},
		Version: "test", Poll: poll,
		Background: func(work func(context.Context) error) error { go func() { _ = work(ctx) }(); return nil },
	})
	b.http = httptest.NewServer(b.server)
	t.Cleanup(func() {
		b.server.Shutdown()
		b.http.Close()
		cancel()
		<-stopped
		require.NoError(t, errors.Join(views.Close(), state.Close(), store.Close()))
	})
	return b
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) object(t *testing.T) map[string]any {
	t.Helper()
	var o map[string]any
	require.NoError(t, json.Unmarshal(a.body, &o), "%s", a.body)
	return o
}

// call sends a request; header is pairs. The API key goes with it unless a
// header says otherwise.
func (b *bench) call(method, path, body string, header ...string) answer {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), method, b.http.URL+path, strings.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("X-Api-Key", key)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(b, err)
	defer resp.Body.Close()
	var buf bytes.Buffer
	_, err = buf.ReadFrom(resp.Body)
	require.NoError(b, err)
	return answer{resp.StatusCode, resp.Header, buf.Bytes()}
}

func (b *bench) create(path, body string) string {
	b.Helper()
	a := b.call(http.MethodPost, path, body)
	require.Equal(b, http.StatusCreated, a.status, "%s", a.body)
	return a.object(b.T)["id"].(string)
}

func (b *bench) events() int {
	b.Helper()
	all, _, err := b.store.ReadAll(b.Context(), eventstore.Position{}, eventstore.MaxReadPage, eventstore.Filter{})
	require.NoError(b, err)
	return len(all)
}

const someCollection = `{"info":{"name":"Orders"},"item":[{},{}]}`

// things are what a monitor needs.
type things struct{ workspace, collection, environment, runner string }

func (b *bench) things() things {
	b.Helper()
	w := b.create("/api/v1/workspaces", `{"name":"Payments"}`)
	return things{
		workspace:   w,
		collection:  b.create("/api/v1/collections?workspace="+w, someCollection),
		environment: b.create("/api/v1/environments?workspace="+w, `{"name":"staging","values":[]}`),
		runner:      b.create("/api/v1/runners", `{"name":"office"}`),
	}
}

func (x things) monitor(with string) string {
	if with != "" {
		with = "," + with
	}
	return fmt.Sprintf(`{"name":"Orders","workspace":%q,"collection":%q,"environment":%q,"runners":[%q]%s}`,
		x.workspace, x.collection, x.environment, x.runner, with)
}

func TestBadInputIsRefusedByFieldAndLeavesNoTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	const nobody = "0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa"
	monitor := b.create("/api/v1/monitors", x.monitor(""))
	long := strings.Repeat("x", 10_000)
	before := b.events()
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		pointer                  string
		header                   []string
	}{
		{"broken JSON", "POST", "/api/v1/workspaces", `{"name":`, 400, "", nil},
		{"no body", "POST", "/api/v1/workspaces", ``, 400, "", nil},
		{"an array", "POST", "/api/v1/workspaces", `[]`, 422, "/", nil},
		{"a number for a name", "POST", "/api/v1/workspaces", `{"name":7}`, 422, "/name", nil},
		{"no name", "POST", "/api/v1/workspaces", `{}`, 422, "/", nil},
		{"blank name", "POST", "/api/v1/workspaces", `{"name":"   "}`, 422, "/name", nil},
		{"a name of 10,000 characters", "POST", "/api/v1/workspaces", `{"name":"` + long + `"}`, 422, "/name", nil},
		{"control characters", "POST", "/api/v1/workspaces", `{"name":"a\u0000b"}`, 422, "/name", nil},
		{"a field that is not there", "POST", "/api/v1/workspaces", `{"name":"a","colour":"red"}`, 422, "/colour", nil},
		{"a type that is not there", "POST", "/api/v1/workspaces", `{"name":"a","type":"secret"}`, 422, "/type", nil},
		{"not JSON", "POST", "/api/v1/workspaces", `name=a`, 415, "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"2 MB", "POST", "/api/v1/workspaces", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "", nil},
		{"an id that is none", "GET", "/api/v1/runs/7", "", 422, "id", nil},
		{"an unknown run", "GET", "/api/v1/runs/" + nobody, "", 404, "", nil},
		{"an unknown monitor", "POST", "/api/v1/monitors/" + nobody + "/run", "", 404, "", nil},
		{"an unknown runner", "POST", "/api/v1/runners/" + nobody + "/reset-key", `{}`, 404, "", nil},
		{"an unknown cursor", "GET", "/api/v1/runs?cursor=!!", "", 422, "cursor", nil},
		{"too many at once", "GET", "/api/v1/runs?limit=1000", "", 422, "limit", nil},
		{"an outcome that is not there", "GET", "/api/v1/runs?outcome=nice", "", 422, "outcome", nil},
		{"a collection that is none", "POST", "/api/v1/collections?workspace=" + x.workspace, `{"hello":"world"}`, 422, "", nil},
		{"a collection that is broken", "POST", "/api/v1/collections?workspace=" + x.workspace, `{"info":`, 400, "", nil},
		{"a collection as a form", "POST", "/api/v1/collections?workspace=" + x.workspace, `a=b`, 415, "", []string{"Content-Type", "text/plain"}},
		{"a collection of over 10 MB", "POST", "/api/v1/collections?workspace=" + x.workspace, `{"info":{"name":"` + strings.Repeat("x", 10<<20) + `"}}`, 413, "", nil},
		{"a collection for nobody", "POST", "/api/v1/collections?workspace=" + nobody, someCollection, 422, "workspace", nil},
		{"a collection without a workspace", "POST", "/api/v1/collections", someCollection, 422, "workspace", nil},
		{"an environment that is none", "POST", "/api/v1/environments?workspace=" + x.workspace, `{"a":1}`, 422, "", nil},
		{"a visibility that is not there", "POST", "/api/v1/runners", `{"name":"a","visibility":{"scope":"some"}}`, 422, "/visibility/scope", nil},
		{"selected without workspaces", "POST", "/api/v1/runners", `{"name":"a","visibility":{"scope":"selected"}}`, 422, "/visibility/workspaces", nil},
		{"a workspace that is not there", "POST", "/api/v1/runners", `{"name":"a","visibility":{"scope":"selected","workspaces":["` + nobody + `"]}}`, 422, "/visibility/workspaces/0", nil},
		{"a negative grace", "POST", "/api/v1/runners/" + x.runner + "/reset-key", `{"grace_seconds":-1}`, 422, "/grace_seconds", nil},
		{"a cron that never fires", "POST", "/api/v1/monitors", x.monitor(`"schedule":{"cron":"0 0 31 2 *"}`), 422, "/schedule/cron", nil},
		{"a cron of four fields", "POST", "/api/v1/monitors", x.monitor(`"schedule":{"cron":"* * * *"}`), 422, "/schedule/cron", nil},
		{"an unknown zone", "POST", "/api/v1/monitors", x.monitor(`"schedule":{"cron":"0 9 * * *","timezone":"Mars/Base"}`), 422, "/schedule/timezone", nil},
		{"two schedules", "POST", "/api/v1/monitors", x.monitor(`"schedule":{"cron":"0 9 * * *","every_minutes":5}`), 422, "/schedule", nil},
		{"an empty schedule", "POST", "/api/v1/monitors", x.monitor(`"schedule":{}`), 422, "/schedule", nil},
		{"every 0 minutes", "POST", "/api/v1/monitors", x.monitor(`"schedule":{"every_minutes":0}`), 422, "/schedule/every_minutes", nil},
		{"no iterations", "POST", "/api/v1/monitors", x.monitor(`"options":{"iterations":0}`), 422, "/options/iterations", nil},
		{"effects that are not there", "POST", "/api/v1/monitors", x.monitor(`"options":{"effects":"some"}`), 422, "/options/effects", nil},
		{"a monitor without a workspace", "POST", "/api/v1/monitors", strings.Replace(x.monitor(""), `"workspace":"`+x.workspace+`",`, "", 1), 422, "/workspace", nil},
		{"an unknown collection", "POST", "/api/v1/monitors", strings.Replace(x.monitor(""), x.collection, nobody, 1), 422, "/collection", nil},
		{"an unknown runner in a monitor", "POST", "/api/v1/monitors", strings.Replace(x.monitor(""), x.runner, nobody, 1), 422, "/runners/0", nil},
		{"another workspace", "PUT", "/api/v1/monitors/" + monitor, strings.Replace(x.monitor(""), x.workspace, nobody, 1), 422, "/workspace", nil},
		{"an unknown path", "GET", "/api/v1/nothing", "", 404, "", nil},
		{"a wrong method", "PATCH", "/api/v1/workspaces", "", 405, "", nil},
		{"bytes that are no UTF-8", "POST", "/api/v1/workspaces", "{\"name\":\"\xff\"}", 400, "", nil},
		{"not compressed", "POST", "/api/v1/workspaces", `{"name":"a"}`, 400, "", []string{"Content-Encoding", "gzip"}},
		{"a filter that is not there", "GET", "/api/v1/runs?since=yesterday", "", 422, "since", nil},
	} {
		a := b.call(c.method, c.path, c.body, c.header...)
		require.Equal(t, c.status, a.status, "%s: %s", c.name, a.body)
		require.Equal(t, "application/problem+json", a.header.Get("Content-Type"), c.name)
		o := a.object(t)
		require.EqualValues(t, c.status, o["status"], c.name)
		require.NotEmpty(t, o["title"], c.name)
		require.NotContains(t, string(a.body), long, "%s: the value is not sent back", c.name)
		if c.pointer != "" {
			require.NotEmpty(t, o["errors"], "%s: %s", c.name, a.body)
			require.Equal(t, c.pointer, o["errors"].([]any)[0].(map[string]any)["pointer"], "%s: %s", c.name, a.body)
		}
	}
	require.Equal(t, before, b.events(), "the log shows nothing new")
}

func TestNoEndpointIsOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	paths := []string{"/", "/openapi.json", "/openapi.yaml", "/docs", "/schemas/Run.json", "/api/v1/nothing", "/agent/v1/claim", "/agent/v1/heartbeat", "/agent/v1/blobs/x"}
	spec := b.call("GET", "/openapi.json", "")
	require.Equal(t, http.StatusOK, spec.status)
	operations := 0
	for path, methods := range spec.object(t)["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			operations++
			concrete := strings.NewReplacer("{id}", "0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa", "{name}", "runs", "{stream}", "x", "{hash}", "x").Replace(path)
			body := ""
			if method == "post" || method == "put" {
				body = `{"runner":"0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa","key":"wrong","host_name":"h","version":"1","os":"linux","arch":"amd64","capacity":1,"protocol":"1.0"}`
			}
			for name, header := range map[string][]string{
				"no key": {"X-Api-Key", ""}, "a wrong key": {"X-Api-Key", "wrong"}, "a wrong token": {"X-Api-Key", "", "Authorization", "Bearer wrong"},
			} {
				a := b.call(strings.ToUpper(method), concrete, body, header...)
				require.Equal(t, http.StatusUnauthorized, a.status, "%s %s with %s: %s", method, path, name, a.body)
				require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			}
		}
	}
	require.Greater(t, operations, 35)
	for _, path := range paths {
		require.Equal(t, http.StatusUnauthorized, b.call("GET", path, "", "X-Api-Key", "").status, path)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		require.Equal(t, http.StatusOK, b.call("GET", path, "", "X-Api-Key", "").status, path)
	}
}

func TestThingsCanBeReadListedEditedAndDeleted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	x := b.things()
	ok := func(method, path, body string, status int) map[string]any {
		t.Helper()
		a := b.call(method, path, body)
		require.Equal(t, status, a.status, "%s %s: %s", method, path, a.body)
		if len(a.body) == 0 {
			return nil
		}
		return a.object(t)
	}
	require.Equal(t, "Payments", ok("GET", "/api/v1/workspaces/"+x.workspace, "", 200)["name"])
	require.Equal(t, "Money", ok("PUT", "/api/v1/workspaces/"+x.workspace, `{"name":"Money"}`, 200)["name"])
	require.Len(t, ok("GET", "/api/v1/workspaces", "", 200)["items"], 1)

	c := ok("GET", "/api/v1/collections/"+strings.ToUpper(x.collection), "", 200)
	require.Equal(t, "Orders", c["name"])
	require.EqualValues(t, 2, c["items"])
	require.EqualValues(t, 2, ok("PUT", "/api/v1/collections/"+x.collection, `{"info":{"name":"Orders 2"},"item":[]}`, 200)["revision"])
	require.JSONEq(t, `{"info":{"name":"Orders 2"},"item":[]}`, string(b.call("GET", "/api/v1/collections/"+x.collection+"/document", "").body))
	require.Len(t, ok("GET", "/api/v1/environments?workspace="+x.workspace, "", 200)["items"], 1)

	r := ok("PUT", "/api/v1/runners/"+x.runner, `{"name":"berlin","description":"rack 4"}`, 200)
	require.Equal(t, "berlin", r["name"])
	require.NotContains(t, r, "key")
	r = ok("PUT", "/api/v1/runners/"+x.runner+"/visibility", `{"scope":"selected","workspaces":["`+x.workspace+`"]}`, 200)
	require.Equal(t, map[string]any{"scope": "selected", "workspaces": []any{x.workspace}}, r["visibility"])

	m := b.create("/api/v1/monitors", x.monitor(`"schedule":{"every_minutes":5,"timezone":"Europe/Berlin"},"options":{"run_limit_ms":60000}`))
	got := ok("GET", "/api/v1/monitors/"+m, "", 200)
	require.NotNil(t, got["next_run_at"])
	require.EqualValues(t, 60000, got["options"].(map[string]any)["run_limit_ms"])
	require.Equal(t, true, ok("POST", "/api/v1/monitors/"+m+"/pause", `{"reason":"holiday"}`, 200)["paused"])
	require.Equal(t, false, ok("POST", "/api/v1/monitors/"+m+"/resume", "", 200)["paused"])
	edited := ok("PUT", "/api/v1/monitors/"+m, strings.Replace(x.monitor(`"schedule":null`), `"name":"Orders"`, `"name":"Nightly"`, 1), 200)
	require.Equal(t, "Nightly", edited["name"])
	require.Nil(t, edited["schedule"])
	require.EqualValues(t, 2, edited["revision"])

	a := b.call("POST", "/api/v1/monitors/"+m+"/run", "")
	require.Equal(t, http.StatusAccepted, a.status)
	t1 := a.object(t)
	require.Equal(t, "/api/v1/runs/"+t1["id"].(string), a.header.Get("Location"))
	run := ok("GET", "/api/v1/runs/"+t1["id"].(string), "", 200)
	require.Equal(t, "queued", run["state"])
	require.Nil(t, run["outcome"])
	require.Equal(t, t1["execution"], run["execution"])
	require.Len(t, ok("GET", "/api/v1/runs?monitor="+m+"&state=queued", "", 200)["items"], 1)
	require.Empty(t, ok("GET", "/api/v1/runs?outcome=failure", "", 200)["items"])
	ok("GET", "/api/v1/runs/"+t1["id"].(string)+"/report", "", 404)
	require.EqualValues(t, 1, ok("GET", "/api/v1/runners/"+x.runner, "", 200)["queue_depth"])

	history := ok("GET", "/api/v1/runners/"+x.runner+"/history", "", 200)["items"].([]any)
	require.Equal(t, "runner.visibility_changed.v1", history[0].(map[string]any)["action"])
	for _, path := range []string{"monitors/" + m, "runners/" + x.runner, "collections/" + x.collection, "environments/" + x.environment} {
		ok("DELETE", "/api/v1/"+path, "", 204)
		ok("GET", "/api/v1/"+path, "", 404)
	}
	audit := ok("GET", "/api/v1/audit?action=monitor.", "", 200)["items"].([]any)
	require.Equal(t, "monitor.deleted.v1", audit[0].(map[string]any)["action"])
	require.Equal(t, "test", audit[0].(map[string]any)["actor"].(map[string]any)["name"])
}

func TestPagesGoThroughEverythingOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := map[string]bool{}
	for i := range 7 {
		want[b.create("/api/v1/workspaces", fmt.Sprintf(`{"name":"w%d"}`, i))] = true
	}
	cursor := ""
	for pages := 0; ; pages++ {
		require.Less(t, pages, 5)
		o := b.call("GET", "/api/v1/workspaces?limit=3&cursor="+cursor, "").object(t)
		for _, i := range o["items"].([]any) {
			id := i.(map[string]any)["id"].(string)
			require.True(t, want[id], "once")
			delete(want, id)
		}
		next, more := o["next_cursor"].(string)
		if !more {
			break
		}
		cursor = next
	}
	require.Empty(t, want)
}
