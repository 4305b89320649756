package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/picket-api/picket/postman"
)

// jwtBearer makes a token of its settings: RFC 7519, signed as RFC 7515 and 7518 have it.
type jwtBearer struct{}

// Sign implements Method.
func (jwtBearer) Sign(p *Params, r *postman.Request) error {
	algorithm := p.Text("algorithm")
	method := jwt.GetSigningMethod(algorithm)
	if method == nil || algorithm == "none" {
		return fmt.Errorf("the algorithm %q is none of HS, RS, PS and ES with 256, 384 or 512", algorithm)
	}
	key, err := jwtKey(p, method)
	if err != nil {
		return err
	}
	header, err := jwtHeader(p.Text("header"), algorithm)
	if err != nil {
		return err
	}
	payload, err := compactObject("payload", p.Text("payload"))
	if err != nil {
		return err
	}
	token, err := signJWT(method, key, header, payload)
	if err != nil {
		return err
	}
	if p.Text("addTokenTo") == "queryParam" {
		name := p.Text("queryParamKey")
		if name == "" {
			name = "token"
		}
		setQuery(r, name, token)
		return nil
	}
	prefix := "Bearer"
	if p.Has("headerPrefix") {
		prefix = p.Text("headerPrefix")
	}
	if prefix != "" {
		prefix += " "
	}
	r.RemoveHeader("Authorization")
	r.SetHeader("Authorization", prefix+token)
	return nil
}

func signJWT(method jwt.SigningMethod, key any, header, payload []byte) (string, error) {
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	signature, err := method.Sign(text, key)
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func jwtKey(p *Params, method jwt.SigningMethod) (any, error) {
	if _, ok := method.(*jwt.SigningMethodHMAC); !ok {
		return privateKey(p.Text("privateKey"), method)
	}
	secret := p.Text("secret")
	if secret == "" {
		return nil, errors.New("the secret is empty")
	}
	if !p.Bool("isSecretBase64Encoded") {
		return []byte(secret), nil
	}
	plain := strings.NewReplacer("-", "+", "_", "/", "=", "", "\n", "").Replace(secret)
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return nil, errors.New("the secret is not base64, though it is said to be")
	}
	return key, nil
}

var errPrivateKey = errors.New("the private key is not one in PEM (PKCS #8, PKCS #1 or SEC 1) that fits the algorithm")

// privateKey reads a key and sees whether it is one for the method. The key never
// stands in the error.
func privateKey(text string, method jwt.SigningMethod) (any, error) {
	block, _ := pem.Decode([]byte(strings.TrimSpace(text)))
	if block == nil {
		return nil, errPrivateKey
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if rsaKey, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
			key = rsaKey
		} else if ecKey, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
			key = ecKey
		}
	}
	switch m := method.(type) {
	case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
		if k, ok := key.(*rsa.PrivateKey); ok {
			return k, nil
		}
	case *jwt.SigningMethodECDSA:
		if k, ok := key.(*ecdsa.PrivateKey); ok && k.Curve.Params().BitSize == m.CurveBits {
			return k, nil
		}
	}
	return nil, errPrivateKey
}

// jwtHeader is the header that somebody wrote, with the algorithm that is really
// used. Members keep their order.
func jwtHeader(text, algorithm string) ([]byte, error) {
	header, err := compactObject("header", text)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(header, &members); err != nil {
		return nil, errors.New("the header is not a JSON object")
	}
	quoted, _ := json.Marshal(algorithm) // a text
	switch said, ok := members["alg"]; {
	case ok && bytes.Equal(said, quoted):
		return header, nil
	case ok:
		members["alg"] = quoted
		return json.Marshal(members)
	case len(members) == 0:
		return fmt.Appendf(nil, `{"alg":%s}`, quoted), nil
	default:
		return fmt.Appendf(header[:len(header)-1], `,"alg":%s}`, quoted), nil
	}
}

func compactObject(what, text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return []byte("{}"), nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil || b.Bytes()[0] != '{' {
		return nil, fmt.Errorf("the %s is not a JSON object", what)
	}
	return b.Bytes(), nil
}

// asap is Atlassian's service authentication (https://s2sauth.bitbucket.io/spec/):
// a JWT of a service with a key that is known by its id.
type asap struct{}

// dataKey is a private key as Atlassian's key server gives it.
var dataKey = regexp.MustCompile(`^"?data:application/pkcs8;kid=([^;]+);base64,([A-Za-z0-9+/=]+)"?$`)

const asapLifetime = 3600 // seconds

// Sign implements Method.
func (asap) Sign(p *Params, r *postman.Request) error {
	claims := map[string]any{}
	if text, ok := p.values["claims"].(map[string]any); ok {
		claims = text
	} else if text, err := compactObject("list of claims", p.Text("claims")); err != nil {
		return err
	} else if err := json.Unmarshal(text, &claims); err != nil {
		return errors.New("the list of claims is not a JSON object")
	}
	now := time.Now().Unix()
	claim := func(name string, fallback any) any {
		if v := claims[name]; v != nil && v != "" {
			return v
		}
		return fallback
	}
	kid := claim("kid", p.Text("kid"))
	claims["iss"] = claim("iss", p.Text("iss"))
	claims["aud"] = claim("aud", p.Text("aud"))
	claims["sub"] = claim("sub", p.Text("sub"))
	if claims["sub"] == "" {
		claims["sub"] = claims["iss"]
	}
	claims["jti"], claims["iat"] = claim("jti", uuid.NewString()), claim("iat", now)
	lifetime := int64(asapLifetime)
	if _, err := fmt.Sscan(p.Text("exp"), &lifetime); err != nil || lifetime == 0 {
		lifetime = asapLifetime
	}
	claims["exp"] = claim("exp", now+lifetime)
	if kid == "" || claims["iss"] == "" || claims["aud"] == "" || p.Text("privateKey") == "" {
		return errors.New("one of kid, iss, aud and privateKey is missing")
	}
	return asapSign(p, r, kid, claims)
}

func asapSign(p *Params, r *postman.Request, kid any, claims map[string]any) error {
	algorithm := p.Text("alg")
	if algorithm == "" {
		algorithm = "RS256"
	}
	method := jwt.GetSigningMethod(algorithm)
	if _, symmetric := method.(*jwt.SigningMethodHMAC); method == nil || symmetric || algorithm == "none" {
		return fmt.Errorf("the algorithm %q is none of RS, PS and ES with 256, 384 or 512", algorithm)
	}
	text := p.Text("privateKey")
	if m := dataKey.FindStringSubmatch(strings.ReplaceAll(text, "\n", "")); m != nil {
		if id, err := url.QueryUnescape(m[1]); err != nil || id != kid {
			return errors.New("the private key is that of another kid")
		}
		text = "-----BEGIN PRIVATE KEY-----\n" + m[2] + "\n-----END PRIVATE KEY-----\n"
	}
	key, err := privateKey(text, method)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return err
	}
	header, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		Key       any    `json:"kid"`
	}{algorithm, kid})
	if err != nil {
		return err
	}
	token, err := signJWT(method, key, header, payload)
	if err != nil {
		return err
	}
	r.RemoveHeader("Authorization")
	r.SetHeader("Authorization", "Bearer "+token)
	return nil
}
