package domain

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"slices"
	"time"
)

// VisibilityScope says in which internal workspaces a runner can be picked.
type VisibilityScope string

// The visibility scopes.
const (
	VisibleInAll      VisibilityScope = "all"
	VisibleInSelected VisibilityScope = "selected"
)

// Visibility is where a runner can be picked.
type Visibility struct {
	Scope      VisibilityScope `json:"scope"`
	Workspaces []WorkspaceID   `json:"workspaces,omitempty"` // only with "selected"
}

// In reports whether the runner can be picked in the workspace.
func (v Visibility) In(w WorkspaceID) bool {
	return v.Scope == VisibleInAll || slices.Contains(v.Workspaces, w)
}

// MaxVisibleWorkspaces bounds the selected workspaces of a runner.
const MaxVisibleWorkspaces = 1000

func (v Visibility) check() (Visibility, error) {
	switch v.Scope {
	case VisibleInAll, "":
		if len(v.Workspaces) > 0 {
			return v, FieldErrorf("/visibility/workspaces", `go with scope "selected" only`)
		}
		return Visibility{Scope: VisibleInAll}, nil
	case VisibleInSelected:
		if len(v.Workspaces) == 0 {
			return v, FieldErrorf("/visibility/workspaces", `name at least one workspace, or use scope "all"`)
		}
		if len(v.Workspaces) > MaxVisibleWorkspaces {
			return v, FieldErrorf("/visibility/workspaces", "has more than %d workspaces", MaxVisibleWorkspaces)
		}
		ws := slices.Clone(v.Workspaces)
		slices.Sort(ws)
		return Visibility{Scope: VisibleInSelected, Workspaces: slices.Compact(ws)}, nil
	}
	return v, FieldErrorf("/visibility/scope", `must be "all" or "selected"`)
}

func (v Visibility) equal(o Visibility) bool {
	return v.Scope == o.Scope && slices.Equal(v.Workspaces, o.Workspaces)
}

// Key is what is kept of a secret key: its SHA-256 and its last characters.
type Key struct {
	ID       KeyID  `json:"id"`
	Hash     string `json:"hash"` // SHA-256, hex
	LastFour string `json:"last_four"`
}

// NewKey keeps the fingerprint of a secret.
func NewKey(id KeyID, secret string) Key {
	return Key{ID: id, Hash: hashSecret(secret), LastFour: secret[max(0, len(secret)-4):]}
}

// Matches compares in constant time.
func (k Key) Matches(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(k.Hash), []byte(hashSecret(secret))) == 1
}

