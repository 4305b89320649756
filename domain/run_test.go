package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/domain"
)

const (
	runID = domain.RunID("0199a000-0000-7000-8000-000000000051")
	alice = domain.InstanceID("0199a000-0000-7000-8000-000000000061")
	bob   = domain.InstanceID("0199a000-0000-7000-8000-000000000062")
)

var runQueued = domain.RunQueued{
	ID: runID, Execution: "0199a000-0000-7000-8000-000000000052", Trigger: domain.TriggerManual, DueAt: now,
	Plan: domain.Plan{
		Monitor: monitorID, MonitorName: "Checkout", MonitorRevision: 3, Workspace: workspaceID,
		Runner: runnerID, Lane: string(runnerID), Collection: collectionID, CollectionHash: "sha256-aa",
		Options: domain.DefaultOptions(), MaxAttempts: domain.DefaultMaxAttempts,
	},
}

func queuedWith(change func(*domain.RunQueued)) domain.RunQueued {
	q := runQueued
	change(&q)
	return q
}

func claimed(attempt int, i domain.InstanceID) domain.RunClaimed {
	return domain.RunClaimed{
		ID: runID, Monitor: monitorID, Runner: runnerID, Instance: i,
		Attempt: attempt, ClaimID: "claim-" + string(i), LeaseMS: 15_000,
	}
}

func started(attempt int) domain.Event { return domain.RunStarted{ID: runID, Attempt: attempt} }

func expired(attempt int, i domain.InstanceID, counted bool) domain.Event {
	return domain.RunLeaseExpired{ID: runID, Attempt: attempt, Instance: i, Counted: counted}
}

func released(attempt int, i domain.InstanceID) domain.Event {
	return domain.RunReleased{ID: runID, Attempt: attempt, Instance: i, Reason: "draining"}
}

func missed(c domain.MissCause) domain.Event {
	return domain.RunMissed{ID: runID, Monitor: monitorID, Runner: runnerID, Cause: c}
}

func result(hash string) domain.Result {
	return domain.Result{Outcome: domain.Successful, Counts: domain.Counts{Requests: 2}, ReportHash: hash}
}

func finished(attempt int, i domain.InstanceID, hash string) domain.Event {
	return domain.RunFinished{
		ID: runID, Monitor: monitorID, Runner: runnerID, Instance: i,
		Attempt: attempt, FinishedAt: now, Result: result(hash),
	}
}

func quarantined(attempt int, hash string) domain.Event {
	return domain.RunLateReportQuarantined{ID: runID, Attempt: attempt, Result: result(hash)}
}

type runAsks func(*domain.Run) ([]domain.Event, error)

func claim(i domain.InstanceID) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) { return r.Claim(i, "claim-"+string(i), 15*time.Second) }
}

func start(token int64) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) { return r.Start(token) }
}

func expire(token int64, keyReset bool) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) { return r.Expire(token, keyReset) }
}

func release(token int64) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) { return r.Release(token, " draining") }
}

func report(token int64, attempt int, hash string) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) {
		return r.Report(token, attempt, result(hash), now.In(berlin))
	}
}

func miss(c domain.MissCause) runAsks {
	return func(r *domain.Run) ([]domain.Event, error) { return r.Miss(c) }
}

// The fencing token of an attempt is the place of its claim in the stream, which
// these histories show by counting from 1.
var (
	waiting    = events(runQueued)
	held       = events(runQueued, claimed(1, alice))                                          // token 2
	running    = events(runQueued, claimed(1, alice), started(1))                              // token 2
	requeued   = events(runQueued, claimed(1, alice), started(1), expired(1, alice, true))     // token 2
	heldAgain  = append(append(events(), requeued...), claimed(2, bob))                        // token 5
	runAgain   = append(append(events(), heldAgain...), started(2))                            // token 5
	ended      = append(append(events(), running...), finished(1, alice, "r1"))                // token 2
	endedMiss  = append(append(events(), requeued...), missed(domain.MissedNoInstance))        // token 2
	endedAgain = append(append(events(), runAgain...), finished(2, bob, "r2"))                 // token 5
	evidence   = append(append(events(), heldAgain...), quarantined(1, "r1"))                  // token 5
	lastTry    = append(append(events(), runAgain...), expired(2, bob, true), claimed(3, bob)) // token 8
)

