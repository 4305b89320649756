package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/urls"
)

// edgeGrid is Akamai's EG1-HMAC-SHA256
// (https://techdocs.akamai.com/developer/docs/edgegrid).
type edgeGrid struct{}

const edgeGridBody = 128 << 10 // bytes of a body that are signed if nothing is said

// Sign implements Method.
func (edgeGrid) Sign(p *Params, r *postman.Request) error {
	access, client, secret := p.Text("accessToken"), p.Text("clientToken"), p.Text("clientSecret")
	if access == "" || client == "" || secret == "" {
		return nil
	}
	r.RemoveHeader("Authorization")
	nonce, timestamp := p.Text("nonce"), p.Text("timestamp")
	if nonce == "" {
		nonce = uuid.NewString()
	}
	if timestamp == "" {
		timestamp = time.Now().UTC().Format("20060102T15:04:05+0000")
	}
	t := r.URL.Encode(false)
	host := t.Authority()
	if base := p.Text("baseURL"); base != "" {
		host = urls.Parse(base).Encode(false).Authority()
	}
	head := "EG1-HMAC-SHA256 client_token=" + client + ";access_token=" + access + ";timestamp=" + timestamp + ";nonce=" + nonce + ";"
	text := strings.Join([]string{r.Method, t.Scheme, host, t.RequestURI(), edgeGridHeaders(p, r), edgeGridHash(p, r), head}, "\t")
	key := hmacBase64(timestamp, secret)
	r.SetHeader("Authorization", head+"signature="+hmacBase64(text, key))
	return nil
}

func hmacBase64(text, key string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// edgeGridHeaders are the headers to sign, in the order in which they are named.
func edgeGridHeaders(p *Params, r *postman.Request) string {
	var lines []string
	for _, name := range listOf(p.values["headersToSign"]) {
		name = strings.ToLower(strings.TrimSpace(name))
		h := r.Header(name)
		if name == "" || h == nil || h.Value == "" {
			continue
		}
		lines = append(lines, name+":"+strings.Join(strings.Fields(h.Value), " "))
	}
	return strings.Join(lines, "\t")
}

func listOf(v any) []string {
	switch v := v.(type) {
	case string:
		return strings.Split(v, ",")
	case []any:
		var list []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
		return list
	default:
		return nil
	}
}

// edgeGridHash is over the first bytes of the body of a POST, and only there.
func edgeGridHash(p *Params, r *postman.Request) string {
	text, ok := r.Body.Text()
	if r.Method != http.MethodPost || !ok || r.Body.Empty() {
		return ""
	}
	limit := edgeGridBody
	if n, err := strconv.Atoi(p.Text("maxBodySize")); err == nil && n > 0 {
		limit = n
	}
	sum := sha256.Sum256([]byte(text[:min(len(text), limit)]))
	return base64.StdEncoding.EncodeToString(sum[:])
}
