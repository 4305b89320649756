package domain_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

var update = flag.Bool("update", false, "write testdata/events anew")

const goldenDir = "testdata/events"

// samples has one event of each type, with every field set.
func samples() []domain.Event {
	at := time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)
	due := at.Add(7*time.Second + 250*time.Millisecond)
	key := domain.Key{ID: "0199a000-0000-7000-8000-000000000071", Hash: strings.Repeat("0f", 32), LastFour: "x7Qa"}
	visibility := domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{workspaceID, otherSpaceID}}
	doc := domain.Document{Name: "Orders <v2> & Größe", Hash: strings.Repeat("a1", 32), Bytes: 48_213, Items: 12}
	options := domain.Options{
		RequestTimeoutMS: 30_000, RequestDelayMS: 100, RunLimitMS: 600_000, Iterations: 2,
		FollowRedirects: true, StrictTLS: true, Effects: domain.EffectsUnsafe, Folders: []string{"smoke", "Checkout"},
	}
	config := domain.Configuration{
		Name: "Checkout", Collection: collectionID, Environment: environmentID, Runners: []domain.RunnerID{runnerID},
		Schedule: &domain.Schedule{Cron: "*/5 8-17 * * mon-fri", Timezone: "Europe/Berlin"}, Options: options,
	}
	edited := config
	edited.Schedule = &domain.Schedule{EveryMinutes: 15, Timezone: "UTC"}
	res := domain.Result{
		Outcome: domain.Failure,
		Counts:  domain.Counts{Requests: 12, FailedRequests: 1, Assertions: 40, FailedAssertions: 2, Skipped: 3, ScriptErrors: 1},
		Timings: domain.RunTimings{TotalMS: 1843.25, ResponseAvgMS: 91.5, ResponseMinMS: 12.125, ResponseMaxMS: 640},
		FirstError: &domain.Trouble{
			Class: "assertion", Request: "Create order", Assertion: "status is 201", Message: "expected 500 to equal 201",
		},
		ReportHash: strings.Repeat("c3", 32),
	}
	return []domain.Event{
		domain.WorkspaceCreated{ID: workspaceID, Name: "Payments", Type: domain.InternalWorkspace},
		domain.WorkspaceRenamed{ID: workspaceID, Name: "Billing"},
		domain.CollectionSaved{ID: collectionID, Workspace: workspaceID, Document: doc},
		domain.CollectionDeleted{ID: collectionID},
		domain.EnvironmentSaved{ID: environmentID, Workspace: workspaceID, Document: doc},
		domain.EnvironmentDeleted{ID: environmentID},
		domain.RunnerCreated{ID: runnerID, Name: "edge", Description: "rack 4\nrow 2", Visibility: visibility, Key: key},
		domain.RunnerEdited{ID: runnerID, Name: "core", Description: "rack 5"},
		domain.RunnerVisibilityChanged{ID: runnerID, Visibility: visibility},
		domain.RunnerKeyReset{ID: runnerID, Key: key, Reason: "leaked", GraceSeconds: 3600, PreviousValidUntil: &due},
		domain.RunnerDeleted{ID: runnerID, Reason: "retired"},
		domain.InstanceConnected{
			ID: instanceID, Runner: runnerID, Key: key.ID, HostName: "edge-1", UniqueID: "m-77",
			Version: "1.2.3", OS: "linux", Arch: "arm64", Capacity: 4,
		},
		domain.InstanceLost{ID: instanceID, Runner: runnerID, LastSeenAt: due},
		domain.InstanceStopped{ID: instanceID, Runner: runnerID},
		domain.MonitorCreated{ID: monitorID, Workspace: workspaceID, Configuration: config},
		domain.MonitorEdited{ID: monitorID, Configuration: edited},
		domain.MonitorPaused{ID: monitorID, Reason: "release"},
		domain.MonitorResumed{ID: monitorID},
		domain.MonitorDeleted{ID: monitorID},
		domain.MonitorSlotsMissed{ID: monitorID, Lane: string(runnerID), From: at, To: due, Count: 36, Cause: domain.MissedControlPlane},
		domain.RunQueued{
			ID: runID, Execution: "0199a000-0000-7000-8000-000000000052", Trigger: domain.TriggerScheduled, NominalAt: &at, DueAt: due,
			Plan: domain.Plan{
				Monitor: monitorID, MonitorName: "Checkout", MonitorRevision: 3, Workspace: workspaceID, Runner: runnerID, Lane: string(runnerID),
				Collection: collectionID, CollectionHash: strings.Repeat("a1", 32),
				Environment: environmentID, EnvironmentHash: strings.Repeat("b2", 32), Options: options, MaxAttempts: 3,
			},
		},
		domain.RunClaimed{
			ID: runID, Monitor: monitorID, Runner: runnerID, Instance: instanceID,
			Attempt: 2, ClaimID: "0199a000-0000-7000-8000-000000000081", LeaseMS: 15_000,
		},
		domain.RunStarted{ID: runID, Attempt: 2},
		domain.RunLeaseExpired{ID: runID, Attempt: 2, Instance: instanceID, Counted: true},
		domain.RunReleased{ID: runID, Attempt: 2, Instance: instanceID, Reason: "draining"},
		domain.RunFinished{ID: runID, Monitor: monitorID, Runner: runnerID, Instance: instanceID, Attempt: 2, FinishedAt: due, Result: res},
		domain.RunMissed{ID: runID, Monitor: monitorID, Runner: runnerID, Cause: domain.MissedInstanceLost},
		domain.RunLateReportQuarantined{ID: runID, Attempt: 1, Result: res},
		domain.APIKeyCreated{Name: "CI", Key: key},
		domain.APIKeyRevoked{ID: key.ID},
	}
}

