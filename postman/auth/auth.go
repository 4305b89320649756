// Package auth proves to a server who sends a request: one file for each of
// Postman's auth types. A type is a Method; methods that need a server's
// challenge first are Challengers too.
//
// The reference for which parameters there are and what comes out is npm's
// postman-runtime 7.39 (lib/authorizer); each file names the RFC or document of its
// type.
package auth

import (
	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/vars"
)

// Method is an auth type.
type Method interface {
	// Sign adds what proves the sender to a request whose variables are filled in.
	// It changes the request only. Where a parameter that it can't do without is
	// missing, it adds nothing: that is not an error.
	Sign(p *Params, r *postman.Request) error
}

// Challenger is a Method that answers to what a server said.
type Challenger interface {
	Method
	// Challenge reads an answer; with true the request is to be signed and sent
	// again. What it learns it sets in p, where it stays for later requests.
	Challenge(p *Params, a Answer) bool
}

// Fetcher is a Method that may need something of a server before it can sign.
type Fetcher interface {
	Method
	// Ask is the request to send first; nil when there is no need. What it sets in p
	// stays there for later requests.
	Ask(p *Params) (*postman.Request, error)
	// Take reads the answer and sets what it learns in p. The error never holds any
	// of the body.
	Take(p *Params, code int, body []byte) error
}

// Answer is what a Challenger sees of a response.
type Answer struct {
	Code   int
	Header func(name string) []string
}

// MaxReplays is how often one request may be sent again for its auth.
const MaxReplays = 3

// For finds the method of a type; false for a type that isn't known.
func For(kind string) (Method, bool) {
	m, ok := methods[kind]
	return m, ok
}

var methods = map[string]Method{
	"noauth":   noauth{},
	"basic":    basic{},
	"bearer":   bearer{},
	"apikey":   apiKey{},
	"oauth2":   oauth2{},
	"oauth1":   oauth1{},
	"digest":   digest{},
	"hawk":     hawk{},
	"awsv4":    awsV4{},
	"jwt":      jwtBearer{},
	"asap":     asap{},
	"edgegrid": edgeGrid{},
	"ntlm":     ntlm{},
}

// Params are the settings of an auth, variables filled in.
type Params struct {
	values  map[string]any
	learned map[string]any
}

// NewParams takes the settings of an auth; of duplicates the last counts.
func NewParams(a *postman.Auth) *Params {
	p := &Params{values: map[string]any{}, learned: map[string]any{}}
	for _, param := range a.Params {
		p.values[param.Key] = param.Value
	}
	return p
}

// Text is a setting as text; empty when it isn't set.
func (p *Params) Text(key string) string {
	if v := p.values[key]; v != nil {
		return vars.Text(v)
	}
	return ""
}

// Has tells whether a setting is there and not null.
func (p *Params) Has(key string) bool { return p.values[key] != nil }

// Bool is a setting as JavaScript sees it in a condition, but the text "false" is false.
func (p *Params) Bool(key string) bool {
	switch v := p.values[key].(type) {
	case bool:
		return v
	case string:
		return v != "" && v != "false"
	case float64:
		return v != 0
	default:
		return v != nil
	}
}

// Set changes a setting, and remembers that the engine did.
func (p *Params) Set(key string, value any) {
	p.values[key], p.learned[key] = value, value
}

// Learned are the settings that Set changed.
func (p *Params) Learned() map[string]any { return p.learned }
