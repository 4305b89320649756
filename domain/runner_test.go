package domain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

const runnerID = domain.RunnerID("0199a000-0000-7000-8000-000000000031")

var (
	now    = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	berlin = zone("Europe/Berlin")

	everywhere = domain.Visibility{Scope: domain.VisibleInAll}
	keyOne     = domain.NewKey("k1", "pkr_one")
	keyTwo     = domain.NewKey("k2", "pkr_two")
	keyThree   = domain.NewKey("k3", "pkr_three")

	runnerCreated = domain.RunnerCreated{ID: runnerID, Name: "edge", Description: "rack 4", Visibility: everywhere, Key: keyOne}
	runnerDeleted = domain.RunnerDeleted{ID: runnerID}
)

func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

func selected(ws ...domain.WorkspaceID) domain.Visibility {
	return domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: ws}
}

func spaces(n int) []domain.WorkspaceID {
	ws := make([]domain.WorkspaceID, n)
	for i := range ws {
		ws[i] = domain.WorkspaceID(fmt.Sprintf("w%04d", i))
	}
	return ws
}

func TestRunnerCreate(t *testing.T) {
	t.Parallel()
	type R = domain.Runner
	create := func(name, description string, v domain.Visibility) func(*R) ([]domain.Event, error) {
		return func(r *R) ([]domain.Event, error) { return r.Create(runnerID, name, description, v, keyOne) }
	}
	visible := func(v domain.Visibility) domain.Event {
		return domain.RunnerCreated{ID: runnerID, Name: "edge", Visibility: v, Key: keyOne}
	}
	text := "line one\r\n\tline two"
	decide(t, []scenario[R]{
		{name: "create", when: create(" edge ", "rack 4", everywhere), want: events(runnerCreated)},
		{name: "visible everywhere by default", when: create("edge", "", domain.Visibility{}), want: events(visible(everywhere))},
		{name: "visible in selected workspaces", when: create("edge", "", selected("b", "a")), want: events(visible(selected("a", "b")))},
		{
			name: "description may have lines and tabs", when: create("edge", text, everywhere),
			want: events(domain.RunnerCreated{ID: runnerID, Name: "edge", Description: text, Visibility: everywhere, Key: keyOne}),
		},
		{
			name: "longest name", when: create(longestName, "", everywhere),
			want: events(domain.RunnerCreated{ID: runnerID, Name: longestName, Visibility: everywhere, Key: keyOne}),
		},
		{name: "visible in selected workspaces, but none", when: create("edge", "", selected()), wantErr: "invalid /visibility/workspaces"},
		{name: "visible in too many", when: create("edge", "", selected(spaces(domain.MaxVisibleWorkspaces+1)...)), wantErr: "invalid /visibility/workspaces"},
		{name: "visible some other way", when: create("edge", "", domain.Visibility{Scope: "none"}), wantErr: "invalid /visibility/scope"},
		{name: "a second time", given: events(runnerCreated), when: create("edge", "", everywhere), wantErr: "conflict"},
		{name: "after deletion", given: events(runnerCreated, runnerDeleted), when: create("edge", "", everywhere), wantErr: "conflict"},
	})
	decide(t, failing("/name", nil, badNames, func(r *R, s string) ([]domain.Event, error) {
		return r.Create(runnerID, s, "", everywhere, keyOne)
	}))
	decide(t, failing("/description", nil, badDescriptions, func(r *R, s string) ([]domain.Event, error) {
		return r.Create(runnerID, "edge", s, everywhere, keyOne)
	}))
}

func TestRunnerEdit(t *testing.T) {
	t.Parallel()
	type R = domain.Runner
	edit := func(name, description string) func(*R) ([]domain.Event, error) {
		return func(r *R) ([]domain.Event, error) { return r.Edit(name, description) }
	}
	given := events(runnerCreated)
	edited := func(name, description string) []domain.Event {
		return events(domain.RunnerEdited{ID: runnerID, Name: name, Description: description})
	}
	decide(t, []scenario[R]{
		{name: "name", given: given, when: edit("core", "rack 4"), want: edited("core", "rack 4"), again: true},
		{name: "description", given: given, when: edit("edge", ""), want: edited("edge", ""), again: true},
		{name: "nothing", given: given, when: edit("  edge", "rack 4")},
		{name: "what is not there", when: edit("core", ""), wantErr: "not_found"},
		{name: "after deletion", given: events(runnerCreated, runnerDeleted), when: edit("core", ""), wantErr: "not_found"},
	})
	decide(t, failing("/name", given, badNames, func(r *R, s string) ([]domain.Event, error) { return r.Edit(s, "") }))
	decide(t, failing("/description", given, badDescriptions, func(r *R, s string) ([]domain.Event, error) { return r.Edit("edge", s) }))
}

