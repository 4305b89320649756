package api

import (
	"context"
	"strings"
	"time"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

// PageIn are the parameters of every list.
type PageIn struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"500" doc:"next_cursor of the page before"`
}

func (p PageIn) page() projections.Page { return projections.Page{Limit: p.Limit, Cursor: p.Cursor} }

// list makes a page of rows.
func list[R, W any](rows []R, next string, shape func(R) W) wire.List[W] {
	l := wire.List[W]{Items: make([]W, 0, len(rows))}
	for _, r := range rows {
		l.Items = append(l.Items, shape(r))
	}
	if next != "" {
		l.NextCursor = &next
	}
	return l
}

// lower makes an id canonical: UUIDs are compared in lower case.
func lower(id string) string { return strings.ToLower(id) }

func ids[T ~string](in []string) []T {
	out := make([]T, len(in))
	for i, id := range in {
		out[i] = T(lower(id))
	}
	return out
}

func texts[T ~string](in []T) []string {
	out := make([]string, len(in))
	for i, id := range in {
		out[i] = string(id)
	}
	return out
}

func ptr[T any](v T) *T { return &v }

// timePtr is nil for the zero time.
func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return ptr(t.UTC())
}

// textPtr is nil for the empty text.
func textPtr[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	return ptr(string(s))
}

func actor(a domain.Actor) wire.Actor {
	return wire.Actor{Kind: string(a.Kind), ID: a.ID, Name: a.Name}
}

func visibility(v domain.Visibility) wire.Visibility {
	return wire.Visibility{Scope: string(v.Scope), Workspaces: texts(v.Workspaces)}
}

func visibilityOf(v *wire.Visibility) domain.Visibility {
	if v == nil {
		return domain.Visibility{}
	}
	return domain.Visibility{Scope: domain.VisibilityScope(v.Scope), Workspaces: ids[domain.WorkspaceID](v.Workspaces)}
}

func options(o domain.Options) wire.MonitorOptions {
	return wire.MonitorOptions{
		RequestTimeoutMS: ptr(o.RequestTimeoutMS), RequestDelayMS: ptr(o.RequestDelayMS), RunLimitMS: ptr(o.RunLimitMS),
		Iterations: ptr(o.Iterations), FollowRedirects: ptr(o.FollowRedirects), StrictTLS: ptr(o.StrictTLS),
		Effects: ptr(string(o.Effects)), Folders: o.Folders,
	}
}

// optionsOf fills in the defaults of what was left out.
func optionsOf(w *wire.MonitorOptions) domain.Options {
	o := domain.DefaultOptions()
	if w == nil {
		return o
	}
	take(&o.RequestTimeoutMS, w.RequestTimeoutMS)
	take(&o.RequestDelayMS, w.RequestDelayMS)
	take(&o.RunLimitMS, w.RunLimitMS)
	take(&o.Iterations, w.Iterations)
	take(&o.FollowRedirects, w.FollowRedirects)
	take(&o.StrictTLS, w.StrictTLS)
	if w.Effects != nil {
		o.Effects = domain.Effects(*w.Effects)
	}
	o.Folders = w.Folders
	return o
}

func take[T any](into, from *T) {
	if from != nil {
		*into = *from
	}
}

func schedule(s *domain.Schedule) *wire.Schedule {
	if s == nil {
		return nil
	}
	return &wire.Schedule{EveryMinutes: s.EveryMinutes, Cron: s.Cron, Timezone: s.Timezone}
}

func scheduleOf(w *wire.Schedule) *domain.Schedule {
	if w == nil {
		return nil
	}
	return &domain.Schedule{EveryMinutes: w.EveryMinutes, Cron: w.Cron, Timezone: w.Timezone}
}

func configurationOf(w wire.ConfigureMonitor) domain.Configuration {
	return domain.Configuration{
		Name: w.Name, Collection: domain.CollectionID(lower(w.Collection)), Environment: domain.EnvironmentID(lower(w.Environment)),
		Runners: ids[domain.RunnerID](w.Runners), Schedule: scheduleOf(w.Schedule), Options: optionsOf(w.Options),
	}
}

func counts(c domain.Counts) wire.Counts          { return wire.Counts(c) }
func timings(t domain.RunTimings) wire.RunTimings { return wire.RunTimings(t) }

func trouble(t *domain.Trouble) *wire.Trouble {
	if t == nil {
		return nil
	}
	return ptr(wire.Trouble(*t))
}

// Bounds of what a report puts into the log.
const (
	maxTroubleText = 1000
	maxTroubleName = 300
)

// result is what the log keeps of a report.
func result(r wire.Report, hash string) domain.Result {
	res := domain.Result{
		Outcome: domain.Outcome(r.Outcome), Counts: domain.Counts(r.Counts), Timings: domain.RunTimings(r.Timings), ReportHash: hash,
	}
	if t := r.FirstError; t != nil {
		res.FirstError = &domain.Trouble{
			Class: t.Class, Request: clip(t.Request, maxTroubleName), Assertion: clip(t.Assertion, maxTroubleName), Message: clip(t.Message, maxTroubleText),
		}
	}
	return res
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// record is what the view will say of something that a command just made.
func record(ctx context.Context, res commands.Result) projections.Record {
	return projections.Record{CreatedAt: res.At, CreatedBy: caller(ctx).Actor, UpdatedAt: res.At}
}

// documentState answers a save from the command's result.
func documentState(res commands.Result, at projections.Record) wire.Document {
	switch st := res.State.(type) {
	case *domain.Collection:
		return document(res.ID, st.Workspace, st.Document, st.Revision, at)
	case *domain.Environment:
		return document(res.ID, st.Workspace, st.Document, st.Revision, at)
	}
	return wire.Document{ID: res.ID}
}
