package client_test

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

// serve starts a server and a client of it.
func serve(t *testing.T, o client.Options, h http.HandlerFunc) *client.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	o.Server = srv.URL
	c, err := client.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func answerProblem(w http.ResponseWriter, p wire.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func TestNewRefusesWhatWouldLeakOrNotWork(t *testing.T) {
	t.Parallel()
	for server, works := range map[string]bool{
		"http://127.0.0.1:8080":             true,
		"http://[::1]:8080":                 true,
		"http://[::ffff:127.0.0.1]:8080":    true,
		"http://localhost:8080/":            true,
		"https://picket.example.com/prefix": true,
		"http://picket.example.com":         false,
		"http://10.0.0.1":                   false,
		"http://localhost.example.com":      false,
		"picket.example.com":                false,
		"ftp://picket.example.com":          false,
		"https://user:pass@example.com":     false,
		"https://example.com?x=1":           false,
		"":                                  false,
	} {
		_, err := client.New(client.Options{Server: server})
		require.Equal(t, works, err == nil, "%s: %v", server, err)
	}
	_, err := client.New(client.Options{Server: "http://picket.example.com"})
	require.ErrorIs(t, err, client.ErrInsecure)
	_, err = client.New(client.Options{Server: "http://picket.example.com", AllowInsecureHTTP: true})
	require.NoError(t, err)
	_, err = client.New(client.Options{Server: "https://example.com", Proxy: "nonsense"})
	require.ErrorContains(t, err, "proxy")
	_, err = client.New(client.Options{Server: "https://example.com", CAFile: filepath.Join(t.TempDir(), "none.pem")})
	require.ErrorContains(t, err, "certificate authorities")
}

func TestCredentialsAndNames(t *testing.T) {
	t.Parallel()
	c := serve(t, client.Options{APIKey: "api-key", UserAgent: "picket/9"}, func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 200, wire.Monitor{ID: r.PathValue("id"), Name: r.Header.Get("X-Api-Key") + "|" + r.Header.Get("Authorization") + "|" + r.UserAgent() + "|" + r.URL.EscapedPath()})
	})
	m, err := c.Monitor(t.Context(), "a/b")
	require.NoError(t, err)
	require.Equal(t, "api-key||picket/9|/api/v1/monitors/a%2Fb", m.Name)

	m, err = c.WithToken("tok").Monitor(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, "|Bearer tok|picket/9|/api/v1/monitors/x", m.Name)
}

func TestProblemsAreFoundInErrors(t *testing.T) {
	t.Parallel()
	c := serve(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		answerProblem(w, wire.Problem{Type: wire.ProblemLeaseOver, Title: "Conflict", Status: 409, Errors: []wire.FieldProblem{{Message: "is taken", Pointer: "/name"}}})
	})
	_, err := c.CreateWorkspace(t.Context(), wire.CreateWorkspace{Name: "x"})
	var problem *wire.Problem
	require.ErrorAs(t, err, &problem)
	require.Equal(t, 409, problem.Status)
	require.EqualError(t, err, "Conflict; /name is taken")
	require.True(t, client.IsProblem(err, wire.ProblemLeaseOver))
	require.Equal(t, 409, client.Status(err))
	require.Equal(t, 7*time.Second, client.RetryAfter(err))
}

func TestAnswersOfOthersAreTold(t *testing.T) {
	t.Parallel()
	c := serve(t, client.Options{NoRetry: true}, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "login") {
			http.Redirect(w, r, "https://elsewhere.example.com/", http.StatusFound)
			return
		}
		if strings.HasSuffix(r.URL.Path, "portal") {
			_, _ = io.WriteString(w, "<html>welcome to the hotel</html>")
			return
		}
		http.Error(w, "upstream is down", http.StatusBadGateway)
	})
	_, err := c.Run(t.Context(), "x")
	var problem *wire.Problem
	require.NotErrorAs(t, err, &problem)
	require.EqualError(t, err, "GET /api/v1/runs/x was answered with 502 Bad Gateway, not by Picket: upstream is down")
	require.Equal(t, 502, client.Status(err))

	_, err = c.Run(t.Context(), "login")
	require.Equal(t, 302, client.Status(err), "a redirect is not followed: it would carry the key away")
	_, err = c.Run(t.Context(), "portal")
	require.ErrorContains(t, err, "not by Picket: <html>welcome to the hotel</html>")
}

func TestNetworkErrorsAreClear(t *testing.T) {
	t.Parallel()
	c, err := client.New(client.Options{Server: "http://127.0.0.1:1", NoRetry: true})
	require.NoError(t, err)
	_, err = c.Run(t.Context(), "x")
	var network *client.NetworkError
	require.ErrorAs(t, err, &network)
	require.ErrorContains(t, err, "no connection to http://127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused")

	release := make(chan struct{})
	c = serve(t, client.Options{Timeout: 20 * time.Millisecond}, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	_, err = c.Run(t.Context(), "x")
	require.ErrorAs(t, err, &network)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "in time")
}

func TestCertificateOfAPrivateAuthority(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, 200, wire.Run{ID: "x"})
	}))
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw}), 0o600))

	c, err := client.New(client.Options{Server: srv.URL, CAFile: file})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.Run(t.Context(), "x")
	require.NoError(t, err)

	c, err = client.New(client.Options{Server: srv.URL, NoRetry: true})
	require.NoError(t, err)
	_, err = c.Run(t.Context(), "x")
	require.ErrorContains(t, err, "isn't trusted")
}

