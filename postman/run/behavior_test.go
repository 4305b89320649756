package run_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/run"
)

func TestProtocolVersion(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200 + r.ProtoMajor) }))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	plain := httptest.NewServer(server.Config.Handler)
	t.Cleanup(plain.Close)
	for _, tt := range []struct{ url, behavior, want string }{
		{server.URL, ``, "collection 201; successful"},
		{server.URL, `"protocolVersion":"http1"`, "collection 201; successful"},
		{server.URL, `"protocolVersion":"http2"`, "collection 202; successful"},
		{server.URL, `"protocolVersion":"auto"`, "collection 202; successful"},
		{plain.URL, `"protocolVersion":"http2"`, "collection 201; successful"},
		{server.URL, `"protocolVersion":"http3"`, `warning: protocolProfileBehavior: protocolVersion "http3" is none of http1, http2 and auto: http1 is spoken; collection 201; successful`},
		{server.URL, `"tlsDisabledProtocols":["TLSv1_3"],"tlsCipherSelection":["ECDHE-RSA-AES128-GCM-SHA256"]`, "collection 201; successful"},
		{server.URL, `"tlsDisabledProtocols":["TLSv1","TLSv1_1","TLSv1_2","TLSv1_3"]`, "collection failed: ; error"},
		{server.URL, `"tlsCipherSelection":["AES128-SHA","other"]`, "warning: cipher suites other are not known; warning: protocolProfileBehavior: tlsCipherSelection has no effect on TLS 1.3, whose suites are fixed: tlsDisabledProtocols may switch it off; collection 201; successful"},
		{server.URL, `"tlsPreferServerCiphers":true,"colour":"red","tlsDisabledProtocols":["TLS1"]`, `warning: protocolProfileBehavior: "colour" is not known, and does nothing; warning: protocolProfileBehavior: tlsPreferServerCiphers does nothing: the order of cipher suites is the server's to choose; ` +
			`warning: protocolProfileBehavior: tlsDisabledProtocols: "TLS1" is none of SSLv2, SSLv3, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3; collection 201; successful`},
	} {
		res, j := execute(t, one(t, fmt.Sprintf("%q", tt.url), `,"protocolProfileBehavior":{`+tt.behavior+`}`), run.Options{Insecure: true})
		require.Equal(t, "iteration 0; item r; "+tt.want, j.String(), tt.behavior)
		if res.Outcome == run.Errored {
			require.Equal(t, run.ClassRequest, res.FirstFailure.Class)
			require.Contains(t, res.FirstFailure.Message, "tlsDisabledProtocols")
		}
	}
}

func TestInsecureHTTPParser(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		nc, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_, _ = nc.Write([]byte("HTTP/1.1 200 OK\nContent-Length: 2\n\nok"))
			_ = nc.Close()
		}
	}))
	t.Cleanup(server.Close)
	_, j := execute(t, one(t, fmt.Sprintf("%q", server.URL)), run.Options{})
	require.Contains(t, j.String(), "collection failed: HPE_CR_EXPECTED")
	_, j = execute(t, one(t, fmt.Sprintf("%q", server.URL), `,"protocolProfileBehavior":{"insecureHTTPParser":true}`), run.Options{})
	require.Contains(t, j.String(), "collection 200")
}
