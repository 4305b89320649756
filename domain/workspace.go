package domain

// WorkspaceType says who can see a workspace. Runners serve internal ones only.
type WorkspaceType string

// The workspace types.
const (
	InternalWorkspace WorkspaceType = "internal"
	PartnerWorkspace  WorkspaceType = "partner"
	PublicWorkspace   WorkspaceType = "public"
)

// WorkspaceCreated starts a workspace's stream.
type WorkspaceCreated struct {
	ID   WorkspaceID   `json:"id"`
	Name string        `json:"name"`
	Type WorkspaceType `json:"type"`
}

// WorkspaceRenamed changes the name.
type WorkspaceRenamed struct {
	ID   WorkspaceID `json:"id"`
	Name string      `json:"name"`
}

func (WorkspaceCreated) EventType() string { return "workspace.created.v1" }
func (WorkspaceRenamed) EventType() string { return "workspace.renamed.v1" }

var workspaceEvents = []Event{WorkspaceCreated{}, WorkspaceRenamed{}}

// Workspace holds collections, environments and monitors.
type Workspace struct {
	ID   WorkspaceID   `json:"id"`
	Name string        `json:"name"`
	Type WorkspaceType `json:"type"`
}

// Apply implements Aggregate.
func (w *Workspace) Apply(e Event) {
	switch e := e.(type) {
	case WorkspaceCreated:
		*w = Workspace{ID: e.ID, Name: e.Name, Type: e.Type}
	case WorkspaceRenamed:
		w.Name = e.Name
	}
}

// Exists reports whether the workspace was created.
func (w *Workspace) Exists() bool { return w.ID != "" }

// Create decides on a new workspace; the type defaults to internal.
func (w *Workspace) Create(id WorkspaceID, called string, kind WorkspaceType) ([]Event, error) {
	if w.Exists() {
		return nil, Errorf(Conflict, "the workspace exists already")
	}
	called, err := name("/name", called)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "":
		kind = InternalWorkspace
	case InternalWorkspace, PartnerWorkspace, PublicWorkspace:
	default:
		return nil, FieldErrorf("/type", `must be "internal", "partner" or "public"`)
	}
	return []Event{WorkspaceCreated{ID: id, Name: called, Type: kind}}, nil
}

// Rename decides on a new name; the same name changes nothing.
func (w *Workspace) Rename(called string) ([]Event, error) {
	if !w.Exists() {
		return nil, Errorf(NotFound, "there is no such workspace")
	}
	called, err := name("/name", called)
	if err != nil || called == w.Name {
		return nil, err
	}
	return []Event{WorkspaceRenamed{ID: w.ID, Name: called}}, nil
}

// InWorkspace is the workspace that the events are filtered by.
func (w *Workspace) InWorkspace() WorkspaceID { return w.ID }