func TestCreationsAreRepeatedUnderOneKey(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	keys := make(chan string, 8)
	c := serve(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
		keys <- r.Header.Get("Idempotency-Key")
		if calls.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
		answerJSON(w, 202, wire.Triggered{ID: "r1"})
	})
	got, err := c.RunMonitor(t.Context(), "m", wire.TriggerMonitor{Trigger: "cli"})
	require.NoError(t, err)
	require.Equal(t, "r1", got.ID)
	first, second := <-keys, <-keys
	require.NotEmpty(t, first)
	require.Equal(t, first, second)

	_, err = c.RunMonitor(client.WithIdempotencyKey(t.Context(), "mine"), "m", wire.TriggerMonitor{})
	require.NoError(t, err)
	require.Equal(t, "mine", <-keys)
	_, err = c.EditMonitor(t.Context(), "m", wire.ConfigureMonitor{})
	require.NoError(t, err)
	require.Empty(t, <-keys)
}

func TestAgentCallsAreNotRepeated(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	c := serve(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	_, err := c.Agent().Heartbeat(t.Context(), wire.Heartbeat{})
	require.Equal(t, 503, client.Status(err))
	require.EqualValues(t, 1, calls.Load())
}

func TestAllWalksThePages(t *testing.T) {
	t.Parallel()
	c := serve(t, client.Options{}, func(w http.ResponseWriter, r *http.Request) {
		next := map[string]string{"": "p2", "p2": "p3"}[r.URL.Query().Get("cursor")]
		if r.URL.Query().Get("cursor") == "p3" && r.URL.Query().Get("monitor") == "bad" {
			answerProblem(w, wire.Problem{Title: "Gone", Status: 410})
			return
		}
		page := wire.List[wire.Run]{Items: []wire.Run{{ID: r.URL.Query().Get("cursor") + "a"}, {ID: r.URL.Query().Get("cursor") + "b"}}}
		if next != "" {
			page.NextCursor = &next
		}
		answerJSON(w, 200, page)
	})
	walk := func(monitor string) (ids []string, err error) {
		for run, err := range client.All(t.Context(), func(ctx context.Context, cursor string) (wire.List[wire.Run], error) {
			return c.Runs(ctx, client.RunFilter{Monitor: monitor, Page: client.Page{Cursor: cursor, Limit: 2}})
		}) {
			if err != nil {
				return ids, err
			}
			ids = append(ids, run.ID)
		}
		return ids, nil
	}
	ids, err := walk("m")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "p2a", "p2b", "p3a", "p3b"}, ids)
	ids, err = walk("bad")
	require.EqualError(t, err, "Gone")
	require.Len(t, ids, 4)
}

func TestAgentSurface(t *testing.T) {
	t.Parallel()
	blob := []byte(`{"info":{}}`)
	sum := sha256.Sum256(blob)
	hash := hex.EncodeToString(sum[:])
	c := serve(t, client.Options{Token: "tok"}, func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "POST /agent/v1/claim":
			var in wire.Claim
			_ = json.NewDecoder(r.Body).Decode(&in)
			if in.ClaimID == "none" {
				w.Header().Set("Retry-After", "0.5")
				w.WriteHeader(http.StatusNoContent)
				return
			}
			answerJSON(w, 200, wire.Lease{Run: "r", Token: 7})
		case "POST /agent/v1/runs/r/report":
			z, err := gzip.NewReader(r.Body)
			if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
				w.WriteHeader(http.StatusUnsupportedMediaType)
				return
			}
			var in wire.SubmitReport
			_ = json.NewDecoder(z).Decode(&in)
			answerJSON(w, 200, wire.ReportReceipt{Accepted: in.Token == 7, Outcome: in.Report.Outcome})
		case "GET /agent/v1/blobs/" + hash, "GET /agent/v1/blobs/wrong":
			if r.URL.Query().Get("run") == "r" && r.URL.Query().Get("token") == "7" {
				_, _ = w.Write(blob)
			}
		case "POST /agent/v1/runs/r/start", "POST /agent/v1/runs/r/release", "POST /agent/v1/disconnect":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusTeapot)
		}
	})
	a := c.Agent()
	lease, _, err := a.Claim(t.Context(), "some", time.Second)
	require.NoError(t, err)
	require.Equal(t, &wire.Lease{Run: "r", Token: 7}, lease)
	lease, wait, err := a.Claim(t.Context(), "none", time.Second)
	require.NoError(t, err)
	require.Nil(t, lease)
	require.Equal(t, 500*time.Millisecond, wait)

	receipt, err := a.Report(t.Context(), "r", wire.SubmitReport{Token: 7, Report: wire.Report{Outcome: "failure"}})
	require.NoError(t, err)
	require.Equal(t, wire.ReportReceipt{Accepted: true, Outcome: "failure"}, receipt)

	data, err := a.Blob(t.Context(), hash, "r", 7)
	require.NoError(t, err)
	require.Equal(t, blob, data)
	_, err = a.Blob(t.Context(), "wrong", "r", 7)
	var mismatch *client.HashError
	require.ErrorAs(t, err, &mismatch)
	require.NoError(t, a.Start(t.Context(), wire.Attempted{Run: "r", Attempt: 1, Token: 7}))
	require.NoError(t, a.Release(t.Context(), "r", wire.Release{Attempt: 1, Token: 7}))
	require.NoError(t, a.Disconnect(t.Context()))
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	c := serve(t, client.Options{NoRetry: true}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		chunk := make([]byte, 1<<20)
		for range 70 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	_, err := c.Run(t.Context(), "x")
	require.ErrorContains(t, err, "is over")
}