// A stored event is for ever: its type and its JSON never change.
//
//nolint:tparallel // the folder is listed when all subtests have ended
func TestEventCatalogue(t *testing.T) {
	t.Parallel()
	all := samples()
	types := make([]string, len(all))
	for i, e := range all {
		types[i] = e.EventType()
	}
	slices.Sort(types)
	require.Equal(t, domain.EventTypes(), types, "each type has one sample")

	for _, e := range all {
		name := e.EventType()
		t.Run(name, func(t *testing.T) { // not parallel: the folder is looked at below
			require.Regexp(t, `^[a-z]+\.[a-z_]+\.v[0-9]+$`, name)
			requireFull(t, name, reflect.ValueOf(e))

			data, err := domain.Encode(e)
			require.NoError(t, err)
			var pretty bytes.Buffer
			require.NoError(t, json.Indent(&pretty, data, "", "  "))
			pretty.WriteByte('\n')
			file := filepath.Join(goldenDir, name+".json")
			if *update {
				require.NoError(t, os.MkdirAll(goldenDir, 0o755))
				require.NoError(t, os.WriteFile(file, pretty.Bytes(), 0o644))
			}
			golden, err := os.ReadFile(file)
			require.NoError(t, err, "go test ./domain -run Catalogue -update")
			require.Equal(t, string(golden), pretty.String(), "stored events are never rewritten: make a new version of the type")

			back, err := domain.Decode(name, golden, nil)
			require.NoError(t, err)
			require.Equal(t, e, back)
			again, err := domain.Encode(back)
			require.NoError(t, err)
			require.Equal(t, string(data), string(again))
		})
	}

	files, err := fs.Glob(os.DirFS(goldenDir), "*")
	require.NoError(t, err)
	for i := range files {
		files[i] = strings.TrimSuffix(files[i], ".json")
	}
	require.Equal(t, domain.EventTypes(), files, "a golden file is of a type that exists: history can't be unlearnt")
}

