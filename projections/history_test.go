package projections_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/eventstore"
)

// fact is an event with what is around it.
type fact struct {
	stream string
	at     time.Time
	event  eventstore.Event
}

// history makes a random life of an installation, always the same for a seed:
// every event was decided by its aggregate.
type history struct {
	seed  uint64
	rng   *rand.Rand
	now   time.Time
	facts []fact
	made  int // identifiers

	workspaces   []*domain.Workspace
	collections  []*domain.Collection
	environments []*domain.Environment
	runners      []*domain.Runner
	instances    []*domain.Instance
	monitors     []*domain.Monitor
	runs         []*domain.Run
	team         domain.Team
}

var start = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// makeHistory has at least n facts.
func makeHistory(seed uint64, n int) []fact { return lived(seed, n).facts }

func lived(seed uint64, n int) *history {
	h := &history{seed: seed, rng: rand.New(rand.NewPCG(seed, 7)), now: start}
	for range 3 {
		h.createWorkspace()
	}
	for range 4 {
		h.createCollection()
		h.createEnvironment()
		h.createRunner()
		h.connect()
	}
	for range 6 {
		h.createMonitor()
	}
	for len(h.facts) < n {
		h.now = h.now.Add(time.Duration(h.rng.IntN(4000)) * time.Millisecond)
		h.step()
	}
	return h
}

func (h *history) step() {
	switch p := h.rng.IntN(1000); {
	case p < 12:
		h.setUp()
	case p < 60:
		h.change()
	case p < 90:
		h.presence()
	case p < 170:
		h.queue()
	default:
		h.work()
	}
}

func newID[T ~string](h *history, kind string) T {
	h.made++
	return domain.DeriveID[T](kind, strconv.Itoa(h.made))
}

func pick[T any](h *history, list []T) T { return list[h.rng.IntN(len(list))] }

func (h *history) chance(percent int) bool { return h.rng.IntN(100) < percent }

var (
	alice = domain.Actor{Kind: domain.ActorAPIKey, ID: "0198-alice", Name: "Alice's key"}
	ci    = domain.Actor{Kind: domain.ActorAPIKey, ID: "0198-ci", Name: "CI"}
)

func (h *history) person() domain.Actor { return pick(h, []domain.Actor{alice, ci}) }

// record appends the events and folds them; a decision that was refused has none.
func (h *history) record(stream string, workspace domain.WorkspaceID, by domain.Actor, a domain.Aggregate, events []domain.Event, err error) {
	if err != nil {
		return
	}
	h.made++
	env := domain.Envelope{Actor: by, CommandID: strconv.Itoa(h.made), Workspace: workspace, CorrelationID: "c" + strconv.Itoa(h.made)}
	if by.Kind == domain.ActorAPIKey {
		env.IP, env.UserAgent = "10.0.0."+strconv.Itoa(h.made%250), "curl/8"
	}
	meta, err := env.Encode()
	if err != nil {
		panic(err)
	}
	for _, e := range events {
		data, err := domain.Encode(e)
		if err != nil {
			panic(err)
		}
		a.Apply(e)
		id := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, "fact", h.seed, len(h.facts)))
		h.facts = append(h.facts, fact{stream, h.now, eventstore.Event{ID: id, Type: e.EventType(), Data: data, Meta: meta}})
	}
}

func (h *history) createWorkspace() {
	w := &domain.Workspace{}
	id := newID[domain.WorkspaceID](h, "workspace")
	kind := pick(h, []domain.WorkspaceType{"", domain.InternalWorkspace, domain.PartnerWorkspace})
	events, err := w.Create(id, fmt.Sprintf("Workspace %d", h.made), kind)
	h.record(id.Stream(), id, h.person(), w, events, err)
	h.workspaces = append(h.workspaces, w)
}

