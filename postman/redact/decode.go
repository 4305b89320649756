package redact

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// decoded is a text in which an encoding was undone, with where each byte came
// from. Secrets are searched in it, so it doesn't matter which characters an
// encoder chose to escape.
type decoded struct {
	text string
	from []int // of each byte and of the end, in the text as it was
}

// decodings undo the encodings that a text shows signs of.
func decodings(s string) []decoded {
	var list []decoded
	percent, backslash := strings.Contains(s, "%"), strings.Contains(s, `\`)
	if percent {
		list = append(list, undo(decoded{text: s}, percentAt))
	}
	if percent || strings.Contains(s, "+") {
		list = append(list, undo(decoded{text: s}, formAt))
	}
	if backslash {
		once := undo(decoded{text: s}, backslashAt)
		list = append(list, once)
		if strings.Contains(once.text, `\`) { // JSON in JSON
			list = append(list, undo(once, backslashAt))
		}
		if percent {
			list = append(list, undo(once, percentAt))
		}
	}
	return list
}

// undo replaces what at finds: how long an escape is, and what it stands for.
func undo(d decoded, at func(string) (int, string)) decoded {
	var b strings.Builder
	out := decoded{from: make([]int, 0, len(d.text)+1)}
	origin := func(i int) int {
		if d.from == nil {
			return i
		}
		return d.from[i]
	}
	for i := 0; i < len(d.text); {
		n, plain := at(d.text[i:])
		if n == 0 {
			n, plain = 1, d.text[i:i+1]
		}
		for range len(plain) {
			out.from = append(out.from, origin(i))
		}
		b.WriteString(plain)
		i += n
	}
	out.from = append(out.from, origin(len(d.text)))
	out.text = b.String()
	return out
}

func percentAt(s string) (int, string) {
	if s[0] != '%' || len(s) < 3 {
		return 0, ""
	}
	c, err := strconv.ParseUint(s[1:3], 16, 8)
	if err != nil {
		return 0, ""
	}
	return 3, string([]byte{byte(c)})
}

func formAt(s string) (int, string) {
	if s[0] == '+' {
		return 1, " "
	}
	return percentAt(s)
}

// backslashAt knows the escapes of JSON and JavaScript.
func backslashAt(s string) (int, string) {
	if s[0] != '\\' || len(s) < 2 {
		return 0, ""
	}
	switch s[1] {
	case 'n':
		return 2, "\n"
	case 'r':
		return 2, "\r"
	case 't':
		return 2, "\t"
	case 'b':
		return 2, "\b"
	case 'f':
		return 2, "\f"
	case '"', '\'', '\\', '/', '`':
		return 2, s[1:2]
	case 'x':
		if c, ok := hexAt(s, 2, 2); ok {
			return 4, string(c)
		}
	case 'u':
		return unicodeAt(s)
	}
	return 0, ""
}

func unicodeAt(s string) (int, string) {
	c, ok := hexAt(s, 2, 4)
	if !ok {
		return 0, ""
	}
	if utf16.IsSurrogate(c) && len(s) >= 12 && s[6:8] == `\u` {
		if low, ok := hexAt(s, 8, 4); ok {
			if pair := utf16.DecodeRune(c, low); pair != utf8.RuneError {
				return 12, string(pair)
			}
		}
	}
	return 6, string(c)
}

func hexAt(s string, at, digits int) (rune, bool) {
	if len(s) < at+digits {
		return 0, false
	}
	c, err := strconv.ParseUint(s[at:at+digits], 16, 32)
	return rune(c), err == nil
}

// Unescape undoes the escapes of JSON and JavaScript.
func Unescape(s string) string { return undo(decoded{text: s}, backslashAt).text }
