package demo

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxOrders bounds the memory of a demo that stays up: the oldest go first.
const maxOrders = 500

// product is what Larkspur sells.
type product struct {
	SKU        string `json:"sku"`
	Name       string `json:"name"`
	PriceCents int    `json:"price_cents"`
	InStock    int    `json:"in_stock"`
}

var products = []product{
	{"CF-100", "Filter coffee, 250 g", 890, 140},
	{"CF-110", "Espresso coffee, 250 g", 990, 96},
	{"CF-120", "Decaf coffee, 250 g", 940, 31},
	{"TE-200", "Green tea, 100 g", 720, 58},
	{"TE-210", "Black tea, 100 g", 650, 77},
	{"MG-300", "Stoneware mug", 1450, 40},
	{"MG-310", "Travel mug", 2290, 18},
	{"GR-400", "Hand grinder", 5900, 7},
	{"KT-500", "Gooseneck kettle", 7450, 12},
	{"FP-600", "Paper filters, 100", 420, 310},
}

func findProduct(sku string) (product, bool) {
	i := slices.IndexFunc(products, func(p product) bool { return p.SKU == sku })
	if i < 0 {
		return product{}, false
	}
	return products[i], true
}

func searchProducts(q string) []product {
	q = strings.ToLower(q)
	found := []product{}
	for _, p := range products {
		if strings.Contains(strings.ToLower(p.Name), q) || strings.EqualFold(p.SKU, q) {
			found = append(found, p)
		}
	}
	return found
}

// status of an order.
type status string

const (
	placed    status = "placed"
	packed    status = "packed"
	shipped   status = "shipped"
	cancelled status = "cancelled"
)

// next says which changes of status are allowed.
var next = map[status][]status{
	placed: {packed, cancelled},
	packed: {shipped, cancelled},
}

type line struct {
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"`
}

type order struct {
	ID         string    `json:"id"`
	Customer   string    `json:"customer"`
	Reference  string    `json:"reference,omitempty"`
	Lines      []line    `json:"lines"`
	TotalCents int       `json:"total_cents"`
	Status     status    `json:"status"`
	PlacedBy   string    `json:"placed_by"`
	PlacedAt   time.Time `json:"placed_at"`
	Revision   int       `json:"revision"`
}

// orders keeps the newest maxOrders orders, oldest first.
type orders struct {
	mu   sync.Mutex
	now  func() time.Time
	last int
	list []*order
}

func newOrders(now func() time.Time) *orders {
	o := &orders{now: now, last: 1000}
	for i, customer := range []string{"Birch & Sons", "Café Lumen", "Hotel Aster", "Café Lumen", "Studio North"} {
		o.add("seed", order{Customer: customer, Lines: []line{{products[i].SKU, i + 1}, {"FP-600", 2}}})
	}
	o.list[0].Status, o.list[1].Status = shipped, packed
	return o
}

func (o *orders) add(by string, in order) order {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	in.ID = fmt.Sprintf("ord-%d", o.last)
	in.Status, in.PlacedBy, in.PlacedAt, in.Revision = placed, by, o.now().UTC(), 1
	for _, l := range in.Lines {
		p, _ := findProduct(l.SKU)
		in.TotalCents += p.PriceCents * l.Quantity
	}
	o.list = append(o.list, &in)
	if over := len(o.list) - maxOrders; over > 0 {
		o.list = slices.Delete(o.list, 0, over)
	}
	return in
}

// search returns the orders of one status (or all), newest first.
func (o *orders) search(of status) []order {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := []order{}
	for _, x := range slices.Backward(o.list) {
		if of == "" || x.Status == of {
			found = append(found, *x)
		}
	}
	return found
}

func (o *orders) get(id string) (order, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if x := o.find(id); x != nil {
		return *x, true
	}
	return order{}, false
}

// move changes the status; allowed is false when the order can't go there.
func (o *orders) move(id string, to status) (changed order, found, allowed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	x := o.find(id)
	if x == nil {
		return order{}, false, false
	}
	if !slices.Contains(next[x.Status], to) {
		return *x, true, false
	}
	x.Status = to
	x.Revision++
	return *x, true, true
}

func (o *orders) find(id string) *order {
	i := slices.IndexFunc(o.list, func(x *order) bool { return x.ID == id })
	if i < 0 {
		return nil
	}
	return o.list[i]
}
