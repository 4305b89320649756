package projections

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// dropSlice is how many rows go in one transaction, while others want to write.
const dropSlice = 2000

// drop removes a generation little by little: dropping the table of a million
// runs at once would hold up everybody for most of a second. The caller knows
// that nobody reads it any more. What a stop in the middle leaves goes at the
// next Open.
func (f *file) drop(g *generation) error {
	if err := f.exec("DELETE FROM generations WHERE id = ?", g.id); err != nil {
		return err
	}
	objects, err := f.objects(func(id int64) bool { return id == g.id })
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o.slices {
			if err := f.empty(o.name); err != nil {
				return err
			}
		}
		if err := f.exec("DROP " + o.kind + ` "` + o.name + `"`); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forget()
	return nil
}

func (f *file) exec(query string, args ...any) error {
	return f.write(func() error {
		_, err := f.conn.ExecContext(context.Background(), query, args...)
		return err
	})
}

func (f *file) empty(table string) error {
	slice := fmt.Sprintf("DELETE FROM %[1]q WHERE rowid IN (SELECT rowid FROM %[1]q LIMIT %[2]d)", table, dropSlice) //nolint:gosec // one of our own tables
	for gone := int64(1); gone > 0; {
		err := f.write(func() error {
			res, err := f.conn.ExecContext(context.Background(), slice)
			if err == nil {
				gone, err = res.RowsAffected()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// dropUnknown removes what isn't of one of the generations: left over from a
// stop in the middle, from an older version, or from a projection that is gone.
func (f *file) dropUnknown(gens []*generation) error {
	known := make([]int64, len(gens))
	for i, g := range gens {
		known[i] = g.id
	}
	if err := f.exec("DELETE FROM generations WHERE id NOT IN (SELECT value FROM json_each(?))", jsonList(known)); err != nil {
		return err
	}
	objects, err := f.objects(func(id int64) bool { return !slices.Contains(known, id) })
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err := f.exec("DROP " + o.kind + ` "` + o.name + `"`); err != nil {
			return err
		}
	}
	return nil
}

// object is an index or table of a generation.
type object struct {
	kind, name string
	slices     bool // a table that can be emptied by rowid
}

var ofGeneration = regexp.MustCompile(`_g([0-9]+)$`)

// objects lists the indexes, and then the tables, of some generations.
func (f *file) objects(of func(generation int64) bool) (list []object, err error) {
	err = f.write(func() error {
		rows, err := f.conn.QueryContext(context.Background(),
			"SELECT upper(type), name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
		if err != nil {
			return err
		}
		return eachRow(rows, func(scan func(...any) error) error {
			var o object
			var table, sql string
			if err := scan(&o.kind, &o.name, &table, &sql); err != nil {
				return err
			}
			m := ofGeneration.FindStringSubmatch(table)
			if m == nil {
				return nil
			}
			id, err := strconv.ParseInt(m[1], 10, 64)
			if err == nil && of(id) {
				o.slices = o.kind == "TABLE" && !strings.Contains(sql, "WITHOUT ROWID")
				list = append(list, o)
			}
			return err
		})
	})
	return list, err
}
