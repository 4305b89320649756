package picket_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/picket-api/picket"

// rule is a row of the import table: which of our packages a package may import.
// "x/**" stands for x and everything below it, "*" for anything, "." for the
// root package. The first row that matches a package holds for it.
type rule struct {
	pkg   string
	may   []string
	tests []string // what its tests may import beside that
	why   string
}

var (
	nothing  []string
	anything = []string{"*"}
)

// imports is the layering of Picket. A new package needs a row: decide who may
// know whom before the code does.
var imports = []rule{
	{"domain", nothing, nothing, "what is true and what may happen must be readable and testable alone"},
	{"eventstore", nothing, []string{"eventstore/**"}, "the log is bytes and positions; its contract suite needs no domain"},
	{"eventstore/**", []string{"eventstore"}, []string{"eventstore/**"}, "a backend knows the contract that it fulfils, and nothing that is stored in it"},
	{"postman/**", []string{"postman/**"}, []string{"postman/**"}, "the engine is a library that knows nothing of Picket: what passes on a laptop passes in a monitor"},
	{"api/wire", nothing, nothing, "JSON shapes are a contract between versions; they must not move with the code behind them"},
	{"api/client", []string{"api/wire"}, anything, "a client knows the contract, not the server"},
	{"ops", nothing, nothing, "operational tables (leases, presence, tokens) stand beside the log and know nothing of it"},
	{"blobs", nothing, nothing, "content by hash; what it means is for others to know"},
	{"demo", nothing, nothing, "the sample service is somebody else's program; it must be testable with newman alone"},
	{"commands", []string{"domain", "eventstore", "eventstore/codec"}, anything, "a decision rests on its stream, never on a lagging view"},
	{"projections", []string{"domain", "eventstore", "eventstore/codec", "eventstore/feed"}, anything, "reading changes nothing; a view can be deleted and rebuilt at any time"},
	{"reactors", []string{"commands", "projections", "domain", "ops", "eventstore/feed"}, anything, "the only place where a fact causes a command; rebuilding a view can never send a mail"},
	{"api", []string{"commands", "projections", "domain", "api/wire", "ops", "blobs"}, anything, "HTTP asks commands to decide and views to answer; it cannot append to the log"},
	{"agent", []string{"postman/**", "api/client", "api/wire"}, anything, "it runs in someone else's network: the smallest surface, and no way to the server's insides"},
	{"cli", []string{".", "agent", "postman/**", "api/client", "api/wire", "demo"}, anything, "commands for people stand on the product's parts, not on its layers"},
	{"cmd/picket", []string{"cli"}, anything, "main only starts the CLI, so that every command can be tested in process"},
	{"scripts/compile", []string{"postman/script"}, nothing, "a step of the build"},
	{"examples/**", []string{"postman/**"}, nothing, "programs of others: they see what others see"},
	{"bench/engine", []string{"postman/**"}, nothing, "measures the engine against its peers"},
	{".", anything, anything, "the wiring: the one place that sees all parts"},
	{"e2e", anything, anything, "tests of the whole product"},
}

// fence names the packages that may import a third-party module outside tests.
type fence struct {
	module string
	only   []string
	why    string
}

var fences = []fence{
	{"github.com/labstack/echo", []string{"api", "web"}, "the HTTP framework is replaceable while one layer knows it"},
	{"github.com/danielgtaylor/huma", []string{"api", "web"}, "the HTTP framework is replaceable while one layer knows it"},
	{"modernc.org/sqlite", []string{"eventstore/sqlite", "projections", "ops"}, "each of the three stores opens its own database; nobody else speaks SQL"},
	{"modernc.org/quickjs", []string{"postman/script"}, "scripts of strangers run behind one small interface"},
	{"github.com/goccy/go-json", []string{"eventstore/codec"}, "the decoder stands behind one door, where a benchmark watches it"},
	{"github.com/spf13/cobra", []string{"cli"}, "flags are for people; the rest takes a Config"},
	{"github.com/ThreeDotsLabs/watermill", []string{"eventstore/feed", "reactors"}, "a tool for what reacts, not the architecture"},
	{"gocloud.dev", []string{"blobs"}, "where content lies is one package's matter"},
	{"github.com/stretchr/testify", nothing, "a test library has no place in the binary"},
	{"github.com/rogpeppe/go-internal", nothing, "a test library has no place in the binary"},
	{"pgregory.net/rapid", nothing, "a test library has no place in the binary"},
}

