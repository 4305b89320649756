package script

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// jsonError says why a text is not JSON in the words of V8, which collections'
// authors know; "" when it can't tell.
func jsonError(s string) string {
	var v any
	err := json.Unmarshal([]byte(s), &v)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return ""
	}
	at := int(syntax.Offset) - 1
	if strings.Contains(syntax.Error(), "unexpected end") || at >= len(s) {
		return "Unexpected end of JSON input"
	}
	r, _ := utf8.DecodeRuneInString(s[at:])
	place := utf16Len(s[:at])
	if utf16Len(s) <= 40 {
		return fmt.Sprintf("Unexpected token '%c', %q is not valid JSON", r, s)
	}
	units := []rune(s)
	i := utf8.RuneCountInString(s[:at])
	from, to := max(0, i-10), min(len(units), i+10)
	left, right := "...", "..."
	if from == 0 {
		left = ""
	}
	if to == len(units) {
		right = ""
	}
	_ = place
	return fmt.Sprintf("Unexpected token '%c', %s\"%s\"%s is not valid JSON", r, left, string(units[from:to]), right)
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
