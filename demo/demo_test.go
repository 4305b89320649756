package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/demo"
)

const key = "lk-demo-7f3a91c2"

// caller talks to the handler in memory, as an application that may have a token.
type caller struct {
	t     *testing.T
	h     http.Handler
	token string
}

func newCaller(t *testing.T, o demo.Options) *caller {
	t.Helper()
	if o.SlowBy == 0 {
		o.SlowBy = time.Microsecond
	}
	c := &caller{t: t, h: demo.New(o)}
	code, body := c.call("POST", "/login", `{"username":"ada@larkspur.example","password":"correct-horse-battery"}`)
	require.Equal(t, http.StatusOK, code)
	c.token, _ = body["token"].(string)
	require.NotEmpty(t, c.token)
	return c
}

func (c *caller) call(method, path, body string) (int, map[string]any) {
	c.t.Helper()
	code, _, answer := c.exchange(method, path, body)
	return code, answer
}

func (c *caller) exchange(method, path, body string) (int, http.Header, map[string]any) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("X-Request-Id", "r-1")
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	require.Equal(c.t, "r-1", w.Header().Get("X-Request-Id"))
	var answer map[string]any
	require.NoError(c.t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body.String())
	return w.Code, w.Header(), answer
}

func TestAnOrderGoesItsWay(t *testing.T) {
	t.Parallel()
	c := newCaller(t, demo.Options{})

	code, header, placed := c.exchange("POST", "/orders", `{"customer":"Café Lumen","reference":"r7","lines":[{"sku":"CF-100","quantity":3}]}`)
	require.Equal(t, http.StatusCreated, code)
	id, _ := placed["id"].(string)
	require.Equal(t, "/orders/"+id, header.Get("Location"))
	require.EqualValues(t, 3*890, placed["total_cents"])
	require.Equal(t, "ada@larkspur.example", placed["placed_by"])

	code, header, _ = c.exchange("GET", "/orders/"+id, "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, `"`+id+`-1"`, header.Get("ETag"))

	_, open := c.call("GET", "/orders?status=placed&page_size=1", "")
	items, _ := open["items"].([]any)
	require.Len(t, items, 1)
	require.Equal(t, id, items[0].(map[string]any)["id"], "the newest comes first")

	for _, step := range []struct {
		to   string
		code int
	}{{"shipped", 409}, {"packed", 200}, {"packed", 409}, {"shipped", 200}, {"cancelled", 409}, {"lost", 409}} {
		code, _ = c.call("PATCH", "/orders/"+id, fmt.Sprintf(`{"status":%q}`, step.to))
		require.Equal(t, step.code, code, "to %s", step.to)
	}

	_, report := c.call("GET", "/reports/daily", "")
	require.EqualValues(t, 2, report["orders"].(map[string]any)["shipped"])
}

func TestWhoMayComeIn(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newCaller(t, demo.Options{Now: func() time.Time { return now }})
	good := c.token

	ask := func(key, authorization, path string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.Header.Set("X-Api-Key", key)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, 200, ask("", "", "/health"))
	require.Equal(t, 200, ask(key, "", "/products"))
	require.Equal(t, 401, ask("", "", "/products"))
	require.Equal(t, 401, ask("wrong", "Bearer "+good, "/products"))
	require.Equal(t, 200, ask("", "Bearer "+good, "/orders"))
	require.Equal(t, 200, ask("", "bearer "+good, "/orders"))
	for _, bad := range []string{"", good, "Basic " + good, "Bearer ", "Bearer a.b.c", "Bearer x" + good, "Bearer " + good + "x"} {
		require.Equal(t, 401, ask(key, bad, "/orders"), bad)
	}
	now = now.Add(time.Hour)
	require.Equal(t, 401, ask("", "Bearer "+good, "/orders"), "a token ends after an hour")

	code, _ := c.call("POST", "/login", `{"username":"ada@larkspur.example","password":"guess"}`)
	require.Equal(t, 401, code)
}

func TestPaging(t *testing.T) {
	t.Parallel()
	c := newCaller(t, demo.Options{})

	seen, next := map[any]bool{}, any(float64(1))
	for next != nil {
		code, page := c.call("GET", fmt.Sprintf("/products?page=%v&page_size=4", next), "")
		require.Equal(t, 200, code)
		for _, item := range page["items"].([]any) {
			seen[item.(map[string]any)["sku"]] = true
		}
		require.EqualValues(t, 10, page["total"])
		next = page["next_page"]
	}
	require.Len(t, seen, 10)

	_, page := c.call("GET", "/products?page=99", "")
	require.Empty(t, page["items"])
	_, page = c.call("GET", "/products?q=KETTLE", "")
	require.Len(t, page["items"], 1)
	code, _ := c.call("GET", "/products/KT-500", "")
	require.Equal(t, 200, code)
	code, _ = c.call("GET", "/products/none", "")
	require.Equal(t, 404, code)
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	c := newCaller(t, demo.Options{})
	for _, x := range []struct {
		method, path, body string
		code               int
	}{
		{"GET", "/nothing", "", 404},
		{"GET", "/products?page=0", "", 400},
		{"GET", "/products?page=-1", "", 400},
		{"GET", "/products?page_size=101", "", 400},
		{"GET", "/orders?page=x", "", 400},
		{"GET", "/orders/ord-1", "", 404},
		{"PATCH", "/orders/ord-1", `{"status":"packed"}`, 404},
		{"PATCH", "/orders/ord-1001", `{"status":`, 400},
		{"POST", "/login", `[]`, 400},
		{"POST", "/orders", ``, 400},
		{"POST", "/orders", `{"customer":"` + strings.Repeat("x", 70_000) + `"}`, 400},
		{"POST", "/orders", `{}`, 422},
		{"POST", "/orders", `{"customer":"a","lines":[]}`, 422},
		{"POST", "/orders", `{"customer":"` + strings.Repeat("x", 201) + `","lines":[{"sku":"CF-100","quantity":1}]}`, 422},
		{"POST", "/orders", `{"customer":"a","lines":[{"sku":"none","quantity":1}]}`, 422},
		{"POST", "/orders", `{"customer":"a","lines":[{"sku":"CF-100","quantity":0}]}`, 422},
		{"POST", "/shipping/quotes", `{"order":"ord-1","country":"DE"}`, 422},
		{"POST", "/shipping/quotes", `{"order":"ord-1001","country":"Germany"}`, 422},
		{"POST", "/shipping/quotes", `!`, 400},
	} {
		code, answer := c.call(x.method, x.path, x.body)
		require.Equal(t, x.code, code, "%s %s %.80s", x.method, x.path, x.body)
		require.NotEmpty(t, answer["error"].(map[string]any)["message"])
	}
}

func TestTheCarrierFailsEveryFifthTime(t *testing.T) {
	t.Parallel()
	quote := func(c *caller) int {
		code, _ := c.call("POST", "/shipping/quotes", `{"order":"ord-1001","country":"DE"}`)
		return code
	}
	c := newCaller(t, demo.Options{})
	for n := 1; n <= 12; n++ {
		want := 200
		if n%demo.DefaultFailEvery == 0 {
			want = 503
		}
		require.Equal(t, want, quote(c), "call %d", n)
	}
	never := newCaller(t, demo.Options{FailEvery: -1})
	for range 12 {
		require.Equal(t, 200, quote(never))
	}
}

func TestTheReportIsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, demo.Options{SlowBy: 2 * time.Second})
		start := time.Now()
		code, _ := c.call("GET", "/reports/daily", "")
		require.Equal(t, 200, code)
		require.Equal(t, 2*time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/reports/daily", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+c.token)
		start = time.Now()
		c.h.ServeHTTP(httptest.NewRecorder(), r)
		require.Equal(t, time.Second, time.Since(start), "stops when the caller has gone")
	})
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := newCaller(t, demo.Options{})
	for range 600 {
		code, _ := c.call("POST", "/orders", `{"customer":"a","lines":[{"sku":"CF-100","quantity":1}]}`)
		require.Equal(t, 201, code)
	}
	_, page := c.call("GET", "/orders?page_size=1", "")
	require.EqualValues(t, 500, page["total"])
	code, _ := c.call("GET", "/orders/ord-1001", "")
	require.Equal(t, 404, code, "the oldest go first")
}

func TestServesManyAtOnce(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(demo.New(demo.Options{}))
	defer server.Close()
	done := make(chan error)
	for range 8 {
		go func() {
			for range 20 {
				resp, err := http.Get(server.URL + "/health")
				if err != nil {
					done <- err
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			done <- nil
		}()
	}
	for range 8 {
		require.NoError(t, <-done)
	}
}
