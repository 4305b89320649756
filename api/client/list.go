package client

import (
	"context"
	"iter"
	"net/url"
	"strconv"

	"github.com/picket-api/picket/api/wire"
)

// Page picks a page of a list. The zero value is the first one, of the server's
// own size.
type Page struct {
	Limit  int
	Cursor string // NextCursor of the page before
}

func (p Page) values() url.Values {
	q := url.Values{}
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	set(q, "cursor", p.Cursor)
	return q
}

func set(q url.Values, name, value string) {
	if value != "" {
		q.Set(name, value)
	}
}

// All walks through every item of a list, a page at a time. It ends with the
// first error. fetch gets the cursor of the page to read:
//
//	for run, err := range client.All(ctx, func(ctx context.Context, cursor string) (wire.List[wire.Run], error) {
//		return c.Runs(ctx, client.RunFilter{Monitor: id, Page: client.Page{Cursor: cursor}})
//	}) { … }
func All[T any](ctx context.Context, fetch func(ctx context.Context, cursor string) (wire.List[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		cursor := ""
		for {
			page, err := fetch(ctx, cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.NextCursor == nil || *page.NextCursor == "" || *page.NextCursor == cursor {
				return
			}
			cursor = *page.NextCursor
		}
	}
}
