package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/blobs"
	"github.com/picket-api/picket/domain"
)

const problemType = "application/problem+json"

// problem is an error answer that huma and echo can send.
type problem struct{ wire.Problem }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return problemType }

func newProblem(status int, detail string) *problem {
	return &problem{wire.Problem{Status: status, Title: http.StatusText(status), Detail: detail}}
}

// Every error that huma makes is a problem with field pointers. The submitted
// value is never sent back: it may be a secret.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		p := newProblem(status, msg)
		if status == http.StatusRequestEntityTooLarge || strings.Contains(msg, "too large") {
			p = newProblem(http.StatusRequestEntityTooLarge, "the body is larger than this operation takes")
		}
		for _, err := range errs {
			if err == nil {
				continue
			}
			field := wire.FieldProblem{Message: err.Error()}
			var d huma.ErrorDetailer
			if errors.As(err, &d) {
				detail := d.ErrorDetail()
				field = wire.FieldProblem{Message: detail.Message, Pointer: pointer(detail.Location)}
			}
			p.Errors = append(p.Errors, field)
		}
		return p
	}
}

// pointer makes "/schedule/cron" of "body.schedule.cron", and "limit" of
// "query.limit".
func pointer(location string) string {
	place, rest, _ := strings.Cut(location, ".")
	if place != "body" {
		return rest
	}
	rest = strings.NewReplacer("[", "/", "]", "", ".", "/").Replace(rest)
	return "/" + rest
}

var kinds = map[domain.Kind]int{
	domain.Invalid:     http.StatusUnprocessableEntity,
	domain.NotFound:    http.StatusNotFound,
	domain.Conflict:    http.StatusConflict,
	domain.Forbidden:   http.StatusForbidden,
	domain.Refused:     http.StatusUnauthorized,
	domain.Unavailable: http.StatusServiceUnavailable,
	domain.NoSpace:     http.StatusInsufficientStorage,
}

// fail words an error for the client. What is not meant for people is logged
// and answered as 500.
func (s *Server) fail(err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if errors.Is(err, blobs.ErrNoSpace) {
		return newProblem(http.StatusInsufficientStorage, "the document can't be stored: no space is left on the disk; nothing was changed")
	}
	e, ok := errors.AsType[*domain.Error](err)
	if !ok {
		s.Logger.Error("request failed", "err", err)
		return newProblem(http.StatusInternalServerError, "something went wrong in the control plane; its log says what, under this answer's X-Request-Id")
	}
	p := newProblem(kinds[e.Kind], e.Message)
	if p.Status == 0 {
		p.Status = http.StatusInternalServerError
	}
	if e.Field != "" {
		p.Detail = "the request is not valid"
		p.Errors = []wire.FieldProblem{{Message: e.Message, Pointer: e.Field}}
	}
	return p
}

// answerError words what echo itself refuses: unknown paths, wrong methods.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		status := http.StatusInternalServerError
		if he, ok := errors.AsType[*echo.HTTPError](err); ok {
			status = he.Code
		}
		p = newProblem(status, map[int]string{
			http.StatusNotFound:         "there is nothing at this path; see /openapi.json",
			http.StatusMethodNotAllowed: "this path does not take that method; the Allow header names those that it takes",
		}[status])
		if status == http.StatusInternalServerError {
			s.Logger.Error("request failed", "path", c.Path(), "err", err)
		}
	}
	c.Response().Header().Set(echo.HeaderContentType, problemType)
	c.Response().WriteHeader(p.Status)
	if c.Request().Method != http.MethodHead {
		_ = json.NewEncoder(c.Response()).Encode(p.Problem) // the client is gone: nothing to do
	}
}
