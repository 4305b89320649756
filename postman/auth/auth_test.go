package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/auth"
)

func request(t *testing.T, authJSON string) *postman.Request {
	t.Helper()
	r, err := postman.ParseRequest([]byte(`{"method":"GET","url":"http://www.example.org/dir/index.html?a=b","header":[{"key":"authorization","value":"own"}],"auth":` + authJSON + `}`))
	require.NoError(t, err)
	return r
}

func TestSign(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, authorization, query string }{
		"noauth":          {`{"type":"noauth"}`, "own", "a=b"},
		"basic":           {`{"type":"basic","basic":[{"key":"username","value":"Aladdin"},{"key":"password","value":"open sesame"}]}`, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "a=b"},
		"basic utf-8":     {`{"type":"basic","basic":{"username":"test","password":"123£"}}`, "Basic dGVzdDoxMjPCow==", "a=b"},
		"basic empty":     {`{"type":"basic"}`, "Basic Og==", "a=b"},
		"bearer":          {`{"type":"bearer","bearer":{"token":"t"}}`, "Bearer t", "a=b"},
		"bearer empty":    {`{"type":"bearer","bearer":{"token":""}}`, "own", "a=b"},
		"api key":         {`{"type":"apikey","apikey":{"key":"Authorization","value":"k"}}`, "k", "a=b"},
		"api key query":   {`{"type":"apikey","apikey":{"key":"a","value":"k","in":"query"}}`, "own", "a=k"},
		"api key nothing": {`{"type":"apikey"}`, "own", "a=b"},
		"oauth2":          {`{"type":"oauth2","oauth2":{"accessToken":"t"}}`, "Bearer t", "a=b"},
		"oauth2 prefix":   {`{"type":"oauth2","oauth2":{"accessToken":"t","headerPrefix":""}}`, "t", "a=b"},
		"oauth2 query":    {`{"type":"oauth2","oauth2":{"accessToken":"t","addTokenTo":"queryParams"}}`, "", "a=b&access_token=t"},
		"oauth2 mac":      {`{"type":"oauth2","oauth2":{"accessToken":"t","tokenType":"MAC"}}`, "own", "a=b"},
		"digest bare":     {`{"type":"digest","digest":{"username":"u","password":"p"}}`, "own", "a=b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request(t, tt.in)
			method, ok := auth.For(r.Auth.Type)
			require.True(t, ok)
			require.NoError(t, method.Sign(auth.NewParams(r.Auth), r))
			got := ""
			if h := r.Header("Authorization"); h != nil {
				got = h.Value
			}
			query, _ := r.URL.QueryString()
			require.Equal(t, []string{tt.authorization, tt.query}, []string{got, query})
		})
	}
	_, ok := auth.For("smoke-signals")
	require.False(t, ok)
}

// The vectors of RFC 7616 §3.9 and RFC 2617 §3.5, whose target is /dir/index.html.
func TestDigestVectors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ params, response string }{
		"RFC 2617": {`"username":"Mufasa","password":"Circle Of Life","realm":"testrealm@host.com","nonce":"dcd98b7102dd2f0e8b11d0f600bfb0c093","qop":"auth","clientNonce":"0a4f113b","nonceCount":"00000001"`, "6629fae49393a05397450978507c4ef1"},
		"MD5":      {`"username":"Mufasa","password":"Circle of Life","realm":"http-auth@example.org","nonce":"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v","qop":"auth","clientNonce":"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ","nonceCount":"00000001","algorithm":"MD5"`, "8ca523f5e9506fed4657c9700eebdbec"},
		"SHA-256":  {`"username":"Mufasa","password":"Circle of Life","realm":"http-auth@example.org","nonce":"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v","qop":"auth","clientNonce":"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ","nonceCount":"00000001","algorithm":"SHA-256"`, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := postman.ParseRequest([]byte(`{"method":"GET","url":"http://h/dir/index.html","auth":{"type":"digest","digest":{` + tt.params + `}}}`))
			require.NoError(t, err)
			method, _ := auth.For("digest")
			require.NoError(t, method.Sign(auth.NewParams(r.Auth), r))
			require.Contains(t, r.Header("Authorization").Value, `response="`+tt.response+`"`)
		})
	}
	r := request(t, `{"type":"digest","digest":{"username":"u","realm":"r","nonce":"n","algorithm":"ROT13"}}`)
	method, _ := auth.For("digest")
	require.ErrorContains(t, method.Sign(auth.NewParams(r.Auth), r), "unsupported digest algorithm")
}

func TestDigestChallenge(t *testing.T) {
	t.Parallel()
	method, _ := auth.For("digest")
	digest, ok := method.(auth.Challenger)
	require.True(t, ok)
	answer := func(code int, values ...string) auth.Answer {
		return auth.Answer{Code: code, Header: func(string) []string { return values }}
	}
	p := auth.NewParams(&postman.Auth{})
	challenge := answer(401, "Basic x", `Digest realm="r, s", nonce="n=1", qop="auth,auth-int", opaque=o`)
	require.True(t, digest.Challenge(p, challenge))
	require.Equal(t, []string{"r, s", "n=1", "auth", "o", "00000001"}, []string{p.Text("realm"), p.Text("nonce"), p.Text("qop"), p.Text("opaque"), p.Text("nonceCount")})
	require.False(t, digest.Challenge(p, challenge), "refused with all that is known")
	require.False(t, digest.Challenge(p, answer(200)))
	require.Equal(t, "00000002", p.Text("nonceCount"))
	require.Equal(t, "n=1", p.Learned()["nonce"])
	p = auth.NewParams(&postman.Auth{Params: []postman.AuthParam{{Key: "disableRetryRequest", Value: true}}})
	require.False(t, digest.Challenge(p, challenge))
}

