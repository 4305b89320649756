package script

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"modernc.org/quickjs"
	"modernc.org/quickjs/intl"
)

// hostFunctions are all that the pm layer can reach outside the engine; it takes
// them off the global object before any script runs.
func (s *sandbox) hostFunctions() map[string]quickjs.HostFunc {
	return map[string]quickjs.HostFunc{
		"__load":   s.load,
		"__intl":   func([]any) (any, error) { return nil, intl.Register(s.vm) },
		"__now":    func([]any) (any, error) { return float64(time.Since(s.start).Microseconds()) / 1000, nil },
		"__uuid":   func([]any) (any, error) { return uuid.NewString(), nil },
		"__random": random,
		"__digest": digest,
		"__hmac":   sign,
		"__decode": decodeText,

		"__request":  func([]any) (any, error) { return string(s.in.Request), nil },
		"__response": func([]any) (any, error) { return string(responseHead(s.in.Response, 0)), nil },
		"__body":     func(a []any) (any, error) { return base64.StdEncoding.EncodeToString(s.bodies[integer(a)]), nil },
		"__text":     func(a []any) (any, error) { return bodyText(s.bodies[integer(a)], text(a, 1)), nil },
		"__send":     s.send,

		"__cookies":      s.cookies,
		"__setCookie":    s.setCookie,
		"__deleteCookie": s.deleteCookie,

		"__varGet":     s.varGet,
		"__varHas":     s.varHas,
		"__varSet":     s.varSet,
		"__varSetJSON": s.varSetJSON,
		"__varUnset":   s.varUnset,
		"__varClear":   s.varClear,
		"__varAll":     s.varAll,
		"__replaceIn":  s.replaceIn,
	}
}

func text(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	t, _ := args[i].(string)
	return t
}

// integer is the first argument.
func integer(args []any) int {
	if len(args) == 0 {
		return 0
	}
	return int(number(args[0]))
}

func number(v any) float64 {
	switch n := v.(type) {
	case int:
		return float64(n)
	case float64:
		return n
	}
	return -1
}

// load runs the bytecode of a library, which leaves its function behind.
func (s *sandbox) load(args []any) (any, error) {
	m, ok := modules()[text(args, 0)]
	if !ok {
		return false, nil
	}
	code, err := m.get()
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", text(args, 0), err)
	}
	_, err = s.vm.EvalBytecode(code)
	return true, err
}

// responseHead is what the pm layer makes a response of; body is the number by
// which it asks for the body.
func responseHead(r *Response, body int) []byte {
	headers := r.Headers
	if headers == nil {
		headers = []Header{}
	}
	b, _ := json.Marshal(struct { // texts and numbers only
		Code    int      `json:"code"`
		Status  string   `json:"status"`
		Headers []Header `json:"headers"`
		Time    int64    `json:"time"`
		Size    int      `json:"size"`
		Body    int      `json:"body"`
	}{r.Code, r.Status, headers, r.Time.Milliseconds(), len(r.Body), body})
	return b
}

type cookieJSON struct {
	Name     string     `json:"name"`
	Value    string     `json:"value"`
	Domain   string     `json:"domain,omitempty"`
	Path     string     `json:"path,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
	HTTPOnly bool       `json:"httpOnly"`
	Secure   bool       `json:"secure"`
}

func (s *sandbox) cookies(args []any) (any, error) {
	all := []cookieJSON{}
	if s.in.Host != nil && text(args, 0) != "" {
		for _, c := range s.in.Host.Cookies(text(args, 0)) {
			j := cookieJSON{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, HTTPOnly: c.HTTPOnly, Secure: c.Secure}
			if !c.Expires.IsZero() {
				j.Expires = &c.Expires
			}
			all = append(all, j)
		}
	}
	b, err := json.Marshal(all)
	return string(b), err
}

var errNoJar = errors.New("CookieStore: no store found")

func (s *sandbox) setCookie(args []any) (any, error) {
	var j cookieJSON
	if err := json.Unmarshal([]byte(text(args, 1)), &j); err != nil {
		return nil, err
	}
	if s.in.Host == nil {
		return nil, errNoJar
	}
	c := Cookie{Name: j.Name, Value: j.Value, Domain: strings.TrimPrefix(j.Domain, "."), Path: j.Path, HTTPOnly: j.HTTPOnly, Secure: j.Secure}
	if j.Expires != nil {
		c.Expires = *j.Expires
	}
	return nil, s.in.Host.SetCookie(text(args, 0), c)
}

func (s *sandbox) deleteCookie(args []any) (any, error) {
	if s.in.Host == nil {
		return nil, errNoJar
	}
	return nil, s.in.Host.DeleteCookie(text(args, 0), text(args, 1))
}
