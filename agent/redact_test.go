package agent_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
)

const mask = "••••••"

// canary is a secret with every character that some encoding changes.
const canary = `s3cr/t+"pä\ss" <&>%~!'()*`

// TestSecretsOfAnyType adds what JSON may hold. Package redact has the encodings.
func TestSecretsOfAnyType(t *testing.T) {
	t.Parallel()
	require.Equal(t, "pin 123 "+mask, agent.RedactText("pin 123 9876", "123", 9876.0), "too short to be masked")
	require.Equal(t, mask+", "+mask, agent.RedactText("alpha, beta", map[string]any{"a": []any{"alpha"}, "b": "beta", "c": true, "d": nil}))
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
