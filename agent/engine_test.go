package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpproxy"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

// execute runs a collection as the runner does, with loopback allowed.
func execute(ctx context.Context, t *testing.T, job agent.Job) wire.Report {
	t.Helper()
	return executeUnder(ctx, t, agent.Config{AllowLoopback: true, Proxies: &httpproxy.Config{}}, job)
}

func executeUnder(ctx context.Context, t *testing.T, cfg agent.Config, job agent.Job) wire.Report {
	t.Helper()
	cfg.RunnerID, cfg.Key, cfg.SpoolDir, cfg.CacheDir = runnerID, theKey, t.TempDir(), t.TempDir()
	e, err := agent.NewEngine(cfg)
	require.NoError(t, err)
	if job.MaxReport == 0 {
		job.MaxReport = 1 << 20
	}
	report, err := e.Execute(ctx, job)
	require.NoError(t, err)
	return report
}

// target is an API that shows what it got.
func target(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/login":
			w.Header().Set("Set-Cookie", "session=canary-cookie-1234; Path=/")
			_, _ = io.WriteString(w, `{"access_token":"canary-token-of-the-login"}`)
		case "/slow":
			<-r.Context().Done()
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"headers": r.Header, "url": r.URL.String()})
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

// items is a collection of v2.1.
func items(list ...string) []byte {
	return []byte(`{"info":{"name":"c","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
		"auth":{"type":"basic","basic":[{"key":"username","value":"u"},{"key":"password","value":"{{pw}}"}]},
		"variable":[{"key":"collectionSecret","value":"canary-of-the-collection","type":"secret"}],
		"item":[` + strings.Join(list, ",") + `]}`)
}

func item(name, url, more string) string {
	if more != "" {
		more = "," + more
	}
	return fmt.Sprintf(`{"name":%q,"request":{"method":"GET","url":%q%s}}`, name, url, more)
}

func environmentOf(t *testing.T, values ...map[string]string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"name": "e", "values": values})
	require.NoError(t, err)
	return data
}

func secretVar(key, value string) map[string]string {
	return map[string]string{"key": key, "value": value, "type": "secret"}
}

func TestReportOfARun(t *testing.T) {
	t.Parallel()
	srv := target(t)
	var sent []int
	report := execute(t.Context(), t, agent.Job{
		Collection: items(
			item("first", srv.URL+"/a?page={{page}}", ""),
			`{"name":"folder","item":[`+item("inside", srv.URL+"/missing", "")+`]}`,
			item("nowhere", "http://127.0.0.1:1/x", ""),
		),
		Environment: environmentOf(t, map[string]string{"key": "page", "value": "7"}, secretVar("pw", "canary-password")),
		Options:     wire.MonitorOptions{Iterations: ptr(2)},
		Sent:        func(n int) { sent = append(sent, n) },
	})
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, sent)
	require.Equal(t, "error", report.Outcome)
	require.Equal(t, wire.Counts{Requests: 6, FailedRequests: 2}, report.Counts)
	require.Equal(t, &wire.Trouble{Class: "network", Request: "nowhere", Message: "connect ECONNREFUSED 127.0.0.1:1"}, report.FirstError)
	require.Positive(t, report.Timings.TotalMS)
	require.Positive(t, report.Timings.ResponseMinMS)
	require.Len(t, report.Requests, 6)

	first, inside, nowhere := report.Requests[0], report.Requests[4], report.Requests[5]
	require.Equal(t, []any{"first", "GET", srv.URL + "/a?page=7", 200, "OK", 0}, []any{first.Name, first.Method, first.URL, first.Status, first.StatusText, first.Iteration})
	require.NotEmpty(t, first.ItemID)
	require.Equal(t, strings.TrimPrefix(srv.URL, "http://"), first.Remote)
	require.Positive(t, first.BytesIn)
	require.Positive(t, first.Timings.ConnectMS)
	require.Positive(t, first.Timings.WaitMS)
	require.GreaterOrEqual(t, first.Timings.TotalMS, first.Timings.WaitMS)
	require.Equal(t, []any{[]string{"folder"}, 404, 1}, []any{inside.Folders, inside.Status, inside.Iteration})
	require.Greater(t, inside.StartMS, first.StartMS)
	require.Equal(t, &wire.RequestError{Class: "network", Code: "ECONNREFUSED", Message: "connect ECONNREFUSED 127.0.0.1:1"}, nowhere.Error)
	require.Zero(t, nowhere.Status)
}