func TestRunnerVisibility(t *testing.T) {
	t.Parallel()
	type R = domain.Runner
	change := func(v domain.Visibility) func(*R) ([]domain.Event, error) {
		return func(r *R) ([]domain.Event, error) { return r.ChangeVisibility(v) }
	}
	changed := func(v domain.Visibility) domain.Event {
		return domain.RunnerVisibilityChanged{ID: runnerID, Visibility: v}
	}
	all, narrow := events(runnerCreated), events(runnerCreated, changed(selected("a", "b")))
	most := spaces(domain.MaxVisibleWorkspaces)
	decide(t, []scenario[R]{
		{name: "narrow", given: all, when: change(selected("a")), want: events(changed(selected("a"))), again: true},
		{name: "sorted, each once", given: all, when: change(selected("b", "a", "b")), want: events(changed(selected("a", "b"))), again: true},
		{name: "widen", given: narrow, when: change(everywhere), want: events(changed(everywhere)), again: true},
		{name: "widen by default", given: narrow, when: change(domain.Visibility{}), want: events(changed(everywhere)), again: true},
		{name: "the same", given: all, when: change(everywhere)},
		{name: "the same in another order", given: narrow, when: change(selected("b", "a"))},
		{name: "as many as can be", given: all, when: change(selected(most...)), want: events(changed(selected(most...))), again: true},
		{name: "one too many", given: all, when: change(selected(spaces(len(most) + 1)...)), wantErr: "invalid /visibility/workspaces"},
		{name: "selected but none", given: all, when: change(selected()), wantErr: "invalid /visibility/workspaces"},
		{name: "all but some", given: all, when: change(domain.Visibility{Scope: domain.VisibleInAll, Workspaces: most}), wantErr: "invalid /visibility/workspaces"},
		{name: "no scope but some", given: all, when: change(domain.Visibility{Workspaces: most}), wantErr: "invalid /visibility/workspaces"},
		{name: "another scope", given: all, when: change(domain.Visibility{Scope: "none"}), wantErr: "invalid /visibility/scope"},
		{name: "what is not there", when: change(everywhere), wantErr: "not_found"},
		{name: "after deletion", given: events(runnerCreated, runnerDeleted), when: change(selected("a")), wantErr: "not_found"},
	})

	require.True(t, everywhere.In("a"))
	require.True(t, selected("a", "b").In("b"))
	require.False(t, selected("a", "b").In("c"))
	require.False(t, domain.Visibility{}.In("a"), "no visibility is none")

	asked := []domain.WorkspaceID{"b", "a"}
	_, err := domain.Fold(new(R), all...).ChangeVisibility(selected(asked...))
	require.NoError(t, err)
	require.Equal(t, []domain.WorkspaceID{"b", "a"}, asked, "the request is left as it was")
}

func TestRunnerResetKey(t *testing.T) {
	t.Parallel()
	type R = domain.Runner
	reset := func(reason string, grace time.Duration) func(*R) ([]domain.Event, error) {
		return func(r *R) ([]domain.Event, error) { return r.ResetKey(keyTwo, reason, grace, now.In(berlin)) }
	}
	until := func(d time.Duration) *time.Time {
		at := now.Add(d)
		return &at
	}
	given := events(runnerCreated)
	longestReason := strings.Repeat("ß", domain.MaxReason)
	decide(t, []scenario[R]{
		{
			name: "at once", given: given, when: reset(" leaked ", 0),
			want: events(domain.RunnerKeyReset{ID: runnerID, Key: keyTwo, Reason: "leaked"}),
		},
		{
			name: "with grace", given: given, when: reset("", time.Hour),
			want: events(domain.RunnerKeyReset{ID: runnerID, Key: keyTwo, GraceSeconds: 3600, PreviousValidUntil: until(time.Hour)}),
		},
		{
			name: "with the longest grace and reason", given: given, when: reset(longestReason, domain.MaxKeyGrace),
			want: events(domain.RunnerKeyReset{
				ID: runnerID, Key: keyTwo, Reason: longestReason,
				GraceSeconds: 30 * 24 * 3600, PreviousValidUntil: until(30 * 24 * time.Hour),
			}),
		},
		{name: "with too much grace", given: given, when: reset("", domain.MaxKeyGrace+time.Second), wantErr: "invalid /grace_seconds"},
		{name: "with negative grace", given: given, when: reset("", -time.Second), wantErr: "invalid /grace_seconds"},
		{name: "what is not there", when: reset("", 0), wantErr: "not_found"},
		{name: "after deletion", given: events(runnerCreated, runnerDeleted), when: reset("", 0), wantErr: "not_found"},
	})
	decide(t, failing("/reason", given, badReasons, func(r *R, s string) ([]domain.Event, error) { return r.ResetKey(keyTwo, s, 0, now) }))
}

