package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/auth"
)

// runtimeScript signs each request with the authorizers of postman-runtime, at the
// time that it is told.
const runtimeScript = `
const sdk = require("postman-collection"), create = require("postman-runtime/lib/authorizer/auth-interface");
const files = {awsv4: "aws4", jwt: "jwt", edgegrid: "edgegrid", asap: "asap"};
const cases = JSON.parse(require("fs").readFileSync(0, "utf8")), RealDate = Date;
(async () => {
  const out = [];
  for (const c of cases) {
    const now = c.now ? new RealDate(c.now).getTime() : RealDate.now();
    global.Date = class extends RealDate { constructor(...a) { if (a.length) super(...a); else super(now); } static now() { return now; } };
    const request = new sdk.Request(c.request);
    await new Promise((done, fail) => require("postman-runtime/lib/authorizer/" + files[c.request.auth.type])
      .sign(create(request.auth), request, (err) => err ? fail(err) : done()));
    out.push({headers: request.getHeaders({enabled: true}), url: request.url.toString()});
  }
  console.log(JSON.stringify(out));
})();`

type signed struct {
	Headers map[string]string `json:"headers"`
	URL     string            `json:"url"`
}

func pemOf(t *testing.T, key any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func setting(params map[string]any) []map[string]any {
	var list []map[string]any
	for k, v := range params {
		list = append(list, map[string]any{"key": k, "value": v})
	}
	return list
}

// TestAsPostmanRuntime compares signatures byte by byte.
func TestAsPostmanRuntime(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "node_modules", "postman-runtime")); err != nil {
		t.Skip("npm packages are not installed: make setup")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	private := pemOf(t, key)
	get := map[string]any{"method": "GET", "url": "https://api.example.com:8443/a b/c?x=1&a=%20b&empty=", "header": []any{map[string]any{"key": "X-Own", "value": "  one   two "}}}
	post := map[string]any{
		"method": "POST", "url": "https://abc.execute-api.eu-west-1.amazonaws.com/stage/items", "header": []any{map[string]any{"key": "Content-Type", "value": "application/json"}},
		"body": map[string]any{"mode": "raw", "raw": `{"a":"ü"}`},
	}
	bucket := map[string]any{"method": "GET", "url": "https://bucket.s3.eu-central-1.amazonaws.com/folder/a%20b.txt?list-type=2"}
	aws := func(more map[string]any) map[string]any {
		all := map[string]any{"accessKey": "AKIDEXAMPLE", "secretKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	token := func(more map[string]any) map[string]any {
		all := map[string]any{"algorithm": "HS256", "secret": "s3cret", "payload": `{"sub": "a", "n": 1}`, "header": `{"kid": "k"}`}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	edge := map[string]any{"accessToken": "at", "clientToken": "ct", "clientSecret": "cs", "nonce": "n-1", "timestamp": "20261123T10:00:00+0000", "headersToSign": "X-Own, Nothing"}
	short := map[string]any{"maxBodySize": 4}
	for k, v := range edge {
		short[k] = v
	}
	cases := []struct {
		name, kind string
		params     map[string]any
		request    map[string]any
	}{
		{"aws: defaults", "awsv4", aws(nil), get},
		{"aws: a body", "awsv4", aws(map[string]any{"region": "eu-west-1", "service": "execute-api"}), post},
		{"aws: session", "awsv4", aws(map[string]any{"region": "eu-west-1", "sessionToken": "token/+="}), post},
		{"aws: s3", "awsv4", aws(map[string]any{"region": "eu-central-1", "service": "s3"}), bucket},
		{"aws: query", "awsv4", aws(map[string]any{"addAuthDataToQuery": true}), map[string]any{"method": "GET", "url": "https://api.example.com/x?b=2&a=1"}},
		{"jwt: HS256", "jwt", token(nil), get},
		{"jwt: HS384", "jwt", token(map[string]any{"algorithm": "HS384"}), get},
		{"jwt: HS512, base64", "jwt", token(map[string]any{"algorithm": "HS512", "secret": "c2VjcmV0LXNlY3JldA==", "isSecretBase64Encoded": true}), get},
		{"jwt: RS256", "jwt", token(map[string]any{"algorithm": "RS256", "privateKey": private}), get},
		{"jwt: RS512", "jwt", token(map[string]any{"algorithm": "RS512", "privateKey": private, "header": ""}), get},
		{"jwt: query", "jwt", token(map[string]any{"addTokenTo": "queryParam", "queryParamKey": "t"}), get},
		{"jwt: prefix", "jwt", token(map[string]any{"headerPrefix": "JWT"}), get},
		{"jwt: no prefix", "jwt", token(map[string]any{"headerPrefix": ""}), get},
		{"edgegrid", "edgegrid", edge, get},
		{"edgegrid: body", "edgegrid", edge, post},
		{"edgegrid: long body", "edgegrid", short, post},
	}
	ours := make([]signed, len(cases))
	asked := make([]map[string]any, len(cases))
	for i, c := range cases {
		document := map[string]any{"auth": map[string]any{"type": c.kind, c.kind: setting(c.params)}}
		for k, v := range c.request {
			document[k] = v
		}
		raw, err := json.Marshal(document)
		require.NoError(t, err)
		r, err := postman.ParseRequest(raw)
		require.NoError(t, err)
		method, ok := auth.For(c.kind)
		require.True(t, ok)
		require.NoError(t, method.Sign(auth.NewParams(r.Auth), r), c.name)
		ours[i] = signed{Headers: map[string]string{}, URL: r.URL.String()}
		for _, h := range r.Headers {
			ours[i].Headers[h.Key] = h.Value
		}
		asked[i] = map[string]any{"request": document, "now": when(r)}
	}
	input, err := json.Marshal(asked)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "node", "-e", runtimeScript)
	cmd.Dir, cmd.Stdin = root, strings.NewReader(string(input))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	var theirs []signed
	require.NoError(t, json.Unmarshal(out, &theirs))
	for i, c := range cases {
		delete(theirs[i].Headers, "Host") // goes out in any case
		require.Equal(t, theirs[i], ours[i], c.name)
	}
}

// when is the time of an AWS signature, as JavaScript reads it.
func when(r *postman.Request) string {
	stamp := ""
	if h := r.Header("X-Amz-Date"); h != nil {
		stamp = h.Value
	}
	for _, q := range r.URL.Query {
		if q.Key != nil && *q.Key == "X-Amz-Date" {
			stamp = *q.Value
		}
	}
	if len(stamp) != len("20060102T150405Z") {
		return ""
	}
	return stamp[:4] + "-" + stamp[4:6] + "-" + stamp[6:11] + ":" + stamp[11:13] + ":" + stamp[13:]
}

func sign(t *testing.T, kind string, params map[string]any) (*postman.Request, error) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"url": "http://x.test/", "auth": map[string]any{"type": kind, kind: setting(params)}})
	require.NoError(t, err)
	r, err := postman.ParseRequest(raw)
	require.NoError(t, err)
	method, _ := auth.For(kind)
	return r, method.Sign(auth.NewParams(r.Auth), r)
}

