package script

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"modernc.org/quickjs"

	"github.com/picket-api/picket/postman/vars"
)

// maxRandom bounds getRandomValues, as browsers do.
const maxRandom = 65536

// hostFunctions are all that scripts can reach outside the engine.
func (s *sandbox) hostFunctions() map[string]quickjs.HostFunc {
	f := map[string]quickjs.HostFunc{
		"__load":   s.load,
		"__now":    func([]any) (any, error) { return float64(time.Since(s.start).Microseconds()) / 1000, nil },
		"__uuid":   func([]any) (any, error) { return uuid.NewString(), nil },
		"__random": random,
		"__digest": digest,
		"__hmac":   sign,
		"__utf8":   func(a []any) (any, error) { return latin1(text(a, 0)), nil },
		"__fromUTF8": func(a []any) (any, error) {
			b, err := base64.StdEncoding.DecodeString(text(a, 0))
			return string(b), err
		},
		"__decode": func(a []any) (any, error) {
			b, err := base64.StdEncoding.DecodeString(text(a, 0))
			return strings.ToValidUTF8(string(b), "\uFFFD"), err
		},
		"__jsonError":     func(a []any) (any, error) { return jsonError(text(a, 0)), nil },
		"__reasonPhrases": reasonPhrases,
		"__request":       func([]any) (any, error) { return string(s.in.Request), nil },
		"__response":      func([]any) (any, error) { return s.response(*s.in.Response, s.in.URL), nil },
		"__send":          s.send,
		"__cookies":       s.cookies,
		"__setCookie":     s.setCookie,
		"__deleteCookie":  s.deleteCookie,
	}
	for name, fn := range s.variableFunctions() {
		f[name] = fn
	}
	return f
}

func text(args []any, i int) string {
	if i >= len(args) {
		return ""
	}
	t, _ := args[i].(string)
	return t
}

// load runs the bytecode of a library, which leaves its function behind.
func (s *sandbox) load(args []any) (any, error) {
	m, ok := module(text(args, 0))
	if !ok {
		return false, nil
	}
	code, err := m.get()
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", text(args, 0), err)
	}
	if _, err := s.vm.EvalBytecode(code); err != nil {
		return nil, err
	}
	return true, nil
}

func random(args []any) (any, error) {
	n := int(number(args[0]))
	if n < 0 || n > maxRandom {
		return nil, errors.New("getRandomValues: more than 65,536 bytes were asked for")
	}
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.StdEncoding.EncodeToString(b), nil
}

var hashes = map[string]func() hash.Hash{
	"MD5": md5.New, "SHA-1": sha1.New, "SHA-256": sha256.New, "SHA-384": sha512.New384, "SHA-512": sha512.New,
}

func newHash(name string) (func() hash.Hash, error) {
	h, ok := hashes[strings.ToUpper(name)]
	if !ok {
		return nil, fmt.Errorf("unrecognized algorithm name: %s", name)
	}
	return h, nil
}

func digest(args []any) (any, error) {
	h, err := newHash(text(args, 0))
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text(args, 1))
	if err != nil {
		return nil, err
	}
	sum := h()
	sum.Write(data)
	return base64.StdEncoding.EncodeToString(sum.Sum(nil)), nil
}

func sign(args []any) (any, error) {
	h, err := newHash(text(args, 0))
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text(args, 1))
	if err != nil {
		return nil, err
	}
	data, err := base64.StdEncoding.DecodeString(text(args, 2))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(h, key)
	mac.Write(data)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// latin1 has a character for each byte.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

func reasonPhrases([]any) (any, error) {
	all := make(map[int]string)
	for code := 100; code < 600; code++ {
		if t := http.StatusText(code); t != "" {
			all[code] = t
		}
	}
	return marshal(all)
}

