package script_test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
)

const (
	// An attack may take its second, and what a busy machine takes to notice.
	attackTime  = 5 * slow * time.Second
	memoryText  = "the script used more memory than the 64 MiB that it may"
	timeoutText = "Script execution timed out."
)

// attacks are scripts that never end, or ask for more than there is, and how each
// of them ends: "" is an end like any other.
var attacks = map[string]struct {
	source string
	want   string // message of the error
	fatal  bool
}{
	"loop":                      {`for (;;);`, timeoutText, true},
	"loop in a try":             {`for (;;) { try { for (;;); } catch (e) {} }`, timeoutText, true},
	"loop in finally":           {`try { for (;;); } finally { for (;;); }`, timeoutText, true},
	"loop in a test":            {`pm.test("x", () => { for (;;); })`, timeoutText, true},
	"loop in a callback":        {`[1, 2, 3].sort(() => { for (;;); })`, timeoutText, true},
	"loop in a replacer":        {`JSON.stringify({a: 1}, () => { for (;;); })`, timeoutText, true},
	"loop in a getter of ours":  {`console.log({get x() { for (;;); }, toJSON() { for (;;); }}); const o = {toString() { for (;;); }}; pm.environment.set(o, 1)`, timeoutText, true},
	"loop in a promise":         {`Promise.resolve().then(() => { for (;;); })`, timeoutText, true},
	"loop in a timer":           {`setTimeout(() => { for (;;); }, 1)`, timeoutText, true},
	"loop in an answer":         {`pm.sendRequest("http://a.test/", () => { for (;;); })`, timeoutText, true},
	"loop after an await":       {`await null; for (;;);`, timeoutText, true},
	"microtasks without end":    {`const f = () => Promise.resolve().then(f); f()`, timeoutText, true},
	"timers without end":        {`const f = () => setTimeout(f, 1); f()`, timeoutText, true},
	"immediates without end":    {`const f = () => setImmediate(f); f()`, timeoutText, true},
	"an interval":               {`setInterval(() => {}, 1)`, timeoutText, true},
	"a generator without end":   {`function* g() { for (;;) yield 1; } for (const x of g()) x;`, timeoutText, true},
	"a pattern":                 {`/^(?=(a+)+$)b|^(a|aa)+$/.test("a".repeat(5000) + "!")`, timeoutText, true},
	"a proxy of itself":         {`const p = new Proxy({}, {get() { return p; }, has() { return true; }}); for (let x = p; ; x = x.y);`, timeoutText, true},
	"a request that hangs":      {`pm.sendRequest("http://slow.test/", () => {})`, timeoutText, true},
	"an array bomb":             {`const a = []; for (;;) a.push(new Array(1e5).fill(1))`, memoryText, true},
	"a sparse array, filled":    {`new Array(2 ** 31).fill(1)`, memoryText, true},
	"a string bomb":             {`let s = "x"; for (;;) s += s + Math.random()`, "Invalid string length", false},
	"strings in a list":         {`const a = []; for (;;) a.push("x".repeat(1e6) + a.length)`, memoryText, true},
	"a buffer bomb":             {`const a = []; for (;;) a.push(new Uint8Array(1 << 20))`, memoryText, true},
	"a large buffer":            {`new ArrayBuffer(2 ** 31)`, "Array buffer allocation failed", false},
	"a map bomb":                {`const m = new Map(); for (let i = 0; ; i++) m.set(i, {i})`, memoryText, true},
	"closures":                  {`let f = () => 0; for (;;) { const g = f; f = () => g() + 1; }`, memoryText, true},
	"a bomb that is caught":     {`const a = []; try { for (;;) a.push(new Uint8Array(1 << 20)); } catch (e) {} globalThis.kept = a`, "", true},
	"a bomb of assertions":      {`for (;;) pm.test("x".repeat(10000), () => {})`, memoryText, true},
	"a bomb on the console":     {`for (;;) console.log("x".repeat(10000) + Math.random())`, memoryText, true},
	"recursion":                 {`const f = () => f() + 1; f()`, "Maximum call stack size exceeded", false},
	"recursion by toString":     {`const o = {toString() { return "" + o; }}; "" + o`, "Maximum call stack size exceeded", false},
	"recursion by JSON":         {`const o = {toJSON() { return {o}; }}; JSON.stringify(o)`, "", false},
	"nested brackets in eval":   {`eval("(".repeat(2e6))`, "", false},
	"nested arrays in eval":     {`eval("[".repeat(2e5) + "]".repeat(2e5))`, "", false},
	"nested groups in patterns": {`new RegExp("(".repeat(1e5) + ")".repeat(1e5))`, "", false},
	"deep JSON":                 {`JSON.parse("[".repeat(2e6))`, "", false},
	"a deep object in a test":   {`let o = {}; for (let i = 0; i < 1e5; i++) o = {o}; pm.test("x", () => pm.expect(o).to.eql({}))`, "", false},
	"a wide object in a test":   {`const o = {}; for (let i = 0; i < 1e5; i++) o["k" + i] = i; pm.test("x", () => pm.expect(o).to.eql({}))`, "", false},
	"a promise never settled":   {`await new Promise(() => {})`, "", false},
	"a broken prototype":        {`Object.prototype.toString = Array.prototype.push = Map.prototype.get = Promise.prototype.then = null; JSON.stringify = null`, "", false},
	"a getter on prototypes":    {`Object.defineProperty(Object.prototype, "name", {get() { throw 1; }, configurable: true}); pm.test("x", () => { throw {}; })`, "", false},
	"frozen built-ins":          {`[Object, Array, Map, Promise].forEach((C) => { Object.freeze(C); Object.freeze(C.prototype); }); Object.freeze(globalThis)`, "", false},
}

