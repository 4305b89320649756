package run

import (
	"fmt"

	"github.com/picket-api/picket/postman"
)

// choose finds the requests to run: all, or those of the named folders and requests.
func choose(c *postman.Collection, o *Options) ([]*postman.Item, error) {
	switch {
	case len(o.Order) > 0:
		var list []*postman.Item
		for _, name := range append(o.Order[:len(o.Order):len(o.Order)], o.Folders...) {
			item := c.Find(name)
			if item == nil {
				return nil, notFound(name)
			}
			list = append(list, item.Requests()...)
		}
		return list, nil
	case len(o.Folders) == 0:
		return c.Requests(), nil
	case len(o.Folders) == 1:
		item := c.Find(o.Folders[0])
		if item == nil {
			return nil, notFound(o.Folders[0])
		}
		return item.Requests(), nil
	default:
		return inCollectionOrder(c, o.Folders)
	}
}

func notFound(name string) error { return fmt.Errorf("unable to find a folder or request: %s", name) }

func inCollectionOrder(c *postman.Collection, names []string) ([]*postman.Item, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var list []*postman.Item
	var walk func(item *postman.Item, taken bool)
	walk = func(item *postman.Item, taken bool) {
		for _, child := range item.Items {
			hit := false
			for _, key := range []string{child.ID, child.Name} {
				if wanted[key] {
					hit = true
					delete(wanted, key)
					break
				}
			}
			if hit && !taken {
				list = append(list, child.Requests()...)
			}
			walk(child, taken || hit)
		}
	}
	walk(&c.Item, false)
	for _, name := range names {
		if wanted[name] {
			return nil, notFound(name)
		}
	}
	return list, nil
}
