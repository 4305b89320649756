package script

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// place is where in a script an error arose: at a call its "(", at an element
// its "[", in a syntax error the token that doesn't fit.
type place struct {
	source string
	text   []rune
	at     int // index in text
	ok     bool
	native string // built-in function that threw
}

// newPlace finds the first frame of a stack that lies in the script. Of code that
// does not compile the first frame is the place in it, and a second one that of
// the eval which it was given to; value finds what variables hold.
func newPlace(stack, source string, value func(scope, key string) string) place {
	head, rest, _ := strings.Cut(stack, "\n")
	m := frame.FindStringSubmatch(head)
	if m == nil || strings.Contains(head, "(") {
		return firstPlace(stack, source)
	}
	call := firstPlace(rest, source)
	if !call.ok {
		return firstPlace(stack, source)
	}
	evaluated, ok := call.evaluated(value)
	p := place{source: evaluated, text: []rune(evaluated)}
	row, _ := strconv.Atoi(m[2])
	column, _ := strconv.Atoi(m[3])
	if ok {
		p.at, p.ok = offset(p.text, row, column)
	}
	return p
}

var evalArgument = regexp.MustCompile(`^\(\s*(?:'([^'\\]*)'|"([^"\\]*)"|pm\s*\.\s*(\w+)\s*\.\s*get\(\s*['"]([^'"]*)['"]\s*\))`)

// evaluated is the text that the eval at the place was given, if the source says.
func (p place) evaluated(value func(scope, key string) string) (string, bool) {
	m := evalArgument.FindStringSubmatch(string(p.text[p.at:]))
	if m == nil {
		return "", false
	}
	if m[3] != "" {
		return value(m[3], m[4]), true
	}
	return m[1] + m[2], true
}

func firstPlace(stack, source string) place {
	p := place{source: source}
	for line := range strings.Lines(stack) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutSuffix(line, " (native)"); ok && p.native == "" {
			p.native = strings.TrimPrefix(name, "at ")
		}
		m := frame.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		row, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		p.text = []rune(source)
		p.at, p.ok = offset(p.text, row-wrapperLines, column)
		return p
	}
	return p
}

func offset(text []rune, row, column int) (int, bool) {
	if row < 1 {
		return 0, false
	}
	at := 0
	for ; row > 1; row-- {
		i := slices.Index(text[at:], '\n')
		if i < 0 {
			return len(text), true
		}
		at += i + 1
	}
	return min(at+column-1, len(text)), true
}