func (h *history) document(kind string) domain.Document {
	return domain.Document{Name: fmt.Sprintf("%s %d", kind, h.rng.IntN(50)), Hash: fmt.Sprintf("%064x", h.rng.Uint64()), Bytes: h.rng.IntN(9999), Items: h.rng.IntN(30)}
}

func (h *history) createCollection() {
	h.collections = append(h.collections, &domain.Collection{})
	h.saveCollection(h.collections[len(h.collections)-1], newID[domain.CollectionID](h, "collection"), pick(h, h.workspaces).ID)
}

func (h *history) saveCollection(c *domain.Collection, id domain.CollectionID, w domain.WorkspaceID) {
	events, err := c.Save(id, w, h.document("Orders"))
	h.record(id.Stream(), w, h.person(), c, events, err)
}

func (h *history) createEnvironment() {
	h.environments = append(h.environments, &domain.Environment{})
	h.saveEnvironment(h.environments[len(h.environments)-1], newID[domain.EnvironmentID](h, "environment"), pick(h, h.workspaces).ID)
}

func (h *history) saveEnvironment(e *domain.Environment, id domain.EnvironmentID, w domain.WorkspaceID) {
	events, err := e.Save(id, w, h.document("Staging"))
	h.record(id.Stream(), w, h.person(), e, events, err)
}

func (h *history) key() domain.Key {
	return domain.NewKey(newID[domain.KeyID](h, "key"), fmt.Sprintf("pkr_%d", h.made))
}

func (h *history) visibility() domain.Visibility {
	if h.chance(50) {
		return domain.Visibility{Scope: domain.VisibleInAll}
	}
	return domain.Visibility{Scope: domain.VisibleInSelected, Workspaces: []domain.WorkspaceID{pick(h, h.workspaces).ID, pick(h, h.workspaces).ID}}
}

func (h *history) createRunner() {
	r := &domain.Runner{}
	id := newID[domain.RunnerID](h, "runner")
	events, err := r.Create(id, fmt.Sprintf("Runner %d", h.made), "in the cellar of Zürich", h.visibility(), h.key())
	h.record(id.Stream(), "", h.person(), r, events, err)
	h.runners = append(h.runners, r)
}

func (h *history) connect() {
	i := &domain.Instance{}
	id := newID[domain.InstanceID](h, "instance")
	r := pick(h, h.runners)
	events, err := i.Connect(domain.InstanceConnected{
		ID: id, Runner: r.ID, Key: r.Key.ID, HostName: fmt.Sprintf("host-%d", h.made), UniqueID: "u" + strconv.Itoa(h.made),
		Version: "1.0", OS: "linux", Arch: "amd64", Capacity: 4,
	})
	h.record(id.Stream(), "", domain.Actor{Kind: domain.ActorInstance, ID: string(id)}, i, events, err)
	h.instances = append(h.instances, i)
}

func (h *history) configuration() domain.Configuration {
	c := domain.Configuration{
		Name: fmt.Sprintf("Monitor %d", h.rng.IntN(1000)), Collection: pick(h, h.collections).ID, Options: domain.DefaultOptions(),
	}
	for range 1 + h.rng.IntN(3) {
		if id := pick(h, h.runners).ID; !slices.Contains(c.Runners, id) {
			c.Runners = append(c.Runners, id)
		}
	}
	if h.chance(60) {
		c.Environment = pick(h, h.environments).ID
	}
	if h.chance(70) {
		c.Schedule = &domain.Schedule{EveryMinutes: 1 + h.rng.IntN(60)}
	}
	if h.chance(30) {
		c.Options.Effects, c.Options.Folders = domain.EffectsUnsafe, []string{"Checkout"}
	}
	return c
}

func (h *history) createMonitor() {
	m := &domain.Monitor{}
	id := newID[domain.MonitorID](h, "monitor")
	w := pick(h, h.workspaces).ID
	events, err := m.Create(id, w, h.configuration(), h.now)
	h.record(id.Stream(), w, h.person(), m, events, err)
	h.monitors = append(h.monitors, m)
}