func TestGuardInARun(t *testing.T) {
	t.Parallel()
	srv := target(t)
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	for url, rule := range map[string]string{
		srv.URL + "/a":                              "loopback",
		"http://localhost" + port:                   "loopback",
		"http://[::ffff:127.0.0.1]" + port:          "loopback",
		"http://2130706433" + port:                  "loopback",
		"http://0x7f.1" + port:                      "loopback",
		"http://127.0.0.1.nip.localhost" + port:     "loopback",
		"http://0.0.0.0" + port:                     "unspecified",
		"http://169.254.169.254/latest/meta-data/":  "cloud metadata",
		"http://metadata.google.internal/computeM/": "cloud metadata",
	} {
		report := executeUnder(t.Context(), t, agent.Config{Proxies: &httpproxy.Config{}}, agent.Job{Collection: items(item("x", url, ""))})
		require.Equal(t, "error", report.Outcome, url)
		got := report.Requests[0]
		require.Zero(t, got.Status, url)
		require.Equal(t, []string{"network", "EGRESS_REFUSED"}, []string{got.Error.Class, got.Error.Code}, "%s: %s", url, got.Error.Message)
		require.Contains(t, got.Error.Message, "(rule: "+rule+")", url)
		require.Equal(t, got.Error.Message, report.FirstError.Message)
		require.Equal(t, "network", report.FirstError.Class)
	}
}

func TestGuardAfterResolvingInARun(t *testing.T) {
	t.Parallel()
	srv := target(t)
	port := srv.URL[strings.LastIndex(srv.URL, ":"):]
	names := resolver(map[string]string{"home.example.com.": "127.0.0.1", "metadata.example.com.": "169.254.169.254"})
	for host, rules := range map[string][2]string{"home.example.com": {"loopback", ""}, "metadata.example.com": {"cloud metadata", "cloud metadata"}} {
		for i, rule := range rules {
			e, err := agent.NewEngine(agent.Config{
				RunnerID: runnerID, Key: theKey, SpoolDir: t.TempDir(), CacheDir: t.TempDir(), AllowLoopback: i == 1, Proxies: &httpproxy.Config{},
			})
			require.NoError(t, err)
			agent.SetResolver(e, names)
			report, err := e.Execute(t.Context(), agent.Job{Collection: items(item("x", "http://"+host+port+"/a", "")), MaxReport: 1 << 20})
			require.NoError(t, err)
			if rule == "" {
				require.Equal(t, 200, report.Requests[0].Status)
				continue
			}
			require.Contains(t, report.FirstError.Message, "(rule: "+rule+")")
			require.Equal(t, "EGRESS_REFUSED", report.Requests[0].Error.Code)
		}
	}
}

func TestGuardOnRedirects(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest", http.StatusFound))
	t.Cleanup(srv.Close)
	report := execute(t.Context(), t, agent.Job{Collection: items(item("x", srv.URL, ""))})
	require.Contains(t, report.FirstError.Message, "(rule: cloud metadata)")
}

func TestCutRunIsNotJudged(t *testing.T) {
	t.Parallel()
	srv := target(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer time.AfterFunc(300*time.Millisecond, cancel).Stop()
	report := execute(ctx, t, agent.Job{Collection: items(item("quick", srv.URL+"/a", ""), item("slow", srv.URL+"/slow", ""), item("never", srv.URL+"/a", ""))})
	require.Empty(t, report.Outcome, "what ended it decides")
	require.Nil(t, report.FirstError)
	require.Equal(t, 2, report.Counts.Requests)
	require.Len(t, report.Requests, 2)
	require.Equal(t, "the run ended before the answer came", report.Requests[1].Error.Message)
}

func TestUnreadableDocuments(t *testing.T) {
	t.Parallel()
	e, err := agent.NewEngine(agent.Config{RunnerID: runnerID, Key: theKey, SpoolDir: t.TempDir(), CacheDir: t.TempDir()})
	require.NoError(t, err)
	_, err = e.Execute(t.Context(), agent.Job{Collection: []byte(`[1]`), MaxReport: 1 << 20})
	require.ErrorContains(t, err, "read the collection")
	_, err = e.Execute(t.Context(), agent.Job{Collection: items(), Environment: []byte(`{"x":`), MaxReport: 1 << 20})
	require.ErrorContains(t, err, "read the environment")
	_, err = e.Execute(t.Context(), agent.Job{Collection: items(item("a", "http://x", "")), Options: wire.MonitorOptions{Folders: []string{"none"}}, MaxReport: 1 << 20})
	require.ErrorContains(t, err, "none")
}