func TestRunnerDelete(t *testing.T) {
	t.Parallel()
	type R = domain.Runner
	remove := func(reason string) func(*R) ([]domain.Event, error) {
		return func(r *R) ([]domain.Event, error) { return r.Delete(reason) }
	}
	decide(t, []scenario[R]{
		{name: "delete", given: events(runnerCreated), when: remove(" retired "), want: events(domain.RunnerDeleted{ID: runnerID, Reason: "retired"}), again: true},
		{name: "a second time", given: events(runnerCreated, runnerDeleted), when: remove("")},
		{name: "what is not there", when: remove(""), wantErr: "not_found"},
	})
	decide(t, failing("/reason", events(runnerCreated), badReasons, func(r *R, s string) ([]domain.Event, error) { return r.Delete(s) }))
}

// Each step happens at now plus the hours; then each secret opens the runner or
// it does not, at the time that is asked about.
func TestRunnerKeys(t *testing.T) {
	t.Parallel()
	at := func(hours float64) time.Time { return now.Add(time.Duration(hours * float64(time.Hour))) }
	type step func(*domain.Runner) ([]domain.Event, error)
	reset := func(k domain.Key, graceHours, atHour float64) step {
		return func(r *domain.Runner) ([]domain.Event, error) {
			return r.ResetKey(k, "", time.Duration(graceHours*float64(time.Hour)), at(atHour))
		}
	}
	remove := func(r *domain.Runner) ([]domain.Event, error) { return r.Delete("") }
	for _, tt := range []struct {
		name  string
		steps []step
		at    float64
		live  string // numbers of the keys
	}{
		{"the first key", nil, 0, "1"},
		{"reset kills at once", []step{reset(keyTwo, 0, 0)}, 0, "2"},
		{"grace begins", []step{reset(keyTwo, 2, 0)}, 0, "12"},
		{"grace goes on", []step{reset(keyTwo, 2, 0)}, 1.999, "12"},
		{"grace ends by the clock, to the instant", []step{reset(keyTwo, 2, 0)}, 2, "2"},
		{"grace is over", []step{reset(keyTwo, 2, 0)}, 1000, "2"},
		{"a second reset with grace kills the oldest", []step{reset(keyTwo, 24, 0), reset(keyThree, 24, 1)}, 1, "23"},
		{"the oldest stays dead", []step{reset(keyTwo, 24, 0), reset(keyThree, 1, 1)}, 2, "3"},
		{"a second reset without grace kills both", []step{reset(keyTwo, 24, 0), reset(keyThree, 0, 1)}, 1, "3"},
		{"grace after a reset without", []step{reset(keyTwo, 0, 0), reset(keyThree, 24, 1)}, 1, "23"},
		{"deletion kills", []step{remove}, 0, ""},
		{"deletion kills keys in grace", []step{reset(keyTwo, 24, 0), remove}, 1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := domain.Fold(new(domain.Runner), runnerCreated)
			for _, s := range tt.steps {
				facts, err := s(r)
				require.NoError(t, err)
				domain.Fold(r, stored(t, facts...)...)
			}
			for i, secret := range []string{"pkr_one", "pkr_two", "pkr_three"} {
				want := strings.Contains(tt.live, fmt.Sprint(i+1))
				id := domain.KeyID(fmt.Sprintf("k%d", i+1))
				require.Equal(t, want, r.LiveKey(id, at(tt.at)), id)
				got, ok := r.Authenticate(secret, at(tt.at))
				require.Equal(t, want, ok, secret)
				if want {
					require.Equal(t, id, got)
				}
			}
			for _, wrong := range []string{"", "pkr_", "pkr_one ", "PKR_ONE", keyOne.Hash, keyTwo.Hash, "r_one"} {
				_, ok := r.Authenticate(wrong, at(tt.at))
				require.False(t, ok, wrong)
			}
			require.False(t, r.LiveKey("", at(tt.at)), "no key is not a key")
		})
	}

	nobody := new(domain.Runner)
	_, ok := nobody.Authenticate("", now)
	require.False(t, ok)
	require.False(t, nobody.LiveKey("", now))
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	for secret, last := range map[string]string{"pkr_abcdefgh": "efgh", "abcd": "abcd", "ab": "ab", "": ""} {
		k := domain.NewKey("k", secret)
		require.Equal(t, last, k.LastFour)
		require.Len(t, k.Hash, 64)
		require.True(t, k.Matches(secret))
		require.False(t, k.Matches(secret+" "))
	}
	require.Equal(t, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", domain.NewKey("k", "abc").Hash, "SHA-256, for ever")
	require.False(t, domain.Key{}.Matches(""))
}
