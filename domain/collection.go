package domain

// CollectionSaved is one version of a collection.
type CollectionSaved struct {
	ID        CollectionID `json:"id"`
	Workspace WorkspaceID  `json:"workspace"`
	Document
}

// CollectionDeleted ends the collection; runs that pinned a version keep it.
type CollectionDeleted struct {
	ID CollectionID `json:"id"`
}

func (CollectionSaved) EventType() string   { return "collection.saved.v1" }
func (CollectionDeleted) EventType() string { return "collection.deleted.v1" }

var collectionEvents = []Event{CollectionSaved{}, CollectionDeleted{}}

// Collection is a Postman collection in its newest version.
type Collection struct {
	ID CollectionID `json:"id"`
	versions
}

// Apply implements Aggregate.
func (c *Collection) Apply(e Event) {
	switch e := e.(type) {
	case CollectionSaved:
		c.ID, c.Workspace, c.Document = e.ID, e.Workspace, e.Document
		c.Revision++
	case CollectionDeleted:
		c.Deleted = true
	}
}

// Exists reports whether there is a collection that was not deleted.
func (c *Collection) Exists() bool { return c.Revision > 0 && !c.Deleted }

// Save decides on a new version; the same content changes nothing.
func (c *Collection) Save(id CollectionID, workspace WorkspaceID, d Document) ([]Event, error) {
	d, changed, err := c.save("collection", workspace, d)
	if err != nil || !changed {
		return nil, err
	}
	return []Event{CollectionSaved{ID: id, Workspace: workspace, Document: d}}, nil
}

// Delete decides on the end; a second time changes nothing.
func (c *Collection) Delete() ([]Event, error) {
	live, err := c.delete("collection")
	if err != nil || !live {
		return nil, err
	}
	return []Event{CollectionDeleted{ID: c.ID}}, nil
}
