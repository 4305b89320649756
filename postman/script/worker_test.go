package script_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/script/worker"
	"github.com/picket-api/picket/postman/vars"
)

// The test binary is its own worker.
const workerArgument = "script-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArgument {
		os.Exit(serve())
	}
	os.Exit(m.Run())
}

func serve() int {
	runtime.GOMAXPROCS(1)
	err := error(nil)
	if confined {
		err = worker.Confine()
	}
	if err == nil {
		err = worker.Serve(os.Stdin, os.Stdout, func(o script.Options) (script.Sandbox, error) {
			o.ReplaceIn = replaceIn
			s, err := script.New(o)
			return faulty{s}, err
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// faulty has the faults that an engine might have.
type faulty struct{ script.Sandbox }

func (f faulty) Run(ctx context.Context, in script.Input) script.Output {
	switch in.Source {
	case "panic":
		panic("the engine is broken\nwith all its state")
	case "deadlock":
		<-make(chan struct{})
	case "leak":
		var kept [][]byte
		for {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			kept = append(kept, b)
			if len(kept) > 4<<10 {
				panic("nothing keeps it from taking 4 GiB")
			}
		}
	case "exit":
		os.Exit(7)
	case "noise":
		fmt.Println("what no protocol has")
	}
	return f.Sandbox.Run(ctx, in)
}

// What goes wrong in the engine itself ends one script, with a reason.
func TestFaultsOfTheEngine(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{Spares: 1})
	for source, want := range map[string]string{
		"panic":    "the script's process ended (exit status 2): panic: the engine is broken",
		"deadlock": timeoutText,
		"leak":     "the script's process ended (exit status 2): fatal error: ",
		"exit":     "the script's process ended (exit status 7)",
		"noise":    "the script's process doesn't keep to the protocol",
	} {
		if source == "leak" && !confined {
			continue
		}
		s := inWorker(t, p)
		in := input(source)
		in.Timeout = 100 * time.Millisecond
		out := s.Run(t.Context(), in)
		require.True(t, out.Fatal, source)
		require.Contains(t, out.Error.Message, want, source)
		require.NotContains(t, out.Error.Message, "state")
		require.True(t, s.Run(t.Context(), input(`1`)).Fatal)
	}
	require.Nil(t, inWorker(t, p).Run(t.Context(), input(`pm.test("fine", () => {})`)).Error)
}

func newPool(tb testing.TB, o worker.Options) *worker.Pool {
	tb.Helper()
	o.Command = func() (*exec.Cmd, error) { return exec.Command(os.Args[0], workerArgument), nil }
	p := worker.NewPool(o)
	tb.Cleanup(p.Close)
	return p
}

func inWorker(tb testing.TB, p *worker.Pool) script.Sandbox {
	tb.Helper()
	s, err := p.Sandbox("w")
	require.NoError(tb, err)
	tb.Cleanup(s.Close)
	return s
}

// Scripts do in a worker what they do here.
func TestCorpusInWorkers(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{Newman: true, Idle: 2})
	for i, area := range corpus(t) {
		if i%sampled != 0 {
			continue
		}
		t.Run(area.name, func(t *testing.T) {
			t.Parallel()
			want, err := os.ReadFile(filepath.Join("testdata/corpus", area.name+".golden"))
			require.NoError(t, err)
			s, err := p.Sandbox("w")
			require.NoError(t, err)
			defer s.Close()
			require.Equal(t, string(want), area.run(t.Context(), s))
		})
	}
}

// Attacks end as they do in process, and a worker that had to go is replaced.
func TestAttacksOnWorkers(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{Spares: 1, Idle: 1})
	for i, name := range slices.Sorted(maps.Keys(attacks)) {
		a := attacks[name]
		if i%sampled != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := p.Sandbox("w")
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
				require.True(t, out.Fatal)
				require.True(t, s.Run(t.Context(), input(`1`)).Fatal, "it stays given up")
			}
		})
	}
}

