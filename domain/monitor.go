package domain

import (
	"slices"
	"time"
)

// Effects says what running the collection twice does to the target.
type Effects string

// The effects. An unsafe run that may have begun is never run again by itself.
const (
	EffectsNone       Effects = "none"
	EffectsIdempotent Effects = "idempotent"
	EffectsUnsafe     Effects = "unsafe"
)

// Bounds and defaults of a monitor's options.
const (
	MaxRequestTimeoutMS = 900_000
	MaxRunLimitMS       = 86_400_000
	DefaultRunLimitMS   = 900_000
	MaxIterations       = 10_000
	MaxMonitorRunners   = 50
	MaxFolders          = 200
)

// Options are how a monitor runs its collection.
type Options struct {
	RequestTimeoutMS int      `json:"request_timeout_ms,omitempty"` // 0: only the run limit
	RequestDelayMS   int      `json:"request_delay_ms,omitempty"`
	RunLimitMS       int      `json:"run_limit_ms"`
	Iterations       int      `json:"iterations"`
	FollowRedirects  bool     `json:"follow_redirects"`
	StrictTLS        bool     `json:"strict_tls"`
	Effects          Effects  `json:"effects"`
	Folders          []string `json:"folders,omitempty"` // names or ids; none: the whole collection
}

// DefaultOptions are those of a monitor that sets none.
func DefaultOptions() Options {
	return Options{
		RunLimitMS: DefaultRunLimitMS, Iterations: 1,
		FollowRedirects: true, StrictTLS: true, Effects: EffectsIdempotent,
	}
}

func (o Options) check() error {
	for _, n := range []struct {
		field         string
		value, lo, hi int
	}{
		{"/options/request_timeout_ms", o.RequestTimeoutMS, 0, MaxRequestTimeoutMS},
		{"/options/request_delay_ms", o.RequestDelayMS, 0, MaxRequestTimeoutMS},
		{"/options/run_limit_ms", o.RunLimitMS, 1000, MaxRunLimitMS},
		{"/options/iterations", o.Iterations, 1, MaxIterations},
	} {
		if n.value < n.lo || n.value > n.hi {
			return FieldErrorf(n.field, "must be from %d to %d", n.lo, n.hi)
		}
	}
	if !slices.Contains([]Effects{EffectsNone, EffectsIdempotent, EffectsUnsafe}, o.Effects) {
		return FieldErrorf("/options/effects", `must be "none", "idempotent" or "unsafe"`)
	}
	if len(o.Folders) > MaxFolders {
		return FieldErrorf("/options/folders", "has more than %d folders", MaxFolders)
	}
	for _, f := range o.Folders {
		if _, err := name("/options/folders", f); err != nil {
			return err
		}
	}
	return nil
}

// Configuration is what a monitor does. Schedule nil: only when triggered.
type Configuration struct {
	Name        string        `json:"name"`
	Collection  CollectionID  `json:"collection"`
	Environment EnvironmentID `json:"environment,omitempty"`
	Runners     []RunnerID    `json:"runners"` // each one runs it
	Schedule    *Schedule     `json:"schedule"`
	Options     Options       `json:"options"`
}

func (c Configuration) check(now time.Time) (Configuration, error) {
	var err error
	if c.Name, err = name("/name", c.Name); err != nil {
		return c, err
	}
	if c.Collection == "" {
		return c, FieldErrorf("/collection", "is required: the id of a collection in the workspace")
	}
	if len(c.Runners) == 0 || len(c.Runners) > MaxMonitorRunners {
		return c, FieldErrorf("/runners", "must name from 1 to %d runners", MaxMonitorRunners)
	}
	if sorted := slices.Sorted(slices.Values(c.Runners)); len(slices.Compact(sorted)) != len(c.Runners) {
		return c, FieldErrorf("/runners", "names a runner twice")
	}
	if c.Schedule != nil {
		s, err := c.Schedule.check(now)
		if err != nil {
			return c, err
		}
		c.Schedule = &s
	}
	return c, c.Options.check()
}

