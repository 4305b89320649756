package agent_test

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

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

const mask = "••••••"

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
		got := agent.RedactText("before "+form+" after", canary)
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
	require.Equal(t, "x"+mask+"y", agent.RedactText("xabcdefghiy", "abcdef", "defghi"))
	require.Equal(t, "x"+mask+"y", agent.RedactText("xlongsecretvaluey", "long", "longsecretvalue"))
	require.Equal(t, "text "+mask+"…", agent.RedactText("text longsecr…", "longsecretvalue"))
	require.Equal(t, "text lon…", agent.RedactText("text lon…", "longsecretvalue"))
	require.Equal(t, "pin 123 "+mask, agent.RedactText("pin 123 9876", "123", 9876.0), "too short to be masked")
	require.Equal(t, mask+", "+mask, agent.RedactText("alpha, beta", map[string]any{"a": []any{"alpha"}, "b": "beta", "c": true, "d": nil}))
	key := "-----BEGIN KEY-----\nMIIabcdefgh\nijklmnop\n-----END KEY-----\n"
	require.NotContains(t, agent.RedactText("line: MIIabcdefgh.", key), "MIIabcdefgh")
}

func TestWhatStandsWhereSecretsDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://api/x?access_token=abc123&page=2":       "https://api/x?access_token=" + mask + "&page=2",
		"https://api/x?page=2&key=AIza&API_KEY=b#x":      "https://api/x?page=2&key=" + mask + "&API_KEY=" + mask + "#x",
		"https://api/cb#id_token=abc&state=1":            "https://api/cb#id_token=" + mask + "&state=1",
		"https://api/x?client_secret=a%20b":              "https://api/x?client_secret=" + mask,
		"https://me:hunter2@api/x?monkey=1":              "https://me:" + mask + "@api/x?monkey=1",
		"password=hunter2&user=me":                       "password=" + mask + "&user=me",
		`{"token":"abc","name":"x"}`:                     `{"token":"` + mask + `","name":"x"}`,
		`{"refresh_token" : "a\"b", "n":1}`:              `{"refresh_token" : "` + mask + `", "n":1}`,
		`expected { password: 'x1' } to be empty`:        `expected { password: '` + mask + `' } to be empty`,
		`body was "{\"api_key\":\"abc\",\"n\":1}"`:       `body was "{\"api_key\":\"` + mask + `\",\"n\":1}"`,
		"Authorization: Bearer abc.def\nHost: x":         "Authorization: " + mask + "\nHost: x",
		"Set-Cookie: sid=1; Path=/":                      "Set-Cookie: " + mask,
		"sent Bearer abcdef12345 to it":                  "sent Bearer " + mask + " to it",
		"sent Basic dXNlcjpwYXNz to it":                  "sent Basic " + mask + " to it",
		"Basic authentication works":                     "Basic authentication works",
		"the token is refused":                           "the token is refused",
		"status code is 200":                             "status code is 200",
		"got eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJ_x there": "got " + mask + " there",
		"https://api:8080/x":                             "https://api:8080/x",
	} {
		require.Equal(t, want, agent.RedactText(text), text)
	}
}

// TestReportsCarryNoSecret fills every text of a report with the canary.
func TestReportsCarryNoSecret(t *testing.T) {
	t.Parallel()
	text := "is " + canary
	report := wire.Report{
		Run: "7d6a1c0e-3f0b-4a3e-9f43-0b6a2f1c9d11", Outcome: "failure",
		FirstError: &wire.Trouble{Class: "assertion", Request: text, Assertion: text, Message: text},
		Warnings:   []string{text},
		Requests: []wire.RequestReport{{
			Name: text, ItemID: text, Folders: []string{text}, Method: text, URL: text, StatusText: text, Remote: text,
			Error:      &wire.RequestError{Class: "network", Code: text, Message: text},
			Assertions: []wire.AssertionReport{{Name: text, Error: text}},
			Scripts:    []wire.ScriptError{{Phase: "test", Name: text, Message: text}},
			Console:    []wire.ConsoleLine{{Level: "log", Text: text}},
		}},
	}
	before, err := json.Marshal(report)
	require.NoError(t, err)
	require.Equal(t, 18, strings.Count(string(before), "s3cr/t"), "the control: it is found where it is")
	agent.Redact(&report, canary, "failure", "assertion")
	after, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(after), "s3cr")
	require.Equal(t, 18, strings.Count(string(after), mask))
	require.Equal(t, "failure", report.Outcome, "words of ours stay, whatever the secret is")
	require.Equal(t, "assertion", report.FirstError.Class)
}

// TestSecretsSeenInRequests has a run that gets a new token again and again: those
// in use are masked, and what is remembered stays bounded.
func TestSecretsSeenInRequests(t *testing.T) {
	t.Parallel()
	seen := agent.NewSeen()
	for i := range 5000 {
		seen.See("always-the-same-token")
		seen.See(fmt.Sprintf("token-number-%d", i))
	}
	require.Equal(t, mask+" and "+mask, seen.Text("token-number-4999 and always-the-same-token"))
	require.LessOrEqual(t, seen.Remembered(), 1001)
}