func TestRunQueue(t *testing.T) {
	t.Parallel()
	queue := func(q domain.RunQueued) func(*domain.Run) ([]domain.Event, error) {
		return func(r *domain.Run) ([]domain.Event, error) { return r.Queue(q) }
	}
	decide(t, []scenario[domain.Run]{
		{name: "queue", when: queue(runQueued), want: events(runQueued)},
		{name: "times are UTC", when: queue(queuedWith(func(q *domain.RunQueued) { q.DueAt = now.In(berlin) })), want: events(runQueued)},
		{
			name: "so is the slot", want: events(queuedWith(func(q *domain.RunQueued) { q.NominalAt = &now })),
			when: queue(queuedWith(func(q *domain.RunQueued) { local := now.In(berlin); q.NominalAt = &local })),
		},
		{name: "a second time", given: waiting, when: queue(runQueued), wantErr: "conflict"},
		{name: "when it has ended", given: ended, when: queue(runQueued), wantErr: "conflict"},
	})
}

func TestRunClaim(t *testing.T) {
	t.Parallel()
	decide(t, []scenario[domain.Run]{
		{name: "claim", given: waiting, when: claim(alice), want: events(claimed(1, alice)), again: true},
		{name: "the same claim again", given: held, when: claim(alice)},
		{name: "the same claim again, though it started", given: running, when: claim(alice)},
		{name: "another instance", given: held, when: claim(bob), wantErr: "conflict"},
		{
			name: "another claim of the instance", given: held, wantErr: "conflict",
			when: func(r *domain.Run) ([]domain.Event, error) { return r.Claim(alice, "other", time.Second) },
		},
		{
			name: "the claim of another instance", given: held, wantErr: "conflict",
			when: func(r *domain.Run) ([]domain.Event, error) { return r.Claim(bob, "claim-"+string(alice), time.Second) },
		},
		{name: "one that runs", given: running, when: claim(bob), wantErr: "conflict"},
		{name: "after expiry", given: requeued, when: claim(bob), want: events(claimed(2, bob)), again: true},
		{name: "after expiry, the same claim is a new attempt", given: requeued, when: claim(alice), want: events(claimed(2, alice)), again: true},
		{name: "after release", given: append(held[:2:2], released(1, alice)), when: claim(bob), want: events(claimed(2, bob)), again: true},
		{name: "what has ended", given: ended, when: claim(bob), wantErr: "conflict"},
		{name: "what has ended, by the same claim", given: ended, when: claim(alice), wantErr: "conflict"},
		{name: "what was missed", given: endedMiss, when: claim(bob), wantErr: "conflict"},
		{name: "what is not there", when: claim(alice), wantErr: "not_found"},
	})
}

func TestRunStart(t *testing.T) {
	t.Parallel()
	decide(t, []scenario[domain.Run]{
		{name: "start", given: held, when: start(2), want: events(started(1)), again: true},
		{name: "a second time", given: running, when: start(2)},
		{name: "the second attempt", given: heldAgain, when: start(5), want: events(started(2)), again: true},
		{name: "a superseded attempt", given: heldAgain, when: start(2), wantErr: "conflict"},
		{name: "an attempt of the future", given: held, when: start(3), wantErr: "conflict"},
		{name: "an expired attempt", given: requeued, when: start(2), wantErr: "conflict"},
		{name: "a released attempt", given: append(held[:2:2], released(1, alice)), when: start(2), wantErr: "conflict"},
		{name: "what waits", given: waiting, when: start(0), wantErr: "conflict"},
		{name: "what has ended", given: ended, when: start(2), wantErr: "conflict"},
		{name: "what was missed", given: endedMiss, when: start(2), wantErr: "conflict"},
		{name: "what is not there", when: start(0), wantErr: "conflict"},
	})
}

