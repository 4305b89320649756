package domain

// APIKeyCreated makes a key that opens the API.
type APIKeyCreated struct {
	Name string `json:"name"`
	Key  Key    `json:"key"`
}

// APIKeyRevoked kills a key.
type APIKeyRevoked struct {
	ID KeyID `json:"id"`
}

func (APIKeyCreated) EventType() string { return "team.api_key_created.v1" }
func (APIKeyRevoked) EventType() string { return "team.api_key_revoked.v1" }

var teamEvents = []Event{APIKeyCreated{}, APIKeyRevoked{}}

// Team is the installation's one tenant.
type Team struct {
	Keys []APIKeyCreated // live ones
}

// Apply implements Aggregate.
func (t *Team) Apply(e Event) {
	switch e := e.(type) {
	case APIKeyCreated:
		t.Keys = append(t.Keys, e)
	case APIKeyRevoked:
		live := t.Keys[:0:0]
		for _, k := range t.Keys {
			if k.Key.ID != e.ID {
				live = append(live, k)
			}
		}
		t.Keys = live
	}
}

// Authenticate finds the live API key that the secret is.
func (t *Team) Authenticate(secret string) (APIKeyCreated, bool) {
	for _, k := range t.Keys {
		if k.Key.Matches(secret) {
			return k, true
		}
	}
	return APIKeyCreated{}, false
}

// CreateAPIKey decides on a new key.
func (t *Team) CreateAPIKey(called string, k Key) ([]Event, error) {
	called, err := name("/name", called)
	if err != nil {
		return nil, err
	}
	for _, have := range t.Keys {
		if have.Key.Hash == k.Hash {
			return nil, nil
		}
	}
	return []Event{APIKeyCreated{Name: called, Key: k}}, nil
}

// RevokeAPIKey decides on the end of a key.
func (t *Team) RevokeAPIKey(id KeyID) ([]Event, error) {
	for _, k := range t.Keys {
		if k.Key.ID == id {
			return []Event{APIKeyRevoked{ID: id}}, nil
		}
	}
	return nil, Errorf(NotFound, "there is no such API key")
}
