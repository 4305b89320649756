package domain

import "encoding/json"

// ActorKind is what acted.
type ActorKind string

// The kinds of actor.
const (
	ActorAPIKey   ActorKind = "api_key"
	ActorInstance ActorKind = "instance"
	ActorSystem   ActorKind = "system"
)

// Actor is who caused an event.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
	Name string    `json:"name,omitempty"`
}

// System is the control plane itself: its scheduler and lease keeper.
var System = Actor{Kind: ActorSystem, Name: "picket"}

// Envelope is what is stored beside an event's payload.
type Envelope struct {
	Actor         Actor       `json:"actor"`
	CommandID     string      `json:"command_id"` // the events of one command share it
	CorrelationID string      `json:"correlation_id,omitempty"`
	CausationID   string      `json:"causation_id,omitempty"` // id of the event that led to the command
	Workspace     WorkspaceID `json:"workspace,omitempty"`
	IP            string      `json:"ip,omitempty"` // only where a person or a runner acted
	UserAgent     string      `json:"user_agent,omitempty"`
	Traceparent   string      `json:"traceparent,omitempty"`
	Version       string      `json:"picket_version,omitempty"` // that wrote the event
}

// Encode is the envelope as it is stored.
func (e Envelope) Encode() ([]byte, error) { return json.Marshal(e) }

// DecodeEnvelope reads what Encode wrote; empty input is the zero Envelope.
func DecodeEnvelope(data []byte, unmarshal func([]byte, any) error) (Envelope, error) {
	var e Envelope
	if len(data) == 0 {
		return e, nil
	}
	if unmarshal == nil {
		unmarshal = json.Unmarshal
	}
	err := unmarshal(data, &e)
	return e, err
}
