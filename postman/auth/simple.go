package auth

import (
	"encoding/base64"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/urls"
)

type noauth struct{}

// Sign implements Method.
func (noauth) Sign(*Params, *postman.Request) error { return nil }

// basic is RFC 7617, in UTF-8.
type basic struct{}

// Sign implements Method.
func (basic) Sign(p *Params, r *postman.Request) error {
	pair := p.Text("username") + ":" + p.Text("password")
	r.SetHeader("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	return nil
}

// bearer is RFC 6750, in the header.
type bearer struct{}

// Sign implements Method.
func (bearer) Sign(p *Params, r *postman.Request) error {
	if token := p.Text("token"); token != "" {
		r.SetHeader("Authorization", "Bearer "+token)
	}
	return nil
}

// apiKey is a header or a query parameter of any name.
type apiKey struct{}

// Sign implements Method.
func (apiKey) Sign(p *Params, r *postman.Request) error {
	key, value := p.Text("key"), p.Text("value")
	switch {
	case key == "" && value == "":
	case p.Text("in") == "query":
		setQuery(r, key, value)
	default:
		r.SetHeader(key, value)
	}
	return nil
}

func setQuery(r *postman.Request, key, value string) {
	removeQuery(r, key)
	r.URL.Query = append(r.URL.Query, urls.Param{Key: &key, Value: &value})
}

func removeQuery(r *postman.Request, key string) {
	kept := make([]urls.Param, 0, len(r.URL.Query)+1)
	for _, q := range r.URL.Query {
		if q.Key == nil || *q.Key != key {
			kept = append(kept, q)
		}
	}
	r.URL.Query = kept
}
