package run

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/auth"
)

// job is one request with its variables filled in, and what sending it takes.
type job struct {
	*execution
	source   Source
	request  *postman.Request
	auth     *postman.Auth // as the collection has it: what is learned belongs to it
	settings *postman.Auth // with variables filled in
	behavior postman.Behavior
	ended    func(ResponseReceived) // takes the end of each request that is sent; nil: it is told at once
}

func (j *job) end(e ResponseReceived) {
	if j.ended != nil {
		j.ended(e)
		return
	}
	j.emit(e)
}

// do sends the request, again if its auth asks for it. It returns the request as
// it was sent last.
func (j *job) do(ctx context.Context) (*postman.Request, *Response, *RequestError) {
	if j.request.Body != nil && j.request.Body.Mode == postman.ModeRaw {
		j.stripComments()
	}
	source := j.source
	for replays := 0; ; replays++ {
		request := j.request.Clone()
		method, params := j.method()
		if method != nil {
			j.fetch(ctx, method, params)
			if err := method.Sign(params, request); err != nil {
				j.warn(j.execution, "%s auth: could not sign the request: %v", j.auth.Type, err)
			}
		}
		content, err := j.content(request)
		if err != nil {
			return j.failed(err)
		}
		resp, failure := j.send(ctx, request, content, source)
		if failure != nil || !j.challenged(method, params, resp) {
			return request, resp, failure
		}
		if replays == auth.MaxReplays {
			j.warn(j.execution, "%s auth: gave up after %d tries", j.auth.Type, auth.MaxReplays)
			return request, resp, nil
		}
		source = FromAuth
	}
}

// failed reports a request that can't be sent at all.
func (j *job) failed(err error) (*postman.Request, *Response, *RequestError) {
	failure := requestError(err)
	j.emit(RequestSent{Cursor: j.cursor, Item: j.item, Source: j.source, Request: j.request})
	j.end(ResponseReceived{At: time.Now(), Cursor: j.cursor, Item: j.item, Source: j.source, Request: j.request, Err: failure})
	return j.request, nil, failure
}

// method finds what signs the request; nil if nothing does.
func (j *job) method() (auth.Method, *auth.Params) {
	if j.settings == nil {
		return nil, nil
	}
	method, ok := auth.For(j.settings.Type)
	if !ok {
		j.warn(j.execution, "auth type %q is not known: the request goes out without", j.settings.Type)
		j.settings = nil
		return nil, nil
	}
	params := auth.NewParams(j.settings)
	j.authMu.Lock()
	defer j.authMu.Unlock()
	for key, value := range j.learned[j.auth] {
		params.Set(key, value)
	}
	return method, params
}

// fetch gets what the auth needs of a server first, such as a token.
func (j *job) fetch(ctx context.Context, method auth.Method, params *auth.Params) {
	fetcher, ok := method.(auth.Fetcher)
	if !ok {
		return
	}
	request, err := fetcher.Ask(params)
	if err == nil && request == nil {
		return
	}
	if err == nil {
		err = j.take(ctx, fetcher, params, request)
	}
	j.learn(params)
	if err != nil {
		j.warn(j.execution, "%s auth: %v", j.auth.Type, err)
	}
}

func (j *job) take(ctx context.Context, fetcher auth.Fetcher, params *auth.Params, request *postman.Request) error {
	own := &job{execution: j.execution, source: FromAuth, request: request, ended: j.ended}
	content, err := own.content(request)
	if err != nil {
		return err
	}
	resp, failure := own.send(ctx, request, content, FromAuth)
	if failure != nil {
		return fmt.Errorf("the token could not be fetched: %s", failure.Message)
	}
	return fetcher.Take(params, resp.Code, resp.Body)
}

// learn keeps what the auth learned for the requests that follow.
func (j *job) learn(params *auth.Params) {
	j.authMu.Lock()
	defer j.authMu.Unlock()
	if j.learned[j.auth] == nil {
		j.learned[j.auth] = map[string]any{}
	}
	maps.Copy(j.learned[j.auth], params.Learned())
}

// challenged shows the response to the auth and keeps what it learns. With true
// the request is to be sent again.
func (j *job) challenged(method auth.Method, params *auth.Params, resp *Response) bool {
	challenger, ok := method.(auth.Challenger)
	if !ok {
		return false
	}
	again := challenger.Challenge(params, auth.Answer{Code: resp.Code, Header: resp.values})
	j.learn(params)
	return again
}
