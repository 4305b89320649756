package demo

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Who may come in. These are no secrets: environment.json has them too, and they
// guard made-up orders in memory.
const (
	username = "ada@larkspur.example"
	password = "correct-horse-battery"
	apiKey   = "lk-demo-7f3a91c2" //nolint:gosec // published, see above

	tokenLife = time.Hour
)

// tokens issues and checks signed tokens, so that none has to be remembered.
type tokens struct {
	key []byte
	now func() time.Time
}

func newTokens(now func() time.Time) *tokens {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails, says its documentation
	return &tokens{key: key, now: now}
}

func (t *tokens) issue(user string) string {
	body := base64.RawURLEncoding.EncodeToString([]byte(user)) + "." +
		strconv.FormatInt(t.now().Add(tokenLife).Unix(), 36)
	return body + "." + t.sign(body)
}

// check returns whom the token was issued to.
func (t *tokens) check(token string) (user string, ok bool) {
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 {
		return "", false
	}
	body, signature := token[:cut], token[cut+1:]
	if subtle.ConstantTimeCompare([]byte(signature), []byte(t.sign(body))) != 1 {
		return "", false
	}
	name, until, _ := strings.Cut(body, ".")
	seconds, err := strconv.ParseInt(until, 36, 64)
	if err != nil || t.now().Unix() >= seconds {
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(name)
	return string(raw), err == nil
}

func (t *tokens) sign(body string) string {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// withKey lets in applications: X-Api-Key.
func (s *server) withKey(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("X-Api-Key")), []byte(apiKey)) != 1 {
			fail(w, http.StatusUnauthorized, "unknown_api_key", "send the application's key in X-Api-Key")
			return
		}
		next(w, r)
	}
}

// withToken lets in people who signed in: Authorization: Bearer.
func (s *server) withToken(next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		user, ok := s.tokens.check(token)
		if !strings.EqualFold(scheme, "Bearer") || !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="larkspur orders"`)
			fail(w, http.StatusUnauthorized, "invalid_token", "sign in at POST /login and send the token as Bearer")
			return
		}
		next(w, r, user)
	}
}