func isIdentifier(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (p place) char() rune {
	if !p.ok || p.at >= len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// callee is the expression before a call, as V8 prints it, and whether it is
// called with new.
func (p place) callee() (text string, isNew bool) {
	if !p.ok || p.native != "" {
		return "", false
	}
	start, text := before(p.text, p.at)
	if text == "" {
		return "", false
	}
	_, word := wordEnding(p.text, skipSpace(p.text, start))
	return text, word == "new"
}

// skipSpace is the end of what stands before at but for space.
func skipSpace(text []rune, at int) int {
	for at > 0 && unicode.IsSpace(text[at-1]) {
		at--
	}
	return at
}

func wordEnding(text []rune, at int) (start int, word string) {
	start = at
	for start > 0 && isIdentifier(text[start-1]) {
		start--
	}
	return start, string(text[start:at])
}

// before reads the member expression that ends at a place, backwards.
func before(text []rune, end int) (start int, out string) {
	suffix := ""
	at := skipSpace(text, end)
	for at > 0 {
		switch c := text[at-1]; {
		case c == ')' || c == ']':
			open := opening(text, at-1)
			if open < 0 {
				return at, ""
			}
			inner := string(text[open+1 : at-1])
			prior := skipSpace(text, open)
			if prior == 0 || !isIdentifier(text[prior-1]) && !strings.ContainsRune(")].?", text[prior-1]) {
				return open, "(intermediate value)" + suffix
			}
			if c == ')' {
				suffix = "(...)" + suffix
			} else if m := literalKey.FindStringSubmatch(inner); m != nil && m[1] == "" {
				suffix = "." + m[2] + m[3] + suffix
			} else if isSimple(inner) {
				suffix = "[" + strings.TrimSpace(inner) + "]" + suffix
			} else {
				suffix = "[...]" + suffix
			}
			at = prior
		case isIdentifier(c):
			from, word := wordEnding(text, at)
			prior := skipSpace(text, from)
			if prior == 0 || text[prior-1] != '.' {
				return from, word + suffix
			}
			dot := "."
			if prior > 1 && text[prior-2] == '?' {
				dot, prior = "?.", prior-1
			}
			suffix = dot + word + suffix
			at = skipSpace(text, prior-1)
		case strings.ContainsRune("'\"`}", c):
			return at, "(intermediate value)" + suffix
		default:
			return at, ""
		}
	}
	return at, ""
}

func isSimple(s string) bool {
	for _, r := range strings.TrimSpace(s) {
		if !isIdentifier(r) && r != '.' {
			return false
		}
	}
	return strings.TrimSpace(s) != ""
}

// opening is the bracket that belongs to the one at a place.
func opening(text []rune, at int) int {
	depth := 0
	for i := at; i >= 0; i-- {
		switch text[i] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth == 0 {
				return i
			}
		case '\'', '"', '`':
			if j := slices.Index(reversed(text[:i]), text[i]); j >= 0 {
				i -= j + 1
			}
		}
	}
	return -1
}

func reversed(text []rune) []rune {
	out := slices.Clone(text)
	slices.Reverse(out)
	return out
}

// bracketed is what stands in the brackets that open at the place.
func (p place) bracketed() (string, bool) {
	if p.char() != '[' {
		return "", false
	}
	if end := slices.Index(p.text[p.at:], ']'); end > 0 {
		return string(p.text[p.at+1 : p.at+end]), true
	}
	return "", false
}

// argument is the only argument of the call at the place, if it is a number.
func (p place) argument() (string, bool) {
	if p.char() != '(' {
		return "", false
	}
	end := slices.Index(p.text[p.at:], ')')
	if end < 0 {
		return "", false
	}
	arg := strings.TrimSpace(string(p.text[p.at+1 : p.at+end]))
	_, err := strconv.ParseFloat(arg, 64)
	return arg, err == nil
}

var forOf = regexp.MustCompile(`\bfor\s*(?:await\s*)?\([^()]*\bof\s+([\w$.()\[\]]*)$`)

// pattern is the regular expression at the place: a literal, or the text that is
// given to RegExp there.
func (p place) pattern() string {
	if !p.ok || p.at >= len(p.text) {
		return ""
	}
	rest := string(p.text[p.at:])
	if m := literalPattern.FindStringSubmatch(rest); m != nil {
		return m[1] + m[2] + m[3]
	}
	return ""
}

var literalPattern = regexp.MustCompile(`^(?:/([^/\n]+)/|\(\s*'([^'\n]*)'|\(\s*"([^"\n]*)")`)

// iterated is the expression of the for … of in whose head the place is.
func (p place) iterated() (string, bool) {
	if !p.ok {
		return "", false
	}
	head := forOf.FindStringSubmatch(string(p.text[:p.at]))
	if head == nil {
		return "", false
	}
	from, depth := p.at-len([]rune(head[1])), 0
	for i := from; i < len(p.text); i++ {
		switch p.text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				return expression(string(p.text[from:i])), true
			}
		}
	}
	return "", false
}

// expression is a piece of source as V8 prints it.
func expression(source string) string {
	source = strings.TrimSpace(source)
	if isSimple(source) {
		return source
	}
	text := []rune(source)
	if start, out := before(text, len(text)); start == 0 && out != "" {
		return out
	}
	return "(intermediate value)"
}

// token is the one that begins at the place; what follows the script is ";".
func (p place) token() string {
	c := p.char()
	switch {
	case c == 0:
		return ";"
	case isIdentifier(c):
		end := p.at
		for end < len(p.text) && isIdentifier(p.text[end]) {
			end++
		}
		return string(p.text[p.at:end])
	}
	for _, t := range []string{"===", "!==", "...", "**=", "=>", "==", "!=", "<=", ">=", "&&", "||", "??", "++", "--", "+=", "-=", "**", "?."} {
		if strings.HasPrefix(string(p.text[p.at:min(p.at+3, len(p.text))]), t) {
			return t
		}
	}
	return string(c)
}

// wordBefore is the word that ends before the place.
func (p place) wordBefore() string {
	if !p.ok {
		return ""
	}
	_, word := wordEnding(p.text, skipSpace(p.text, p.at))
	return word
}

func (p place) identifierBefore() string {
	if w := p.wordBefore(); w != "" {
		return w
	}
	if isIdentifier(p.char()) {
		return p.token()
	}
	return ""
}

// inCall tells whether the innermost bracket that is open at the place is that of
// a call's arguments.
func (p place) inCall() bool {
	var open []int
	for i := 0; i < p.at && i < len(p.text); i++ {
		switch c := p.text[i]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case '\'', '"', '`':
			for i++; i < len(p.text) && p.text[i] != c; i++ {
				if p.text[i] == '\\' {
					i++
				}
			}
		case '/':
			if i+1 < len(p.text) && p.text[i+1] == '/' {
				for i < len(p.text) && p.text[i] != '\n' {
					i++
				}
			}
		}
	}
	if len(open) == 0 || p.text[open[len(open)-1]] != '(' {
		return false
	}
	at := skipSpace(p.text, open[len(open)-1])
	_, word := wordEnding(p.text, at)
	switch word {
	case "if", "for", "while", "switch", "catch", "function", "with":
		return false
	case "":
		return at > 0 && strings.ContainsRune(")]", p.text[at-1])
	}
	return true
}