// banned are the ways past what a caller hands in: arguments, environment,
// standard streams, signals and the end of the process belong to cli, which
// passes them on as values. Files are not banned: some packages live on a disk.
var banned = map[string][]string{
	"os":        {"Args", "Clearenv", "Environ", "Exit", "ExpandEnv", "Getenv", "LookupEnv", "Setenv", "Stderr", "Stdin", "Stdout", "Unsetenv"},
	"os/signal": {"Ignore", "Notify", "NotifyContext"},
	"fmt":       {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
	"log":       {"Default", "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln", "Print", "Printf", "Println"},
	"flag":      {"Arg", "Args", "CommandLine", "Parse"},
}

const (
	maxFileLines = 400
	maxFuncLines = 60
)

// pkg is one package of the module with its parsed files.
type pkg struct {
	path  string // below the module; "." is the root
	doc   string
	files []file
}

type file struct {
	name  string // relative to the root
	lines int
	test  bool // _test.go, or any file of a package for tests
	ast   *ast.File
}

var fset = token.NewFileSet()

// load lists the module once and parses every file, also those that build tags
// leave out on this system.
var load = sync.OnceValues(func() ([]pkg, error) {
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,Doc,GoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	var pkgs []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var listed struct {
			ImportPath, Dir, Doc                               string
			GoFiles, IgnoredGoFiles, TestGoFiles, XTestGoFiles []string
		}
		if err := d.Decode(&listed); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		p := pkg{path: below(listed.ImportPath), doc: listed.Doc}
		for _, name := range slices.Concat(listed.GoFiles, listed.IgnoredGoFiles, listed.TestGoFiles, listed.XTestGoFiles) {
			f, err := parse(root, filepath.Join(listed.Dir, name), forTests(p.path))
			if err != nil {
				return nil, err
			}
			p.files = append(p.files, f)
		}
		pkgs = append(pkgs, p)
	}
	return pkgs, nil
})

func parse(root, path string, test bool) (file, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return file{}, err
	}
	tree, err := parser.ParseFile(fset, path, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	name, err := filepath.Rel(root, path)
	return file{
		name: filepath.ToSlash(name), lines: bytes.Count(src, []byte("\n")), ast: tree,
		test: test || strings.HasSuffix(path, "_test.go"),
	}, err
}

// packages fails the test when the module can't be listed. Reading the folders
// lets `go test` see that a package came or went, and not answer from its cache.
func packages(t *testing.T) []pkg {
	t.Helper()
	pkgs, err := load()
	require.NoError(t, err)
	require.Greater(t, len(pkgs), 5, "go list found hardly a package: is this the root of the module?")
	for _, p := range pkgs {
		_, err := os.ReadDir(p.path)
		require.NoError(t, err)
	}
	return pkgs
}

// below cuts the module's path off, with "." for the root package.
func below(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// forTests tells the packages that hold tests for others to run, such as eventstoretest.
func forTests(path string) bool { return path == "e2e" || strings.HasSuffix(path, "test") }

func matches(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		tree, deep := strings.CutSuffix(p, "/**")
		return p == "*" || p == path || deep && (path == tree || strings.HasPrefix(path, tree+"/"))
	})
}

func ruleFor(path string) (rule, bool) {
	i := slices.IndexFunc(imports, func(r rule) bool { return matches([]string{r.pkg}, path) })
	if i < 0 {
		return rule{}, false
	}
	return imports[i], true
}

// crosses says why the package may not import the other one of ours, or "".
func crosses(from, to string, test bool) string {
	r, ok := ruleFor(from)
	switch {
	case !ok:
		return "it has no row in the import table: add one with its reason"
	case from == to, matches(r.may, to), test && matches(r.tests, to):
		return ""
	case len(r.may) == 0:
		return "it may import nothing of ours: " + r.why
	default:
		return fmt.Sprintf("it may import only %s: %s", strings.Join(r.may, ", "), r.why)
	}
}

// fenced says why the package may not import the third-party path, or "".
func fenced(from, importPath string, test bool) string {
	for _, f := range fences {
		if importPath != f.module && !strings.HasPrefix(importPath, f.module+"/") {
			continue
		}
		if test || slices.Contains(f.only, from) {
			return ""
		}
		return fmt.Sprintf("only %s may: %s", strings.Join(append(slices.Clone(f.only), "tests"), ", "), f.why)
	}
	return ""
}

func TestImportsFollowTheTable(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if _, ok := ruleFor(p.path); !ok {
			t.Errorf("package %s has no row in the import table: add one with its reason", p.path)
		}
		for _, f := range p.files {
			for _, spec := range f.ast.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				why := fenced(p.path, path, f.test)
				if path == module || strings.HasPrefix(path, module+"/") {
					why = crosses(p.path, below(path), f.test)
				}
				if why != "" {
					t.Errorf("%s imports %s; %s", f.name, path, why)
				}
			}
		}
	}
}