// Equal compares all settings.
func (c Configuration) Equal(o Configuration) bool {
	a, b := c.Options, o.Options
	sameFolders := slices.Equal(a.Folders, b.Folders)
	a.Folders, b.Folders = nil, nil
	return c.Name == o.Name && c.Collection == o.Collection && c.Environment == o.Environment &&
		slices.Equal(c.Runners, o.Runners) && c.Schedule.equal(o.Schedule) && sameFolders &&
		optionsEqual(a, b)
}

func optionsEqual(a, b Options) bool {
	return a.RequestTimeoutMS == b.RequestTimeoutMS && a.RequestDelayMS == b.RequestDelayMS &&
		a.RunLimitMS == b.RunLimitMS && a.Iterations == b.Iterations &&
		a.FollowRedirects == b.FollowRedirects && a.StrictTLS == b.StrictTLS && a.Effects == b.Effects
}

// MissCause says why a slot had no run that finished.
type MissCause string

// The causes.
const (
	MissedNoInstance   MissCause = "no_instance"        // no instance of the runner was online
	MissedOverCapacity MissCause = "over_capacity"      // all of them were busy
	MissedOverlap      MissCause = "overlap"            // the run before was still going
	MissedPaused       MissCause = "paused"             // paused after the slot came due
	MissedDeleted      MissCause = "deleted"            // monitor or runner deleted after that
	MissedNotVisible   MissCause = "not_visible"        // the runner can't be used in the workspace any more
	MissedInstanceLost MissCause = "instance_lost"      // the instance went silent, and no attempt is left
	MissedControlPlane MissCause = "control_plane_down" // nothing was there to start it
	MissedKeyReset     MissCause = "key_reset"          // the runner's key was reset without grace
)

// MonitorCreated starts a monitor's stream.
type MonitorCreated struct {
	ID        MonitorID   `json:"id"`
	Workspace WorkspaceID `json:"workspace"`
	Configuration
}

// MonitorEdited holds the whole configuration from now on.
type MonitorEdited struct {
	ID MonitorID `json:"id"`
	Configuration
}

// MonitorPaused stops the schedule; triggers still run.
type MonitorPaused struct {
	ID     MonitorID `json:"id"`
	Reason string    `json:"reason,omitempty"`
}

// MonitorResumed starts the schedule again, from the next slot.
type MonitorResumed struct {
	ID MonitorID `json:"id"`
}

// MonitorDeleted ends the monitor.
type MonitorDeleted struct {
	ID MonitorID `json:"id"`
}

// MonitorSlotsMissed sums up consecutive slots of one lane that had no run.
type MonitorSlotsMissed struct {
	ID    MonitorID `json:"id"`
	Lane  string    `json:"lane"`
	From  time.Time `json:"from"` // nominal time of the first
	To    time.Time `json:"to"`   // and of the last
	Count int       `json:"count"`
	Cause MissCause `json:"cause"`
}

func (MonitorCreated) EventType() string     { return "monitor.created.v1" }
func (MonitorEdited) EventType() string      { return "monitor.edited.v1" }
func (MonitorPaused) EventType() string      { return "monitor.paused.v1" }
func (MonitorResumed) EventType() string     { return "monitor.resumed.v1" }
func (MonitorDeleted) EventType() string     { return "monitor.deleted.v1" }
func (MonitorSlotsMissed) EventType() string { return "monitor.slots_missed.v1" }

var monitorEvents = []Event{MonitorCreated{}, MonitorEdited{}, MonitorPaused{}, MonitorResumed{}, MonitorDeleted{}, MonitorSlotsMissed{}}

