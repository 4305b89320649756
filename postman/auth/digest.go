package auth

import (
	"crypto/md5" //nolint:gosec // RFC 7616 has it, and servers still ask for it
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"

	"github.com/picket-api/picket/postman"
)

// digest is RFC 7616 as Postman does it: the first request goes out bare, its
// answer has the challenge. The challenge is kept for later requests.
type digest struct{}

var digestHashes = map[string]func() hash.Hash{
	"MD5":         md5.New,
	"SHA-256":     sha256.New,
	"SHA-512-256": sha512.New512_256,
}

// Sign implements Method.
func (digest) Sign(p *Params, r *postman.Request) error {
	user, realm := p.Text("username"), p.Text("realm")
	if user == "" || realm == "" || p.Text("nonce") == "" {
		return nil // no challenge yet
	}
	algorithm := p.Text("algorithm")
	if algorithm == "" {
		algorithm = "MD5"
	}
	base, session := strings.CutSuffix(algorithm, "-sess")
	newHash, ok := digestHashes[base]
	if !ok {
		return fmt.Errorf("unsupported digest algorithm: %s", algorithm)
	}
	sum := func(parts ...string) string {
		h := newHash()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	nonce, cnonce, nc, qop := p.Text("nonce"), p.Text("clientNonce"), p.Text("nonceCount"), p.Text("qop")
	uri := r.URL.Encode(false).RequestURI()
	a1 := sum(user, realm, p.Text("password"))
	if session {
		a1 = sum(a1, nonce, cnonce)
	}
	a2 := sum(r.Method, uri)
	if qop == "auth-int" {
		a2 = sum(r.Method, uri, bodyHash(r, newHash()))
	}
	response := sum(a1, nonce, a2)
	if qop == "auth" || qop == "auth-int" {
		response = sum(a1, nonce, nc, cnonce, qop, a2)
	}
	fields := []string{quoted("username", user), quoted("realm", realm), quoted("nonce", nonce), quoted("uri", uri), quoted("algorithm", algorithm)}
	if qop == "auth" || qop == "auth-int" {
		fields = append(fields, "qop="+qop)
	}
	if qop == "auth" || qop == "auth-int" || session {
		if nc != "" {
			fields = append(fields, "nc="+nc)
		}
		fields = append(fields, quoted("cnonce", cnonce))
	}
	fields = append(fields, quoted("response", response))
	if opaque := p.Text("opaque"); opaque != "" {
		fields = append(fields, quoted("opaque", opaque))
	}
	r.SetHeader("Authorization", "Digest "+strings.Join(fields, ", "))
	return nil
}

func quoted(key, value string) string { return key + `="` + value + `"` }

func bodyHash(r *postman.Request, h hash.Hash) string {
	if data, ok := r.Body.Text(); ok {
		h.Write([]byte(data))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Challenge implements Challenger.
func (digest) Challenge(p *Params, a Answer) bool {
	if p.Bool("disableRetryRequest") {
		return false
	}
	challenge := ""
	for _, value := range a.Header("WWW-Authenticate") {
		if len(value) > 7 && strings.EqualFold(value[:7], "digest ") {
			challenge = value[7:]
			break
		}
	}
	if (a.Code != 401 && a.Code != 403) || challenge == "" {
		n, _ := strconv.Atoi(p.Text("nonceCount"))
		p.Set("nonceCount", fmt.Sprintf("%08d", n+1))
		return false
	}
	offered := parseChallenge(challenge)
	settings := map[string]string{"nonce": offered["nonce"], "realm": offered["realm"]}
	for _, key := range []string{"opaque", "qop"} {
		if offered[key] != "" {
			settings[key] = offered[key]
		}
	}
	if settings["qop"] != "" || p.Text("qop") != "" {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails
		settings["clientNonce"], settings["nonceCount"] = hex.EncodeToString(b[:]), "00000001"
	}
	known := true
	for key := range settings {
		known = known && p.Text(key) != ""
	}
	if known {
		return false // the server has refused exactly this
	}
	if offers := strings.FieldsFunc(settings["qop"], func(c rune) bool { return c == ',' || c == ' ' }); len(offers) > 1 && slices.Contains(offers, "auth") {
		settings["qop"] = "auth"
	}
	for key, value := range settings {
		p.Set(key, value)
	}
	return true
}

// parseChallenge reads key="value" pairs; the first of a key counts.
func parseChallenge(s string) map[string]string {
	pairs := map[string]string{}
	for s != "" {
		key, rest, ok := strings.Cut(s, "=")
		if !ok {
			break
		}
		key = strings.ToLower(strings.Trim(key, " ,\t"))
		var value string
		if strings.HasPrefix(rest, `"`) {
			value, s, _ = strings.Cut(rest[1:], `"`)
		} else {
			value, s, _ = strings.Cut(rest, ",")
		}
		if _, seen := pairs[key]; !seen {
			pairs[key] = strings.TrimSpace(value)
		}
	}
	return pairs
}
