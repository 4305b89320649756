package api

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/blobs"
	"github.com/picket-api/picket/commands"
	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func (s *Server) documentRoutes() {
	for _, k := range []struct{ one, many string }{{"collection", "collections"}, {"environment", "environments"}} {
		base := "/api/v1/" + k.many
		kind := documentKind(k.one)
		register(s, route{id: "create-" + k.one, method: http.MethodPost, path: base, summary: "Import a Postman " + k.one, status: http.StatusCreated, body: maxDocument},
			func(ctx context.Context, in *importIn) (*documentOut, error) { return s.importDocument(ctx, kind, in) })
		register(s, route{id: "update-" + k.one, method: http.MethodPut, path: base + "/{id}", summary: "Save a new version", body: maxDocument},
			func(ctx context.Context, in *updateDocumentIn) (*documentOut, error) {
				return s.saveDocument(ctx, kind, lower(in.ID), "", in.ContentType, in.RawBody)
			})
		register(s, route{id: "get-" + k.one, method: http.MethodGet, path: base + "/{id}", summary: "Read what is known of one"},
			func(ctx context.Context, in *ByID) (*documentOut, error) { return s.getDocument(ctx, kind, in) })
		register(s, route{id: "list-" + k.many, method: http.MethodGet, path: base, summary: "List those of a workspace, or all"},
			func(ctx context.Context, in *documentsIn) (*documentsOut, error) {
				return s.listDocuments(ctx, kind, in)
			})
		register(s, route{id: "delete-" + k.one, method: http.MethodDelete, path: base + "/{id}", summary: "Delete it; runs keep the version that they used", status: http.StatusNoContent},
			func(ctx context.Context, in *ByID) (*struct{}, error) { return s.deleteDocument(ctx, kind, in) })
	}
	register(s, route{id: "export-collection", method: http.MethodGet, path: "/api/v1/collections/{id}/document", summary: "Export the Postman collection as it was imported"}, s.exportCollection)
}

type documentKind string

const collectionKind documentKind = "collection"

// ByID is the parameter of everything that is about one thing.
type ByID struct {
	ID string `path:"id" format:"uuid"`
}

type importIn struct {
	Workspace   string `query:"workspace" format:"uuid" required:"true" doc:"Where it goes"`
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}

type updateDocumentIn struct {
	ByID
	ContentType string `header:"Content-Type"`
	RawBody     []byte
}

type documentOut struct {
	Location string `header:"Location"`
	Body     wire.Document
}

type documentsIn struct {
	PageIn
	Workspace string `query:"workspace" doc:"Id; empty: all"`
}

type documentsOut struct{ Body wire.List[wire.Document] }

func (s *Server) importDocument(ctx context.Context, kind documentKind, in *importIn) (*documentOut, error) {
	out, err := s.saveDocument(ctx, kind, "", lower(in.Workspace), in.ContentType, in.RawBody)
	if err == nil {
		out.Location = "/api/v1/" + string(kind) + "s/" + out.Body.ID
	}
	return out, err
}

// saveDocument checks the document, makes it durable, and then the fact.
func (s *Server) saveDocument(ctx context.Context, kind documentKind, id, workspace, contentType string, data []byte) (*documentOut, error) {
	if err := checkJSON(contentType, data); err != nil {
		return nil, err
	}
	parse, views := s.Documents.Environment, "environments"
	if kind == collectionKind {
		parse, views = s.Documents.Collection, "collections"
	}
	name, items, err := parse(data)
	if err != nil {
		return nil, s.fail(domain.Errorf(domain.Invalid, "this is not a Postman %s: %s", kind, err))
	}
	hash, err := s.Blobs.Put(ctx, data)
	if err != nil {
		return nil, s.fail(err)
	}
	doc := domain.Document{Name: name, Hash: hash, Bytes: len(data), Items: items}
	var c commands.Command = commands.SaveEnvironment{ID: domain.EnvironmentID(id), Workspace: domain.WorkspaceID(workspace), Document: doc}
	if kind == collectionKind {
		c = commands.SaveCollection{ID: domain.CollectionID(id), Workspace: domain.WorkspaceID(workspace), Document: doc}
	}
	res, err := s.Commands.Do(ctx, caller(ctx), c)
	if err != nil {
		return nil, s.fail(err)
	}
	if s.settle(ctx, res, views) {
		return s.getDocument(ctx, kind, &ByID{ID: res.ID})
	}
	return &documentOut{Body: documentState(res, record(ctx, res))}, nil
}

