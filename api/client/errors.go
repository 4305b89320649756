package client

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/picket-api/picket/api/wire"
)

// Error is an answer that refuses the call. Problem is nil when the answer isn't
// Picket's own, as from a proxy in between.
type Error struct {
	Method, Path string
	Status       int
	RetryAfter   time.Duration // 0: the server didn't say
	Problem      *wire.Problem
	Body         string // beginning of an answer that isn't a problem
}

func (e *Error) Error() string {
	if e.Problem != nil {
		return e.Problem.Error()
	}
	text := fmt.Sprintf("%s %s was answered with %d %s, not by Picket", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Body != "" {
		text += ": " + e.Body
	}
	return text
}

// Unwrap lets errors.As find the *wire.Problem.
func (e *Error) Unwrap() error {
	if e.Problem == nil {
		return nil
	}
	return e.Problem
}

// NetworkError means that no answer came, or not a whole one: the server may have
// done the work all the same.
type NetworkError struct {
	Server string
	Err    error
}

func (e *NetworkError) Error() string {
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.Is(e.Err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer from %s in time", e.Server)
	case errors.As(e.Err, &certificate):
		return fmt.Sprintf("certificate of %s isn't trusted: %s", e.Server, certificate.Err)
	}
	return fmt.Sprintf("no connection to %s: %s", e.Server, e.Err)
}

func (e *NetworkError) Unwrap() error { return e.Err }

// Status is the HTTP status of a refusal, 0 for any other error.
func Status(err error) int {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// RetryAfter is how long the server asks to wait, 0 where it doesn't say.
func RetryAfter(err error) time.Duration {
	var refused *Error
	if errors.As(err, &refused) {
		return refused.RetryAfter
	}
	return 0
}

// IsProblem says whether Picket refused with a problem of that type.
func IsProblem(err error, problemType string) bool {
	var problem *wire.Problem
	return errors.As(err, &problem) && problem.Type == problemType
}

// networkError takes the URL out of the error: its query may hold what nobody
// should log.
func (c *Client) networkError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return &NetworkError{Server: c.Server(), Err: err}
}

func refusal(c call, resp *http.Response, body []byte) error {
	e := &Error{
		Method: c.method, Path: c.path,
		Status:     resp.StatusCode,
		RetryAfter: parseRetryAfter(resp.Header),
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	problem := &wire.Problem{}
	if kind == "application/problem+json" && json.Unmarshal(body, problem) == nil {
		if problem.Title == "" {
			problem.Title = http.StatusText(resp.StatusCode)
		}
		problem.Status = resp.StatusCode
		e.Problem = problem
		return e
	}
	e.Body = snippet(body)
	return e
}

// snippet is the beginning of a text answer on one line.
func snippet(body []byte) string {
	const most = 200
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body[:min(len(body), 4*most)]), "")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// parseRetryAfter reads seconds only: the other form depends on two clocks.
func parseRetryAfter(h http.Header) time.Duration {
	seconds, err := strconv.ParseFloat(h.Get("Retry-After"), 64)
	if err != nil || !(seconds > 0) {
		return 0
	}
	return time.Duration(min(seconds, 3600) * float64(time.Second))
}
