package agent

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/redact"
	"github.com/picket-api/picket/postman/vars"
)

// secretParams are the settings of auth helpers that must stay here.
var secretParams = []string{
	"token", "password", "value", "secret", "consumerSecret", "tokenSecret", "accessToken", "refreshToken",
	"clientSecret", "secretKey", "sessionToken", "authKey", "clientToken", "privateKey", "passphrase",
}

// plainHeaders are headers that the engine adds to every request.
var plainHeaders = []string{
	"user-agent", "accept", "cache-control", "postman-token", "host", "accept-encoding", "connection",
	"content-type", "content-length", "transfer-encoding",
}

// minInferred is for values that are held for secrets because of where they
// stand, not because somebody said so.
const minInferred = 8

// addVariables tells the variables whose type or name says that they are secret.
func (r *redactor) addVariables(list []vars.Variable) {
	for _, v := range list {
		text, isText := v.Value.(string)
		switch {
		case v.Type == "secret":
			r.add(v.Value)
		case isText && len(text) >= minInferred && !strings.Contains(text, "{{") && (secretName(v.Key) || strings.HasSuffix(strings.ToLower(v.Key), "pass")):
			r.add(text)
		}
	}
}

// addCollection tells what a collection says of itself: secret variables, and the
// settings of auth helpers with variables filled in from the scopes.
func (r *redactor) addCollection(c *postman.Collection, scopes ...*vars.Scope) {
	r.addVariables(c.Variables)
	r.addItem(&c.Item, func(s string) string { return vars.Expand(s, scopes...) })
}

func (r *redactor) addItem(item *postman.Item, expand func(string) string) {
	r.addAuth(item.Auth.Map(expand))
	if item.Request != nil {
		r.addAuth(item.Request.Auth.Map(expand))
	}
	for _, child := range item.Items {
		r.addItem(child, expand)
	}
}

func (r *redactor) addAuth(a *postman.Auth) {
	if a == nil {
		return
	}
	for _, p := range a.Params {
		if text, ok := p.Value.(string); ok && strings.Contains(text, "{{") {
			continue // a variable that isn't set, now
		}
		if slices.Contains(secretParams, p.Key) {
			r.add(p.Value)
		}
	}
}

// seenRequest tells what a request carries on the wire: what its auth made, and
// headers that hold secrets by their name.
func (r *redactor) seenRequest(q *postman.Request) {
	if q == nil {
		return
	}
	for _, h := range q.Headers {
		name := strings.ToLower(h.Key)
		if slices.Contains(plainHeaders, name) || !h.System && !secretName(name) {
			continue
		}
		r.seenHeader(name, h.Value)
	}
}

func (r *redactor) seenHeader(name, value string) {
	if strings.Contains(name, "cookie") {
		r.seenCookies(value)
		return
	}
	kind, rest, found := strings.Cut(value, " ")
	if found && !strings.ContainsAny(kind, "=;,") {
		value = strings.TrimSpace(rest)
	}
	if strings.EqualFold(kind, "basic") {
		if plain, err := base64.StdEncoding.DecodeString(value); err == nil {
			if _, password, ok := strings.Cut(string(plain), ":"); ok && len(password) >= minInferred {
				r.seen(password)
			}
		}
	}
	if len(value) >= minInferred {
		r.seen(value)
	}
}

// seenBody tells the secrets that an answer hands out, such as the token of a log-in.
func (r *redactor) seenBody(body []byte) {
	text := string(body[:min(len(body), 256<<10)])
	for i, found := 0, 0; i < len(text) && found < 100; i++ {
		if text[i] != ':' {
			continue
		}
		sp, ok := namedValue(text, i)
		if !ok || text[sp.From-1] != '"' || sp.To-sp.From < minInferred {
			continue
		}
		r.seen(redact.Unescape(text[sp.From:sp.To]))
		found++
	}
}

func (r *redactor) seenCookies(list string) {
	for _, c := range strings.Split(list, ";") {
		if _, value, _ := strings.Cut(c, "="); len(value) >= minInferred {
			r.seen(value)
		}
	}
}