// The domain is plain Go: the standard library and uuid.
func TestTheDomainIsPlainGo(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, f := range p.files {
			for _, spec := range f.ast.Imports {
				path, _ := strconv.Unquote(spec.Path.Value)
				foreign := strings.Contains(strings.SplitN(path, "/", 2)[0], ".") && !strings.HasPrefix(path, module)
				if p.path == "domain" && !f.test && foreign && path != "github.com/google/uuid" {
					t.Errorf("%s imports %s; the domain is readable and testable with the standard library and uuid alone", f.name, path)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		onlyTests := !slices.ContainsFunc(p.files, func(f file) bool { return !strings.HasSuffix(f.name, "_test.go") })
		if p.doc == "" && !onlyTests {
			t.Errorf("package %s has no package comment: say in one sentence what it is for", p.path)
		}
	}
}

func TestFilesAndFunctionsFitOnAScreenOrSix(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, f := range p.files {
			if f.test || ast.IsGenerated(f.ast) {
				continue
			}
			if f.lines > maxFileLines {
				t.Errorf("%s has %d lines, more than %d: split it by what changes together", f.name, f.lines, maxFileLines)
			}
			for _, long := range longFunctions(f.ast) {
				t.Errorf("%s: %s, more than %d: name its parts", f.name, long, maxFuncLines)
			}
		}
	}
}

func longFunctions(f *ast.File) (found []string) {
	for _, d := range f.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok {
			if n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				found = append(found, fmt.Sprintf("func %s has %d lines", fn.Name.Name, n))
			}
		}
	}
	return found
}

func TestOnlyTheCLITouchesTheProcess(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, f := range p.files {
			if f.test || slices.Contains([]string{"cli", "cmd/picket", "scripts/compile", "bench/engine", "examples/embed"}, p.path) {
				continue
			}
			for _, use := range bannedUses(f.ast) {
				t.Errorf("%s uses %s; only cli, tests, examples and tools of the build do: take it as an argument, so that tests can hand in another", f.name, use)
			}
		}
	}
}

func bannedUses(f *ast.File) (found []string) {
	names := map[string]string{} // local name -> import path
	for _, spec := range f.Imports {
		path, _ := strconv.Unquote(spec.Path.Value)
		if _, ok := banned[path]; !ok {
			continue
		}
		name := path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = path
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && slices.Contains(banned[names[x.Name]], s.Sel.Name) {
				found = append(found, fmt.Sprintf("%s.%s (line %d)", x.Name, s.Sel.Name, fset.Position(s.Pos()).Line))
			}
		}
		return true
	})
	return found
}

// A rule that can't fail is no rule: each kind is shown to bite.
func TestTheRulesBite(t *testing.T) {
	t.Parallel()
	require.Contains(t, crosses("api", "eventstore", false), "cannot append")
	require.Contains(t, crosses("agent", "domain", false), "someone else's network")
	require.Contains(t, crosses("domain", "eventstore", true), "nothing of ours", "tests of the domain too")
	require.Contains(t, crosses("eventstore/sqlite", "eventstore/memory", false), "a backend")
	require.Contains(t, crosses("postman/run", "api/wire", true), "knows nothing of Picket")
	require.Contains(t, crosses("util", "domain", false), "no row")
	require.Empty(t, crosses("eventstore/sqlite", "eventstore/eventstoretest", true))
	require.Empty(t, crosses("postman/run", "postman/vars", false))
	require.Empty(t, crosses("cli", ".", false))
	require.Empty(t, crosses(".", "reactors", false))

	require.NotEmpty(t, fenced("agent", "github.com/labstack/echo/v4", false))
	require.NotEmpty(t, fenced("cli", "modernc.org/sqlite", false))
	require.NotEmpty(t, fenced("domain", "github.com/stretchr/testify/require", false))
	require.Empty(t, fenced("domain", "github.com/stretchr/testify/require", true))
	require.Empty(t, fenced("ops", "modernc.org/sqlite", false))

	src := "package p\nimport (\n\"fmt\"\nsys \"os\"\n)\nfunc f() {\nfmt.Println(sys.Getenv(\"X\"))\n" + strings.Repeat("f()\n", 60) + "}\n"
	tree, err := parser.ParseFile(fset, "bites.go", src, parser.SkipObjectResolution)
	require.NoError(t, err)
	require.Equal(t, []string{"fmt.Println (line 7)", "sys.Getenv (line 7)"}, bannedUses(tree))
	require.Equal(t, []string{"func f has 63 lines"}, longFunctions(tree))
}
