package domain_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/domain"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	err := domain.Errorf(domain.Conflict, "the run is %s", "queued")
	require.EqualError(t, err, "the run is queued")
	require.Equal(t, domain.Conflict, domain.KindOf(err))
	require.Equal(t, domain.Conflict, domain.KindOf(fmt.Errorf("claim: %w", err)))

	err = domain.FieldErrorf("/name", "is required")
	require.EqualError(t, err, "/name: is required")
	require.Equal(t, domain.Invalid, domain.KindOf(err))

	require.Empty(t, domain.KindOf(nil))
	require.Empty(t, domain.KindOf(errors.New("plain")))
}

func TestEnvelope(t *testing.T) {
	t.Parallel()
	full := domain.Envelope{
		Actor:     domain.Actor{Kind: domain.ActorAPIKey, ID: "k1", Name: "CI"},
		CommandID: "c", CorrelationID: "r", CausationID: "e", Workspace: workspaceID,
		IP: "2001:db8::1", UserAgent: "curl/8 <x>", Traceparent: "00-a-b-01", Version: "1.2.3",
	}
	for _, e := range []domain.Envelope{full, {Actor: domain.System}, {}} {
		data, err := e.Encode()
		require.NoError(t, err)
		back, err := domain.DecodeEnvelope(data, nil)
		require.NoError(t, err)
		require.Equal(t, e, back)
	}
	e, err := domain.DecodeEnvelope(nil, nil)
	require.NoError(t, err)
	require.Zero(t, e)
	_, err = domain.DecodeEnvelope([]byte("{"), nil)
	require.Error(t, err)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	const id = "0199a000-0000-7000-8000-000000000001"
	streams := map[string]string{
		"workspace":   domain.WorkspaceID(id).Stream(),
		"collection":  domain.CollectionID(id).Stream(),
		"environment": domain.EnvironmentID(id).Stream(),
		"runner":      domain.RunnerID(id).Stream(),
		"instance":    domain.InstanceID(id).Stream(),
		"monitor":     domain.MonitorID(id).Stream(),
		"run":         domain.RunID(id).Stream(),
	}
	for category, stream := range streams {
		require.Equal(t, category+"-"+id, stream)
	}
	require.Equal(t, "team-"+domain.TeamID, domain.TeamStream)
	require.True(t, domain.ValidID(domain.TeamID))

	a, b := domain.NewID[domain.RunID](), domain.NewID[domain.RunID]()
	require.True(t, domain.ValidID(string(a)))
	require.Less(t, a, b, "new ids are in order of time")

	require.True(t, domain.ValidID(id))
	for _, bad := range []string{
		"", "x", "0199A000-0000-7000-8000-000000000001X", "{" + id + "}", "urn:uuid:" + id, id + " ",
		"0199a00000007000800000000000000f", "0199A000-0000-7000-8000-00000000000F",
	} {
		require.False(t, domain.ValidID(bad), bad)
	}
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.String(), 0, 4).Draw(t, "parts")
		one := domain.DeriveID[domain.RunID](parts...)
		require.Equal(t, one, domain.DeriveID[domain.RunID](parts...))
		require.NotEqual(t, one, domain.DeriveID[domain.RunID](append(parts, "")...))
		require.True(t, domain.ValidID(string(one)))
	})
}

func TestInWorkspace(t *testing.T) {
	t.Parallel()
	for _, a := range []interface {
		domain.Aggregate
		InWorkspace() domain.WorkspaceID
	}{
		new(domain.Workspace), new(domain.Collection), new(domain.Environment), new(domain.Monitor), new(domain.Run),
	} {
		require.Empty(t, a.InWorkspace())
		domain.Fold(a, samples()...)
		require.Equal(t, workspaceID, a.InWorkspace(), "%T", a)
	}
}
