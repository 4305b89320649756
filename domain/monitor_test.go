package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

const monitorID = domain.MonitorID("0199a000-0000-7000-8000-000000000041")

// configured is a configuration that is fine but for the change.
func configured(change func(*domain.Configuration)) domain.Configuration {
	c := domain.Configuration{
		Name: "Checkout", Collection: collectionID, Environment: environmentID,
		Runners:  []domain.RunnerID{runnerID},
		Schedule: &domain.Schedule{EveryMinutes: 5, Timezone: "UTC"},
		Options:  domain.DefaultOptions(),
	}
	if change != nil {
		change(&c)
	}
	return c
}

func runners(n int) []domain.RunnerID {
	ids := make([]domain.RunnerID, n)
	for i := range ids {
		ids[i] = domain.DeriveID[domain.RunnerID](string(rune(i)))
	}
	return ids
}

// What a configuration may be is the same for Create and Edit.
func TestMonitorConfiguration(t *testing.T) {
	t.Parallel()
	type M = domain.Monitor
	type C = domain.Configuration
	scheduled := func(s domain.Schedule) func(*C) { return func(c *C) { c.Schedule = &s } }
	cron := func(text string) func(*C) { return scheduled(domain.Schedule{Cron: text}) }
	options := func(change func(*domain.Options)) func(*C) { return func(c *C) { change(&c.Options) } }
	longCron := "0,1 " + strings.Repeat("1,", 97) + "1 * * *"
	type test struct {
		name    string
		change  func(*C)
		want    func(*C) // nil: as it was sent
		wantErr string
	}
	tests := []test{
		{name: "no schedule", change: func(c *C) { c.Schedule = nil }},
		{name: "no environment", change: func(c *C) { c.Environment = "" }},
		{name: "name is trimmed", change: func(c *C) { c.Name = " Ledger\n" }, want: func(c *C) { c.Name = "Ledger" }},
		{name: "longest name", change: func(c *C) { c.Name = longestName }},
		{name: "no collection", change: func(c *C) { c.Collection = "" }, wantErr: "invalid /collection"},
		{name: "no runner", change: func(c *C) { c.Runners = nil }, wantErr: "invalid /runners"},
		{name: "most runners", change: func(c *C) { c.Runners = runners(domain.MaxMonitorRunners) }},
		{name: "too many runners", change: func(c *C) { c.Runners = runners(domain.MaxMonitorRunners + 1) }, wantErr: "invalid /runners"},
		{name: "a runner twice", change: func(c *C) { c.Runners = []domain.RunnerID{"b", "a", "b"} }, wantErr: "invalid /runners"},
		{name: "runners keep their order", change: func(c *C) { c.Runners = []domain.RunnerID{"b", "a"} }},

		{name: "every minute", change: scheduled(domain.Schedule{EveryMinutes: 1}), want: scheduled(domain.Schedule{EveryMinutes: 1, Timezone: "UTC"})},
		{name: "every week", change: scheduled(domain.Schedule{EveryMinutes: domain.MaxEveryMinutes, Timezone: "Asia/Kolkata"})},
		{name: "too seldom", change: scheduled(domain.Schedule{EveryMinutes: domain.MaxEveryMinutes + 1}), wantErr: "invalid /schedule/every_minutes"},
		{name: "backwards", change: scheduled(domain.Schedule{EveryMinutes: -1}), wantErr: "invalid /schedule/every_minutes"},
		{name: "cron", change: cron("\t*/5  8-17 * * mon-fri "), want: scheduled(domain.Schedule{Cron: "*/5 8-17 * * mon-fri", Timezone: "UTC"})},
		{name: "cron in a zone", change: scheduled(domain.Schedule{Cron: "0 8 * * *", Timezone: "Australia/Lord_Howe"})},
		{name: "neither", change: scheduled(domain.Schedule{}), wantErr: "invalid /schedule"},
		{name: "blank cron", change: cron(" \n "), wantErr: "invalid /schedule"},
		{name: "both", change: scheduled(domain.Schedule{EveryMinutes: 5, Cron: "* * * * *"}), wantErr: "invalid /schedule"},
		{name: "a zone that is none", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "Mars/Olympus"}), wantErr: "invalid /schedule/timezone"},
		{name: "the machine's zone", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "Local"}), wantErr: "invalid /schedule/timezone"},
		{name: "the machine's zone by its file", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "localtime"}), wantErr: "invalid /schedule/timezone"},
		{name: "a default rule file", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "posixrules"}), wantErr: "invalid /schedule/timezone"},
		{name: "a zone with leap seconds", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "right/Europe/Berlin"}), wantErr: "invalid /schedule/timezone"},
		{name: "a folder of some machines", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "posix/Europe/Berlin"}), wantErr: "invalid /schedule/timezone"},
		{name: "a path for a zone", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "../../../etc/localtime"}), wantErr: "invalid /schedule/timezone"},
		{name: "a long zone", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: strings.Repeat("A", 10_000)}), wantErr: "invalid /schedule/timezone"},
		{name: "a zone with a NUL", change: scheduled(domain.Schedule{EveryMinutes: 5, Timezone: "UTC\x00"}), wantErr: "invalid /schedule/timezone"},
		{name: "a long cron", change: cron(longCron), wantErr: "invalid /schedule/cron"},
		{name: "four fields", change: cron("* * * *"), wantErr: "invalid /schedule/cron"},
		{name: "six fields", change: cron("0 * * * * *"), wantErr: "invalid /schedule/cron"},
		{name: "a nickname", change: cron("@daily"), wantErr: "invalid /schedule/cron"},
		{name: "never", change: cron("0 0 31 2 *"), wantErr: "invalid /schedule/cron"},
		{name: "30 February", change: cron("0 0 30 2 *"), wantErr: "invalid /schedule/cron"},
		{name: "the 31st of short months", change: cron("0 0 31 4,6,9,11 *"), wantErr: "invalid /schedule/cron"},
		{name: "hourly, but never", change: cron("0 * 30,31 feb *"), wantErr: "invalid /schedule/cron"},
		{name: "every four years", change: scheduled(domain.Schedule{Cron: "0 0 29 2 *", Timezone: "UTC"})},
		{name: "every 28 years", change: scheduled(domain.Schedule{Cron: "0 0 29 2 */7", Timezone: "UTC"})},

		{name: "longest timeouts", change: options(func(o *domain.Options) {
			o.RequestTimeoutMS, o.RequestDelayMS, o.RunLimitMS, o.Iterations = domain.MaxRequestTimeoutMS, domain.MaxRequestTimeoutMS, domain.MaxRunLimitMS, domain.MaxIterations
		})},
		{name: "shortest run limit", change: options(func(o *domain.Options) { o.RunLimitMS = 1000 })},
		{name: "a negative timeout", change: options(func(o *domain.Options) { o.RequestTimeoutMS = -1 }), wantErr: "invalid /options/request_timeout_ms"},
		{name: "too long a timeout", change: options(func(o *domain.Options) { o.RequestTimeoutMS = domain.MaxRequestTimeoutMS + 1 }), wantErr: "invalid /options/request_timeout_ms"},
		{name: "a negative delay", change: options(func(o *domain.Options) { o.RequestDelayMS = -1 }), wantErr: "invalid /options/request_delay_ms"},
		{name: "too long a delay", change: options(func(o *domain.Options) { o.RequestDelayMS = domain.MaxRequestTimeoutMS + 1 }), wantErr: "invalid /options/request_delay_ms"},
		{name: "too short a run limit", change: options(func(o *domain.Options) { o.RunLimitMS = 999 }), wantErr: "invalid /options/run_limit_ms"},
		{name: "no run limit", change: options(func(o *domain.Options) { o.RunLimitMS = 0 }), wantErr: "invalid /options/run_limit_ms"},
		{name: "too long a run limit", change: options(func(o *domain.Options) { o.RunLimitMS = domain.MaxRunLimitMS + 1 }), wantErr: "invalid /options/run_limit_ms"},
		{name: "no iteration", change: options(func(o *domain.Options) { o.Iterations = 0 }), wantErr: "invalid /options/iterations"},
		{name: "too many iterations", change: options(func(o *domain.Options) { o.Iterations = domain.MaxIterations + 1 }), wantErr: "invalid /options/iterations"},
		{name: "no effects", change: options(func(o *domain.Options) { o.Effects = "" }), wantErr: "invalid /options/effects"},
		{name: "other effects", change: options(func(o *domain.Options) { o.Effects = "some" }), wantErr: "invalid /options/effects"},
		{name: "harmless", change: options(func(o *domain.Options) { o.Effects = domain.EffectsNone })},
		{name: "harmful", change: options(func(o *domain.Options) { o.Effects = domain.EffectsUnsafe })},
		{name: "folders", change: options(func(o *domain.Options) { o.Folders = []string{"smoke", "Größe"} })},
		{name: "most folders", change: options(func(o *domain.Options) { o.Folders = slices.Repeat([]string{"f"}, domain.MaxFolders) })},
		{name: "too many folders", change: options(func(o *domain.Options) { o.Folders = slices.Repeat([]string{"f"}, domain.MaxFolders+1) }), wantErr: "invalid /options/folders"},
	}
	for name, text := range badNames {
		tests = append(tests,
			test{name: "a name " + name, change: func(c *C) { c.Name = text }, wantErr: "invalid /name"},
			test{name: "a folder " + name, change: options(func(o *domain.Options) { o.Folders = []string{"smoke", text} }), wantErr: "invalid /options/folders"})
	}
	before := configured(func(c *C) { c.Name = "Before" })
	var all []scenario[M]
	for _, tt := range tests {
		sent := configured(tt.change)
		want := sent
		if tt.want != nil {
			want = configured(tt.want)
		}
		create := scenario[M]{name: "create: " + tt.name, wantErr: tt.wantErr, when: func(m *M) ([]domain.Event, error) {
			return m.Create(monitorID, workspaceID, sent, now)
		}}
		edit := scenario[M]{
			name: "edit: " + tt.name, wantErr: tt.wantErr, again: true,
			given: events(domain.MonitorCreated{ID: monitorID, Workspace: workspaceID, Configuration: before}),
			when:  func(m *M) ([]domain.Event, error) { return m.Edit(sent, now) },
		}
		if tt.wantErr == "" {
			create.want = events(domain.MonitorCreated{ID: monitorID, Workspace: workspaceID, Configuration: want})
			edit.want = events(domain.MonitorEdited{ID: monitorID, Configuration: want})
		}
		all = append(all, create, edit)
	}
	decide(t, all)
}

