// Package demo is the internal API that `picket demo` monitors: the orders
// service of a fictional company, Larkspur, with the collection and the
// environment that check it.
//
// It behaves like a service that one meets: an API key for applications, a
// token for people, paging, validation, a slow report and an endpoint that
// fails now and then. All state is in memory and bounded; a restart forgets it.
package demo

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The defaults of Options.
const (
	DefaultFailEvery = 5
	DefaultSlowBy    = 300 * time.Millisecond
)

// Options tune the service. The zero value is what `picket demo` uses.
type Options struct {
	// FailEvery makes every n-th shipping quote answer 503, so that every n-th
	// run of the collection shows a failed assertion. 0 means DefaultFailEvery,
	// a negative number means never.
	FailEvery int
	// SlowBy is how long the daily report takes. 0 means DefaultSlowBy.
	SlowBy time.Duration
	// Now is the clock. nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.FailEvery == 0 {
		o.FailEvery = DefaultFailEvery
	}
	if o.SlowBy == 0 {
		o.SlowBy = DefaultSlowBy
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// New returns the orders service, with a catalogue and a few orders in it.
// Handlers share nothing: each has its own orders and its own failure counter.
func New(o Options) http.Handler {
	o = o.withDefaults()
	s := &server{opts: o, tokens: newTokens(o.Now), orders: newOrders(o.Now)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.HandleFunc("POST /login", s.withKey(s.login))
	mux.HandleFunc("GET /products", s.withKey(s.listProducts))
	mux.HandleFunc("GET /products/{sku}", s.withKey(s.getProduct))
	mux.HandleFunc("GET /orders", s.withToken(s.listOrders))
	mux.HandleFunc("POST /orders", s.withToken(s.createOrder))
	mux.HandleFunc("GET /orders/{id}", s.withToken(s.getOrder))
	mux.HandleFunc("PATCH /orders/{id}", s.withToken(s.updateOrder))
	mux.HandleFunc("POST /shipping/quotes", s.withToken(s.quoteShipping))
	mux.HandleFunc("GET /reports/daily", s.withToken(s.dailyReport))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "not_found", "there is no such endpoint")
	})
	return withRequestID(mux)
}

//go:embed collection.json
var collection []byte

//go:embed environment.json
var environment []byte

// Collection returns the Postman collection (v2.1) that checks the service.
func Collection() []byte { return append([]byte(nil), collection...) }

// Environment returns the Postman environment for Collection, with baseUrl set
// to where the service listens, such as http://127.0.0.1:9000. The credentials
// in it are the ones that New accepts.
func Environment(baseURL string) []byte {
	var doc map[string]any
	if err := json.Unmarshal(environment, &doc); err != nil {
		panic(fmt.Sprintf("demo: environment.json: %v", err)) // a broken build; a test reads it
	}
	values, _ := doc["values"].([]any)
	for _, v := range values {
		if v, ok := v.(map[string]any); ok && v["key"] == "baseUrl" {
			v["value"] = baseURL
		}
	}
	out, err := json.MarshalIndent(doc, "", "\t")
	if err != nil {
		panic(fmt.Sprintf("demo: write the environment: %v", err))
	}
	return append(out, '\n')
}
