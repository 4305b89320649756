package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
)

// oauth2 is RFC 6749 and 6750: it uses the token that was saved, or fetches one
// with the grants that need no person: client credentials, password, refresh.
type oauth2 struct{}

// Sign implements Method.
func (oauth2) Sign(p *Params, r *postman.Request) error {
	token := p.Text("accessToken")
	if token == "" || strings.EqualFold(p.Text("tokenType"), "mac") {
		return nil
	}
	prefix := "Bearer"
	if p.Has("headerPrefix") {
		prefix = strings.TrimSpace(p.Text("headerPrefix"))
	}
	if prefix != "" {
		prefix += " "
	}
	r.RemoveHeader("Authorization")
	removeQuery(r, "access_token")
	switch p.Text("addTokenTo") {
	case "queryParams":
		setQuery(r, "access_token", token)
	case "", "header":
		r.SetHeader("Authorization", prefix+token)
	}
	return nil
}

// What oauth2 learns of a token beside the token.
const (
	learnedUntil   = "picket:until"   // when the token ends; zero = not known
	learnedRefresh = "picket:refresh" // the refresh token
	learnedFor     = "picket:for"     // the settings that it was fetched with
)

// earlier is how long before its end a token is replaced.
const earlier = 10 * time.Second

var grants = map[string]string{"client_credentials": "client_credentials", "password_credentials": "password", "password": "password"}

// Ask implements Fetcher.
func (oauth2) Ask(p *Params) (*postman.Request, error) {
	fetched := p.Text(learnedFor)
	settings := tokenSettings(p)
	if fetched == settings {
		until, _ := p.values[learnedUntil].(time.Time)
		if until.IsZero() || time.Now().Add(earlier).Before(until) {
			return nil, nil //nolint:nilnil // there is nothing to ask for
		}
	} else if fetched != "" || p.Text("accessToken") == "" {
		p.Set(learnedRefresh, "")
	} else {
		return nil, nil //nolint:nilnil // a token that somebody saved
	}
	named := p.Text("grant_type")
	grant, ok := grants[named]
	if !ok {
		if named == "" || p.Text("accessTokenUrl") == "" {
			return nil, nil //nolint:nilnil // as in newman: the request goes out without
		}
		return nil, fmt.Errorf("the grant %q needs a person: save a token in the collection, or use client_credentials or password_credentials", named)
	}
	if p.Text("accessTokenUrl") == "" {
		return nil, errors.New("accessTokenUrl is missing")
	}
	fields := []postman.FormField{{Key: "grant_type", Value: grant}}
	if refresh := p.Text(learnedRefresh); refresh != "" {
		fields = []postman.FormField{{Key: "grant_type", Value: "refresh_token"}, {Key: "refresh_token", Value: refresh}}
	} else if grant == "password" {
		fields = append(fields, postman.FormField{Key: "username", Value: p.Text("username")}, postman.FormField{Key: "password", Value: p.Text("password")})
	}
	for _, name := range []string{"scope", "resource", "audience"} {
		if value := p.Text(name); value != "" {
			fields = append(fields, postman.FormField{Key: name, Value: value})
		}
	}
	return tokenRequest(p, fields)
}

// tokenRequest is RFC 6749, sections 4.3.2, 4.4.2 and 6, with the client's own
// credentials as section 2.3.1 has them.
func tokenRequest(p *Params, fields []postman.FormField) (*postman.Request, error) {
	r, err := postman.ParseRequest(fmt.Appendf(nil, `{"method":"POST","url":%s,"header":[{"key":"Accept","value":"application/json"}],"body":{"mode":"urlencoded"}}`, jsonText(p.Text("accessTokenUrl"))))
	if err != nil {
		return nil, err
	}
	if p.Text("client_authentication") == "body" {
		fields = append(fields, postman.FormField{Key: "client_id", Value: p.Text("clientId")})
		if secret := p.Text("clientSecret"); secret != "" {
			fields = append(fields, postman.FormField{Key: "client_secret", Value: secret})
		}
	} else if id := p.Text("clientId"); id != "" {
		if err := (basic{}).Sign(&Params{values: map[string]any{"username": id, "password": p.Text("clientSecret")}}, r); err != nil {
			return nil, err
		}
	}
	list, _ := p.values["tokenRequestParams"].([]any)
	for _, entry := range list {
		more, _ := entry.(map[string]any)
		key, _ := more["key"].(string)
		value, _ := more["value"].(string)
		if on, set := more["enabled"].(bool); key == "" || set && !on {
			continue
		}
		switch more["send_as"] {
		case "request_header":
			r.SetHeader(key, value)
		case "request_url":
			setQuery(r, key, value)
		default:
			fields = append(fields, postman.FormField{Key: key, Value: value})
		}
	}
	r.Body = &postman.Body{Mode: postman.ModeURLEncoded, URLEncoded: fields}
	return r, nil
}

func jsonText(s string) []byte {
	b, _ := json.Marshal(s) // a text
	return b
}

// tokenSettings tells one token from another: a data row may bring other credentials.
func tokenSettings(p *Params) string {
	var b strings.Builder
	for _, name := range []string{"grant_type", "accessTokenUrl", "clientId", "clientSecret", "username", "password", "scope", "resource", "audience"} {
		b.WriteString(p.Text(name) + "\x00")
	}
	return hexSHA256(b.String())
}

// errorCode is what RFC 6749, section 5.2, allows; other texts may hold anything.
var errorCode = regexp.MustCompile(`^[a-z_]{1,64}$`)

// Take implements Fetcher.
func (oauth2) Take(p *Params, code int, body []byte) error {
	var answer struct {
		Token   string          `json:"access_token"`
		Type    string          `json:"token_type"`
		Refresh string          `json:"refresh_token"`
		Expires json.RawMessage `json:"expires_in"`
		Error   string          `json:"error"`
	}
	err := json.Unmarshal(body, &answer)
	if err != nil || answer.Token == "" {
		p.Set(learnedRefresh, "") // a refresh that failed is not tried again
		reason := "the answer has no access_token"
		if err != nil {
			reason = "the answer is not JSON"
		}
		if errorCode.MatchString(answer.Error) {
			reason = answer.Error
		}
		return fmt.Errorf("the token could not be fetched: %s (status %d %s)", reason, code, http.StatusText(code))
	}
	p.Set("accessToken", answer.Token)
	p.Set("tokenType", answer.Type)
	if answer.Refresh != "" {
		p.Set(learnedRefresh, answer.Refresh)
	}
	until := time.Time{}
	if seconds, err := strconv.ParseFloat(strings.Trim(string(answer.Expires), `"`), 64); err == nil && seconds > 0 {
		const year = 365 * 24 * 3600
		until = time.Now().Add(time.Duration(min(seconds, year) * float64(time.Second)))
	}
	p.Set(learnedUntil, until)
	p.Set(learnedFor, tokenSettings(p))
	return nil
}