func TestMonitor(t *testing.T) {
	t.Parallel()
	type M = domain.Monitor
	type C = domain.Configuration
	created := domain.MonitorCreated{ID: monitorID, Workspace: workspaceID, Configuration: configured(nil)}
	paused := domain.MonitorPaused{ID: monitorID, Reason: "release"}
	resumed := domain.MonitorResumed{ID: monitorID}
	deleted := domain.MonitorDeleted{ID: monitorID}
	create := func(m *M) ([]domain.Event, error) { return m.Create(monitorID, workspaceID, configured(nil), now) }
	edit := func(c C) func(*M) ([]domain.Event, error) {
		return func(m *M) ([]domain.Event, error) { return m.Edit(c, now) }
	}
	pause := func(reason string) func(*M) ([]domain.Event, error) {
		return func(m *M) ([]domain.Event, error) { return m.Pause(reason) }
	}
	all := []scenario[M]{
		{name: "create a second time", given: events(created), when: create, wantErr: "conflict"},
		{name: "create after deletion", given: events(created, deleted), when: create, wantErr: "conflict"},
		{name: "edit nothing", given: events(created), when: edit(configured(nil))},
		{name: "edit nothing but blanks", given: events(created), when: edit(configured(func(c *C) { c.Name = "Checkout " }))},
		{name: "edit the default zone", given: events(created), when: edit(configured(func(c *C) { c.Schedule = &domain.Schedule{EveryMinutes: 5} }))},
		{
			name: "edit while paused", given: events(created, paused), when: edit(configured(func(c *C) { c.Schedule = nil })), again: true,
			want: events(domain.MonitorEdited{ID: monitorID, Configuration: configured(func(c *C) { c.Schedule = nil })}),
		},
		{name: "edit what is not there", when: edit(configured(nil)), wantErr: "not_found"},
		{name: "edit after deletion", given: events(created, deleted), when: edit(configured(nil)), wantErr: "not_found"},
		{name: "pause", given: events(created), when: pause(" release "), want: events(paused), again: true},
		{name: "pause a second time", given: events(created, paused), when: pause("other")},
		{name: "pause again later", given: events(created, paused, resumed), when: pause("release"), want: events(paused), again: true},
		{name: "pause what is not there", when: pause(""), wantErr: "not_found"},
		{name: "pause after deletion", given: events(created, deleted), when: pause(""), wantErr: "not_found"},
		{name: "resume", given: events(created, paused), when: (*M).Resume, want: events(resumed), again: true},
		{name: "resume what goes on", given: events(created), when: (*M).Resume},
		{name: "resume what is not there", when: (*M).Resume, wantErr: "not_found"},
		{name: "resume after deletion", given: events(created, paused, deleted), when: (*M).Resume, wantErr: "not_found"},
		{name: "delete", given: events(created), when: (*M).Delete, want: events(deleted), again: true},
		{name: "delete a second time", given: events(created, deleted), when: (*M).Delete},
		{name: "delete what is not there", when: (*M).Delete, wantErr: "not_found"},
	}
	// Every single setting makes a difference.
	for name, change := range map[string]func(*C){
		"name":            func(c *C) { c.Name = "Other" },
		"collection":      func(c *C) { c.Collection = "other" },
		"environment":     func(c *C) { c.Environment = "" },
		"runners":         func(c *C) { c.Runners = append(c.Runners, "other") },
		"schedule":        func(c *C) { c.Schedule = nil },
		"interval":        func(c *C) { c.Schedule = &domain.Schedule{EveryMinutes: 6, Timezone: "UTC"} },
		"cron":            func(c *C) { c.Schedule = &domain.Schedule{Cron: "* * * * *", Timezone: "UTC"} },
		"zone":            func(c *C) { c.Schedule = &domain.Schedule{EveryMinutes: 5, Timezone: "Asia/Kolkata"} },
		"request timeout": func(c *C) { c.Options.RequestTimeoutMS = 1 },
		"request delay":   func(c *C) { c.Options.RequestDelayMS = 1 },
		"run limit":       func(c *C) { c.Options.RunLimitMS = 1000 },
		"iterations":      func(c *C) { c.Options.Iterations = 2 },
		"redirects":       func(c *C) { c.Options.FollowRedirects = false },
		"TLS":             func(c *C) { c.Options.StrictTLS = false },
		"effects":         func(c *C) { c.Options.Effects = domain.EffectsUnsafe },
		"folders":         func(c *C) { c.Options.Folders = []string{"smoke"} },
	} {
		c := configured(change)
		require.False(t, c.Equal(configured(nil)), name)
		require.False(t, configured(nil).Equal(c), name)
		require.True(t, c.Equal(configured(change)), name)
		all = append(all, scenario[M]{
			name: "edit the " + name, given: events(created), when: edit(c), again: true,
			want: events(domain.MonitorEdited{ID: monitorID, Configuration: c}),
		})
	}
	decide(t, all)
	decide(t, failing("/reason", events(created), badReasons, func(m *M, s string) ([]domain.Event, error) { return m.Pause(s) }))

	m := new(M)
	require.False(t, m.Exists())
	require.True(t, domain.Fold(m, created).Exists())
	require.Equal(t, 1, m.Revision)
	require.Equal(t, 2, domain.Fold(m, domain.MonitorEdited{ID: monitorID, Configuration: configured(nil)}).Revision)
	require.Equal(t, workspaceID, m.Workspace)
	require.False(t, domain.Fold(m, deleted).Exists())
}

