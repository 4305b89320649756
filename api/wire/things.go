package wire

import "time"

// CreateWorkspace is the body of POST /workspaces.
type CreateWorkspace struct {
	Name string `json:"name" minLength:"1" maxLength:"200" example:"Payments"`
	Type string `json:"type,omitempty" enum:"internal,partner,public" default:"internal" doc:"Runners serve internal workspaces only"`
}

// Workspace holds collections, environments and monitors.
type Workspace struct {
	ID        string    `json:"id" format:"uuid"`
	Name      string    `json:"name"`
	Type      string    `json:"type" enum:"internal,partner,public"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Actor     `json:"created_by"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Document is a saved collection or environment.
type Document struct {
	ID        string    `json:"id" format:"uuid"`
	Workspace string    `json:"workspace" format:"uuid"`
	Name      string    `json:"name"`
	Hash      string    `json:"hash" doc:"Address of the newest version"`
	Bytes     int       `json:"bytes"`
	Items     int       `json:"items" doc:"Requests of a collection, variables of an environment"`
	Revision  int       `json:"revision" doc:"Saved versions so far"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy Actor     `json:"created_by"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Visibility is where a runner can be picked.
type Visibility struct {
	Scope      string   `json:"scope" enum:"all,selected" default:"all"`
	Workspaces []string `json:"workspaces,omitempty" maxItems:"1000" doc:"Ids of internal workspaces; only with scope selected"`
}

// CreateRunner is the body of POST /runners.
type CreateRunner struct {
	Name        string      `json:"name" minLength:"1" maxLength:"200" example:"Frankfurt office"`
	Description string      `json:"description,omitempty" maxLength:"2000"`
	Visibility  *Visibility `json:"visibility,omitempty" doc:"Default: all internal workspaces"`
}

// EditRunner is the body of PUT /runners/{id}.
type EditRunner struct {
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"2000"`
}

// ResetRunnerKey is the body of POST /runners/{id}/reset-key.
type ResetRunnerKey struct {
	Reason       string `json:"reason,omitempty" maxLength:"500"`
	GraceSeconds int    `json:"grace_seconds,omitempty" minimum:"0" maximum:"2592000" doc:"How long the old key still works; 0: it is dead at once"`
}

// Reason is the optional body of commands that may say why.
type Reason struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

// RunnerSecret answers the creation of a runner and the reset of its key: the
// only time that the key is shown.
type RunnerSecret struct {
	Runner
	Key     *string `json:"key" doc:"Shown once. null in the replay of an answer: reset the key to get a new one"`
	Command string  `json:"command" doc:"Starts an instance; paste it on a machine in the private network"`
}

// Runner is a registration and what is known of its instances.
type Runner struct {
	ID                 string     `json:"id" format:"uuid"`
	Name               string     `json:"name"`
	Description        string     `json:"description"`
	Visibility         Visibility `json:"visibility"`
	Health             string     `json:"health" enum:"healthy,unhealthy,never connected"`
	LastPingAt         *time.Time `json:"last_ping_at"`
	KeyLastFour        string     `json:"key_last_four"`
	PreviousValidUntil *time.Time `json:"previous_key_valid_until"`
	Instances          []Instance `json:"instances"`
	InFlight           int        `json:"in_flight"`
	Capacity           int        `json:"capacity" doc:"Runs that the online instances take at the same time"`
	QueueDepth         int        `json:"queue_depth"`
	OldestQueuedAgeMS  int64      `json:"oldest_queued_age_ms"`
	Monitors           int        `json:"monitors" doc:"Monitors that use the runner"`
	CreatedAt          time.Time  `json:"created_at"`
	CreatedBy          Actor      `json:"created_by"`
	UpdatedAt          time.Time  `json:"updated_at"`
}

// Instance is a process that authenticated as a runner.
type Instance struct {
	ID          string     `json:"id" format:"uuid"`
	HostName    string     `json:"host_name"`
	UniqueID    string     `json:"unique_id"`
	Version     string     `json:"version"`
	OS          string     `json:"os"`
	Arch        string     `json:"arch"`
	State       string     `json:"state" enum:"online,lost,stopped"`
	InFlight    int        `json:"in_flight"`
	Capacity    int        `json:"capacity"`
	ConnectedAt time.Time  `json:"connected_at"`
	LastPingAt  *time.Time `json:"last_ping_at"`
}

// Schedule is when a monitor runs; exactly one of the first two is set.
type Schedule struct {
	EveryMinutes int    `json:"every_minutes,omitempty" minimum:"1" maximum:"10080" example:"5"`
	Cron         string `json:"cron,omitempty" maxLength:"200" doc:"Five fields, POSIX"`
	Timezone     string `json:"timezone,omitempty" maxLength:"64" doc:"IANA name; default UTC"`
}

// MonitorOptions are how a monitor runs; what is left out has its default.
type MonitorOptions struct {
	RequestTimeoutMS *int     `json:"request_timeout_ms,omitempty" minimum:"0" maximum:"900000"`
	RequestDelayMS   *int     `json:"request_delay_ms,omitempty" minimum:"0" maximum:"900000"`
	RunLimitMS       *int     `json:"run_limit_ms,omitempty" minimum:"1000" maximum:"86400000" doc:"Default 15 minutes"`
	Iterations       *int     `json:"iterations,omitempty" minimum:"1" maximum:"10000"`
	FollowRedirects  *bool    `json:"follow_redirects,omitempty" doc:"Default true"`
	StrictTLS        *bool    `json:"strict_tls,omitempty" doc:"Default true"`
	Effects          *string  `json:"effects,omitempty" enum:"none,idempotent,unsafe" doc:"An unsafe run that may have begun is never run again by itself"`
	Folders          []string `json:"folders,omitempty" maxItems:"200" doc:"Names or ids; none: the whole collection"`
}

// ConfigureMonitor is the body of POST /monitors and PUT /monitors/{id}.
type ConfigureMonitor struct {
	Name        string          `json:"name" minLength:"1" maxLength:"200" example:"Orders API"`
	Workspace   string          `json:"workspace,omitempty" format:"uuid" doc:"Required to create; can't be changed"`
	Collection  string          `json:"collection" format:"uuid"`
	Environment string          `json:"environment,omitempty" doc:"Id of an environment of the workspace"`
	Runners     []string        `json:"runners" minItems:"1" maxItems:"50"`
	Schedule    *Schedule       `json:"schedule,omitempty" doc:"null: only when triggered"`
	Options     *MonitorOptions `json:"options,omitempty"`
}

// Monitor is what to run, when, where and how, and how it is doing.
type Monitor struct {
	ID          string         `json:"id" format:"uuid"`
	Workspace   string         `json:"workspace" format:"uuid"`
	Name        string         `json:"name"`
	Collection  string         `json:"collection" format:"uuid"`
	Environment string         `json:"environment,omitempty"`
	Runners     []string       `json:"runners"`
	Schedule    *Schedule      `json:"schedule"`
	Options     MonitorOptions `json:"options"`
	Revision    int            `json:"revision"`
	Paused      bool           `json:"paused"`
	NextRunAt   *time.Time     `json:"next_run_at"`
	LastRun     *LastRun       `json:"last_run" doc:"The newest run that finished"`
	CreatedAt   time.Time      `json:"created_at"`
	CreatedBy   Actor          `json:"created_by"`
	UpdatedAt   time.Time      `json:"updated_at"`
}

// LastRun is how a monitor's newest run ended.
type LastRun struct {
	ID         string    `json:"id" format:"uuid"`
	Outcome    string    `json:"outcome" enum:"successful,failure,error,abort,missed"`
	FinishedAt time.Time `json:"finished_at"`
}

// TriggerMonitor is the optional body of POST /monitors/{id}/run.
type TriggerMonitor struct {
	Trigger string `json:"trigger,omitempty" enum:"manual,cli,api" default:"api" doc:"What the run is marked with"`
}

// Triggered answers a trigger.
type Triggered struct {
	ID        string   `json:"id" format:"uuid" doc:"The first run"`
	Execution string   `json:"execution" format:"uuid"`
	Runs      []string `json:"runs" doc:"One run for each of the monitor's runners"`
}