func marshal(v any) (any, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// response is what the light Response is made of.
func (s *sandbox) response(r Response, url string) string {
	out := map[string]any{
		"code": r.Code, "status": r.Status, "headers": r.Headers, "time": r.Time.Milliseconds(), "size": r.Size, "url": url,
	}
	if utf8.Valid(r.Body) {
		out["body"] = string(r.Body)
	} else {
		out["base64"] = base64.StdEncoding.EncodeToString(r.Body)
	}
	b, _ := json.Marshal(out) // texts and numbers only
	return string(b)
}

// send starts a request of a script; its answer comes back through s.answers.
func (s *sandbox) send(args []any) (any, error) {
	if s.in.Host == nil {
		return nil, errors.New("requests can't be sent here")
	}
	id, req, host, ctx := int(number(args[0])), json.RawMessage(text(args, 1)), s.in.Host, s.ctx
	s.sending++
	go func() {
		s.answers <- answered{id: id, res: s.sent(ctx, host, req), ctx: ctx}
	}()
	return nil, nil
}

func (s *sandbox) sent(ctx context.Context, host Host, req json.RawMessage) string {
	res, err := host.Send(ctx, req)
	if err == nil {
		return `{"response":` + s.response(res, "") + `}`
	}
	failure := map[string]string{"message": err.Error()}
	var coded interface{ ErrorCode() string }
	if errors.As(err, &coded) {
		failure["code"] = coded.ErrorCode()
	}
	b, _ := json.Marshal(map[string]any{"error": failure}) // texts only
	return string(b)
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
	if s.in.Host != nil {
		for _, c := range s.in.Host.Cookies(text(args, 0)) {
			j := cookieJSON{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, HTTPOnly: c.HTTPOnly, Secure: c.Secure}
			if !c.Expires.IsZero() {
				j.Expires = &c.Expires
			}
			all = append(all, j)
		}
	}
	return marshal(all)
}

func (s *sandbox) setCookie(args []any) (any, error) {
	var j struct {
		Name, Value, Domain, Path, Expires string
		HTTPOnly, Secure                   bool
	}
	if err := json.Unmarshal([]byte(text(args, 1)), &j); err != nil {
		return nil, err
	}
	if s.in.Host == nil {
		return nil, errors.New("there is no cookie jar here")
	}
	c := Cookie{Name: j.Name, Value: j.Value, Domain: j.Domain, Path: j.Path, HTTPOnly: j.HTTPOnly, Secure: j.Secure}
	if at, err := http.ParseTime(j.Expires); err == nil {
		c.Expires = at
	}
	return nil, s.in.Host.SetCookie(text(args, 0), c)
}

func (s *sandbox) deleteCookie(args []any) (any, error) {
	if s.in.Host == nil {
		return nil, errors.New("there is no cookie jar here")
	}
	return nil, s.in.Host.DeleteCookie(text(args, 0), text(args, 1))
}

// scope finds a scope by the letter that the pm layer uses.
func (s *sandbox) scope(letter string) *vars.Scope {
	sc := s.in.Scopes
	switch letter {
	case "g":
		return sc.Globals
	case "e":
		return sc.Environment
	case "c":
		return sc.Collection
	case "d":
		return sc.Data
	}
	return sc.Local
}

// layers are those that pm.variables looks through, the nearest first.
func (s *sandbox) layers() []*vars.Scope {
	sc := s.in.Scopes
	return []*vars.Scope{sc.Local, sc.Data, sc.Environment, sc.Collection, sc.Globals}
}

func (s *sandbox) lookup(letter, key string) (any, bool) {
	if letter != "v" {
		return s.scope(letter).Lookup(key)
	}
	for _, l := range s.layers() {
		if v, ok := l.Lookup(key); ok {
			return v, true
		}
	}
	return nil, false
}

func (s *sandbox) variableFunctions() map[string]quickjs.HostFunc {
	return map[string]quickjs.HostFunc{
		"__scopeName": func(a []any) (any, error) {
			if s.in == nil {
				return "", nil
			}
			return s.scope(text(a, 0)).Name(), nil
		},
		"__varGet": func(a []any) (any, error) {
			v, ok := s.lookup(text(a, 0), text(a, 1))
			if !ok {
				return quickjs.Undefined{}, nil
			}
			return v, nil
		},
		"__varHas": func(a []any) (any, error) {
			_, ok := s.lookup(text(a, 0), text(a, 1))
			return ok, nil
		},
		"__varSet": func(a []any) (any, error) {
			v := a[2]
			if i, ok := v.(int); ok {
				v = float64(i)
			}
			if _, ok := v.(quickjs.Undefined); ok {
				v = nil
			}
			s.scope(text(a, 0)).Set(text(a, 1), v)
			return nil, nil
		},
		"__varSetJSON": func(a []any) (any, error) {
			var v any
			if err := json.Unmarshal([]byte(text(a, 2)), &v); err != nil {
				return nil, err
			}
			s.scope(text(a, 0)).Set(text(a, 1), v)
			return nil, nil
		},
		"__varUnset": func(a []any) (any, error) { s.scope(text(a, 0)).Unset(text(a, 1)); return nil, nil },
		"__varClear": func(a []any) (any, error) { s.scope(text(a, 0)).Clear(); return nil, nil },
		"__varAll":   s.allVariables,
		"__replaceIn": func(a []any) (any, error) {
			if s.options.ReplaceIn == nil {
				return text(a, 0), nil
			}
			return s.options.ReplaceIn(s.in.Scopes, text(a, 0)), nil
		},
	}
}

func (s *sandbox) allVariables(a []any) (any, error) {
	all := make(map[string]any)
	layers := []*vars.Scope{s.scope(text(a, 0))}
	if text(a, 0) == "v" {
		layers = s.layers()
	}
	for i := len(layers) - 1; i >= 0; i-- {
		for _, v := range layers[i].All() {
			if !v.Disabled {
				all[v.Key] = v.Value
			}
		}
	}
	return marshal(all)
}
