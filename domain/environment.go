package domain

// EnvironmentSaved is one version of an environment.
type EnvironmentSaved struct {
	ID        EnvironmentID `json:"id"`
	Workspace WorkspaceID   `json:"workspace"`
	Document
}

// EnvironmentDeleted ends the environment; runs that pinned a version keep it.
type EnvironmentDeleted struct {
	ID EnvironmentID `json:"id"`
}

func (EnvironmentSaved) EventType() string   { return "environment.saved.v1" }
func (EnvironmentDeleted) EventType() string { return "environment.deleted.v1" }

var environmentEvents = []Event{EnvironmentSaved{}, EnvironmentDeleted{}}

// Environment is a Postman environment in its newest version.
type Environment struct {
	ID EnvironmentID `json:"id"`
	versions
}

// Apply implements Aggregate.
func (c *Environment) Apply(e Event) {
	switch e := e.(type) {
	case EnvironmentSaved:
		c.ID, c.Workspace, c.Document = e.ID, e.Workspace, e.Document
		c.Revision++
	case EnvironmentDeleted:
		c.Deleted = true
	}
}

// Exists reports whether there is a environment that was not deleted.
func (c *Environment) Exists() bool { return c.Revision > 0 && !c.Deleted }

// Save decides on a new version; the same content changes nothing.
func (c *Environment) Save(id EnvironmentID, workspace WorkspaceID, d Document) ([]Event, error) {
	d, changed, err := c.save("environment", workspace, d)
	if err != nil || !changed {
		return nil, err
	}
	return []Event{EnvironmentSaved{ID: id, Workspace: workspace, Document: d}}, nil
}

// Delete decides on the end; a second time changes nothing.
func (c *Environment) Delete() ([]Event, error) {
	live, err := c.delete("environment")
	if err != nil || !live {
		return nil, err
	}
	return []Event{EnvironmentDeleted{ID: c.ID}}, nil
}
