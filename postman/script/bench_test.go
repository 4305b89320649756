package script_test

import (
	"testing"

	"github.com/picket-api/picket/postman/script"
)

const tenAssertions = `
const body = pm.response.json();
for (let i = 0; i < 5; i++) {
  pm.test("status " + i, () => pm.response.to.have.status(200));
  pm.test("who " + i, () => pm.expect(body.who).to.eql("ann"));
}
pm.environment.set("n", body.n);
`

// What a run pays once.
func BenchmarkFresh(b *testing.B) {
	for name, source := range map[string]string{
		"engine": `1`, "chai": `pm.expect(1).to.equal(1)`, "lodash": `require("lodash")`, "moment": `require("moment")`, "crypto-js": `CryptoJS`,
		"collection sdk": `require("postman-collection")`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := script.New(script.Options{})
				if err != nil {
					b.Fatal(err)
				}
				if out := s.Run(b.Context(), input(source)); out.Error != nil {
					b.Fatal(out.Error)
				}
				s.Close()
			}
		})
	}
}

// What it pays for each script.
func BenchmarkScript(b *testing.B) {
	for name, source := range map[string]string{
		"empty": `1`, "ten assertions": tenAssertions, "json": `pm.response.json()`, "request": `pm.request.url.toString()`,
		"variables": `pm.environment.set("a", 1); pm.environment.get("a"); pm.variables.get("who"); pm.globals.set("o", {a: [1]})`,
		"legacy":    `tests["a"] = responseCode.code === 200; tests["b"] = responseBody.has("ann"); postman.setEnvironmentVariable("x", "y")`,
	} {
		b.Run(name, func(b *testing.B) {
			s := newSandbox(b)
			in := input(source)
			s.Run(b.Context(), in)
			for b.Loop() {
				if out := s.Run(b.Context(), in); out.Error != nil {
					b.Fatal(out.Error)
				}
			}
		})
	}
}