func FuzzDigestChallenge(f *testing.F) {
	f.Add(`Digest realm="r", nonce="n", qop="auth"`)
	f.Fuzz(func(t *testing.T, header string) {
		method, _ := auth.For("digest")
		p := auth.NewParams(&postman.Auth{Params: []postman.AuthParam{{Key: "username", Value: "u"}}})
		method.(auth.Challenger).Challenge(p, auth.Answer{Code: 401, Header: func(string) []string { return []string{header} }})
		r, err := postman.ParseRequest([]byte(`"http://x"`))
		require.NoError(t, err)
		require.NoError(t, method.Sign(p, r))
	})
}

// The example of OAuth Core 1.0 Appendix A.
func TestOAuth1Vector(t *testing.T) {
	t.Parallel()
	const params = `"consumerKey":"dpf43f3p2l4k3l03","consumerSecret":"kd94hf93k423kf44","token":"nnch734d00sl2jdk","tokenSecret":"pfkkdhi9sl3r4s00","timestamp":"1191242096","nonce":"kllo9940pd9333jh","version":"1.0"`
	sign := func(method, body, more string) (*postman.Request, error) {
		r, err := postman.ParseRequest([]byte(`{"method":"` + method + `","url":"http://photos.example.net/photos?file=vacation.jpg&size=original","body":` + body + `,"auth":{"type":"oauth1","oauth1":{` + params + `,` + more + `}}}`))
		require.NoError(t, err)
		m, ok := auth.For("oauth1")
		require.True(t, ok)
		return r, m.Sign(auth.NewParams(r.Auth), r)
	}
	r, err := sign("GET", "null", `"signatureMethod":"HMAC-SHA1","addParamsToHeader":true,"realm":"x y"`)
	require.NoError(t, err)
	require.Equal(t, `OAuth realm="x%20y",oauth_consumer_key="dpf43f3p2l4k3l03",oauth_token="nnch734d00sl2jdk",oauth_signature_method="HMAC-SHA1",oauth_timestamp="1191242096",oauth_nonce="kllo9940pd9333jh",oauth_version="1.0",oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"`, r.Header("Authorization").Value)

	r, err = sign("GET", "null", `"signatureMethod":"HMAC-SHA1"`)
	require.NoError(t, err)
	query, _ := r.URL.QueryString()
	require.Contains(t, query, "file=vacation.jpg&size=original&oauth_consumer_key=")
	require.Contains(t, query, "oauth_signature=tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D")

	r, err = sign("POST", `{"mode":"urlencoded","urlencoded":[{"key":"a","value":"b"},{"key":"oauth_nonce","value":"old"}]}`, `"signatureMethod":"PLAINTEXT"`)
	require.NoError(t, err)
	text, _ := r.Body.Text()
	require.Contains(t, text, "a=b&oauth_consumer_key=")
	require.Contains(t, text, "oauth_signature=kd94hf93k423kf44%26pfkkdhi9sl3r4s00")
	require.NotContains(t, text, "old")

	r, err = sign("POST", `{"mode":"raw","raw":"x"}`, `"signatureMethod":"HMAC-SHA256","includeBodyHash":true,"addParamsToHeader":true`)
	require.NoError(t, err)
	require.Contains(t, r.Header("Authorization").Value, `oauth_body_hash="LXEWQrcmsEQBYnyp%2B6wy9chTD7GQPMTbAiWHF5IaSIE%3D"`)

	_, err = sign("GET", "null", `"signatureMethod":"ROT-13"`)
	require.ErrorContains(t, err, "unsupported signature method")
	_, err = sign("GET", "null", `"signatureMethod":"RSA-SHA256","privateKey":"nonsense"`)
	require.ErrorContains(t, err, "no PEM block")
	r, err = sign("GET", "null", `"signatureMethod":"HMAC-SHA1","consumerSecret":""`)
	require.NoError(t, err)
	require.Nil(t, r.Header("Authorization"))
}

// The examples of Hawk's own documentation.
func TestHawkVectors(t *testing.T) {
	t.Parallel()
	const params = `"authId":"dh37fgj492je","authKey":"werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn","algorithm":"sha256","timestamp":"1353832234","nonce":"j4h3g2","extraData":"some-app-ext-data"`
	for method, tt := range map[string]struct{ body, more, want string }{
		"GET":  {"null", "", `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="`},
		"POST": {`{"mode":"raw","raw":"Thank you for flying Hawk"}`, `,"includePayloadHash":true`, `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", ext="some-app-ext-data", mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="`},
	} {
		r, err := postman.ParseRequest([]byte(`{"method":"` + method + `","url":"http://example.com:8000/resource/1?b=1&a=2","header":"Content-Type: text/plain","body":` + tt.body + `,"auth":{"type":"hawk","hawk":{` + params + tt.more + `}}}`))
		require.NoError(t, err)
		m, _ := auth.For("hawk")
		require.NoError(t, m.Sign(auth.NewParams(r.Auth), r))
		require.Equal(t, tt.want, r.Header("Authorization").Value)
	}
}
