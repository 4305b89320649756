package script

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// Bytecode depends on the exact version of the engine, and reading foreign
// bytecode can do anything. So it stands in files of the build itself, each with
// a digest of the engine's version and the source that it was made of.
//
//go:embed bytecode
var precompiled embed.FS

// engineVersion names the modules that the engine is made of; empty in binaries
// that don't know, such as those of tests: they compile for themselves.
var engineVersion = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	var parts []string
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if slices.Contains([]string{"modernc.org/quickjs", "modernc.org/libquickjs", "modernc.org/libc"}, m.Path) {
			parts = append(parts, m.Path+"@"+m.Version+" "+m.Sum)
		}
	}
	if len(parts) != 3 {
		return ""
	}
	return strings.Join(parts, "\n") + "\n"
})

func fingerprint(source string) []byte {
	sum := sha256.Sum256([]byte(engineVersion() + source))
	return sum[:]
}

// readPrecompiled finds the bytecode of a source, if it was made of this very one.
func readPrecompiled(name, source string) ([]byte, bool) {
	if engineVersion() == "" {
		return nil, false
	}
	data, err := precompiled.ReadFile("bytecode/" + fileName(name))
	if err != nil {
		return nil, false
	}
	return bytes.CutPrefix(data, fingerprint(source))
}

func fileName(module string) string { return strings.ReplaceAll(module, "/", "__") + ".bin" }

// Precompile writes the bytecode of the pm layer and of all libraries to a folder
// from which later builds embed it. It is a step of the build.
func Precompile(dir string) error {
	if !Bundled() {
		return ErrNoBundle
	}
	if engineVersion() == "" {
		return fmt.Errorf("precompile scripts: this program doesn't know the versions of its modules")
	}
	old, err := fs.Glob(os.DirFS(dir), "*.bin")
	if err != nil {
		return err
	}
	for _, f := range old {
		if err := os.Remove(filepath.Join(dir, f)); err != nil {
			return err
		}
	}
	all := map[string]*bytecode{layer.name: &layer}
	all[compatLayer.name] = &compatLayer
	for name, m := range modules() {
		if name != sandboxModule { // large, and seldom used
			all[name] = m
		}
	}
	for name, m := range all {
		source, err := m.source()
		if err != nil {
			return err
		}
		code, err := compile(source)
		if err != nil {
			return fmt.Errorf("compile %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, fileName(name)), append(fingerprint(source), code...), 0o644); err != nil { //nolint:gosec // part of the source tree
			return err
		}
	}
	return nil
}
