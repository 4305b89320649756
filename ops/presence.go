package ops

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"
)

// Presence is what is known of a running instance.
type Presence struct {
	Instance, Runner   string
	SeenAt             time.Time
	InFlight, Capacity int
	Online             bool
}

const presenceColumns = "instance, runner, seen_at, in_flight, capacity, online"

func scanPresence(rs *sql.Rows) (p Presence, err error) {
	var at int64
	err = rs.Scan(&p.Instance, &p.Runner, &at, &p.InFlight, &p.Capacity, &p.Online)
	p.SeenAt = fromMS(at)
	return p, err
}

// Seen notes a sign of life. It reports whether the instance was away before.
func (d *DB) Seen(ctx context.Context, p Presence) (wasAway bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	online := false
	err = tx.QueryRowContext(ctx, "SELECT online FROM presence WHERE instance=?", p.Instance).Scan(&online)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO presence("+presenceColumns+") VALUES(?,?,?,?,?,1)",
		p.Instance, p.Runner, ms(p.SeenAt), p.InFlight, p.Capacity)
	if err != nil {
		return false, err
	}
	return !online, tx.Commit()
}

// Silent are the online instances that were not seen since.
func (d *DB) Silent(ctx context.Context, since time.Time) ([]Presence, error) {
	return rows(ctx, d, scanPresence, "SELECT "+presenceColumns+" FROM presence WHERE online=1 AND seen_at < ? LIMIT 1000", ms(since))
}

// MarkAway notes that an instance is gone; false when it was seen meanwhile.
func (d *DB) MarkAway(ctx context.Context, instance string, seenBefore time.Time) (bool, error) {
	n, err := d.exec(ctx, "UPDATE presence SET online=0, in_flight=0 WHERE instance=? AND online=1 AND seen_at < ?", instance, ms(seenBefore))
	return n > 0, err
}

// PresenceOf lists the instances of a runner, or of all when runner is "".
func (d *DB) PresenceOf(ctx context.Context, runner string) ([]Presence, error) {
	return rows(ctx, d, scanPresence, "SELECT "+presenceColumns+" FROM presence WHERE ?1='' OR runner=?1 ORDER BY instance", runner)
}

// Forgive lets nothing that was alive at the last start count as silent, nor any
// lease lapse, before until: the control plane was away, not the instances.
func (d *DB) Forgive(ctx context.Context, seenAt, leasesUntil time.Time) error {
	if _, err := d.exec(ctx, "UPDATE presence SET seen_at=? WHERE online=1 AND seen_at < ?", ms(seenAt), ms(seenAt)); err != nil {
		return err
	}
	_, err := d.exec(ctx, "UPDATE leases SET expires_at=? WHERE expires_at < ?", ms(leasesUntil), ms(leasesUntil))
	return err
}

// PresenceOfInstance is what is known of one instance.
func (d *DB) PresenceOfInstance(ctx context.Context, instance string) (Presence, bool, error) {
	return one(rows(ctx, d, scanPresence, "SELECT "+presenceColumns+" FROM presence WHERE instance=?", instance))
}

// Token is what an instance authenticates with after it registered.
type Token struct{ Instance, Runner, KeyID string }

// PutToken keeps the hash of a secret token.
func (d *DB) PutToken(ctx context.Context, secret string, t Token, now time.Time) error {
	_, err := d.exec(ctx, "INSERT INTO tokens VALUES(?,?,?,?,?)", hash(secret), t.Instance, t.Runner, t.KeyID, ms(now))
	return err
}

// FindToken finds what a secret token stands for. Its 256 random bits are looked
// up by hash, so that the time taken tells nothing about the secret.
func (d *DB) FindToken(ctx context.Context, secret string) (Token, bool, error) {
	return one(rows(ctx, d, func(rs *sql.Rows) (t Token, err error) {
		err = rs.Scan(&t.Instance, &t.Runner, &t.KeyID)
		return t, err
	}, "SELECT instance, runner, key_id FROM tokens WHERE hash=?", hash(secret)))
}

// DropTokens forgets the tokens of an instance.
func (d *DB) DropTokens(ctx context.Context, instance string) error {
	_, err := d.exec(ctx, "DELETE FROM tokens WHERE instance=?", instance)
	return err
}

// KeyOf is the key that the instance registered with, or "".
func (d *DB) KeyOf(ctx context.Context, instance string) (string, error) {
	key, _, err := one(rows(ctx, d, func(rs *sql.Rows) (key string, err error) {
		err = rs.Scan(&key)
		return key, err
	}, "SELECT key_id FROM tokens WHERE instance=? ORDER BY created_at DESC LIMIT 1", instance))
	return key, err
}

// DropStaleTokens forgets tokens of instances that have been away since.
func (d *DB) DropStaleTokens(ctx context.Context, since time.Time) error {
	_, err := d.exec(ctx, `DELETE FROM tokens WHERE created_at < ?1 AND instance NOT IN (SELECT instance FROM presence WHERE seen_at >= ?1)`, ms(since))
	if err != nil {
		return err
	}
	_, err = d.exec(ctx, "DELETE FROM presence WHERE online=0 AND seen_at < ?", ms(since))
	return err
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
