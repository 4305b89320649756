package ops_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/ops"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *ops.DB {
	t.Helper()
	d, err := ops.Open(t.Context(), filepath.Join(t.TempDir(), "ops.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func lease(token int64) ops.Lease {
	return ops.Lease{Run: "r", Monitor: "m", Runner: "n", Instance: "i", ClaimID: "c", Token: token, Attempt: 1, ExpiresAt: noon}
}

func TestAHeartbeatAndTheKeeperCantBothWin(t *testing.T) {
	t.Parallel()
	d := open(t)
	require.NoError(t, d.PutLease(t.Context(), lease(2)))
	later := noon.Add(time.Second)

	expired, err := d.ExpiredLeases(t.Context(), later)
	require.NoError(t, err)
	require.Equal(t, []ops.Lease{lease(2)}, expired)

	ok, err := d.RenewLease(t.Context(), "r", 2, later.Add(time.Minute), 7)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = d.TakeExpired(t.Context(), "r", 2, later)
	require.NoError(t, err)
	require.False(t, ok, "it was renewed after the keeper looked")

	ok, err = d.TakeExpired(t.Context(), "r", 2, later.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = d.RenewLease(t.Context(), "r", 2, later.Add(time.Hour), 0)
	require.NoError(t, err)
	require.False(t, ok, "a heartbeat after that is told to stop")
}

func TestALeaseIsOnlyReplacedByALaterAttempt(t *testing.T) {
	t.Parallel()
	d := open(t)
	require.NoError(t, d.PutLease(t.Context(), lease(5)))
	require.NoError(t, d.PutLease(t.Context(), lease(2)))
	l, ok, err := d.LeaseOfRun(t.Context(), "r")
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, 5, l.Token)
	l, ok, err = d.LeaseOfClaim(t.Context(), "i", "c")
	require.NoError(t, err)
	require.True(t, ok)
	require.EqualValues(t, 5, l.Token)
	_, ok, err = d.LeaseOfClaim(t.Context(), "other", "c")
	require.NoError(t, err)
	require.False(t, ok, "a claim id is the instance's own")
	require.NoError(t, d.Settle(t.Context(), "r"))
	_, ok, err = d.LeaseOfRun(t.Context(), "r")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestALaneHasOneRun(t *testing.T) {
	t.Parallel()
	d := open(t)
	take := func(lane, run string) bool {
		ok, err := d.TakeLane(t.Context(), "m", lane, run)
		require.NoError(t, err)
		return ok
	}
	require.True(t, take("a", "r1"))
	require.True(t, take("a", "r1"), "taking it again is no conflict")
	require.False(t, take("a", "r2"))
	require.True(t, take("b", "r2"))
	require.NoError(t, d.FreeLane(t.Context(), "r1"))
	require.True(t, take("a", "r3"))
	all, err := d.Lanes(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ops.Lane{{"m", "a", "r3"}, {"m", "b", "r2"}}, all)
}

func TestSilenceIsNoticedOnceAndASignOfLifeIsNews(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := ops.Presence{Instance: "i", Runner: "n", SeenAt: noon, Capacity: 4}
	away, err := d.Seen(t.Context(), p)
	require.NoError(t, err)
	require.True(t, away, "the first sign of life")
	away, err = d.Seen(t.Context(), p)
	require.NoError(t, err)
	require.False(t, away)

	silent, err := d.Silent(t.Context(), noon.Add(time.Second))
	require.NoError(t, err)
	require.Len(t, silent, 1)
	ok, err := d.MarkAway(t.Context(), "i", noon.Add(time.Second))
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = d.MarkAway(t.Context(), "i", noon.Add(time.Second))
	require.NoError(t, err)
	require.False(t, ok)
	away, err = d.Seen(t.Context(), p)
	require.NoError(t, err)
	require.True(t, away)
}

func TestNothingLapsesBeforeAFullLeaseAfterAStart(t *testing.T) {
	t.Parallel()
	d := open(t)
	require.NoError(t, d.PutLease(t.Context(), lease(2)))
	_, err := d.Seen(t.Context(), ops.Presence{Instance: "i", Runner: "n", SeenAt: noon})
	require.NoError(t, err)
	start := noon.Add(3 * time.Hour)
	require.NoError(t, d.Forgive(t.Context(), start, start.Add(15*time.Second)))
	expired, err := d.ExpiredLeases(t.Context(), start.Add(14*time.Second))
	require.NoError(t, err)
	require.Empty(t, expired)
	silent, err := d.Silent(t.Context(), start)
	require.NoError(t, err)
	require.Empty(t, silent)
}

func TestATokenIsStoredAsItsHash(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ops.db")
	d, err := ops.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, d.PutToken(t.Context(), "pki_secret", ops.Token{Instance: "i", Runner: "n", KeyID: "k"}, noon))
	got, ok, err := d.FindToken(t.Context(), "pki_secret")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, ops.Token{Instance: "i", Runner: "n", KeyID: "k"}, got)
	key, err := d.KeyOf(t.Context(), "i")
	require.NoError(t, err)
	require.Equal(t, "k", key)
	require.NoError(t, d.Close())

	raw, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer raw.Close()
	var n int
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT count(*) FROM tokens WHERE hash LIKE '%secret%'").Scan(&n))
	require.Zero(t, n)
	require.NoError(t, raw.QueryRowContext(t.Context(), "SELECT count(*) FROM tokens").Scan(&n))
	require.Equal(t, 1, n)
}

func TestStaleTokensAreForgottenWithTheirInstances(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, i := range []string{"old", "alive"} {
		require.NoError(t, d.PutToken(t.Context(), i, ops.Token{Instance: i}, noon))
		_, err := d.Seen(t.Context(), ops.Presence{Instance: i, SeenAt: noon})
		require.NoError(t, err)
	}
	_, err := d.MarkAway(t.Context(), "old", noon.Add(time.Second))
	require.NoError(t, err)
	_, err = d.Seen(t.Context(), ops.Presence{Instance: "alive", SeenAt: noon.Add(48 * time.Hour)})
	require.NoError(t, err)
	require.NoError(t, d.DropStaleTokens(t.Context(), noon.Add(24*time.Hour)))
	_, ok, err := d.FindToken(t.Context(), "old")
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = d.FindToken(t.Context(), "alive")
	require.NoError(t, err)
	require.True(t, ok)
}

func TestTicksAndNewerLayouts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ops.db")
	d, err := ops.Open(t.Context(), path)
	require.NoError(t, err)
	at, err := d.LastTick(t.Context(), "scheduler")
	require.NoError(t, err)
	require.True(t, at.IsZero())
	require.NoError(t, d.Tick(t.Context(), "scheduler", noon))
	require.NoError(t, d.Tick(t.Context(), "scheduler", noon.Add(time.Second)))
	require.NoError(t, d.Close())

	d, err = ops.Open(t.Context(), path)
	require.NoError(t, err)
	at, err = d.LastTick(t.Context(), "scheduler")
	require.NoError(t, err)
	require.Equal(t, noon.Add(time.Second), at)
	require.NoError(t, d.Close())

	raw, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = raw.ExecContext(t.Context(), "PRAGMA user_version = 99")
	require.NoError(t, err)
	require.NoError(t, raw.Close())
	_, err = ops.Open(t.Context(), path)
	require.ErrorContains(t, err, "newer version")
}
