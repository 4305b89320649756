package projections_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// life is a small installation in which a test says what happens.
type life struct {
	*history
	t   *testing.T
	log *tape
	pos eventstore.Position

	workspace   *domain.Workspace
	collection  *domain.Collection
	environment *domain.Environment
	runner      *domain.Runner
	instance    *domain.Instance
	monitor     *domain.Monitor
}

func newLife(t *testing.T, log *tape) *life {
	t.Helper()
	l := &life{history: &history{now: start}, t: t, log: log}
	l.workspace, l.collection, l.environment = &domain.Workspace{}, &domain.Collection{}, &domain.Environment{}
	w, c, e := newID[domain.WorkspaceID](l.history, "w"), newID[domain.CollectionID](l.history, "c"), newID[domain.EnvironmentID](l.history, "e")
	l.did(l.workspace, w.Stream(), alice)(l.workspace.Create(w, "Payments", ""))
	l.did(l.collection, c.Stream(), alice)(l.collection.Save(c, w, domain.Document{Name: "Orders", Hash: "abc", Bytes: 10, Items: 3}))
	l.did(l.environment, e.Stream(), alice)(l.environment.Save(e, w, domain.Document{Name: "Staging", Hash: "def", Bytes: 4, Items: 1}))
	l.runner = l.newRunner("Frankfurt", domain.Visibility{Scope: domain.VisibleInAll})
	l.instance = l.connect("host-a")
	l.monitor = l.newMonitor("Orders API", &domain.Schedule{EveryMinutes: 5}, l.runner)
	return l
}

// did appends what was decided, a second after what was before, and folds it.
func (l *life) did(a domain.Aggregate, stream string, by domain.Actor) func([]domain.Event, error) {
	return func(events []domain.Event, err error) {
		l.t.Helper()
		require.NoError(l.t, err)
		require.NotEmpty(l.t, events)
		l.now = l.now.Add(time.Second)
		var w domain.WorkspaceID
		if l.workspace != nil {
			w = l.workspace.ID
		}
		from := len(l.facts)
		l.record(stream, w, by, a, events, nil)
		l.pos = l.log.add(l.t, l.facts[from:]...)
	}
}

func (l *life) newRunner(name string, v domain.Visibility) *domain.Runner {
	r := &domain.Runner{}
	id := newID[domain.RunnerID](l.history, "r")
	l.did(r, id.Stream(), alice)(r.Create(id, name, "in the cellar", v, l.key()))
	return r
}

func (l *life) connect(host string) *domain.Instance {
	i := &domain.Instance{}
	id := newID[domain.InstanceID](l.history, "i")
	l.did(i, id.Stream(), domain.Actor{Kind: domain.ActorInstance, ID: string(id)})(i.Connect(domain.InstanceConnected{
		ID: id, Runner: l.runner.ID, Key: l.runner.Key.ID, HostName: host, UniqueID: "u1", Version: "1.0", OS: "linux", Arch: "amd64", Capacity: 4,
	}))
	return i
}

func (l *life) newMonitor(name string, s *domain.Schedule, on ...*domain.Runner) *domain.Monitor {
	m := &domain.Monitor{}
	id := newID[domain.MonitorID](l.history, "m")
	c := domain.Configuration{Name: name, Collection: l.collection.ID, Environment: l.environment.ID, Schedule: s, Options: domain.DefaultOptions()}
	for _, r := range on {
		c.Runners = append(c.Runners, r.ID)
	}
	l.did(m, id.Stream(), alice)(m.Create(id, l.workspace.ID, c, l.now))
	return m
}

func (l *life) queue(trigger domain.Trigger) *domain.Run {
	r := &domain.Run{}
	id := newID[domain.RunID](l.history, "run")
	q := domain.RunQueued{
		ID: id, Execution: newID[domain.ExecutionID](l.history, "x"), Trigger: trigger, DueAt: l.now,
		Plan: domain.Plan{
			Monitor: l.monitor.ID, MonitorName: l.monitor.Name, MonitorRevision: l.monitor.Revision, Workspace: l.workspace.ID,
			Runner: l.runner.ID, Lane: string(l.runner.ID), Collection: l.collection.ID, CollectionHash: "abc",
			Environment: l.environment.ID, EnvironmentHash: "def", Options: l.monitor.Options, MaxAttempts: 3,
		},
	}
	by := ci
	if trigger == domain.TriggerScheduled {
		nominal := l.now.Truncate(time.Minute)
		q.NominalAt, by = &nominal, domain.System
	}
	l.did(r, id.Stream(), by)(r.Queue(q))
	return r
}

func (l *life) claim(r *domain.Run) {
	l.did(r, r.ID.Stream(), domain.Actor{Kind: domain.ActorInstance, ID: string(l.instance.ID)})(r.Claim(l.instance.ID, "claim-1", 15*time.Second))
}

func (l *life) begin(r *domain.Run) {
	l.did(r, r.ID.Stream(), domain.Actor{Kind: domain.ActorInstance, ID: string(l.instance.ID)})(r.Start(r.Token))
}

func (l *life) finish(r *domain.Run, outcome domain.Outcome, ago time.Duration) {
	res := domain.Result{
		Outcome: outcome, ReportHash: "report-" + string(r.ID), Counts: domain.Counts{Requests: 8, FailedRequests: 1, Assertions: 20, FailedAssertions: 2, Skipped: 3, ScriptErrors: 4},
		Timings: domain.RunTimings{TotalMS: 812.5, ResponseAvgMS: 60.25, ResponseMinMS: 12, ResponseMaxMS: 190},
	}
	if outcome != domain.Successful {
		res.FirstError = &domain.Trouble{Class: "assertion", Request: "List", Assertion: "is 200", Message: "expected 500 to equal 200"}
	}
	l.did(r, r.ID.Stream(), domain.Actor{Kind: domain.ActorInstance, ID: string(r.Instance)})(r.Report(r.Token, r.Attempt, res, l.now.Add(-ago)))
}
