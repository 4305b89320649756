package agent_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/postman/script"
)

// scripted is an item with a pre-request and a test script.
func scripted(t *testing.T, name, url, before, after string) string {
	t.Helper()
	if !script.Bundled() {
		t.Skip("the script libraries aren't bundled: make bundle")
	}
	lines := func(source string) string {
		data, err := json.Marshal(strings.Split(source, "\n"))
		require.NoError(t, err)
		return string(data)
	}
	return fmt.Sprintf(`{"name":%q,"request":{"method":"GET","url":%q},"event":[
		{"listen":"prerequest","script":{"exec":%s}},{"listen":"test","script":{"exec":%s}}]}`, name, url, lines(before), lines(after))
}

// TestSecretsOfARunStayHere runs requests that carry secrets in every place that
// a report shows, and looks for them in its bytes.
func TestSecretsOfARunStayHere(t *testing.T) {
	t.Parallel()
	srv := target(t)
	report := execute(t.Context(), t, agent.Job{
		Collection: items(
			item("in the query {{vaulted}}", srv.URL+"/a?q={{vaulted}}&access_token=canary-plain-query&key=canary-key", ""),
			item("in the path", srv.URL+"/canary-of-the-collection/{{vaulted}}", ""),
			item("in the host", "http://{{tenant}}.invalid/", ""),
			item("user info", strings.Replace(srv.URL, "http://", "http://me:canary-userinfo@", 1), ""),
			item("bearer", srv.URL+"/canary-bearer-token", `"auth":{"type":"bearer","bearer":[{"key":"token","value":"canary-bearer-token"}]}`),
			item("api key", srv.URL+"/b", `"auth":{"type":"apikey","apikey":[{"key":"key","value":"q"},{"key":"value","value":"canary-api-key"},{"key":"in","value":"query"}]}`),
			item("own header", srv.URL+"/canary-own-header", `"header":[{"key":"X-Api-Key","value":"canary-own-header"}]`),
		),
		Environment: environmentOf(t, secretVar("pw", "canary-password"), secretVar("vaulted", "canary/+of the vault"), secretVar("tenant", "Canary-Tenant"),
			map[string]string{"key": "loginToken", "value": "canary-untyped-token"}),
	})
	data, err := json.Marshal(report)
	require.NoError(t, err)
	text := string(data)
	require.Len(t, report.Requests, 7)
	require.Contains(t, text, mask, "the control: something was masked")
	require.NotContains(t, strings.ToLower(text), "canary")
	for _, secret := range []string{"canary/+of the vault", "canary-bearer-token", "u:canary-password"} {
		require.NotContains(t, text, base64.StdEncoding.EncodeToString([]byte(secret)))
	}
}

func TestScriptsInTheReport(t *testing.T) {
	t.Parallel()
	srv := target(t)
	report := execute(t.Context(), t, agent.Job{Collection: items(
		scripted(t, "first", srv.URL+"/a", `console.warn("before", 1, {a: [2]})`, `
			pm.test("passes", () => pm.response.to.have.status(200))
			pm.test("fails", () => pm.expect(pm.response.code).to.eql(201))
			pm.test.skip("skipped", () => {})
			console.log("after")
			throw new TypeError("own fault")`),
		scripted(t, "skipped", srv.URL+"/a", `pm.execution.skipRequest()`, ``),
		scripted(t, "more", srv.URL+"/a", `pm.sendRequest("`+srv.URL+`/missing")`, `pm.test("boom", () => { throw new RangeError("far") })`),
	)})
	require.Equal(t, "error", report.Outcome)
	require.Equal(t, wire.Counts{Requests: 3, Assertions: 4, FailedAssertions: 2, Skipped: 1, ScriptErrors: 1}, report.Counts)
	require.Equal(t, "assertion", report.FirstError.Class)
	require.Equal(t, "fails", report.FirstError.Assertion)
	require.Equal(t, "first", report.FirstError.Request)
	require.Equal(t, "expected 200 to deeply equal 201", report.FirstError.Message)

	require.Len(t, report.Requests, 4)
	first := report.Requests[0]
	require.Equal(t, []wire.AssertionReport{
		{Name: "passes", Passed: true},
		{Name: "fails", Error: "expected 200 to deeply equal 201"},
		{Name: "skipped", Skipped: true},
	}, first.Assertions)
	require.Equal(t, []wire.ScriptError{{Phase: "test", Name: "TypeError", Message: "own fault"}}, first.Scripts)
	require.Len(t, first.Console, 2)
	require.Equal(t, "warn", first.Console[0].Level)
	require.Contains(t, first.Console[0].Text, "before 1 ")
	require.Equal(t, wire.ConsoleLine{Level: "log", Text: "after"}, first.Console[1])

	require.True(t, report.Requests[1].Skipped)
	require.Zero(t, report.Requests[1].Status)
	require.Equal(t, []any{"pm.sendRequest", 404, []string{"more"}}, []any{report.Requests[2].Name, report.Requests[2].Status, report.Requests[2].Folders})
	require.Equal(t, []any{"more", 200}, []any{report.Requests[3].Name, report.Requests[3].Status})
	require.Equal(t, "RangeError: far", report.Requests[3].Assertions[0].Error)
}

