package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Hawk has it
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
)

// hawk is the scheme of https://github.com/mozilla/hawk, version 1.1.
type hawk struct{}

var hawkHashes = map[string]func() hash.Hash{"sha1": sha1.New, "sha256": sha256.New, "": sha256.New}

// Sign implements Method.
func (hawk) Sign(p *Params, r *postman.Request) error {
	id, key := p.Text("authId"), p.Text("authKey")
	if id == "" || key == "" {
		return nil
	}
	newHash, ok := hawkHashes[strings.ToLower(p.Text("algorithm"))]
	if !ok {
		return fmt.Errorf("unsupported hawk algorithm: %s", p.Text("algorithm"))
	}
	nonce, ts := p.Text("nonce"), p.Text("timestamp")
	if nonce == "" {
		nonce = randomText(6)
	}
	if n, err := strconv.ParseFloat(ts, 64); err != nil || n == 0 {
		ts = strconv.FormatInt(time.Now().Unix(), 10)
	}
	payload := ""
	if p.Bool("includePayloadHash") {
		payload = hawkPayload(r, newHash())
	}
	t := r.URL.Encode(false)
	port := map[string]string{"http": "80", "https": "443"}[t.Scheme]
	if t.Port != nil {
		port = *t.Port
	}
	ext := p.Text("extraData")
	escaped := strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(ext)
	base := strings.Join([]string{"hawk.1.header", ts, nonce, r.Method, t.RequestURI(), strings.Trim(t.Host, "[]"), port, payload, escaped, ""}, "\n")
	app := p.Text("app")
	if app != "" {
		base += app + "\n" + p.Text("delegation") + "\n"
	}
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(base))
	fields := []string{quoted("id", id), quoted("ts", ts), quoted("nonce", nonce)}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, quoted(name, value))
		}
	}
	add("hash", payload)
	add("ext", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(ext))
	add("mac", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	if app != "" {
		add("app", app)
		add("dlg", p.Text("delegation"))
	}
	r.SetHeader("Authorization", "Hawk "+strings.Join(fields, ", "))
	return nil
}

func hawkPayload(r *postman.Request, h hash.Hash) string {
	kind := ""
	if c := r.Header("Content-Type"); c != nil {
		kind, _, _ = strings.Cut(strings.ToLower(c.Value), ";")
	}
	body := ""
	if !r.Body.Empty() {
		body, _ = r.Body.Text()
	}
	h.Write([]byte("hawk.1.payload\n" + strings.TrimSpace(kind) + "\n" + body + "\n"))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// randomText is n letters and digits that nobody can guess.
func randomText(n int) string {
	const chars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = chars[int(b[i])%len(chars)]
	}
	return string(b)
}
