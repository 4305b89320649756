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

func BenchmarkFreshSandbox(b *testing.B) {
	for b.Loop() {
		s, err := script.New(script.Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Run(b.Context(), input(`pm.expect(1).to.equal(1)`))
		s.Close()
	}
}

func BenchmarkTenAssertions(b *testing.B) {
	s := newSandbox(b)
	in := input(tenAssertions)
	for b.Loop() {
		if out := s.Run(b.Context(), in); len(out.Assertions) != 10 {
			b.Fatal(out.Error)
		}
	}
}

func BenchmarkEmptyScript(b *testing.B) {
	s := newSandbox(b)
	in := input(`1`)
	for b.Loop() {
		s.Run(b.Context(), in)
	}
}
