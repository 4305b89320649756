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