func TestMonitorMissSlots(t *testing.T) {
	t.Parallel()
	type M = domain.Monitor
	created := domain.MonitorCreated{ID: monitorID, Workspace: workspaceID, Configuration: configured(nil)}
	at := func(minutes int) time.Time { return now.Add(time.Duration(minutes) * time.Minute) }
	miss := func(lane string, from, to, count int) func(*M) ([]domain.Event, error) {
		return func(m *M) ([]domain.Event, error) {
			return m.MissSlots(lane, at(from).In(berlin), at(to).In(berlin), count, domain.MissedControlPlane)
		}
	}
	missed := func(lane string, from, to, count int) domain.Event {
		return domain.MonitorSlotsMissed{ID: monitorID, Lane: lane, From: at(from), To: at(to), Count: count, Cause: domain.MissedControlPlane}
	}
	decide(t, []scenario[M]{
		{name: "some", given: events(created), when: miss("a", 0, 10, 3), want: events(missed("a", 0, 10, 3)), again: true},
		{name: "one", given: events(created), when: miss("a", 0, 0, 1), want: events(missed("a", 0, 0, 1)), again: true},
		{name: "none", given: events(created), when: miss("a", 0, 10, 0)},
		{name: "fewer than none", given: events(created), when: miss("a", 0, 10, -1)},
		{name: "the next ones", given: events(created, missed("a", 0, 10, 3)), when: miss("a", 15, 20, 2), want: events(missed("a", 15, 20, 2)), again: true},
		{name: "recorded ones", given: events(created, missed("a", 0, 10, 3)), when: miss("a", 5, 5, 1)},
		{name: "the last recorded one", given: events(created, missed("a", 0, 10, 3)), when: miss("a", 10, 10, 1)},
		{name: "earlier ones", given: events(created, missed("a", 5, 10, 2)), when: miss("a", 0, 0, 1)},
		{name: "another lane", given: events(created, missed("a", 0, 10, 3)), when: miss("b", 0, 10, 3), want: events(missed("b", 0, 10, 3)), again: true},
		{name: "while paused", given: events(created, domain.MonitorPaused{ID: monitorID}), when: miss("a", 0, 0, 1), want: events(missed("a", 0, 0, 1)), again: true},
		{name: "what is not there", when: miss("a", 0, 0, 1), wantErr: "not_found"},
		{name: "after deletion", given: events(created, domain.MonitorDeleted{ID: monitorID}), when: miss("a", 0, 0, 1), wantErr: "not_found"},
	})
}