// TestSecretsThatScriptsShow prints secrets in every way that comes to mind.
func TestSecretsThatScriptsShow(t *testing.T) {
	t.Parallel()
	srv := target(t)
	report := execute(t.Context(), t, agent.Job{
		Collection: items(
			scripted(t, "login", srv.URL+"/login", `
				const s = pm.environment.get("vaulted")
				console.log(s)
				console.log({nested: {s}}, [s], JSON.stringify({s}), JSON.stringify(JSON.stringify({s})))
				console.log(encodeURIComponent(s), encodeURI(s), escape(s))
				console.log(btoa(s), btoa("user:" + s), btoa("a:" + s + "tail"))
				console.log(pm.environment.toObject())
				console.error(new Error("with " + s))`, `
				console.log(pm.response.text(), pm.response.json())
				console.log(pm.response.headers.get("Set-Cookie"))
				console.log(pm.request.headers.get("Authorization"))
				pm.environment.set("session", pm.response.json().access_token)
				pm.environment.set("vaulted", "canary-rotated-secret")
				pm.test("has " + pm.response.json().access_token, () => pm.expect(pm.response.json().access_token).to.eql("x"))
				pm.test("object", () => pm.expect({token: pm.environment.get("pw")}).to.eql({}))`),
			scripted(t, "after", srv.URL+"/a", `console.log("rotated is " + pm.environment.get("vaulted"))
				pm.request.headers.add({key: "Authorization", value: "Bearer " + pm.environment.get("session")})`, `
				console.log(pm.response.text())
				console.log(pm.request.headers.toObject())
				throw new Error("failed with " + pm.environment.get("session") + " and " + pm.environment.get("pw"))`),
		),
		Environment: environmentOf(t, secretVar("pw", "canary-password"), secretVar("vaulted", `canary/+"of\the' vault`)),
	})
	require.Len(t, report.Requests, 2)
	require.Equal(t, 2, report.Counts.Requests)
	require.NotEmpty(t, report.Requests[1].Console)
	data, err := json.Marshal(report)
	require.NoError(t, err)
	text := string(data)
	require.Contains(t, text, mask, "the control: something was masked")
	at := strings.Index(strings.ToLower(text), "canary")
	require.Negative(t, at, "%s", text[max(0, at-200):min(len(text), max(0, at)+200)])
	for _, secret := range []string{`canary/+"of\the' vault`, "u:canary-password", "canary-token-of-the-login"} {
		for _, form := range []string{base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret))} {
			require.NotContains(t, text, form)
		}
	}
}

func TestLongReportsStayWithinTheirBound(t *testing.T) {
	t.Parallel()
	srv := target(t)
	const most = 25_000
	report := execute(t.Context(), t, agent.Job{
		Collection: items(scripted(t, "loud", srv.URL+"/a", `console.log("x".repeat(30000))`, `
			pm.test("even", () => pm.expect(pm.info.iteration % 2).to.eql(0))
			for (let i = 0; i < 5; i++) pm.test("passes " + i, () => {})`)),
		Options: wire.MonitorOptions{Iterations: ptr(20)}, MaxReport: most,
	})
	data, err := json.Marshal(report)
	require.NoError(t, err)
	require.LessOrEqual(t, len(data), most)
	require.True(t, report.Truncated)
	require.Equal(t, wire.Counts{Requests: 20, Assertions: 120, FailedAssertions: 10}, report.Counts)
	require.Contains(t, report.Warnings, "the report was too large: left out console output")
	failed := 0
	for _, q := range report.Requests {
		for _, a := range q.Assertions {
			if !a.Passed {
				failed++
			}
		}
	}
	require.Equal(t, 10, failed, "what went wrong is the last to go")
}
