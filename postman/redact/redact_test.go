package redact_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/redact"
)

const mask = redact.Mask

// canary is a secret with every character that some encoding changes.
const canary = `s3cr/t+"pä\ss" <&>%~!'()*`

func TestSecretsInEveryEncoding(t *testing.T) {
	t.Parallel()
	inJSON := func(s string) string {
		b, err := json.Marshal(s)
		require.NoError(t, err)
		return strings.Trim(string(b), `"`)
	}
	for name, form := range map[string]string{
		"plain":         canary,
		"JSON":          strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(inJSON(canary)),
		"query":         url.QueryEscape(canary),
		"path":          url.PathEscape(canary),
		"lower case":    strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(canary), "%2B", "%2b"), "%2F", "%2f"),
		"JavaScript":    `s3cr%2Ft%2B%22p%C3%A4%5Css%22%20%3C%26%3E%25~!'()*`,
		"base64":        base64.StdEncoding.EncodeToString([]byte(canary)),
		"base64 URL":    base64.RawURLEncoding.EncodeToString([]byte(canary)),
		"basic":         base64.StdEncoding.EncodeToString([]byte("user:" + canary)),
		"basic 2":       base64.StdEncoding.EncodeToString([]byte("a:" + canary)),
		"basic 3":       base64.StdEncoding.EncodeToString([]byte("ab:" + canary + "tail")),
		"hex":           hex.EncodeToString([]byte(canary)),
		"HTML":          html.EscapeString(canary),
		"some escapes":  `s3cr/t+\"pä\\\u0073s" %3C&>%25~!'()*`,
		"JavaScript 2":  `s3cr\/t\x2b\"p\u00e4\\ss\" <&>%~!\'()*`,
		"URL in JSON":   `s3cr/t%2B\"p%C3%A4%5Css\"%20%3C%26%3E%25~!'()*`,
		"JSON in JSON":  `s3cr/t+\\\"pä\\\\ss\\\" <&>%~!'()*`,
		"twice, joined": canary + canary,
	} {
		if name == "lower case" {
			form = lowerEscapes(form)
		}
		got := redact.New(canary).Text("before " + form + " after")
		require.Contains(t, got, mask, name)
		require.NotContains(t, got, form, name)
		if !strings.HasPrefix(name, "basic") { // where the user's name stays
			require.Equal(t, "before "+mask+" after", strings.ReplaceAll(got, mask+"=", mask), name)
		}
	}
}

func lowerEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			b.WriteString(strings.ToLower(s[i : i+3]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func TestSecretsThatOverlapOrAreCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, want string
		secrets    []string
	}{
		{"xabcdefghiy", "x" + mask + "y", []string{"abcdef", "defghi"}},
		{"xlongsecretvaluey", "x" + mask + "y", []string{"long", "longsecretvalue"}},
		{"text longsecr…", "text " + mask + "…", []string{"longsecretvalue"}},
		{"text lon…", "text lon…", []string{"longsecretvalue"}},
		{"pin 123 9876", "pin 123 " + mask, []string{"123", "9876"}},
		{"nothing", "nothing", nil},
	} {
		require.Equal(t, c.want, redact.New(c.secrets...).Text(c.text))
	}
	key := "-----BEGIN KEY-----\nMIIabcdefgh\nijklmnop\n-----END KEY-----\n"
	require.NotContains(t, redact.New(key).Text("line: MIIabcdefgh."), "MIIabcdefgh")
}

func TestNilRedactor(t *testing.T) {
	t.Parallel()
	var none *redact.Redactor
	require.Equal(t, "text", none.Text("text"))
	require.Equal(t, []byte("text"), none.Bytes([]byte("text")))
}

// TestLongTexts has a secret at every kind of place of a text that is searched in
// windows: within one, across the border of two, at both ends.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	form := url.QueryEscape(canary)
	for _, at := range []int{0, 1<<20 - len(form), 1<<20 - 7, 1 << 20, 2<<20 + 12345, size - len(form)} {
		text := strings.Repeat("x", at) + form + strings.Repeat("y", size-at-len(form))
		require.Equal(t, strings.Repeat("x", at)+mask+strings.Repeat("y", size-at-len(form)), redact.New(canary).Text(text), at)
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	r := redact.New("topsecret")
	same := []byte("\xff\x00 nothing")
	require.Same(t, &same[0], &r.Bytes(same)[0], "no copy without need")
	body := []byte("\xff\x00 topsecret \xfe")
	require.Equal(t, []byte("\xff\x00 "+mask+" \xfe"), r.Bytes(body))
	require.Equal(t, []byte("\xff\x00 topsecret \xfe"), body)
	r.Add("learnt later")
	require.Equal(t, "a "+mask, r.Text("a learnt later"))
}

func BenchmarkText(b *testing.B) {
	secrets := make([]string, 20)
	for i := range secrets {
		secrets[i] = fmt.Sprintf("secret-number-%d", i)
	}
	r, text := redact.New(secrets...), strings.Repeat(`{"name":"a b","n":12,"text":"some \"words\" 100%"},`, 20000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Text(text)
	}
}
