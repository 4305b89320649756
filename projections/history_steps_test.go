package projections_test

import (
	"fmt"
	"time"

	"github.com/picket-api/picket/domain"
)

func (h *history) setUp() {
	switch h.rng.IntN(7) {
	case 0:
		h.createWorkspace()
	case 1:
		h.createCollection()
	case 2:
		h.createEnvironment()
	case 3:
		h.createRunner()
	case 4:
		events, err := h.team.CreateAPIKey(fmt.Sprintf("Key %d", h.made), h.key())
		h.record(domain.TeamStream, "", h.person(), &h.team, events, err)
	case 5:
		if len(h.team.Keys) > 0 {
			events, err := h.team.RevokeAPIKey(pick(h, h.team.Keys).Key.ID)
			h.record(domain.TeamStream, "", h.person(), &h.team, events, err)
		}
	default:
		h.createMonitor()
	}
}

// change is what people do to what there is.
func (h *history) change() {
	switch h.rng.IntN(6) {
	case 0:
		w := pick(h, h.workspaces)
		events, err := w.Rename(fmt.Sprintf("Renamed %d", h.made))
		h.record(w.ID.Stream(), w.ID, h.person(), w, events, err)
	case 1:
		c := pick(h, h.collections)
		h.saveCollection(c, c.ID, c.Workspace)
		if h.chance(10) {
			events, err := c.Delete()
			h.record(c.ID.Stream(), c.Workspace, h.person(), c, events, err)
		}
	case 2:
		e := pick(h, h.environments)
		h.saveEnvironment(e, e.ID, e.Workspace)
		if h.chance(10) {
			events, err := e.Delete()
			h.record(e.ID.Stream(), "", h.person(), e, events, err)
		}
	case 3:
		h.changeRunner(pick(h, h.runners))
	default:
		h.changeMonitor(pick(h, h.monitors))
	}
}

func (h *history) changeRunner(r *domain.Runner) {
	var events []domain.Event
	var err error
	switch h.rng.IntN(8) {
	case 0, 1:
		events, err = r.Edit(fmt.Sprintf("Runner %d", h.made), "moved")
	case 2, 3:
		events, err = r.ChangeVisibility(h.visibility())
	case 7:
		if len(h.runners) > 4 {
			events, err = r.Delete("not needed")
		}
	default:
		events, err = r.ResetKey(h.key(), "leaked", time.Duration(h.rng.IntN(2))*time.Hour, h.now)
	}
	h.record(r.ID.Stream(), "", h.person(), r, events, err)
}

func (h *history) changeMonitor(m *domain.Monitor) {
	var events []domain.Event
	var err error
	by := h.person()
	switch h.rng.IntN(9) {
	case 0, 1:
		events, err = m.Edit(h.configuration(), h.now)
	case 2, 3:
		events, err = m.Pause("holiday")
	case 4, 5:
		events, err = m.Resume()
	case 6, 7:
		by = domain.System
		events, err = m.MissSlots(string(pick(h, h.runners).ID), h.now.Add(-time.Hour), h.now, 1+h.rng.IntN(9), domain.MissedControlPlane)
	default:
		if len(h.monitors) > 5 {
			events, err = m.Delete()
		}
	}
	h.record(m.ID.Stream(), m.Workspace, by, m, events, err)
}

func (h *history) presence() {
	if h.chance(15) {
		h.connect()
		return
	}
	i := pick(h, h.instances)
	var events []domain.Event
	var err error
	by := domain.System
	switch h.rng.IntN(5) {
	case 0, 1:
		events, err = i.Lose(h.now.Add(-20 * time.Second))
	case 2, 3:
		events, err = i.Heard()
	default:
		by = domain.Actor{Kind: domain.ActorInstance, ID: string(i.ID)}
		events, err = i.Stop()
	}
	h.record(i.ID.Stream(), "", by, i, events, err)
}