// Monitor is what to run, when, where and how.
type Monitor struct {
	ID        MonitorID   `json:"id"`
	Workspace WorkspaceID `json:"workspace"`
	Configuration
	Revision int                  `json:"revision"` // configurations so far
	Paused   bool                 `json:"paused"`
	Deleted  bool                 `json:"deleted,omitempty"`
	Missed   map[string]time.Time `json:"missed,omitempty"` // by lane: slots missed through
}

// Apply implements Aggregate.
func (m *Monitor) Apply(e Event) {
	switch e := e.(type) {
	case MonitorCreated:
		*m = Monitor{ID: e.ID, Workspace: e.Workspace, Configuration: e.Configuration, Revision: 1}
	case MonitorEdited:
		m.Configuration = e.Configuration
		m.Revision++
	case MonitorPaused:
		m.Paused = true
	case MonitorResumed:
		m.Paused = false
	case MonitorDeleted:
		m.Deleted = true
	case MonitorSlotsMissed:
		if m.Missed == nil {
			m.Missed = make(map[string]time.Time)
		}
		m.Missed[e.Lane] = e.To
	}
}

// Exists reports whether there is a monitor that was not deleted.
func (m *Monitor) Exists() bool { return m.ID != "" && !m.Deleted }

// Create decides on a new monitor.
func (m *Monitor) Create(id MonitorID, w WorkspaceID, c Configuration, now time.Time) ([]Event, error) {
	if m.ID != "" {
		return nil, Errorf(Conflict, "the monitor exists already")
	}
	c, err := c.check(now)
	if err != nil {
		return nil, err
	}
	return []Event{MonitorCreated{ID: id, Workspace: w, Configuration: c}}, nil
}

// Edit decides on another configuration; the same one changes nothing.
func (m *Monitor) Edit(c Configuration, now time.Time) ([]Event, error) {
	if err := m.mustExist(); err != nil {
		return nil, err
	}
	c, err := c.check(now)
	if err != nil || c.Equal(m.Configuration) {
		return nil, err
	}
	return []Event{MonitorEdited{ID: m.ID, Configuration: c}}, nil
}

// Pause decides on stopping the schedule; a second time changes nothing.
func (m *Monitor) Pause(reason string) ([]Event, error) {
	if err := m.mustExist(); err != nil {
		return nil, err
	}
	reason, err := line("/reason", reason, MaxReason)
	if err != nil || m.Paused {
		return nil, err
	}
	return []Event{MonitorPaused{ID: m.ID, Reason: reason}}, nil
}

// Resume decides on starting the schedule again.
func (m *Monitor) Resume() ([]Event, error) {
	if err := m.mustExist(); err != nil || !m.Paused {
		return nil, err
	}
	return []Event{MonitorResumed{ID: m.ID}}, nil
}

// Delete decides on the end; a second time changes nothing.
func (m *Monitor) Delete() ([]Event, error) {
	if m.ID == "" {
		return nil, m.mustExist()
	}
	if m.Deleted {
		return nil, nil
	}
	return []Event{MonitorDeleted{ID: m.ID}}, nil
}

// MissSlots decides on the record of slots that had no run. Slots that are
// recorded already are not counted again.
func (m *Monitor) MissSlots(lane string, from, to time.Time, count int, cause MissCause) ([]Event, error) {
	if err := m.mustExist(); err != nil {
		return nil, err
	}
	if count < 1 || to.Before(from) || !m.Missed[lane].Before(from) {
		return nil, nil
	}
	return []Event{MonitorSlotsMissed{ID: m.ID, Lane: lane, From: from.UTC(), To: to.UTC(), Count: count, Cause: cause}}, nil
}

func (m *Monitor) mustExist() error {
	switch {
	case m.ID == "":
		return Errorf(NotFound, "there is no such monitor")
	case m.Deleted:
		return Errorf(NotFound, "the monitor was deleted")
	}
	return nil
}

// InWorkspace is the workspace that the events are filtered by.
func (m *Monitor) InWorkspace() WorkspaceID { return m.Workspace }
