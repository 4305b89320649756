package redact

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"slices"
	"strings"
)

const (
	minSecret = 4   // bytes; shorter values would mask half of every text
	cut       = "…" // end of a text that was longer
)

// Span is a part of a text.
type Span struct{ From, To int }

// Set finds many secrets in a text in one pass: each is filed under its first
// four bytes. It may be read by many at a time, but not while it grows.
type Set struct {
	known   map[string]bool // the secrets themselves
	all     map[string]bool // their forms
	filed   map[uint32][]string
	maybe   [1 << 10]uint64 // bits: what the first four bytes may be, to look into filed seldom
	longest int             // bytes of a form
}

// NewSet makes a set of secrets. Those below four bytes are not looked for.
func NewSet(secrets ...string) *Set {
	n := &Set{known: map[string]bool{}, all: map[string]bool{}, filed: map[uint32][]string{}}
	for _, s := range secrets {
		n.Add(s)
	}
	return n
}

// Len counts the secrets.
func (n *Set) Len() int { return len(n.known) }

// Has tells whether that secret was added.
func (n *Set) Has(secret string) bool { return n.known[secret] }

// Add tells one more secret.
func (n *Set) Add(secret string) {
	if n.known[secret] {
		return
	}
	n.known[secret] = true
	for _, form := range forms(secret) {
		if len(form) < minSecret || n.all[form] {
			continue
		}
		n.all[form] = true
		n.longest = max(n.longest, len(form))
		start := first4(form)
		n.filed[start] = append(n.filed[start], form)
		n.maybe[slot(start)/64] |= 1 << (slot(start) % 64)
	}
}

func first4(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func slot(start uint32) uint32 { return start * 2654435761 >> 16 }

// find appends where secrets stand, also one whose end was cut off with the text's.
func (n *Set) find(s string, spans []Span) []Span {
	if len(n.all) == 0 {
		return spans
	}
	for i := 0; i+minSecret <= len(s); i++ {
		start := first4(s[i:])
		if n.maybe[slot(start)/64]&(1<<(slot(start)%64)) == 0 {
			continue
		}
		for _, form := range n.filed[start] {
			if strings.HasPrefix(s[i:], form) {
				spans = append(spans, Span{i, i + len(form)})
			}
		}
	}
	if kept, short := strings.CutSuffix(s, cut); short {
		for form := range n.all {
			if head := cutShort(kept, form); head > 0 {
				spans = append(spans, Span{len(kept) - head, len(kept)})
			}
		}
	}
	return spans
}

// cutShort is how much of the secret stands at the end of a text.
func cutShort(s, secret string) int {
	for n := min(len(secret), len(s)); n >= minSecret; n-- {
		if strings.HasSuffix(s, secret[:n]) {
			return n
		}
	}
	return 0
}

// forms are the ways in which a secret commonly turns up, beside those that
// decodings undo.
func forms(secret string) []string {
	trimmed := strings.TrimSpace(secret)
	if len(trimmed) < minSecret {
		return nil
	}
	list := []string{secret, trimmed}
	if len(secret) > 16<<10 {
		return list // a document; nobody encodes it as a whole
	}
	for _, line := range strings.Split(trimmed, "\n") { // a key file, printed by lines
		if line = strings.TrimSpace(line); len(line) >= 8 {
			list = append(list, line)
		}
	}
	for _, plain := range slices.Clone(list) {
		list = append(list, strings.ToLower(plain), html.EscapeString(plain),
			hex.EncodeToString([]byte(plain)), strings.ToUpper(hex.EncodeToString([]byte(plain))))
	}
	return append(list, base64Forms(secret)...)
}

// base64Forms is what base64 makes of the secret, alone or inside a longer text:
// the part that depends on the secret only, at each of the three alignments.
func base64Forms(secret string) []string {
	list := make([]string, 0, 8)
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		list = append(list, encoding.EncodeToString([]byte(secret)))
		for shift, skip := range []int{0, 2, 3} {
			text := encoding.EncodeToString(append(make([]byte, shift), secret...))
			if (shift+len(secret))%3 != 0 {
				text = text[:len(text)-1] // its last bits are those of what follows
			}
			list = append(list, text[skip:])
		}
	}
	return list
}
