// Package redact replaces secrets in texts: the values that it was told, in the
// encodings in which they commonly turn up. It is a safety net, not a boundary:
// who writes a collection can always print a value in pieces.
package redact

import (
	"slices"
	"strings"
	"sync"
)

// Mask is what stands where a secret was.
const Mask = "[redacted]"

// Redactor masks the secrets that it was told. The nil Redactor knows none. Safe
// for concurrent use.
type Redactor struct {
	mu  sync.RWMutex
	set *Set
}

// New makes a redactor. Secrets below four bytes are left as they are: they would
// mask half of every text.
func New(secrets ...string) *Redactor { return &Redactor{set: NewSet(secrets...)} }

// Add tells one more secret.
func (r *Redactor) Add(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set.Add(secret)
}

// Text masks the secrets in a text.
func (r *Redactor) Text(s string) string {
	if r == nil {
		return s
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return Replace(s, Find(s, r.set), Mask)
}

// Bytes masks the secrets in b. Without any it gives b itself; it never changes b.
func (r *Redactor) Bytes(b []byte) []byte {
	if r == nil {
		return b
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := string(b)
	spans := Find(s, r.set)
	if len(spans) == 0 {
		return b
	}
	return []byte(Replace(s, spans, Mask))
}

// window is how much of a long text is searched at a time: decoding takes a
// multiple of it in memory.
const window = 1 << 20

// Find says where secrets of the sets stand in a text, also where an encoding
// hides them. The spans may overlap.
func Find(s string, sets ...*Set) []Span {
	longest := 0
	for _, set := range sets {
		longest = max(longest, set.longest)
	}
	if longest == 0 {
		return nil
	}
	overlap := 8 * longest // no escape is longer for a byte than \\u0000
	step := max(window, overlap)
	var spans []Span
	for from := 0; ; from += step {
		end := min(len(s), from+step+overlap)
		first := len(spans)
		spans = findIn(s[from:end], sets, spans)
		for i := first; i < len(spans); i++ {
			spans[i].From += from
			spans[i].To += from
		}
		if end == len(s) {
			return spans
		}
	}
}

func findIn(s string, sets []*Set, spans []Span) []Span {
	for _, set := range sets {
		spans = set.find(s, spans)
	}
	for _, d := range decodings(s) {
		first := len(spans)
		for _, set := range sets {
			spans = set.find(d.text, spans)
		}
		for i := first; i < len(spans); i++ {
			spans[i] = Span{d.from[spans[i].From], d.from[spans[i].To]}
		}
	}
	return spans
}

// Replace puts the mask where the spans are. It sorts them.
func Replace(s string, spans []Span, mask string) string {
	if len(spans) == 0 {
		return s
	}
	slices.SortFunc(spans, func(x, y Span) int { return x.From - y.From })
	var b strings.Builder
	end := 0
	for i, sp := range spans { // they may overlap
		if i == 0 || sp.From > end {
			b.WriteString(s[end:sp.From])
			b.WriteString(mask)
		}
		end = max(end, sp.To)
	}
	return b.String() + s[end:]
}
