package picket_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

var updateDocs = flag.Bool("update", false, "write docs/events.md anew")

// docs/events.md is made of the code: the type's comment and its golden payload.
func TestTheCatalogueOfEventsIsUpToDate(t *testing.T) {
	t.Parallel()
	comments := eventComments(t)
	var b bytes.Buffer
	b.WriteString("# Events\n\nEvery fact that Picket records, with a sample of its payload. Made of the code by\n`make golden`; a test fails when it is out of date.\n\n" +
		"Beside its payload each event has an envelope: actor, command id, correlation and\ncausation ids, workspace, and for people and runners IP address and user agent.\n")
	for _, name := range domain.EventTypes() {
		golden, err := os.ReadFile(filepath.Join("domain", "testdata", "events", name+".json"))
		require.NoError(t, err)
		var pretty bytes.Buffer
		require.NoError(t, json.Indent(&pretty, bytes.TrimSpace(golden), "", "  "))
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```json\n%s\n```\n", name, comments[name], pretty.String())
	}
	const file = "docs/events.md"
	if *updateDocs {
		require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
	}
	have, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "run make golden")
}

// eventComments is what the comment of each event's Go type says, by event type.
func eventComments(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	files, err := filepath.Glob("domain/*.go")
	require.NoError(t, err)
	var parsed []*ast.File
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		p, err := parser.ParseFile(fset, f, nil, parser.ParseComments)
		require.NoError(t, err)
		parsed = append(parsed, p)
	}
	pkg, err := doc.NewFromFiles(fset, parsed, "domain", doc.PreserveAST)
	require.NoError(t, err)
	out := make(map[string]string)
	for _, typ := range pkg.Types {
		for _, m := range typ.Methods {
			if m.Name != "EventType" || m.Decl.Body == nil {
				continue
			}
			ret, ok := m.Decl.Body.List[0].(*ast.ReturnStmt)
			if !ok {
				continue
			}
			lit, ok := ret.Results[0].(*ast.BasicLit)
			require.True(t, ok)
			text := strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(typ.Doc), " "), typ.Name))
			require.NotEmpty(t, text, "%s has no comment", typ.Name)
			out[strings.Trim(lit.Value, `"`)] = strings.ToUpper(text[:1]) + text[1:]
		}
	}
	return out
}
