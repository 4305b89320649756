package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// brunoCollection writes a folder for Bruno's command line that asks for the same
// requests, with scripts that do the same, in Bruno's own words.
func brunoCollection(dir, url string, requests, assertions int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "bruno.json"), []byte(`{"version":"1","name":"bench","type":"collection"}`), 0o600); err != nil {
		return err
	}
	for i := range requests {
		var tests strings.Builder
		for k := range assertions / requests {
			fmt.Fprintf(&tests, "  test(\"%d\", () => { %s; });\n", k, []string{
				"expect(res.getStatus()).to.equal(200)", "expect(body.items).to.be.an('array').that.has.lengthOf(2)",
				"expect(body.path).to.include('/orders')", "expect(body.items[0]).to.have.property('name', 'one')",
				"expect(res.getHeader('content-type')).to.be.a('string')",
			}[k%5])
		}
		text := fmt.Sprintf(`meta {
  name: request %[1]d
  type: http
  seq: %[2]d
}

get {
  url: %[3]s/orders/%[1]d?n=%[1]d
  body: none
  auth: none
}

headers {
  X-Token: {{token}}
}

script:pre-request {
  bru.setVar("n", %[1]d);
}

tests {
  const body = res.getBody();
  bru.setVar("token", body.token);
%[4]s}
`, i, i+1, url, tests.String())
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("request%d.bru", i)), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// mostBruno bounds the iterations that Bruno runs: it takes minutes for more, and
// the figures of a request don't change.
const mostBruno = 10

// runBruno runs a case with Bruno, if there is one.
func (b *bench) runBruno(ctx context.Context, r *row, requests, assertions, iterations int) error {
	if b.bruno == "" {
		return nil
	}
	dir := filepath.Join(b.dir, fmt.Sprintf("bruno%d", requests))
	if err := brunoCollection(dir, b.url, requests, assertions); err != nil {
		return err
	}
	iterations = min(iterations, mostBruno)
	r.brunoRequests = requests * iterations
	u, err := measureIn(ctx, dir, "node", b.bruno, "run", ".", "--iteration-count", fmt.Sprint(iterations), "--reporter-json", filepath.Join(b.dir, "bruno.json"))
	if err != nil {
		return err
	}
	r.bruno = r.bruno.better(u)
	return nil
}
