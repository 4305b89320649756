package domain

import (
	"github.com/google/uuid"
)

// Identifiers. All are UUIDs in their lower-case text form.
type (
	WorkspaceID   string
	CollectionID  string
	EnvironmentID string
	RunnerID      string
	InstanceID    string
	MonitorID     string
	RunID         string
	ExecutionID   string
	KeyID         string
)

// TeamID is the installation's one team.
const TeamID = "7e7f6a1c-0d8e-5b63-9c7e-5f2f4b0f9a01"

// Stream names: "<category>-<uuid>"; a category has no dash.
func (id WorkspaceID) Stream() string   { return "workspace-" + string(id) }
func (id CollectionID) Stream() string  { return "collection-" + string(id) }
func (id EnvironmentID) Stream() string { return "environment-" + string(id) }
func (id RunnerID) Stream() string      { return "runner-" + string(id) }
func (id InstanceID) Stream() string    { return "instance-" + string(id) }
func (id MonitorID) Stream() string     { return "monitor-" + string(id) }
func (id RunID) Stream() string         { return "run-" + string(id) }

// TeamStream is the stream of the one team.
const TeamStream = "team-" + TeamID

// NewID makes a time-ordered identifier of any kind.
func NewID[T ~string]() T { return T(uuid.Must(uuid.NewV7()).String()) }

// DeriveID makes the same identifier from the same parts, every time.
func DeriveID[T ~string](parts ...string) T {
	id := uuid.MustParse(TeamID)
	for _, p := range parts {
		id = uuid.NewSHA1(id, []byte(p))
	}
	return T(id.String())
}

// ValidID reports whether s is an identifier in its canonical form.
func ValidID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}