func hashSecret(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// MaxKeyGrace bounds how long an old key may live on after a reset.
const MaxKeyGrace = 30 * 24 * time.Hour

// RunnerCreated starts a runner's stream.
type RunnerCreated struct {
	ID          RunnerID   `json:"id"`
	Name        string     `json:"name"`
	Description string     `json:"description,omitempty"`
	Visibility  Visibility `json:"visibility"`
	Key         Key        `json:"key"`
}

// RunnerEdited changes name and description.
type RunnerEdited struct {
	ID          RunnerID `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
}

// RunnerVisibilityChanged changes where the runner can be picked.
type RunnerVisibilityChanged struct {
	ID         RunnerID   `json:"id"`
	Visibility Visibility `json:"visibility"`
}

// RunnerKeyReset makes Key the runner's key. The key before it works until
// PreviousValidUntil, or not at all from now on; any older one is dead.
type RunnerKeyReset struct {
	ID                 RunnerID   `json:"id"`
	Key                Key        `json:"key"`
	Reason             string     `json:"reason,omitempty"`
	GraceSeconds       int        `json:"grace_seconds"`
	PreviousValidUntil *time.Time `json:"previous_valid_until,omitempty"`
}

// RunnerDeleted ends the runner; its keys are dead.
type RunnerDeleted struct {
	ID     RunnerID `json:"id"`
	Reason string   `json:"reason,omitempty"`
}

func (RunnerCreated) EventType() string           { return "runner.created.v1" }
func (RunnerEdited) EventType() string            { return "runner.edited.v1" }
func (RunnerVisibilityChanged) EventType() string { return "runner.visibility_changed.v1" }
func (RunnerKeyReset) EventType() string          { return "runner.key_reset.v1" }
func (RunnerDeleted) EventType() string           { return "runner.deleted.v1" }

var runnerEvents = []Event{RunnerCreated{}, RunnerEdited{}, RunnerVisibilityChanged{}, RunnerKeyReset{}, RunnerDeleted{}}

// Runner is the registration that instances authenticate as.
type Runner struct {
	ID                 RunnerID   `json:"id"`
	Name               string     `json:"name"`
	Description        string     `json:"description,omitempty"`
	Visibility         Visibility `json:"visibility"`
	Key                Key        `json:"key"`
	Previous           Key        `json:"previous"`
	PreviousValidUntil time.Time  `json:"previous_valid_until,omitzero"`
	Deleted            bool       `json:"deleted,omitempty"`
}

// Apply implements Aggregate.
func (r *Runner) Apply(e Event) {
	switch e := e.(type) {
	case RunnerCreated:
		*r = Runner{ID: e.ID, Name: e.Name, Description: e.Description, Visibility: e.Visibility, Key: e.Key}
	case RunnerEdited:
		r.Name, r.Description = e.Name, e.Description
	case RunnerVisibilityChanged:
		r.Visibility = e.Visibility
	case RunnerKeyReset:
		r.Previous, r.PreviousValidUntil = Key{}, time.Time{}
		if e.PreviousValidUntil != nil {
			r.Previous, r.PreviousValidUntil = r.Key, *e.PreviousValidUntil
		}
		r.Key = e.Key
	case RunnerDeleted:
		r.Deleted = true
	}
}

// Exists reports whether there is a runner that was not deleted.
func (r *Runner) Exists() bool { return r.ID != "" && !r.Deleted }

// LiveKey reports whether the key of that id opens the runner at that time.
func (r *Runner) LiveKey(id KeyID, at time.Time) bool {
	if !r.Exists() {
		return false
	}
	return id == r.Key.ID || id == r.Previous.ID && id != "" && at.Before(r.PreviousValidUntil)
}

// Authenticate finds the live key that the secret is.
func (r *Runner) Authenticate(secret string, at time.Time) (KeyID, bool) {
	for _, k := range []Key{r.Key, r.Previous} {
		if k.Matches(secret) && r.LiveKey(k.ID, at) {
			return k.ID, true
		}
	}
	return "", false
}

// Create decides on a new runner.
func (r *Runner) Create(id RunnerID, called, description string, v Visibility, k Key) ([]Event, error) {
	if r.ID != "" {
		return nil, Errorf(Conflict, "the runner exists already")
	}
	called, description, err := nameAndDescription(called, description)
	if err != nil {
		return nil, err
	}
	if v, err = v.check(); err != nil {
		return nil, err
	}
	return []Event{RunnerCreated{ID: id, Name: called, Description: description, Visibility: v, Key: k}}, nil
}

// Edit decides on a new name and description.
func (r *Runner) Edit(called, description string) ([]Event, error) {
	if err := r.mustExist(); err != nil {
		return nil, err
	}
	called, description, err := nameAndDescription(called, description)
	if err != nil || called == r.Name && description == r.Description {
		return nil, err
	}
	return []Event{RunnerEdited{ID: r.ID, Name: called, Description: description}}, nil
}

// ChangeVisibility decides on where the runner can be picked.
func (r *Runner) ChangeVisibility(v Visibility) ([]Event, error) {
	if err := r.mustExist(); err != nil {
		return nil, err
	}
	v, err := v.check()
	if err != nil || v.equal(r.Visibility) {
		return nil, err
	}
	return []Event{RunnerVisibilityChanged{ID: r.ID, Visibility: v}}, nil
}

// ResetKey decides on a new key. The current one lives on for the grace period.
func (r *Runner) ResetKey(k Key, reason string, grace time.Duration, at time.Time) ([]Event, error) {
	if err := r.mustExist(); err != nil {
		return nil, err
	}
	reason, err := line("/reason", reason, MaxReason)
	if err != nil {
		return nil, err
	}
	if grace < 0 || grace > MaxKeyGrace {
		return nil, FieldErrorf("/grace_seconds", "must be from 0 to %d", int(MaxKeyGrace.Seconds()))
	}
	e := RunnerKeyReset{ID: r.ID, Key: k, Reason: reason, GraceSeconds: int(grace.Seconds())}
	if grace > 0 {
		until := at.Add(grace).UTC()
		e.PreviousValidUntil = &until
	}
	return []Event{e}, nil
}

// Delete decides on the end; a second time changes nothing.
func (r *Runner) Delete(reason string) ([]Event, error) {
	if r.ID == "" {
		return nil, r.mustExist()
	}
	reason, err := line("/reason", reason, MaxReason)
	if err != nil || r.Deleted {
		return nil, err
	}
	return []Event{RunnerDeleted{ID: r.ID, Reason: reason}}, nil
}

func (r *Runner) mustExist() error {
	switch {
	case r.ID == "":
		return Errorf(NotFound, "there is no such runner")
	case r.Deleted:
		return Errorf(NotFound, "the runner was deleted")
	}
	return nil
}

func nameAndDescription(called, description string) (string, string, error) {
	called, err := name("/name", called)
	if err != nil {
		return "", "", err
	}
	description, err = paragraph("/description", description, MaxDescription)
	return called, description, err
}