func TestRunExpire(t *testing.T) {
	t.Parallel()
	unsafe := queuedWith(func(q *domain.RunQueued) { q.Options.Effects = domain.EffectsUnsafe })
	once := queuedWith(func(q *domain.RunQueued) { q.MaxAttempts = 1 })
	unstarted := events(runQueued) // claimed and lost, again and again
	for n := 1; n < 20; n++ {
		unstarted = append(unstarted, claimed(n, alice), expired(n, alice, false))
	}
	unstarted = append(unstarted, claimed(20, alice))
	decide(t, []scenario[domain.Run]{
		{name: "before it began: back, uncounted", given: held, when: expire(2, false), want: events(expired(1, alice, false)), again: true},
		{name: "after it began: back, counted", given: running, when: expire(2, false), want: events(expired(1, alice, true)), again: true},
		{name: "a second time", given: requeued, when: expire(2, false)},
		{name: "a superseded attempt", given: runAgain, when: expire(2, false)},
		{name: "an attempt of the future", given: running, when: expire(3, false)},
		{name: "the second attempt", given: runAgain, when: expire(5, false), want: events(expired(2, bob, true)), again: true},
		{
			name: "the last attempt", given: append(lastTry[:len(lastTry):len(lastTry)], started(3)), when: expire(8, false), again: true,
			want: events(expired(3, bob, true), missed(domain.MissedInstanceLost)),
		},
		{name: "the last attempt before it began", given: lastTry, when: expire(8, false), want: events(expired(3, bob, false)), again: true},
		{
			name: "the only attempt", given: events(once, claimed(1, alice), started(1)), when: expire(2, false), again: true,
			want: events(expired(1, alice, true), missed(domain.MissedInstanceLost)),
		},
		{
			name: "released attempts do not count", when: expire(4, false), again: true,
			given: events(once, claimed(1, alice), released(1, alice), claimed(2, bob)),
			want:  events(expired(2, bob, false)),
		},
		{
			name: "unstarted attempts do not count", when: expire(4, false), again: true,
			given: events(once, claimed(1, alice), expired(1, alice, false), claimed(2, bob), started(2)),
			want:  events(expired(2, bob, true), missed(domain.MissedInstanceLost)),
		},
		{name: "unstarted attempts are bounded", given: unstarted, when: expire(40, false), want: events(expired(20, alice, false), missed(domain.MissedInstanceLost)), again: true},
		{name: "unsafe before it began: back, uncounted", given: events(unsafe, claimed(1, alice)), when: expire(2, false), want: events(expired(1, alice, false)), again: true},
		{
			name: "unsafe after it began: never again", given: events(unsafe, claimed(1, alice), started(1)), when: expire(2, false), again: true,
			want: events(expired(1, alice, true), missed(domain.MissedInstanceLost)),
		},
		{name: "key reset before it began: back", given: held, when: expire(2, true), want: events(expired(1, alice, false)), again: true},
		{
			name: "key reset after it began: missed", given: running, when: expire(2, true), again: true,
			want: events(expired(1, alice, true), missed(domain.MissedKeyReset)),
		},
		{
			name: "key reset of an unsafe run: the cause is the reset", given: events(unsafe, claimed(1, alice), started(1)), when: expire(2, true), again: true,
			want: events(expired(1, alice, true), missed(domain.MissedKeyReset)),
		},
		{name: "key reset of a superseded attempt", given: runAgain, when: expire(2, true)},
		{name: "what waits", given: waiting, when: expire(0, false)},
		{name: "what has ended", given: ended, when: expire(2, false)},
		{name: "what was missed", given: endedMiss, when: expire(2, true)},
		{name: "what is not there", when: expire(0, false)},
	})
}