// requireFull wants every field to be set, so that golden files show all of it.
// Schedule is excepted: it has one of two fields.
func requireFull(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	require.False(t, v.IsZero(), "%s is not set", path)
	switch v.Kind() {
	case reflect.Pointer:
		requireFull(t, path, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			requireFull(t, path, v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() || v.Type() == reflect.TypeFor[domain.Schedule]() {
			return
		}
		for i := range v.NumField() {
			requireFull(t, path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// The source has no event that is not listed, and none that is listed twice: the
// registry itself could not tell.
func TestEventTypesAreListedOnce(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	declared := map[string]string{} // Go type -> event type
	listed := map[string]int{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "EventType" && n.Recv != nil {
					ret, ok := n.Body.List[0].(*ast.ReturnStmt)
					require.True(t, ok)
					lit, ok := ret.Results[0].(*ast.BasicLit)
					require.True(t, ok, "%s: an event type is written out", file)
					text, err := strconv.Unquote(lit.Value)
					require.NoError(t, err)
					declared[n.Recv.List[0].Type.(*ast.Ident).Name] = text
				}
			case *ast.ValueSpec:
				if strings.HasSuffix(n.Names[0].Name, "Events") && len(n.Values) == 1 {
					list, ok := n.Values[0].(*ast.CompositeLit)
					require.True(t, ok)
					for _, e := range list.Elts {
						listed[e.(*ast.CompositeLit).Type.(*ast.Ident).Name]++
					}
				}
			}
			return true
		})
	}
	require.NotEmpty(t, declared)
	var types []string
	for name, eventType := range declared {
		require.Equal(t, 1, listed[name], "%s is listed once", name)
		types = append(types, eventType)
	}
	require.Len(t, listed, len(declared))
	slices.Sort(types)
	require.Equal(t, domain.EventTypes(), types, "no two events share a type")
	for _, e := range samples() {
		require.Equal(t, declared[reflect.TypeOf(e).Name()], e.EventType())
	}
}

// Secrets stay out of the log. What is named like one must be the fingerprint of
// a key, or its id.
func TestEventsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	suspicious := regexp.MustCompile(`(?i)key|secret|passw|token|credential|bearer|cookie`)
	fingerprints := []string{
		"runner.created.v1/key", "runner.key_reset.v1/key", "team.api_key_created.v1/key", // domain.Key
		"instance.connected.v1/key", // its id
	}
	var found []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, field := range v {
				require.Regexp(t, `^[a-z][a-z0-9_]*$`, name, path)
				if suspicious.MatchString(name) {
					found = append(found, path+"/"+name)
					if fp, ok := field.(map[string]any); ok {
						require.Len(t, fp, 3, path)
						require.Regexp(t, `^[0-9a-f]{64}$`, fp["hash"])
						require.Len(t, fp["last_four"], 4)
						field = fp["id"]
					}
					require.True(t, domain.ValidID(field.(string)), "%s/%s", path, name)
				}
				walk(path+"/"+name, field)
			}
		case []any:
			for _, item := range v {
				walk(path, item)
			}
		}
	}
	for _, e := range samples() {
		data, err := domain.Encode(e)
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(data, &v))
		walk(e.EventType(), v)
	}
	slices.Sort(found)
	slices.Sort(fingerprints)
	require.Equal(t, fingerprints, found)

	const secret = "pkr_8Jq2vXw1b0Zt5R7yLmNcD3eF4gH6iK9oPsTuVaWx_Yz"
	facts, err := new(domain.Runner).Create(runnerID, "edge", "", everywhere, domain.NewKey("k", secret))
	require.NoError(t, err)
	data, err := domain.Encode(facts[0])
	require.NoError(t, err)
	require.NotContains(t, string(data), secret[4:len(secret)-4])
}

func TestDecode(t *testing.T) {
	t.Parallel()
	_, err := domain.Decode("runner.created.v9", []byte("{}"), nil)
	require.ErrorIs(t, err, domain.ErrUnknownEvent)
	require.ErrorContains(t, err, "runner.created.v9")
	_, err = domain.Decode("", nil, nil)
	require.ErrorIs(t, err, domain.ErrUnknownEvent)
	for _, name := range domain.EventTypes() {
		_, err = domain.Decode(name, []byte(`{"id":`), nil)
		require.ErrorContains(t, err, name)
		require.NotErrorIs(t, err, domain.ErrUnknownEvent)
		e, err := domain.Decode(name, []byte(`{"a_field_of_tomorrow": {"x": [1]}}`), nil)
		require.NoError(t, err, "a newer version may add fields")
		require.Equal(t, name, e.EventType())
	}
	called := 0
	e, err := domain.Decode("monitor.resumed.v1", []byte(`{"id":"m"}`), func(data []byte, into any) error {
		called++
		return json.Unmarshal(data, into)
	})
	require.NoError(t, err)
	require.Equal(t, domain.MonitorResumed{ID: "m"}, e)
	require.Equal(t, 1, called)
}

// An aggregate ignores the events of others and can't be broken by any order.
func TestApplyNeverPanics(t *testing.T) {
	t.Parallel()
	for _, fresh := range []func() domain.Aggregate{
		func() domain.Aggregate { return new(domain.Workspace) },
		func() domain.Aggregate { return new(domain.Collection) },
		func() domain.Aggregate { return new(domain.Environment) },
		func() domain.Aggregate { return new(domain.Runner) },
		func() domain.Aggregate { return new(domain.Instance) },
		func() domain.Aggregate { return new(domain.Monitor) },
		func() domain.Aggregate { return new(domain.Run) },
		func() domain.Aggregate { return new(domain.Team) },
	} {
		all := samples()
		domain.Fold(fresh(), all...)
		slices.Reverse(all)
		domain.Fold(fresh(), all...)
	}
}
