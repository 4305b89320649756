package script

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"modernc.org/quickjs"
)

// ErrNoBundle means that this binary was built without the libraries.
var ErrNoBundle = errors.New("this binary was built without the libraries that scripts use; run `make bundle` (needs Node and npm), then build again")

// The pm layer is ours; the libraries are built by `make bundle`, and a checkout
// without them compiles all the same.
var (
	//go:embed js/*.js compat/*.js
	ours embed.FS
	//go:embed bundle
	libraries embed.FS
)

// bytecode is had once in a process, when it is first needed: from the build, or
// by compiling the source.
type bytecode struct {
	name   string
	source func() (string, error)
	once   sync.Once
	code   []byte
	err    error
}

func (b *bytecode) get() ([]byte, error) {
	b.once.Do(func() {
		source, err := b.source()
		if err != nil {
			b.err = err
			return
		}
		if code, ok := readPrecompiled(b.name, source); ok {
			b.code = code
			return
		}
		b.code, b.err = compile(source)
	})
	return b.code, b.err
}

func compile(source string) (code []byte, err error) {
	vm, err := quickjs.NewVM()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, vm.Close()) }()
	if err := stripBytecode(vm); err != nil {
		return nil, err
	}
	return vm.Compile(source, quickjs.EvalGlobal)
}

// layer is the pm layer: all of js/ as one function.
var layer = bytecode{name: "pm", source: func() (string, error) {
	files, err := fs.Glob(ours, "js/*.js")
	if err != nil {
		return "", err
	}
	return oneFunction(files)
}}

// compatLayer stands between the host and Postman's own sandbox.
var compatLayer = bytecode{name: "compat", source: func() (string, error) {
	return oneFunction([]string{
		"js/00_host.js", "js/10_web.js", "js/11_clone.js", "js/12_locale.js", "js/15_console.js", "js/16_json.js", "js/80_errors.js", "compat/90_compat.js",
	})
}}

// sandboxModule is Postman's own sandbox among the modules.
const sandboxModule = "postman-sandbox"

// oneFunction makes a function of files, in their order. The global object is its
// own: Postman's sandbox takes the name away.
func oneFunction(files []string) (string, error) {
	var b strings.Builder
	b.WriteString("((globalThis) => {\"use strict\";\n")
	for _, f := range files {
		text, err := ours.ReadFile(f)
		if err != nil {
			return "", err
		}
		b.Write(text)
	}
	b.WriteString("})(globalThis);\n")
	return b.String(), nil
}

// modules are the libraries in the binary by the names that scripts require.
var modules = sync.OnceValue(func() map[string]*bytecode {
	all := make(map[string]*bytecode)
	files, _ := fs.Glob(libraries, "bundle/*.js") // the pattern is right
	for _, f := range files {
		name := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(f, "bundle/"), ".js"), "__", "/")
		all[name] = &bytecode{name: name, source: func() (string, error) {
			text, err := libraries.ReadFile(f)
			return fmt.Sprintf("__define(%q, function (exports, require, module, process, global, JSON) {%s\n});", name, text), err
		}}
	}
	return all
})

// Bundled reports whether the libraries are in this binary.
func Bundled() bool {
	_, ok := modules()["chai"]
	return ok
}
