package auth

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // RFC 5849 has it
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/urls"
)

// oauth1 is RFC 5849 with the extensions for RSA and HMAC with SHA-2, and the
// body hash of draft-eaton-oauth-bodyhash.
type oauth1 struct{}

type pair struct{ key, value string }

var oauth1Hashes = map[string]crypto.Hash{"SHA1": crypto.SHA1, "SHA256": crypto.SHA256, "SHA512": crypto.SHA512}

// Sign implements Method.
func (oauth1) Sign(p *Params, r *postman.Request) error {
	method := p.Text("signatureMethod")
	algorithm, hashName, _ := strings.Cut(method, "-")
	rsaKey := strings.EqualFold(algorithm, "RSA")
	if p.Text("consumerKey") == "" || (!rsaKey && p.Text("consumerSecret") == "") || (rsaKey && p.Text("privateKey") == "") {
		return nil
	}
	r.RemoveHeader("Authorization")
	r.URL.Query = slices.DeleteFunc(slices.Clone(r.URL.Query), func(q urls.Param) bool { return q.Key != nil && oauth1Param(*q.Key) })
	form := r.Body != nil && r.Body.Mode == postman.ModeURLEncoded
	if form {
		r.Body.URLEncoded = slices.DeleteFunc(slices.Clone(r.Body.URLEncoded), func(f postman.FormField) bool { return oauth1Param(f.Key) })
	}
	params := oauth1Params(p, r, hashName, form)
	signature, err := oauth1Signature(p, method, oauth1Base(r, params, form))
	if err != nil {
		return err
	}
	params = append(params, pair{"oauth_signature", signature})
	oauth1Query(r)
	switch {
	case p.Bool("addParamsToHeader"):
		r.SetHeader("Authorization", oauth1Header(p, params))
	case form && (strings.Contains(r.Method, "PUT") || strings.Contains(r.Method, "POST")):
		for _, param := range params {
			r.Body.URLEncoded = append(r.Body.URLEncoded, postman.FormField{Key: param.key, Value: param.value})
		}
	default:
		for _, param := range params {
			key, value := urls.EncodeComponent(param.key), urls.EncodeComponent(param.value)
			r.URL.Query = append(r.URL.Query, urls.Param{Key: &key, Value: &value})
		}
	}
	return nil
}

var oauth1Names = []string{
	"oauth_consumer_key", "oauth_token", "oauth_signature_method", "oauth_timestamp", "oauth_nonce", "oauth_version",
	"oauth_signature", "oauth_callback", "oauth_verifier", "oauth_body_hash",
}

func oauth1Param(key string) bool { return slices.Contains(oauth1Names, key) }

// oauth1Params are the protocol's own parameters, in Postman's order.
func oauth1Params(p *Params, r *postman.Request, hashName string, form bool) []pair {
	nonce, timestamp := p.Text("nonce"), p.Text("timestamp")
	if nonce == "" {
		nonce = randomText(11)
	}
	if timestamp == "" {
		timestamp = strconv.FormatInt(time.Now().Unix(), 10)
	}
	var params []pair
	for _, param := range []pair{
		{"oauth_consumer_key", p.Text("consumerKey")},
		{"oauth_token", p.Text("token")},
		{"oauth_signature_method", p.Text("signatureMethod")},
		{"oauth_timestamp", timestamp},
		{"oauth_nonce", nonce},
		{"oauth_version", p.Text("version")},
	} {
		if strings.TrimSpace(param.value) != "" || p.Bool("addEmptyParamsToSign") {
			params = append(params, param)
		}
	}
	if h, ok := oauth1Hashes[hashName]; ok && p.Bool("includeBodyHash") && !form {
		sum := h.New()
		if body, ok := r.Body.Text(); ok && !r.Body.Empty() {
			sum.Write([]byte(body))
		}
		params = append(params, pair{"oauth_body_hash", base64.StdEncoding.EncodeToString(sum.Sum(nil))})
	}
	for _, param := range []pair{{"oauth_callback", p.Text("callback")}, {"oauth_verifier", p.Text("verifier")}} {
		if strings.TrimSpace(param.value) != "" {
			params = append(params, param)
		}
	}
	return params
}

