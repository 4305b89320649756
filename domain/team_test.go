package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

func TestTeam(t *testing.T) {
	t.Parallel()
	type T = domain.Team
	one, two := domain.NewKey("k1", "pk_one"), domain.NewKey("k2", "pk_two")
	created := domain.APIKeyCreated{Name: "CI", Key: one}
	second := domain.APIKeyCreated{Name: "Laptop", Key: two}
	create := func(name string, k domain.Key) func(*T) ([]domain.Event, error) {
		return func(t *T) ([]domain.Event, error) { return t.CreateAPIKey(name, k) }
	}
	revoke := func(id domain.KeyID) func(*T) ([]domain.Event, error) {
		return func(t *T) ([]domain.Event, error) { return t.RevokeAPIKey(id) }
	}
	decide(t, []scenario[T]{
		{name: "create", when: create(" CI ", one), want: events(created), again: true},
		{name: "create a second key", given: events(created), when: create("Laptop", two), want: events(second), again: true},
		{name: "create two of one name", given: events(created), when: create("CI", two), want: events(domain.APIKeyCreated{Name: "CI", Key: two})},
		{name: "create the same key under another name", given: events(created), when: create("Other", domain.NewKey("k9", "pk_one"))},
		{name: "revoke", given: events(created, second), when: revoke("k1"), want: events(domain.APIKeyRevoked{ID: "k1"})},
		{name: "revoke the newest", given: events(created, second), when: revoke("k2"), want: events(domain.APIKeyRevoked{ID: "k2"})},
		{name: "revoke a revoked one", given: events(created, domain.APIKeyRevoked{ID: "k1"}), when: revoke("k1"), wantErr: "not_found"},
		{name: "revoke what is not there", given: events(created), when: revoke("k2"), wantErr: "not_found"},
		{name: "revoke nothing", when: revoke(""), wantErr: "not_found"},
	})
	decide(t, failing("/name", nil, badNames, func(t *T, s string) ([]domain.Event, error) { return t.CreateAPIKey(s, one) }))
}

func TestTeamAuthenticate(t *testing.T) {
	t.Parallel()
	team := domain.Fold(new(domain.Team),
		domain.APIKeyCreated{Name: "CI", Key: domain.NewKey("k1", "pk_one")},
		domain.APIKeyCreated{Name: "Laptop", Key: domain.NewKey("k2", "pk_two")})
	k, ok := team.Authenticate("pk_two")
	require.True(t, ok)
	require.Equal(t, domain.KeyID("k2"), k.Key.ID)
	for _, wrong := range []string{"", "pk_", "pk_one ", "PK_ONE", k.Key.Hash, "_two"} {
		_, ok = team.Authenticate(wrong)
		require.False(t, ok, wrong)
	}
	before := team.Keys
	domain.Fold(team, domain.APIKeyRevoked{ID: "k1"})
	require.Equal(t, domain.KeyID("k1"), before[0].Key.ID, "who holds the keys of before still has them")
	_, ok = team.Authenticate("pk_one")
	require.False(t, ok)
	_, ok = team.Authenticate("pk_two")
	require.True(t, ok)
	domain.Fold(team, domain.APIKeyCreated{Name: "CI", Key: domain.NewKey("k1", "pk_one")}, domain.APIKeyRevoked{ID: "k2"})
	_, ok = team.Authenticate("pk_two")
	require.False(t, ok)
	_, ok = team.Authenticate("pk_one")
	require.True(t, ok)
	_, ok = new(domain.Team).Authenticate("")
	require.False(t, ok)
}
