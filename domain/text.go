package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts that people write, in characters.
const (
	MaxName        = 200
	MaxDescription = 2000
	MaxReason      = 500
)

// name checks a required, single-line text and trims it.
func name(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", FieldErrorf(field, "is required")
	}
	return line(field, s, MaxName)
}

// line checks a single-line text.
func line(field, s string, limit int) (string, error) {
	return bounded(field, strings.TrimSpace(s), limit, func(r rune) bool { return unicode.IsControl(r) })
}

// paragraph checks a text that may have line breaks and tabs.
func paragraph(field, s string, limit int) (string, error) {
	return bounded(field, s, limit, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r'
	})
}

func bounded(field, s string, limit int, forbidden func(rune) bool) (string, error) {
	switch {
	case !utf8.ValidString(s):
		return "", FieldErrorf(field, "is not valid UTF-8")
	case utf8.RuneCountInString(s) > limit:
		return "", FieldErrorf(field, "has more than %d characters", limit)
	case strings.ContainsFunc(s, forbidden):
		return "", FieldErrorf(field, "holds control characters; remove them")
	}
	return s, nil
}