func (h *history) queue() {
	m := pick(h, h.monitors)
	if !m.Exists() {
		return
	}
	execution := newID[domain.ExecutionID](h, "execution")
	for _, runner := range m.Runners {
		q := domain.RunQueued{
			ID: newID[domain.RunID](h, "run"), Execution: execution, Trigger: domain.TriggerAPI, DueAt: h.now,
			Plan: domain.Plan{
				Monitor: m.ID, MonitorName: m.Name, MonitorRevision: m.Revision, Workspace: m.Workspace, Runner: runner,
				Lane: string(runner), Collection: m.Collection, CollectionHash: fmt.Sprintf("%064x", h.rng.Uint64()),
				Environment: m.Environment, Options: m.Options, MaxAttempts: domain.DefaultMaxAttempts,
			},
		}
		by := h.person()
		if m.Schedule != nil && !m.Paused && h.chance(80) {
			nominal := h.now.Truncate(time.Minute)
			q.Trigger, q.NominalAt, by = domain.TriggerScheduled, &nominal, domain.System
		}
		r := &domain.Run{}
		events, err := r.Queue(q)
		h.record(q.ID.Stream(), m.Workspace, by, r, events, err)
		h.runs = append(h.runs, r)
	}
}

// work brings one of the newer runs forward, or now and then an old one.
func (h *history) work() {
	if len(h.runs) == 0 {
		return
	}
	r := h.runs[len(h.runs)-1-h.rng.IntN(min(len(h.runs), 25))]
	if h.chance(5) {
		r = pick(h, h.runs)
	}
	i := pick(h, h.instances)
	byInstance := domain.Actor{Kind: domain.ActorInstance, ID: string(r.Instance)}
	switch r.State {
	case domain.StateQueued:
		switch {
		case r.Attempt > 0 && h.chance(30): // a report after the lease ran out
			h.report(r, r.Token, r.Attempt)
		case h.chance(4):
			by := pick(h, []domain.Actor{domain.System, alice})
			events, err := r.Miss(domain.MissedNoInstance)
			h.record(r.ID.Stream(), r.Workspace, by, r, events, err)
		default:
			events, err := r.Claim(i.ID, fmt.Sprint("claim", h.made), 30*time.Second)
			h.record(r.ID.Stream(), r.Workspace, domain.Actor{Kind: domain.ActorInstance, ID: string(i.ID)}, r, events, err)
		}
	case domain.StateClaimed, domain.StateRunning:
		switch p := h.rng.IntN(100); {
		case p < 50:
			events, err := r.Start(r.Token)
			h.record(r.ID.Stream(), r.Workspace, byInstance, r, events, err)
		case p < 58:
			events, err := r.Expire(r.Token, h.chance(20))
			h.record(r.ID.Stream(), r.Workspace, domain.System, r, events, err)
		case p < 64:
			events, err := r.Release(r.Token, "draining")
			h.record(r.ID.Stream(), r.Workspace, byInstance, r, events, err)
		case p < 68 && r.Attempt > 1:
			h.report(r, r.Token-2, r.Attempt-1)
		default:
			h.report(r, r.Token, r.Attempt)
		}
	case domain.StateFinished:
		if h.chance(3) {
			h.report(r, r.Token, r.Attempt)
		}
	}
}

func (h *history) report(r *domain.Run, token int64, attempt int) {
	res := domain.Result{
		Outcome:    pick(h, []domain.Outcome{domain.Successful, domain.Successful, domain.Failure, domain.Errored, domain.Aborted}),
		Counts:     domain.Counts{Requests: h.rng.IntN(20), Assertions: h.rng.IntN(50), FailedAssertions: h.rng.IntN(3)},
		Timings:    domain.RunTimings{TotalMS: h.rng.Float64() * 1e4, ResponseAvgMS: h.rng.Float64() * 100},
		ReportHash: fmt.Sprintf("%064x", h.rng.Uint64()),
	}
	if res.Outcome != domain.Successful {
		res.FirstError = &domain.Trouble{Class: "assertion", Request: "List", Message: "expected 200"}
	}
	// Now and then a run was over long before its report arrived.
	finished := h.now.Add(-time.Duration(h.rng.IntN(3)*h.rng.IntN(600)) * time.Second)
	events, err := r.Report(token, attempt, res, finished)
	h.record(r.ID.Stream(), r.Workspace, domain.Actor{Kind: domain.ActorInstance, ID: string(r.Instance)}, r, events, err)
}
