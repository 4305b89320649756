package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	maxBody      = 64 << 10
	maxText      = 200
	maxLines     = 50
	maxQuantity  = 1000
	pageSize     = 20
	maxPageSize  = 100
	maxRequestID = 100
)

// server holds what the handlers share.
type server struct {
	opts   Options
	tokens *tokens
	orders *orders
	quotes atomic.Int64
}

func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]string{"status": "ok", "service": "larkspur-orders"})
}

func (s *server) login(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	if !read(w, r, &in) {
		return
	}
	if in.Username != username || in.Password != password {
		fail(w, http.StatusUnauthorized, "wrong_credentials", "user name and password do not match")
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"token":      s.tokens.issue(in.Username),
		"token_type": "Bearer",
		"expires_in": int(tokenLife / time.Second),
	})
}

func (s *server) listProducts(w http.ResponseWriter, r *http.Request) {
	page(w, r, searchProducts(r.URL.Query().Get("q")))
}

func (s *server) getProduct(w http.ResponseWriter, r *http.Request) {
	p, ok := findProduct(r.PathValue("sku"))
	if !ok {
		fail(w, http.StatusNotFound, "not_found", "there is no such product")
		return
	}
	answer(w, http.StatusOK, p)
}

func (s *server) listOrders(w http.ResponseWriter, r *http.Request, _ string) {
	page(w, r, s.orders.search(status(r.URL.Query().Get("status"))))
}

func (s *server) createOrder(w http.ResponseWriter, r *http.Request, user string) {
	var in struct {
		Customer  string `json:"customer"`
		Reference string `json:"reference"`
		Lines     []line `json:"lines"`
	}
	if !read(w, r, &in) {
		return
	}
	if problem := checkOrder(in.Customer, in.Reference, in.Lines); problem != "" {
		fail(w, http.StatusUnprocessableEntity, "invalid_order", problem)
		return
	}
	created := s.orders.add(user, order{Customer: in.Customer, Reference: in.Reference, Lines: in.Lines})
	w.Header().Set("Location", "/orders/"+created.ID)
	answer(w, http.StatusCreated, created)
}

func checkOrder(customer, reference string, lines []line) (problem string) {
	switch {
	case strings.TrimSpace(customer) == "":
		return "customer is missing"
	case len(customer) > maxText, len(reference) > maxText:
		return fmt.Sprintf("customer and reference have at most %d bytes", maxText)
	case len(lines) == 0, len(lines) > maxLines:
		return fmt.Sprintf("an order has 1 to %d lines", maxLines)
	}
	for i, l := range lines {
		if _, ok := findProduct(l.SKU); !ok {
			return fmt.Sprintf("lines[%d].sku is not a product", i)
		}
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			return fmt.Sprintf("lines[%d].quantity is not between 1 and %d", i, maxQuantity)
		}
	}
	return ""
}

func (s *server) getOrder(w http.ResponseWriter, r *http.Request, _ string) {
	o, ok := s.orders.get(r.PathValue("id"))
	if !ok {
		fail(w, http.StatusNotFound, "not_found", "there is no such order")
		return
	}
	answerOrder(w, o)
}

func (s *server) updateOrder(w http.ResponseWriter, r *http.Request, _ string) {
	var in struct {
		Status status `json:"status"`
	}
	if !read(w, r, &in) {
		return
	}
	o, found, allowed := s.orders.move(r.PathValue("id"), in.Status)
	switch {
	case !found:
		fail(w, http.StatusNotFound, "not_found", "there is no such order")
	case !allowed:
		fail(w, http.StatusConflict, "wrong_status", fmt.Sprintf("an order that is %s can't become %q", o.Status, in.Status))
	default:
		answerOrder(w, o)
	}
}

// quoteShipping asks the carrier, which is down for every n-th caller.
func (s *server) quoteShipping(w http.ResponseWriter, r *http.Request, _ string) {
	var in struct {
		Order   string `json:"order"`
		Country string `json:"country"`
	}
	if !read(w, r, &in) {
		return
	}
	o, ok := s.orders.get(in.Order)
	if !ok || len(in.Country) != 2 {
		fail(w, http.StatusUnprocessableEntity, "invalid_quote", "order must exist and country must have two letters")
		return
	}
	if n := s.quotes.Add(1); s.opts.FailEvery > 0 && n%int64(s.opts.FailEvery) == 0 {
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusServiceUnavailable, "carrier_unavailable", "the carrier does not answer")
		return
	}
	items := 0
	for _, l := range o.Lines {
		items += l.Quantity
	}
	answer(w, http.StatusOK, map[string]any{
		"order": o.ID, "carrier": "Swift Post", "price_cents": 490 + 35*items, "currency": "EUR", "days": 2,
	})
}

// dailyReport takes its time, and stops when the caller has gone.
func (s *server) dailyReport(w http.ResponseWriter, r *http.Request, _ string) {
	slow := time.NewTimer(s.opts.SlowBy)
	defer slow.Stop()
	select {
	case <-slow.C:
	case <-r.Context().Done():
		return
	}
	counts, revenue := map[status]int{placed: 0, packed: 0, shipped: 0, cancelled: 0}, 0
	for _, o := range s.orders.search("") {
		counts[o.Status]++
		if o.Status != cancelled {
			revenue += o.TotalCents
		}
	}
	answer(w, http.StatusOK, map[string]any{
		"date": s.opts.Now().UTC().Format(time.DateOnly), "orders": counts, "revenue_cents": revenue, "currency": "EUR",
	})
}

// withRequestID returns the caller's X-Request-Id, as services do for tracing.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= maxRequestID {
			w.Header().Set("X-Request-Id", id)
		}
		next.ServeHTTP(w, r)
	})
}

// page answers with one page of items; next_page is null on the last.
func page[T any](w http.ResponseWriter, r *http.Request, items []T) {
	number, ok1 := positive(r, "page", 1, 1<<20)
	size, ok2 := positive(r, "page_size", pageSize, maxPageSize)
	if !ok1 || !ok2 {
		fail(w, http.StatusBadRequest, "invalid_page", fmt.Sprintf("page starts at 1, page_size is 1 to %d", maxPageSize))
		return
	}
	from := min((number-1)*size, len(items))
	to := min(from+size, len(items))
	var following *int
	if to < len(items) {
		n := number + 1
		following = &n
	}
	answer(w, http.StatusOK, map[string]any{
		"items": items[from:to], "total": len(items), "page": number, "next_page": following,
	})
}

func positive(r *http.Request, name string, otherwise, most int) (int, bool) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= most
}

// read decodes the body into v, or answers what is wrong with it.
func read(w http.ResponseWriter, r *http.Request, v any) bool {
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(v); err != nil {
		fail(w, http.StatusBadRequest, "invalid_json", "the body is not the JSON object that is expected here")
		return false
	}
	return true
}

func answerOrder(w http.ResponseWriter, o order) {
	w.Header().Set("ETag", fmt.Sprintf(`"%s-%d"`, o.ID, o.Revision))
	answer(w, http.StatusOK, o)
}

func answer(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the caller has gone: nobody to tell
}

func fail(w http.ResponseWriter, code int, kind, message string) {
	answer(w, code, map[string]any{"error": map[string]string{"code": kind, "message": message}})
}
