package run_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it

	"github.com/picket-api/picket/postman/run"
)

// ntlmServer checks NTLMv2 by [MS-NLMP] section 3.3.2, apart from the library that
// makes the messages. A connection that proved its user stays so.
type ntlmServer struct {
	user, domain, password string

	mu     sync.Mutex
	states map[net.Conn]string
	seen   []string // workstations
}

type connectionKey struct{}

const ntlmNonce = "\x01\x23\x45\x67\x89\xab\xcd\xef"

func utf16le(s string) []byte {
	var b []byte
	for _, c := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	h := hmac.New(md5.New, key)
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// challenge is a CHALLENGE_MESSAGE: Unicode, NTLM, target information.
func ntlmChallengeMessage() string {
	info := append([]byte{2, 0, 8, 0}, utf16le("CORP")...)
	info = append(info, 0, 0, 0, 0)
	b := []byte("NTLMSSP\x00\x02\x00\x00\x00")
	b = append(b, 0, 0, 0, 0, 48, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, 0x1|0x200|0x80000|0x800000)
	b = append(b, ntlmNonce...)
	b = append(b, make([]byte, 8)...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(info)))
	b = append(b, 48, 0, 0, 0)
	return base64.StdEncoding.EncodeToString(append(b, info...))
}

func ntlmField(m []byte, at int) []byte {
	n, offset := int(binary.LittleEndian.Uint16(m[at:])), int(binary.LittleEndian.Uint32(m[at+4:]))
	return m[offset : offset+n]
}

func (s *ntlmServer) proves(m []byte) bool {
	response, domain, user := ntlmField(m, 20), ntlmField(m, 28), ntlmField(m, 36)
	if !bytes.Equal(domain, utf16le(s.domain)) || !bytes.Equal(user, utf16le(s.user)) || len(response) < 16 {
		return false
	}
	s.seen = append(s.seen, string(ntlmField(m, 44)))
	h := md4.New()
	h.Write(utf16le(s.password))
	key := hmacMD5(h.Sum(nil), utf16le(strings.ToUpper(s.user)), utf16le(s.domain))
	return hmac.Equal(response[:16], hmacMD5(key, []byte(ntlmNonce), response[16:]))
}

func (s *ntlmServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	nc, _ := r.Context().Value(connectionKey{}).(net.Conn)
	text, _ := strings.CutPrefix(r.Header.Get("Authorization"), "NTLM ")
	m, _ := base64.StdEncoding.DecodeString(text)
	switch {
	case s.states[nc] == "known":
		fmt.Fprint(w, "welcome back")
	case len(m) > 12 && m[8] == 1:
		s.states[nc] = "asked"
		w.Header().Set("WWW-Authenticate", "NTLM "+ntlmChallengeMessage())
		w.WriteHeader(http.StatusUnauthorized)
	case len(m) > 52 && m[8] == 3 && s.states[nc] == "asked" && s.proves(m):
		s.states[nc] = "known"
		fmt.Fprint(w, "welcome")
	default:
		w.Header().Add("WWW-Authenticate", "Negotiate")
		w.Header().Add("WWW-Authenticate", "NTLM")
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func TestNTLM(t *testing.T) {
	t.Parallel()
	s := &ntlmServer{user: "ann", domain: "CORP", password: "pässword", states: map[net.Conn]string{}}
	server := httptest.NewUnstartedServer(s)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c)
	}
	server.Start()
	t.Cleanup(server.Close)
	item := func(name, auth string) string {
		return fmt.Sprintf(`{"name":%q,"request":{"method":"POST","url":%q,"body":{"mode":"raw","raw":"x"},"auth":%s}}`, name, server.URL, auth)
	}
	ntlm := func(settings string) string { return `{"type":"ntlm","ntlm":{` + settings + `}}` }
	for name, tt := range map[string]struct{ auth, want string }{
		"domain":         {ntlm(`"username":"ann","password":"pässword","domain":"CORP","workstation":"DESK"`), "401 401 200"},
		"down-level":     {ntlm(`"username":"CORP\\ann","password":"pässword"`), "401 401 200"},
		"principal":      {ntlm(`"username":"ann@CORP","password":"pässword"`), "401 401 200"},
		"wrong password": {ntlm(`"username":"ann","password":"no","domain":"CORP"`), "401 401 401"},
		"no retry":       {ntlm(`"username":"ann","password":"pässword","domain":"CORP","disableRetryRequest":true`), "401"},
		"no auth":        {`{"type":"noauth"}`, "401"},
	} {
		_, j := execute(t, parse(t, `{"info":{"name":"c"},"item":[%s]}`, item("a", tt.auth)), run.Options{})
		require.Equal(t, tt.want, codes(j), name)
	}
	require.Contains(t, s.seen, "D\x00E\x00S\x00K\x00")
	// The connection that proved a user serves this auth's requests, and no others.
	c := parse(t, `{"info":{"name":"c"},"auth":%s,"item":[{"name":"a","request":{"url":%q}},{"name":"b","request":{"url":%q}},%s,{"name":"d","request":{"url":%q}}]}`,
		ntlm(`"username":"ann","password":"pässword","domain":"CORP"`), server.URL, server.URL, item("c", `{"type":"noauth"}`), server.URL)
	_, j := execute(t, c, run.Options{})
	require.Equal(t, "401 401 200 200 401 200", codes(j))
}

// codes are the answers that came, in order.
func codes(j *journal) string {
	var list []string
	for _, line := range j.lines {
		if _, code, ok := strings.Cut(line, " "); ok && len(code) == 3 {
			list = append(list, code)
		}
	}
	return strings.Join(list, " ")
}