func TestRunRelease(t *testing.T) {
	t.Parallel()
	unsafe := queuedWith(func(q *domain.RunQueued) { q.Options.Effects = domain.EffectsUnsafe })
	decide(t, []scenario[domain.Run]{
		{name: "before it began: back, uncounted", given: held, when: release(2), want: events(released(1, alice))},
		{name: "after it began: as if lost", given: running, when: release(2), want: events(expired(1, alice, true))},
		{
			name: "unsafe after it began: never again", given: events(unsafe, claimed(1, alice), started(1)), when: release(2),
			want: events(expired(1, alice, true), missed(domain.MissedInstanceLost)),
		},
		{name: "unsafe before it began: back", given: events(unsafe, claimed(1, alice)), when: release(2), want: events(released(1, alice))},
		{name: "a second time", given: append(held[:2:2], released(1, alice)), when: release(2), wantErr: "conflict"},
		{name: "a superseded attempt", given: heldAgain, when: release(2), wantErr: "conflict"},
		{name: "what waits", given: waiting, when: release(0), wantErr: "conflict"},
		{name: "what has ended", given: ended, when: release(2), wantErr: "conflict"},
		{name: "what is not there", when: release(0), wantErr: "conflict"},
	})
	decide(t, failing("/reason", held, badReasons, func(r *domain.Run, s string) ([]domain.Event, error) { return r.Release(2, s) }))
}

func TestRunReport(t *testing.T) {
	t.Parallel()
	all := []scenario[domain.Run]{
		{name: "report", given: running, when: report(2, 1, "r1"), want: events(finished(1, alice, "r1")), again: true},
		{name: "the same again", given: ended, when: report(2, 1, "r1")},
		{name: "another one of the same attempt", given: ended, when: report(2, 1, "r9"), want: events(quarantined(1, "r9")), again: true},
		{name: "of an attempt that could not begin", given: held, when: report(2, 1, "r1"), want: events(finished(1, alice, "r1")), again: true},
		{name: "after expiry: cancels the requeue", given: requeued, when: report(2, 1, "r1"), want: events(finished(1, alice, "r1")), again: true},
		{name: "after expiry before it was seen to begin", given: append(held[:2:2], expired(1, alice, false)), when: report(2, 1, "r1"), want: events(finished(1, alice, "r1")), again: true},
		{name: "superseded by a claim", given: heldAgain, when: report(2, 1, "r1"), want: events(quarantined(1, "r1")), again: true},
		{name: "superseded by a start", given: runAgain, when: report(2, 1, "r1"), want: events(quarantined(1, "r1")), again: true},
		{name: "superseded and ended", given: endedAgain, when: report(2, 1, "r1"), want: events(quarantined(1, "r1")), again: true},
		{name: "superseded, the same again", given: evidence, when: report(2, 1, "r1")},
		{name: "superseded, another one", given: evidence, when: report(2, 1, "r9"), want: events(quarantined(1, "r9")), again: true},
		{name: "the newest one after a superseded one", given: evidence, when: report(5, 2, "r2"), want: events(finished(2, bob, "r2")), again: true},
		{name: "a superseded attempt that says it is the newest", given: heldAgain, when: report(2, 2, "r1"), want: events(quarantined(2, "r1")), again: true},
		{name: "with a token of the future", given: running, when: report(3, 1, "r1"), want: events(quarantined(1, "r1")), again: true},
		{name: "of a run that was missed", given: endedMiss, when: report(2, 1, "r1"), want: events(quarantined(1, "r1")), again: true},
		{name: "without details of a run that was missed", given: endedMiss, when: report(2, 1, ""), want: events(quarantined(1, "")), again: true},
		{
			name: "after a key reset", when: report(2, 1, "r1"), again: true,
			given: append(running[:3:3], expired(1, alice, true), missed(domain.MissedKeyReset)),
			want:  events(quarantined(1, "r1")),
		},
		{name: "of a run that nobody took", given: waiting, when: report(0, 0, "r1"), want: events(quarantined(0, "r1")), again: true},
		{name: "what is not there", when: report(0, 0, "r1"), wantErr: "not_found"},
	}
	for _, o := range []domain.Outcome{domain.Successful, domain.Failure, domain.Errored, domain.Aborted} {
		res := domain.Result{Outcome: o, ReportHash: "r1", FirstError: &domain.Trouble{Class: "network", Message: "refused"}}
		all = append(all, scenario[domain.Run]{
			name: "outcome " + string(o), given: running, again: true,
			when: func(r *domain.Run) ([]domain.Event, error) { return r.Report(2, 1, res, now) },
			want: events(domain.RunFinished{ID: runID, Monitor: monitorID, Runner: runnerID, Instance: alice, Attempt: 1, FinishedAt: now, Result: res}),
		})
	}
	for _, o := range []domain.Outcome{"", domain.Missed, "success", "Successful"} {
		all = append(all, scenario[domain.Run]{
			name: "outcome that is none: " + string(o), given: running, wantErr: "invalid /outcome",
			when: func(r *domain.Run) ([]domain.Event, error) {
				return r.Report(2, 1, domain.Result{Outcome: o, ReportHash: "r1"}, now)
			},
		})
	}
	decide(t, all)
}