func TestDeathOfAWorkerEndsOneScript(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{})
	s := inWorker(t, p)
	host := &dyingHost{kill: func(pid int) error { return syscall.Kill(pid, syscall.SIGSEGV) }, pid: s.(interface{ Pid() int }).Pid()}
	in := with(`pm.environment.set("before", 1); pm.test("a", () => {}); pm.cookies.jar().set("http://a.test", "a", "b", () => {});`, host)
	out := s.Run(t.Context(), in)
	require.True(t, out.Fatal)
	require.NotNil(t, out.Error)
	require.Contains(t, out.Error.Message, "the script's process ended (")
	require.True(t, s.Run(t.Context(), in).Fatal)
	require.Nil(t, inWorker(t, p).Run(t.Context(), input(`1`)).Error)
}

// dyingHost ends the worker while its script waits for an answer.
type dyingHost struct {
	jarHost
	kill func(pid int) error
	pid  int
}

func (h *dyingHost) SetCookie(string, script.Cookie) error {
	return h.kill(h.pid)
}

func TestWorkersAreForOneTenant(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{Spares: 1, Idle: 2})
	pid := func(tenant string) int {
		s, err := p.Sandbox(tenant)
		require.NoError(t, err)
		defer s.Close()
		out := s.Run(t.Context(), input(`globalThis.kept = (globalThis.kept || 0) + 1; pm.test(String(kept), () => {})`))
		require.Nil(t, out.Error)
		require.Equal(t, "1", out.Assertions[0].Name, "the engine is a new one")
		return s.(interface{ Pid() int }).Pid()
	}
	a := pid("a")
	require.NotEqual(t, a, pid("b"))
	require.Eventually(t, func() bool { return pid("a") == a }, 20*time.Second, 10*time.Millisecond, "it is used again")
	s, err := p.Sandbox("c")
	require.NoError(t, err)
	s.Run(t.Context(), func() script.Input { in := input(`for (;;);`); in.Timeout = 50 * time.Millisecond; return in }())
	spoilt := s.(interface{ Pid() int }).Pid()
	s.Close()
	require.NotEqual(t, spoilt, pid("c"))
}

// A worker ends with the one that started it, whatever its script does.
func TestWorkersEndWithTheirParent(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	defer read.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], workerArgument)
	cmd.Stdin = read
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	head := func(m string) []byte { return append([]byte{0, 0, 0, byte(len(m)), 0, 0, 0, 0}, m...) }
	_, err = write.Write(head(`{"open":{}}`))
	require.NoError(t, err)
	_, err = out.Read(make([]byte, 100))
	require.NoError(t, err)
	_, err = write.Write(head(`{"run":{"phase":"test","source":"for(;;);","scopes":[{},{},{},{},{}]}}`))
	require.NoError(t, err)
	time.Sleep(200 * time.Millisecond) // into the loop
	require.NoError(t, write.Close())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(attackTime):
		t.Fatal("it goes on")
	}
}

func TestValuesCrossUnchanged(t *testing.T) {
	t.Parallel()
	s := inWorker(t, newPool(t, worker.Options{}))
	in := input(`
		pm.environment.set("nan", NaN); pm.environment.set("inf", -Infinity); pm.environment.set("zero", -0);
		pm.environment.set("none", undefined); pm.environment.set("null", null); pm.environment.set("obj", {"<a>": [1, "\u2028", {b: true}]});
		pm.globals.set("x", "NaN"); pm.collectionVariables.set("list", ["NaN"]); pm.variables.set("l", 1.5);
		pm.environment.unset("who"); pm.globals.clear(); pm.globals.set("after", true);
	`)
	here := in
	here.Scopes = scopes()
	require.Nil(t, s.Run(t.Context(), in).Error)
	require.Nil(t, newSandbox(t).Run(t.Context(), here).Error)
	for i, pair := range [][2]*vars.Scope{
		{in.Scopes.Environment, here.Scopes.Environment},
		{in.Scopes.Globals, here.Scopes.Globals},
		{in.Scopes.Collection, here.Scopes.Collection},
		{in.Scopes.Local, here.Scopes.Local},
		{in.Scopes.Data, here.Scopes.Data},
	} {
		require.Equal(t, fmt.Sprintf("%#v", pair[1].All()), fmt.Sprintf("%#v", pair[0].All()), i)
	}
	// What the parent changes between scripts gets there; what it didn't, too.
	in.Scopes.Environment.Set("parent", "new")
	in.Source = `pm.test(pm.environment.get("parent") + pm.globals.get("after"), () => {})`
	require.Equal(t, "newtrue", s.Run(t.Context(), in).Assertions[0].Name)
}

