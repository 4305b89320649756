package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxAnswer is more than the server ever sends.
const maxAnswer = 64 << 20

// call is one HTTP exchange.
type call struct {
	method  string
	path    string // below the server's URL, escaped
	query   url.Values
	body    any    // sent as JSON
	raw     []byte // sent as it is, in place of body
	zip     bool   // compress what is sent
	creates bool   // sent under an Idempotency-Key
	timeout time.Duration
	out     any // takes the JSON of the answer; *[]byte takes its bytes
}

// answer is what a caller may want beside the decoded body.
type answer struct {
	status int
	header http.Header
}

type idempotencyKey struct{}

// WithIdempotencyKey makes the creations under ctx use the key. The same key and
// body give the first answer again, so a caller that lost it can ask once more.
// Without it each call makes a key of its own.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, idempotencyKey{}, key)
}

// do calls the server, again when that is safe and may help.
func (c *Client) do(ctx context.Context, req call) (answer, error) {
	payload, err := req.payload()
	if err != nil {
		return answer{}, err
	}
	key := ""
	if req.creates {
		if key, _ = ctx.Value(idempotencyKey{}).(string); key == "" {
			key = uuid.NewString()
		}
	}
	tries := 1
	if !c.options.NoRetry && (req.method == http.MethodGet || req.creates) {
		tries = 3
	}
	for try := 1; ; try++ {
		got, err := c.once(ctx, req, payload, key)
		if err == nil || try == tries || !passing(err) {
			return got, err
		}
		select {
		case <-time.After(max(time.Duration(try)*250*time.Millisecond, min(RetryAfter(err), 5*time.Second))):
		case <-ctx.Done():
			return got, err
		}
	}
}

// passing says whether the same call may succeed a moment later.
func passing(err error) bool {
	switch Status(err) {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	case 0:
		var network *NetworkError
		return errors.As(err, &network) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
	}
	return false
}

func (c *Client) once(ctx context.Context, req call, payload []byte, key string) (answer, error) {
	timeout := req.timeout
	if timeout == 0 {
		timeout = c.options.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := c.newRequest(ctx, req, payload, key)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return answer{}, c.networkError(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return answer{}, c.networkError(err)
	}
	if len(body) > maxAnswer {
		return answer{}, fmt.Errorf("answer to %s %s is over %d bytes", req.method, req.path, maxAnswer)
	}
	got := answer{status: resp.StatusCode, header: resp.Header}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return got, refusal(req, resp, body)
	}
	return got, req.decode(resp, body)
}

func (c *Client) newRequest(ctx context.Context, req call, payload []byte, key string) (*http.Request, error) {
	target := c.base.String() + req.path
	if len(req.query) > 0 {
		target += "?" + req.query.Encode()
	}
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	r, err := http.NewRequestWithContext(ctx, req.method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make request %s %s: %w", req.method, req.path, err)
	}
	r.Header.Set("User-Agent", c.options.UserAgent)
	r.Header.Set("Accept", "application/json, application/problem+json")
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if req.zip {
		r.Header.Set("Content-Encoding", "gzip")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	if c.options.APIKey != "" {
		r.Header.Set("X-Api-Key", c.options.APIKey)
	}
	if c.options.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.options.Token)
	}
	return r, nil
}

func (c call) payload() ([]byte, error) {
	data := c.raw
	if data == nil && c.body != nil {
		var err error
		if data, err = json.Marshal(c.body); err != nil {
			return nil, fmt.Errorf("encode body of %s %s: %w", c.method, c.path, err)
		}
	}
	if !c.zip || data == nil {
		return data, nil
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress body of %s %s: %w", c.method, c.path, err)
	}
	return b.Bytes(), nil
}

func (c call) decode(resp *http.Response, body []byte) error {
	if c.out == nil || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusAccepted && len(body) == 0 {
		return nil
	}
	if raw, ok := c.out.(*[]byte); ok {
		*raw = body
		return nil
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return &Error{Method: c.method, Path: c.path, Status: resp.StatusCode, Body: snippet(body)}
	}
	if err := json.Unmarshal(body, c.out); err != nil {
		return fmt.Errorf("decode answer to %s %s: %w", c.method, c.path, err)
	}
	return nil
}

func (c *Client) get(ctx context.Context, path string, query url.Values, out any) error {
	_, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query, out: out})
	return err
}

func (c *Client) post(ctx context.Context, path string, body, out any) error {
	_, err := c.do(ctx, call{method: http.MethodPost, path: path, body: body, out: out, creates: true})
	return err
}

func (c *Client) put(ctx context.Context, path string, body, out any) error {
	_, err := c.do(ctx, call{method: http.MethodPut, path: path, body: body, out: out})
	return err
}

func (c *Client) delete(ctx context.Context, path string) error {
	_, err := c.do(ctx, call{method: http.MethodDelete, path: path})
	return err
}

// at joins escaped path parts: at("/api/v1/runs", id, "report").
func at(base string, parts ...string) string {
	for _, p := range parts {
		base += "/" + url.PathEscape(p)
	}
	return base
}
