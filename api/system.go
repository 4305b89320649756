package api

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) systemRoutes() {
	s.echo.GET("/healthz", func(c echo.Context) error {
		return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
	})
	s.echo.GET("/readyz", s.ready)
	register(s, route{id: "list-projections", method: http.MethodGet, path: "/api/v1/projections", summary: "How far the views are"}, s.listProjections)
	register(s, route{id: "rebuild-projection", method: http.MethodPost, path: "/api/v1/projections/{name}/rebuild", summary: "Build a view anew beside the one that serves, then swap", status: http.StatusAccepted}, s.rebuildProjection)
	register(s, route{id: "list-events", method: http.MethodGet, path: "/api/v1/events", summary: "Read the event log from a position on"}, s.listEvents)
	register(s, route{id: "get-stream", method: http.MethodGet, path: "/api/v1/streams/{stream}", summary: "Read the events of one stream"}, s.getStream)
}

// ready says whether the control plane can take commands and its views follow.
func (s *Server) ready(c echo.Context) error {
	select {
	case <-s.stopping:
		return newProblem(http.StatusServiceUnavailable, "shutting down")
	default:
	}
	if err := s.Ready(); err != nil {
		return newProblem(http.StatusServiceUnavailable, err.Error())
	}
	all, err := s.Views.Status(c.Request().Context())
	if err != nil {
		return s.fail(err)
	}
	for _, p := range all {
		switch {
		case p.Error != "":
			return newProblem(http.StatusServiceUnavailable, "the projection "+p.Name+" has stopped; the log says why")
		case !p.Serving:
			return newProblem(http.StatusServiceUnavailable, "the projection "+p.Name+" is being built from the log")
		}
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready", "version": s.Version})
}

type projectionsOut struct{ Body wire.List[wire.Projection] }

func (s *Server) listProjections(ctx context.Context, _ *struct{}) (*projectionsOut, error) {
	all, err := s.projections(ctx)
	if err != nil {
		return nil, s.fail(err)
	}
	return &projectionsOut{list(all, "", projection)}, nil
}

// projections also knows of rebuilds that were asked for but did not begin yet.
func (s *Server) projections(ctx context.Context) ([]projections.Status, error) {
	all, err := s.Views.Status(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range all {
		all[i].Rebuilding = all[i].Rebuilding || s.rebuilding[all[i].Name]
	}
	return all, err
}

func (s *Server) startRebuild(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.Background(func(ctx context.Context) error {
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.rebuilding, name)
		}()
		err := s.Views.Rebuild(ctx, name, nil)
		if err != nil {
			s.Logger.ErrorContext(ctx, "rebuild failed", "projection", name, "err", err)
		}
		return err
	})
	if err == nil {
		s.rebuilding[name] = true
	}
	return err
}

func projection(p projections.Status) wire.Projection {
	return wire.Projection{
		Name: p.Name, Version: p.Version, Position: p.Position.String(), Head: p.Head.String(),
		CaughtUp: p.CaughtUp, Events: p.Events, Rebuilding: p.Rebuilding, Error: p.Error,
	}
}

type rebuildIn struct {
	Name string `path:"name" maxLength:"50"`
}

// rebuildProjection starts the rebuild and answers; the status shows how it goes.
func (s *Server) rebuildProjection(ctx context.Context, in *rebuildIn) (*projectionsOut, error) {
	all, err := s.projections(ctx)
	if err != nil {
		return nil, s.fail(err)
	}
	for _, p := range all {
		if p.Name != in.Name {
			continue
		}
		if p.Rebuilding {
			return nil, s.fail(domain.Errorf(domain.Conflict, "the projection is being rebuilt already"))
		}
		if err := s.startRebuild(in.Name); err != nil {
			return nil, s.fail(err)
		}
		p.Rebuilding = true
		return &projectionsOut{list([]projections.Status{p}, "", projection)}, nil
	}
	return nil, s.fail(domain.Errorf(domain.NotFound, "there is no such projection; GET /api/v1/projections lists them"))
}

type eventsIn struct {
	After string `query:"after" maxLength:"50" doc:"Position; empty: from the start"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type eventsOut struct{ Body wire.List[wire.Event] }

func (s *Server) listEvents(ctx context.Context, in *eventsIn) (*eventsOut, error) {
	events, next, err := s.Log.Events(ctx, in.After, in.Limit)
	if err != nil {
		return nil, s.fail(err)
	}
	return &eventsOut{list(events, next, func(e wire.Event) wire.Event { return e })}, nil
}

type streamIn struct {
	Stream string `path:"stream" maxLength:"200"`
	After  int64  `query:"after" minimum:"0" doc:"Version"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
}

func (s *Server) getStream(ctx context.Context, in *streamIn) (*eventsOut, error) {
	events, err := s.Log.Stream(ctx, in.Stream, in.After, in.Limit)
	if err != nil {
		return nil, s.fail(err)
	}
	if len(events) == 0 && in.After == 0 {
		return nil, s.fail(domain.Errorf(domain.NotFound, "there is no such stream"))
	}
	return &eventsOut{list(events, "", func(e wire.Event) wire.Event { return e })}, nil
}