func TestRunMiss(t *testing.T) {
	t.Parallel()
	all := []scenario[domain.Run]{
		{name: "one that came back", given: requeued, when: miss(domain.MissedNoInstance), want: events(missed(domain.MissedNoInstance)), again: true},
		{name: "a second time", given: endedMiss, when: miss(domain.MissedPaused)},
		{name: "what has ended", given: ended, when: miss(domain.MissedPaused)},
		{name: "what is held", given: held, when: miss(domain.MissedOverlap), wantErr: "conflict"},
		{name: "what runs", given: running, when: miss(domain.MissedOverlap), wantErr: "conflict"},
		{name: "what is not there", when: miss(domain.MissedOverlap), wantErr: "not_found"},
	}
	for _, c := range []domain.MissCause{
		domain.MissedNoInstance, domain.MissedOverCapacity, domain.MissedOverlap, domain.MissedPaused, domain.MissedDeleted,
		domain.MissedNotVisible, domain.MissedInstanceLost, domain.MissedControlPlane, domain.MissedKeyReset,
	} {
		all = append(all, scenario[domain.Run]{name: string(c), given: waiting, when: miss(c), want: events(missed(c)), again: true})
	}
	decide(t, all)
}

func TestRunState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		history []domain.Event
		state   domain.RunState
		outcome domain.Outcome
		attempt int
		token   int64
		holds   bool
	}{
		{"nothing", nil, "", "", 0, 0, false},
		{"waiting", waiting, domain.StateQueued, "", 0, 0, false},
		{"held", held, domain.StateClaimed, "", 1, 2, true},
		{"running", running, domain.StateRunning, "", 1, 2, true},
		{"requeued", requeued, domain.StateQueued, "", 1, 2, false},
		{"held again", heldAgain, domain.StateClaimed, "", 2, 5, true},
		{"run again", runAgain, domain.StateRunning, "", 2, 5, true},
		{"evidence moves nothing", evidence, domain.StateClaimed, "", 2, 5, true},
		{"last try", lastTry, domain.StateClaimed, "", 3, 8, true},
		{"evidence counts for later tokens", append(evidence[:6:6], expired(2, bob, false), claimed(3, alice)), domain.StateClaimed, "", 3, 8, true},
		{"ended", ended, domain.StateFinished, domain.Successful, 1, 2, false},
		{"missed", endedMiss, domain.StateFinished, domain.Missed, 1, 2, false},
	} {
		r := domain.Fold(new(domain.Run), stored(t, tt.history...)...)
		require.Equal(t, tt.state, r.State, tt.name)
		require.Equal(t, tt.outcome, r.Outcome, tt.name)
		require.Equal(t, tt.attempt, r.Attempt, tt.name)
		require.Equal(t, tt.token, r.Token, tt.name)
		require.Equal(t, tt.holds, r.Holds(tt.token), tt.name)
		require.False(t, r.Holds(tt.token+1), tt.name)
		require.False(t, r.Holds(tt.token-1), tt.name)
	}
}

