package ops

import (
	"context"
	"database/sql"
	"time"
)

// Lease is one attempt in the hands of an instance until ExpiresAt.
type Lease struct {
	Run, Monitor, Runner, Instance, ClaimID string
	Token                                   int64
	Attempt                                 int
	ExpiresAt                               time.Time
	Requests                                int // sent so far, as the instance says
}

const leaseColumns = "run, monitor, runner, instance, claim_id, token, attempt, expires_at, requests"

func scanLease(rs *sql.Rows) (l Lease, err error) {
	var at int64
	err = rs.Scan(&l.Run, &l.Monitor, &l.Runner, &l.Instance, &l.ClaimID, &l.Token, &l.Attempt, &at, &l.Requests)
	l.ExpiresAt = fromMS(at)
	return l, err
}

// PutLease stores the lease; one with a higher token stays.
func (d *DB) PutLease(ctx context.Context, l Lease) error {
	_, err := d.exec(ctx, `INSERT INTO leases(`+leaseColumns+`) VALUES(?,?,?,?,?,?,?,?,?)
		ON CONFLICT(run) DO UPDATE SET monitor=excluded.monitor, runner=excluded.runner, instance=excluded.instance,
		  claim_id=excluded.claim_id, token=excluded.token, attempt=excluded.attempt,
		  expires_at=excluded.expires_at, requests=excluded.requests
		WHERE excluded.token >= leases.token`,
		l.Run, l.Monitor, l.Runner, l.Instance, l.ClaimID, l.Token, l.Attempt, ms(l.ExpiresAt), l.Requests)
	return err
}

// LeaseOfClaim finds the lease that a claim of the instance got.
func (d *DB) LeaseOfClaim(ctx context.Context, instance, claimID string) (Lease, bool, error) {
	return one(rows(ctx, d, scanLease, "SELECT "+leaseColumns+" FROM leases WHERE instance=? AND claim_id=?", instance, claimID))
}

// LeaseOfRun finds the lease of a run.
func (d *DB) LeaseOfRun(ctx context.Context, run string) (Lease, bool, error) {
	return one(rows(ctx, d, scanLease, "SELECT "+leaseColumns+" FROM leases WHERE run=?", run))
}

func one[T any](all []T, err error) (T, bool, error) {
	var none T
	if err != nil || len(all) == 0 {
		return none, false, err
	}
	return all[0], true, nil
}

// RenewLease puts the end off; false when there is no such lease (any more).
func (d *DB) RenewLease(ctx context.Context, run string, token int64, until time.Time, requests int) (bool, error) {
	n, err := d.exec(ctx, "UPDATE leases SET expires_at=?, requests=max(requests, ?) WHERE run=? AND token=?", ms(until), requests, run, token)
	return n > 0, err
}

// ExpiredLeases are those whose end has passed.
func (d *DB) ExpiredLeases(ctx context.Context, now time.Time) ([]Lease, error) {
	return rows(ctx, d, scanLease, "SELECT "+leaseColumns+" FROM leases WHERE expires_at < ? ORDER BY expires_at LIMIT 1000", ms(now))
}

// Leases are all of them.
func (d *DB) Leases(ctx context.Context) ([]Lease, error) {
	return rows(ctx, d, scanLease, "SELECT "+leaseColumns+" FROM leases ORDER BY run")
}

// TakeExpired removes the lease if it is still expired, so that a heartbeat and
// the keeper can't both win. False: it was renewed or is gone.
func (d *DB) TakeExpired(ctx context.Context, run string, token int64, now time.Time) (bool, error) {
	n, err := d.exec(ctx, "DELETE FROM leases WHERE run=? AND token=? AND expires_at < ?", run, token, ms(now))
	return n > 0, err
}

// DropLease removes a lease that is over.
func (d *DB) DropLease(ctx context.Context, run string, token int64) error {
	_, err := d.exec(ctx, "DELETE FROM leases WHERE run=? AND token=?", run, token)
	return err
}

// Lane is the right to be the one scheduled run of a monitor on a lane.
type Lane struct{ Monitor, Lane, Run string }

// TakeLane gives the lane to the run, unless another run has it.
func (d *DB) TakeLane(ctx context.Context, monitor, lane, run string) (bool, error) {
	n, err := d.exec(ctx, `INSERT INTO lanes VALUES(?,?,?) ON CONFLICT DO UPDATE SET run=excluded.run WHERE lanes.run=excluded.run`, monitor, lane, run)
	return n > 0, err
}

// LaneOf is the run that has the lane, or "".
func (d *DB) LaneOf(ctx context.Context, monitor, lane string) (string, error) {
	run, _, err := one(rows(ctx, d, func(rs *sql.Rows) (run string, err error) {
		err = rs.Scan(&run)
		return run, err
	}, "SELECT run FROM lanes WHERE monitor=? AND lane=?", monitor, lane))
	return run, err
}

// Settle forgets the lease of a run that has ended, and frees its lane.
func (d *DB) Settle(ctx context.Context, run string) error {
	if _, err := d.exec(ctx, "DELETE FROM leases WHERE run=?", run); err != nil {
		return err
	}
	return d.FreeLane(ctx, run)
}

// FreeLane frees whatever lane the run has.
func (d *DB) FreeLane(ctx context.Context, run string) error {
	_, err := d.exec(ctx, "DELETE FROM lanes WHERE run=?", run)
	return err
}

// Lanes are all that are taken.
func (d *DB) Lanes(ctx context.Context) ([]Lane, error) {
	return rows(ctx, d, func(rs *sql.Rows) (l Lane, err error) {
		err = rs.Scan(&l.Monitor, &l.Lane, &l.Run)
		return l, err
	}, "SELECT monitor, lane, run FROM lanes ORDER BY monitor, lane")
}