// Each attack ends in time, and others can run after it: in the same sandbox if
// that was not given up, else in the next one.
func TestAttacks(t *testing.T) {
	t.Parallel()
	for i, name := range slices.Sorted(maps.Keys(attacks)) {
		a := attacks[name]
		if i%sampled != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := script.New(script.Options{})
			require.NoError(t, err)
			defer s.Close()
			in := with(a.source, &jarHost{delay: map[bool]time.Duration{true: time.Minute}[name == "a request that hangs"]})
			in.Timeout = time.Second
			start := time.Now()
			out := s.Run(t.Context(), in)
			require.Less(t, time.Since(start), attackTime)
			if a.want != "" {
				require.NotNil(t, out.Error)
				require.Contains(t, []string{a.want, memoryText, timeoutText}, out.Error.Message)
			}
			if a.fatal {
				require.True(t, out.Fatal, "%+v", out.Error)
			}
			if out.Fatal {
				require.True(t, s.Run(t.Context(), input(`1`)).Fatal, "it stays given up")
				s = newSandbox(t)
			} else if name == "a broken prototype" || name == "frozen built-ins" || name == "a getter on prototypes" {
				return // its own run is spoilt, that's all
			}
			next := s.Run(t.Context(), input(`pm.test("fine", () => { pm.expect([1]).to.eql([1]); })`))
			require.Nil(t, next.Error)
			require.Len(t, next.Assertions, 1)
			require.Nil(t, next.Assertions[0].Error)
		})
	}
}

// rss is the resident memory of this process in bytes.
func rss(t *testing.T) int {
	t.Helper()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc/self/statm on this system")
	}
	var total, resident int
	_, err = fmt.Sscan(string(data), &total, &resident)
	require.NoError(t, err)
	return resident * os.Getpagesize()
}

//nolint:paralleltest // it measures the process
func TestMemoryIsBounded(t *testing.T) {
	const slack = 96 << 20 * sampled // what the engine and Go's allocator keep beside a heap of 64 MiB; the race detector's shadow
	before := rss(t)
	for i, name := range slices.Sorted(maps.Keys(attacks)) {
		a := attacks[name]
		if i%sampled != 0 || a.want != memoryText {
			continue
		}
		s, err := script.New(script.Options{})
		require.NoError(t, err)
		in := input(a.source)
		in.Timeout = 2 * time.Second
		s.Run(t.Context(), in)
		used := rss(t) - before
		s.Close()
		t.Logf("%s: %d MiB", name, used>>20)
		require.Less(t, used, script.DefaultMemory+slack, name)
	}
	runtime.GC()
	t.Logf("afterwards: %d MiB", (rss(t)-before)>>20)
	require.Less(t, rss(t)-before, slack, "it is given back")
}

//nolint:paralleltest // it measures the process
func TestMemoryStaysFlatOverManyRuns(t *testing.T) {
	run := func(n int) {
		for range n {
			s, err := script.New(script.Options{})
			require.NoError(t, err)
			out := s.Run(t.Context(), input(`
				pm.test("a", () => pm.response.to.have.status(200));
				pm.environment.set("o", {a: [pm.request.url.toString()]});
				Promise.reject(new Error("heard")).catch(() => {});
				setTimeout(() => pm.test("late", () => pm.expect(pm.response.json().n).to.equal(3)), 0);
			`))
			require.Len(t, out.Assertions, 2)
			s.Close()
		}
	}
	run(30)
	runtime.GC()
	before := rss(t)
	run(cycles)
	runtime.GC()
	require.Less(t, rss(t)-before, 16<<20, "bytes more after %d runs", cycles)
}

//nolint:paralleltest // it measures the process
func TestMemoryStaysFlatInOneSandbox(t *testing.T) {
	s := newSandbox(t)
	in := input(`
		pm.test("a", () => pm.expect(pm.response.json()).to.eql({who: "ann", n: 3}));
		const cycle = {list: []}; cycle.self = cycle;
		const id = setInterval(() => {}, 1000); clearInterval(id);
		pm.globals.set("k", {a: 1}); console.log(cycle);
	`)
	run := func(n int) {
		for range n {
			require.Nil(t, s.Run(t.Context(), in).Error)
		}
	}
	run(200)
	runtime.GC()
	before := rss(t)
	run(2 * cycles)
	runtime.GC()
	require.Less(t, rss(t)-before, 16<<20)
}
