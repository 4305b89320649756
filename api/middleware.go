package api

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// recover turns a panic into a 500 and a log line.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Logger.ErrorContext(c.Request().Context(), "panic", "path", c.Path(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = echo.ErrInternalServerError
		}()
		return next(c)
	}
}

// headers sets what every answer carries, and logs the request: its path, never
// its query, which may hold a secret.
func (s *Server) headers(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		h := c.Response().Header()
		id := c.Request().Header.Get("X-Request-Id")
		if len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) || id == "" {
			id = uuid.NewString()
		}
		c.Request().Header.Set("X-Request-Id", id)
		h.Set("X-Request-Id", id)
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if err := next(c); err != nil {
			c.Error(err)
		}
		level := slog.LevelDebug
		if c.Response().Status >= http.StatusInternalServerError {
			level = slog.LevelWarn
		}
		s.Logger.LogAttrs(c.Request().Context(), level, "request",
			slog.String("method", c.Request().Method), slog.String("path", c.Request().URL.Path),
			slog.Int("status", c.Response().Status), slog.String("ip", c.RealIP()),
			slog.String("request_id", id), slog.Duration("took", time.Since(start)))
		return nil
	}
}

// deadline bounds every request; a claim may wait for work.
func (s *Server) deadline(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		limit := requestTimeout
		if c.Request().URL.Path == claimPath {
			limit += s.Poll
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// decompress makes a client's error of a body that is not what its header says.
func decompress(with echo.MiddlewareFunc) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		inner := with(next)
		return func(c echo.Context) error {
			err := inner(c)
			if errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
				return newProblem(http.StatusBadRequest, "Content-Encoding says gzip, but the body is not compressed by it")
			}
			return err
		}
	}
}

// strictJSON refuses what encoding/json would silently replace.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) {
			return errors.New("the body is not valid UTF-8 (RFC 8259, section 8.1)")
		}
		return huma.DefaultJSONFormat.Unmarshal(data, v)
	},
}

func splitList(values []string) []string {
	var all []string
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			all = append(all, strings.TrimSpace(item))
		}
	}
	return all
}