// Whatever instances and the lease keeper ask for in whatever order, a run ends
// at most once, tokens only rise, and what must not run twice does not.
func TestRunAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := queuedWith(func(q *domain.RunQueued) {
			q.MaxAttempts = rapid.IntRange(1, 4).Draw(t, "max attempts")
			q.Options.Effects = rapid.SampledFrom([]domain.Effects{domain.EffectsNone, domain.EffectsIdempotent, domain.EffectsUnsafe}).Draw(t, "effects")
		})
		r := domain.Fold(new(domain.Run), q)
		instance := rapid.SampledFrom([]domain.InstanceID{alice, bob})
		token := rapid.Custom(func(t *rapid.T) int64 { // mostly the right one
			return r.Token + rapid.SampledFrom([]int64{0, 0, 0, 0, -1, 1, -3}).Draw(t, "off by")
		})
		var ends, starts, claims int
		var lastToken int64
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			before := *r
			tok, who := token.Draw(t, "token"), instance.Draw(t, "instance")
			attempt, hash := r.Attempt, rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "report")
			var ask runAsks
			var asked string
			if rapid.IntRange(0, 2).Draw(t, "often claim and start") == 0 {
				asked = rapid.SampledFrom([]string{"expire", "expire", "release", "report", "reset", "miss"}).Draw(t, "ask")
			} else {
				asked = rapid.SampledFrom([]string{"claim", "start"}).Draw(t, "ask")
			}
			switch asked {
			case "claim":
				ask = claim(who)
			case "start":
				ask = start(tok)
			case "expire", "reset":
				ask = expire(tok, asked == "reset")
			case "release":
				ask = release(tok)
			case "report":
				ask = report(tok, attempt, hash)
			case "miss":
				ask = miss(domain.MissedNoInstance)
			}
			facts, err := ask(r)
			if err != nil {
				require.Empty(t, facts)
				require.NotEmpty(t, domain.KindOf(err))
			}
			for _, f := range facts {
				r.Apply(f)
				switch f.(type) {
				case domain.RunClaimed:
					claims++
					require.Zero(t, ends, "claimed after the end")
					require.Greater(t, r.Token, lastToken)
					require.Equal(t, claims, r.Attempt)
					lastToken = r.Token
					if q.Options.Effects == domain.EffectsUnsafe {
						require.Zero(t, starts, "an unsafe run began and was handed out again")
					}
				case domain.RunStarted:
					starts++
					require.LessOrEqual(t, starts, q.MaxAttempts)
				case domain.RunFinished, domain.RunMissed:
					ends++
				}
			}
			require.LessOrEqual(t, ends, 1)
			require.Equal(t, ends == 1, r.State == domain.StateFinished)
			require.GreaterOrEqual(t, r.Spent, 0)
			require.LessOrEqual(t, r.Spent, q.MaxAttempts)
			mayEnd := asked == "report" && claims > 0 && ends == 0 && tok == before.Token
			require.False(t, mayEnd, "the result of the newest attempt was thrown away")
		}
	})
}

func TestScheduledRunID(t *testing.T) {
	t.Parallel()
	id := domain.ScheduledRunID(monitorID, "lane", now)
	require.True(t, domain.ValidID(string(id)))
	require.Equal(t, domain.RunID("7b9078b7-9418-52c3-a78b-e502bb9146f4"), id, "every version of Picket makes the same id of the same slot")
	require.Equal(t, id, domain.ScheduledRunID(monitorID, "lane", now.In(berlin)), "the instant counts, not the zone")
	require.Equal(t, id, domain.ScheduledRunID(monitorID, "lane", now.In(time.FixedZone("", 5400))))

	seen := map[domain.RunID]bool{}
	for _, m := range []domain.MonitorID{monitorID, "b", "bl", ""} {
		for _, lane := range []string{"lane", "any", "l", ""} {
			for _, at := range []time.Time{now, now.Add(time.Minute), now.Add(-24 * time.Hour), now.AddDate(1, 0, 0)} {
				got := domain.ScheduledRunID(m, lane, at)
				require.False(t, seen[got], "%s %s %s", m, lane, at)
				seen[got] = true
			}
		}
	}
	// Parts are told apart: their text alone is not what counts.
	require.NotEqual(t, domain.ScheduledRunID("a", "bc", now), domain.ScheduledRunID("ab", "c", now))
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.StringN(0, 8, -1), rapid.StringN(0, 8, -1)
		m1, m2, l1, l2 := a.Draw(t, "m1"), a.Draw(t, "m2"), b.Draw(t, "l1"), b.Draw(t, "l2")
		one, two := domain.ScheduledRunID(domain.MonitorID(m1), l1, now), domain.ScheduledRunID(domain.MonitorID(m2), l2, now)
		require.Equal(t, m1 == m2 && l1 == l2, one == two)
	})
}