// checkJSON wants a JSON body that says that it is one.
func checkJSON(contentType string, data []byte) error {
	if len(data) == 0 {
		return newProblem(http.StatusBadRequest, "the body is empty; send the exported document")
	}
	media, _, err := mime.ParseMediaType(contentType)
	if contentType != "" && (err != nil || media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return newProblem(http.StatusUnsupportedMediaType, "send the exported document as it is, with Content-Type: application/json")
	}
	if !utf8.Valid(data) || !json.Valid(data) {
		return newProblem(http.StatusBadRequest, "the body is not valid JSON")
	}
	return nil
}

func (s *Server) getDocument(ctx context.Context, kind documentKind, in *ByID) (*documentOut, error) {
	if kind == collectionKind {
		row, err := s.Views.Collection(ctx, domain.CollectionID(lower(in.ID)))
		if err != nil {
			return nil, s.fail(err)
		}
		return &documentOut{Body: collectionRow(row)}, nil
	}
	row, err := s.Views.Environment(ctx, domain.EnvironmentID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	return &documentOut{Body: environmentRow(row)}, nil
}

func (s *Server) listDocuments(ctx context.Context, kind documentKind, in *documentsIn) (*documentsOut, error) {
	workspace := domain.WorkspaceID(lower(in.Workspace))
	if kind == collectionKind {
		rows, next, err := s.Views.Collections(ctx, workspace, in.PageIn.page())
		if err != nil {
			return nil, s.fail(err)
		}
		return &documentsOut{list(rows, next, collectionRow)}, nil
	}
	rows, next, err := s.Views.Environments(ctx, workspace, in.PageIn.page())
	if err != nil {
		return nil, s.fail(err)
	}
	return &documentsOut{list(rows, next, environmentRow)}, nil
}

func (s *Server) deleteDocument(ctx context.Context, kind documentKind, in *ByID) (*struct{}, error) {
	var c commands.Command = commands.DeleteEnvironment{ID: domain.EnvironmentID(lower(in.ID))}
	view := "environments"
	if kind == collectionKind {
		c, view = commands.DeleteCollection{ID: domain.CollectionID(lower(in.ID))}, "collections"
	}
	res, err := s.Commands.Do(ctx, caller(ctx), c)
	if err == nil {
		s.settle(ctx, res, view)
	}
	return nil, s.fail(err)
}

func (s *Server) exportCollection(ctx context.Context, in *ByID) (*rawOut, error) {
	row, err := s.Views.Collection(ctx, domain.CollectionID(lower(in.ID)))
	if err != nil {
		return nil, s.fail(err)
	}
	data, err := s.Blobs.Get(ctx, row.Document.Hash)
	if err != nil {
		return nil, s.contentLost(err)
	}
	return &rawOut{ContentType: "application/json", Body: data}, nil
}

// contentLost words a blob that is missing or damaged: the fact that it was
// there stays true, its content can't be shown.
func (s *Server) contentLost(err error) error {
	if errors.Is(err, blobs.ErrNotFound) || errors.Is(err, blobs.ErrCorrupt) {
		s.Logger.Error("content lost", "err", err)
		return newProblem(http.StatusGone, "the content is lost: it is no longer in the blob store; restore it from a backup")
	}
	return s.fail(err)
}

func collectionRow(r projections.CollectionRow) wire.Document {
	return document(string(r.ID), r.Workspace, r.Document, r.Revision, r.Record)
}

func environmentRow(r projections.EnvironmentRow) wire.Document {
	return document(string(r.ID), r.Workspace, r.Document, r.Revision, r.Record)
}

func document(id string, w domain.WorkspaceID, d domain.Document, revision int, at projections.Record) wire.Document {
	return wire.Document{
		ID: id, Workspace: string(w), Name: d.Name, Hash: d.Hash, Bytes: d.Bytes, Items: d.Items, Revision: revision,
		CreatedAt: at.CreatedAt, CreatedBy: actor(at.CreatedBy), UpdatedAt: at.UpdatedAt,
	}
}