// The parent's requests end with the script, and the run's end is the worker's.
func TestStopsInWorkers(t *testing.T) {
	t.Parallel()
	p := newPool(t, worker.Options{})
	h := &jarHost{delay: time.Minute}
	in := with(`pm.sendRequest("http://slow.test/", () => {}); setTimeout(() => { throw new Error("x"); }, 10)`, h)
	in.Timeout = 100 * slow * time.Millisecond
	start := time.Now()
	out := inWorker(t, p).Run(t.Context(), in)
	require.Equal(t, timeoutText, out.Error.Message)
	require.Less(t, time.Since(start), attackTime)

	ctx, cancel := context.WithTimeout(t.Context(), 100*slow*time.Millisecond)
	defer cancel()
	out = inWorker(t, p).Run(ctx, input(`for (;;);`))
	require.True(t, out.Fatal)
	require.Equal(t, "the run was stopped", out.Error.Message)
}

func TestWorkersThatCannotStart(t *testing.T) {
	t.Parallel()
	for want, command := range map[string]func() (*exec.Cmd, error){
		"start a worker for scripts: no program":                           func() (*exec.Cmd, error) { return nil, errors.New("no program") },
		"start a worker for scripts: fork/exec /nowhere/picket: no such":   func() (*exec.Cmd, error) { return exec.Command("/nowhere/picket"), nil },
		"start a worker for scripts: the script's process ended (exit sta": func() (*exec.Cmd, error) { return exec.Command(os.Args[0], "-test.run", "^$", "-test.nothing"), nil },
	} {
		p := worker.NewPool(worker.Options{Command: command, Spares: 1})
		_, err := p.Sandbox("w")
		require.ErrorContains(t, err, want)
		p.Close()
		_, err = p.Sandbox("w")
		require.ErrorContains(t, err, "closed")
	}
}

// BenchmarkScriptInWorker shows what a worker costs a script.
func BenchmarkScriptInWorker(b *testing.B) {
	in := with(`pm.test("status", () => pm.response.to.have.status(200)); pm.test("who", () => pm.expect(pm.response.json().who).to.eql("ann")); pm.environment.set("n", pm.response.json().n);`, &jarHost{})
	in.Timeout = 0
	p := newPool(b, worker.Options{})
	for name, s := range map[string]script.Sandbox{"here": newSandbox(b), "worker": inWorker(b, p)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if out := s.Run(b.Context(), in); out.Error != nil {
					b.Fatal(out.Error)
				}
			}
		})
	}
}

// BenchmarkRunInWorker shows what a worker costs a run: one that is used again, and none.
func BenchmarkRunInWorker(b *testing.B) {
	p := newPool(b, worker.Options{Idle: 4, Spares: 1})
	open := map[string]func() (script.Sandbox, error){
		"here": func() (script.Sandbox, error) { return script.New(script.Options{}) }, "worker": func() (script.Sandbox, error) { return p.Sandbox("w") },
	}
	for name, open := range open {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := open()
				require.NoError(b, err)
				s.Run(b.Context(), input(`pm.test("a", () => {})`))
				s.Close()
			}
		})
	}
}