func TestTokensAreValid(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	for algorithm, curve := range map[string]elliptic.Curve{
		"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521(), "PS256": nil, "PS384": nil, "PS512": nil, "RS384": nil,
	} {
		var key, public any = rsaKey, &rsaKey.PublicKey
		if curve != nil {
			k, err := ecdsa.GenerateKey(curve, rand.Reader)
			require.NoError(t, err)
			key, public = k, &k.PublicKey
		}
		find := func(*jwt.Token) (any, error) { return public, nil }
		r, err := sign(t, "jwt", map[string]any{"algorithm": algorithm, "privateKey": pemOf(t, key), "payload": `{"sub":"a"}`})
		require.NoError(t, err, algorithm)
		_, err = jwt.Parse(strings.TrimPrefix(r.Header("Authorization").Value, "Bearer "), find, jwt.WithValidMethods([]string{algorithm}))
		require.NoError(t, err, algorithm)

		r, err = sign(t, "asap", map[string]any{"alg": algorithm, "kid": "team/key", "iss": "team", "aud": "svc", "privateKey": pemOf(t, key), "claims": `{"extra": 1}`})
		require.NoError(t, err, algorithm)
		token, err := jwt.Parse(strings.TrimPrefix(r.Header("Authorization").Value, "Bearer "), find, jwt.WithValidMethods([]string{algorithm}),
			jwt.WithAudience("svc"), jwt.WithIssuer("team"), jwt.WithSubject("team"), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
		require.NoError(t, err, algorithm)
		require.Equal(t, "team/key", token.Header["kid"])
		require.Contains(t, token.Claims, "extra")
		require.NotEmpty(t, token.Claims.(jwt.MapClaims)["jti"])
	}
}

func TestTokensThatCannotBeMade(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	private := pemOf(t, key)
	for name, c := range map[string]struct {
		kind   string
		params map[string]any
		want   string
	}{
		"algorithm":    {"jwt", map[string]any{"algorithm": "HS1", "secret": "x"}, "the algorithm"},
		"none":         {"jwt", map[string]any{"algorithm": "none", "secret": "x"}, "the algorithm"},
		"no secret":    {"jwt", map[string]any{"algorithm": "HS256"}, "the secret is empty"},
		"not base64":   {"jwt", map[string]any{"algorithm": "HS256", "secret": "%%%", "isSecretBase64Encoded": true}, "not base64"},
		"payload":      {"jwt", map[string]any{"algorithm": "HS256", "secret": "x", "payload": "[1]"}, "the payload is not a JSON object"},
		"header":       {"jwt", map[string]any{"algorithm": "HS256", "secret": "x", "header": "{"}, "the header is not a JSON object"},
		"wrong key":    {"jwt", map[string]any{"algorithm": "RS256", "privateKey": private}, "the private key"},
		"wrong curve":  {"jwt", map[string]any{"algorithm": "ES384", "privateKey": private}, "the private key"},
		"not a key":    {"jwt", map[string]any{"algorithm": "ES256", "privateKey": "hidden-text"}, "the private key"},
		"asap: no kid": {"asap", map[string]any{"iss": "a", "aud": "b", "privateKey": private}, "is missing"},
		"asap: shared": {"asap", map[string]any{"alg": "HS256", "kid": "k", "iss": "a", "aud": "b", "privateKey": private}, "the algorithm"},
		"asap: other":  {"asap", map[string]any{"alg": "ES256", "kid": "k", "iss": "a", "aud": "b", "privateKey": "data:application/pkcs8;kid=other;base64,AAAA"}, "another kid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := sign(t, c.kind, c.params)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hidden-text")
			require.Nil(t, r.Header("Authorization"))
		})
	}
}
