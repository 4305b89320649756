package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// Agent is the surface for runners, /agent/v1. Its calls are never repeated by
// the client: when to try again is the runner's business.
type Agent struct{ c *Client }

// Agent is the runners' surface with the client's credentials. Register needs
// none; every other call needs the token of its answer (see WithToken).
func (c *Client) Agent() *Agent { return &Agent{c: c} }

const agentBase = "/agent/v1"

func (a *Agent) post(ctx context.Context, path string, body, out any) error {
	_, err := a.c.do(ctx, call{method: http.MethodPost, path: path, body: body, out: out})
	return err
}

// Register exchanges the runner's key for an instance's token. A wrong key is a
// problem of type wire.ProblemRunnerKeyRefused.
func (a *Agent) Register(ctx context.Context, r wire.Register) (wire.Registered, error) {
	var out wire.Registered
	err := a.post(ctx, agentBase+"/register", r, &out)
	return out, err
}

// Claim waits for a run, at most a little longer than poll, the server's PollMS.
// A nil lease means that none came; the duration is how long to wait before the
// next claim, 0 where the server doesn't say. After an error the same claim id
// gets the lease whose answer was lost.
func (a *Agent) Claim(ctx context.Context, claimID string, poll time.Duration) (*wire.Lease, time.Duration, error) {
	var out wire.Lease
	got, err := a.c.do(ctx, call{
		method: http.MethodPost, path: agentBase + "/claim",
		body: wire.Claim{ClaimID: claimID}, out: &out,
		timeout: poll + 15*time.Second,
	})
	switch {
	case err != nil:
		return nil, 0, err
	case got.status == http.StatusNoContent:
		return nil, parseRetryAfter(got.header), nil
	}
	return &out, 0, nil
}

// Heartbeat renews the leases of the instance and gets the runs to stop.
func (a *Agent) Heartbeat(ctx context.Context, h wire.Heartbeat) (wire.HeartbeatAnswer, error) {
	var out wire.HeartbeatAnswer
	err := a.post(ctx, agentBase+"/heartbeat", h, &out)
	return out, err
}

// Start says that the run begins. No request of the collection may leave before
// it succeeded. A superseded attempt is wire.ProblemLeaseOver.
func (a *Agent) Start(ctx context.Context, s wire.Attempted) error {
	return a.post(ctx, at(agentBase+"/runs", s.Run, "start"), s, nil)
}

// Release hands a run back.
func (a *Agent) Release(ctx context.Context, run string, r wire.Release) error {
	return a.post(ctx, at(agentBase+"/runs", run, "release"), r, nil)
}

// Report delivers a result, compressed. Sending the same one again changes nothing.
func (a *Agent) Report(ctx context.Context, run string, r wire.SubmitReport) (wire.ReportReceipt, error) {
	var out wire.ReportReceipt
	_, err := a.c.do(ctx, call{
		method: http.MethodPost, path: at(agentBase+"/runs", run, "report"),
		body: r, zip: true, out: &out,
		timeout: 2 * a.c.options.Timeout,
	})
	return out, err
}

// Blob fetches what the lease of the run names by its SHA-256 and checks it.
func (a *Agent) Blob(ctx context.Context, hash, run string, token int64) ([]byte, error) {
	var data []byte
	_, err := a.c.do(ctx, call{
		method: http.MethodGet, path: at(agentBase+"/blobs", hash),
		query: url.Values{"run": {run}, "token": {strconv.FormatInt(token, 10)}},
		out:   &data,
	})
	if err != nil {
		return nil, err
	}
	if !Matches(hash, data) {
		return nil, &HashError{Hash: hash, Bytes: len(data)}
	}
	return data, nil
}

// Disconnect says that the instance stops: what it holds goes back at once.
func (a *Agent) Disconnect(ctx context.Context) error {
	return a.post(ctx, agentBase+"/disconnect", nil, nil)
}

// Matches says whether the bytes have that address: a SHA-256 in hex, which may
// be marked with "sha256-" or "sha256:".
func Matches(hash string, data []byte) bool {
	sum := sha256.Sum256(data)
	return PlainHash(hash) == hex.EncodeToString(sum[:])
}

// PlainHash is the address without its mark.
func PlainHash(hash string) string {
	for _, mark := range []string{"sha256-", "sha256:"} {
		hash = strings.TrimPrefix(hash, mark)
	}
	return hash
}

// HashError means that the bytes of a blob aren't those that were asked for.
type HashError struct {
	Hash  string
	Bytes int
}

func (e *HashError) Error() string {
	return fmt.Sprintf("the %d bytes received are not blob %s", e.Bytes, e.Hash)
}
