package domain

// Document is what a saved version of a collection or an environment is known
// by: its content lives in the blob store under Hash.
type Document struct {
	Name  string `json:"name"`
	Hash  string `json:"hash"`
	Bytes int    `json:"bytes"`
	Items int    `json:"items"` // requests of a collection, variables of an environment
}

func (d Document) check() (Document, error) {
	var err error
	if d.Name, err = name("/name", d.Name); err != nil {
		return Document{}, err
	}
	if d.Hash == "" {
		return Document{}, Errorf(Invalid, "the document has no content")
	}
	return d, nil
}

// versions is the state that collections and environments share.
type versions struct {
	Workspace WorkspaceID `json:"workspace"`
	Document  Document    `json:"document"`
	Revision  int         `json:"revision"` // saved versions so far
	Deleted   bool        `json:"deleted,omitempty"`
}

// save decides whether a version is new.
func (v versions) save(thing string, workspace WorkspaceID, d Document) (Document, bool, error) {
	d, err := d.check()
	switch {
	case err != nil:
		return d, false, err
	case v.Deleted:
		return d, false, Errorf(NotFound, "the %s was deleted", thing)
	case v.Revision > 0 && v.Workspace != workspace:
		return d, false, Errorf(Conflict, "the %s belongs to another workspace", thing)
	}
	return d, v.Revision == 0 || v.Document != d, nil
}

func (v versions) delete(thing string) (bool, error) {
	if v.Revision == 0 {
		return false, Errorf(NotFound, "there is no such %s", thing)
	}
	return !v.Deleted, nil
}

// InWorkspace is the workspace that the events are filtered by.
func (v *versions) InWorkspace() WorkspaceID { return v.Workspace }