// oauth1Base is the signature base string (RFC 5849 §3.4.1).
func oauth1Base(r *postman.Request, params []pair, form bool) string {
	t := r.URL.Encode(false)
	all := slices.Clone(params)
	if t.Query != nil {
		all = append(all, decodeForm(*t.Query)...)
	}
	if form {
		for _, f := range r.Body.URLEncoded {
			if !f.Disabled {
				all = append(all, pair{f.Key, f.Value})
			}
		}
	}
	sorted := make([]pair, len(all))
	for i, param := range all {
		sorted[i] = pair{urls.EncodeComponent(param.key), urls.EncodeComponent(param.value)}
	}
	slices.SortStableFunc(sorted, func(a, b pair) int {
		return strings.Compare(a.key+" "+a.value, b.key+" "+b.value)
	})
	parts := make([]string, len(sorted))
	for i, param := range sorted {
		parts[i] = param.key + "=" + param.value
	}
	host := t.Host
	if t.Port != nil && (t.Scheme != "http" || *t.Port != "80") && (t.Scheme != "https" || *t.Port != "443") {
		host = t.Authority()
	}
	return strings.Join([]string{r.Method, urls.EncodeComponent(t.Scheme + "://" + strings.ToLower(host) + t.Path), urls.EncodeComponent(strings.Join(parts, "&"))}, "&")
}

func decodeForm(query string) []pair {
	var pairs []pair
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{decodeComponent(key), decodeComponent(value)})
	}
	return pairs
}

func decodeComponent(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// oauth1Query writes the query as it was signed.
func oauth1Query(r *postman.Request) {
	query, ok := r.URL.QueryString()
	if !ok {
		return
	}
	r.URL.Query = nil
	for _, param := range decodeForm(query) {
		key, value := urls.EncodeComponent(param.key), urls.EncodeComponent(param.value)
		r.URL.Query = append(r.URL.Query, urls.Param{Key: &key, Value: &value})
	}
}

func oauth1Header(p *Params, params []pair) string {
	encode := urls.EncodeComponent
	if p.Bool("disableHeaderEncoding") {
		encode = func(s string) string { return s }
	}
	var fields []string
	if realm := p.Text("realm"); realm != "" {
		fields = append(fields, quoted("realm", encode(realm)))
	}
	for _, param := range params {
		fields = append(fields, quoted(encode(param.key), encode(param.value)))
	}
	return "OAuth " + strings.Join(fields, ",")
}

func oauth1Signature(p *Params, method, base string) (string, error) {
	secret := urls.EncodeComponent(p.Text("consumerSecret")) + "&" + urls.EncodeComponent(p.Text("tokenSecret"))
	algorithm, hashName, _ := strings.Cut(method, "-")
	h, known := oauth1Hashes[hashName]
	switch {
	case method == "PLAINTEXT":
		return secret, nil
	case algorithm == "HMAC" && known:
		mac := hmac.New(h.New, []byte(secret))
		mac.Write([]byte(base))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
	case algorithm == "RSA" && known:
		key, err := rsaPrivateKey(p.Text("privateKey"))
		if err != nil {
			return "", err
		}
		sum := h.New()
		sum.Write([]byte(base))
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, h, sum.Sum(nil))
		return base64.StdEncoding.EncodeToString(signature), err
	default:
		return "", fmt.Errorf("unsupported signature method: %s", method)
	}
}

// rsaPrivateKey reads a PEM block, PKCS#1 or PKCS#8.
func rsaPrivateKey(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil {
		return nil, errors.New("the private key is no PEM block")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	rsaKey, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("the private key is not an RSA key")
	}
	return rsaKey, nil
}
