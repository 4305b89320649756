package domain

import "time"

// InstanceConnected says that a process authenticated as the runner, or that
// one that was lost was heard from again.
type InstanceConnected struct {
	ID       InstanceID `json:"id"`
	Runner   RunnerID   `json:"runner"`
	Key      KeyID      `json:"key"` // which key opened the door
	HostName string     `json:"host_name"`
	UniqueID string     `json:"unique_id"` // of the machine or container, as it says
	Version  string     `json:"version"`
	OS       string     `json:"os"`
	Arch     string     `json:"arch"`
	Capacity int        `json:"capacity"` // runs at the same time
}

// InstanceLost says that nothing was heard from the instance for too long.
type InstanceLost struct {
	ID         InstanceID `json:"id"`
	Runner     RunnerID   `json:"runner"`
	LastSeenAt time.Time  `json:"last_seen_at"`
}

// InstanceStopped says that the instance signed off.
type InstanceStopped struct {
	ID     InstanceID `json:"id"`
	Runner RunnerID   `json:"runner"`
}

func (InstanceConnected) EventType() string { return "instance.connected.v1" }
func (InstanceLost) EventType() string      { return "instance.lost.v1" }
func (InstanceStopped) EventType() string   { return "instance.stopped.v1" }

var instanceEvents = []Event{InstanceConnected{}, InstanceLost{}, InstanceStopped{}}

// InstanceState is whether the control plane hears from an instance.
type InstanceState string

// The states of an instance.
const (
	InstanceOnline InstanceState = "online"
	InstanceGone   InstanceState = "lost"
	InstanceEnded  InstanceState = "stopped"
)

// MaxCapacity bounds the runs of one instance at the same time.
const MaxCapacity = 1000

// Instance is a running process that authenticated as a runner.
type Instance struct {
	InstanceConnected
	State InstanceState `json:"state"`
}

// Apply implements Aggregate.
func (i *Instance) Apply(e Event) {
	switch e := e.(type) {
	case InstanceConnected:
		*i = Instance{InstanceConnected: e, State: InstanceOnline}
	case InstanceLost:
		i.State = InstanceGone
	case InstanceStopped:
		i.State = InstanceEnded
	}
}

// Connect decides on a new instance.
func (i *Instance) Connect(c InstanceConnected) ([]Event, error) {
	if i.State != "" {
		return nil, Errorf(Conflict, "the instance exists already")
	}
	for _, text := range []struct {
		field string
		value *string
	}{
		{"/host_name", &c.HostName},
		{"/unique_id", &c.UniqueID},
		{"/version", &c.Version},
		{"/os", &c.OS},
		{"/arch", &c.Arch},
	} {
		var err error
		if *text.value, err = line(text.field, *text.value, MaxName); err != nil {
			return nil, err
		}
	}
	if c.Capacity < 1 || c.Capacity > MaxCapacity {
		return nil, FieldErrorf("/capacity", "must be from 1 to %d", MaxCapacity)
	}
	return []Event{c}, nil
}

// Heard decides on a sign of life: news only from an instance that was lost.
func (i *Instance) Heard() ([]Event, error) {
	if i.State != InstanceGone {
		return nil, nil
	}
	return []Event{i.InstanceConnected}, nil
}

// Lose decides on silence since lastSeen.
func (i *Instance) Lose(lastSeen time.Time) ([]Event, error) {
	if i.State != InstanceOnline {
		return nil, nil
	}
	return []Event{InstanceLost{ID: i.ID, Runner: i.Runner, LastSeenAt: lastSeen.UTC()}}, nil
}

// Stop decides on signing off.
func (i *Instance) Stop() ([]Event, error) {
	if i.State == "" || i.State == InstanceEnded {
		return nil, nil
	}
	return []Event{InstanceStopped{ID: i.ID, Runner: i.Runner}}, nil
}
