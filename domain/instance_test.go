package domain_test

import (
	"strings"
	"testing"

	"github.com/picket-api/picket/domain"
)

const instanceID = domain.InstanceID("0199a000-0000-7000-8000-000000000021")

func TestInstance(t *testing.T) {
	t.Parallel()
	type I = domain.Instance
	connected := domain.InstanceConnected{
		ID: instanceID, Runner: runnerID, Key: "k1", HostName: "edge-1", UniqueID: "m-77",
		Version: "1.2.3", OS: "linux", Arch: "arm64", Capacity: 4,
	}
	with := func(change func(*domain.InstanceConnected)) domain.InstanceConnected {
		c := connected
		change(&c)
		return c
	}
	connect := func(c domain.InstanceConnected) func(*I) ([]domain.Event, error) {
		return func(i *I) ([]domain.Event, error) { return i.Connect(c) }
	}
	capacity := func(n int) domain.InstanceConnected {
		return with(func(c *domain.InstanceConnected) { c.Capacity = n })
	}
	lost := domain.InstanceLost{ID: instanceID, Runner: runnerID, LastSeenAt: now}
	stopped := domain.InstanceStopped{ID: instanceID, Runner: runnerID}
	lose := func(i *I) ([]domain.Event, error) { return i.Lose(now.In(berlin)) }
	decide(t, []scenario[I]{
		{name: "connect", when: connect(connected), want: events(connected)},
		{name: "connect trims", when: connect(with(func(c *domain.InstanceConnected) { c.HostName = " edge-1\n" })), want: events(connected)},
		{
			name: "connect with little to say",
			when: connect(domain.InstanceConnected{ID: instanceID, Runner: runnerID, Capacity: 1}),
			want: events(domain.InstanceConnected{ID: instanceID, Runner: runnerID, Capacity: 1}),
		},
		{name: "connect with the largest capacity", when: connect(capacity(domain.MaxCapacity)), want: events(capacity(domain.MaxCapacity))},
		{name: "connect with no capacity", when: connect(capacity(0)), wantErr: "invalid /capacity"},
		{name: "connect with a negative capacity", when: connect(capacity(-1)), wantErr: "invalid /capacity"},
		{name: "connect with too much capacity", when: connect(capacity(domain.MaxCapacity + 1)), wantErr: "invalid /capacity"},
		{
			name: "connect blames the first field", wantErr: "invalid /host_name",
			when: connect(domain.InstanceConnected{HostName: "\x00", UniqueID: "\x00", Version: "\x00", OS: "\x00", Arch: "\x00"}),
		},
		{name: "connect a second time", given: events(connected), when: connect(connected), wantErr: "conflict"},
		{name: "connect after the end", given: events(connected, stopped), when: connect(connected), wantErr: "conflict"},
		{name: "heard while online", given: events(connected), when: (*I).Heard},
		{name: "heard after silence", given: events(connected, lost), when: (*I).Heard, want: events(connected), again: true},
		{name: "heard after the end", given: events(connected, stopped), when: (*I).Heard},
		{name: "heard of nobody", when: (*I).Heard},
		{name: "lose", given: events(connected), when: lose, want: events(lost), again: true},
		{name: "lose one that came back", given: events(connected, lost, connected), when: lose, want: events(lost), again: true},
		{name: "lose one that is lost", given: events(connected, lost), when: lose},
		{name: "lose one that stopped", given: events(connected, stopped), when: lose},
		{name: "lose nobody", when: lose},
		{name: "stop", given: events(connected), when: (*I).Stop, want: events(stopped), again: true},
		{name: "stop one that is lost", given: events(connected, lost), when: (*I).Stop, want: events(stopped), again: true},
		{name: "stop a second time", given: events(connected, stopped), when: (*I).Stop},
		{name: "stop nobody", when: (*I).Stop},
	})

	tooLong := strings.Repeat("x", domain.MaxName+1)
	for field, set := range map[string]func(*domain.InstanceConnected, string){
		"/host_name": func(c *domain.InstanceConnected, s string) { c.HostName = s },
		"/unique_id": func(c *domain.InstanceConnected, s string) { c.UniqueID = s },
		"/version":   func(c *domain.InstanceConnected, s string) { c.Version = s },
		"/os":        func(c *domain.InstanceConnected, s string) { c.OS = s },
		"/arch":      func(c *domain.InstanceConnected, s string) { c.Arch = s },
	} {
		when := func(i *I, s string) ([]domain.Event, error) {
			return i.Connect(with(func(c *domain.InstanceConnected) { set(c, s) }))
		}
		decide(t, failing(field, nil, badLines, when))
		decide(t, failing(field, nil, map[string]string{"one character too long": tooLong}, when))
	}
}
