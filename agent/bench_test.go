package agent

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkRedact(b *testing.B) {
	texts := map[string]string{
		"url":    "http://orders.internal:8080/orders/123?page=7&sort=asc",
		"name":   "status code is 200",
		"json":   strings.Repeat(`{"id": 123, "name": "abc def", "price": "12.50", "token_type": "x"}, `, 1000),
		"random": strings.Repeat("the quick brown fox jumps over the lazy dog ", 1000),
	}
	r := newRedactor()
	for i := range 20 {
		r.add(fmt.Sprintf("secret-value-%d-%d", i, i*7919))
	}
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r.text(text)
			}
		})
	}
}
