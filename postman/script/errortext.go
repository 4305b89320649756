package script

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

// Authors of collections know errors in the words of V8, and tests of theirs
// compare with them. Most of the engine's own texts are put into V8's words here,
// where needed with a look at the place in the source.

// wrapperLines stand before the first line of a script in its function.
const wrapperLines = 3

// reword changes an error of the engine; others stay as they are. value finds what
// a variable holds, by the name of its scope in pm.
func reword(e *Error, source string, value func(scope, key string) string) {
	if e == nil {
		return
	}
	at := newPlace(e.Stack, source, value)
	if e.Name == "SyntaxError" {
		e.Message = syntaxText(e.Message, at)
	} else {
		e.Message = runtimeText(e.Message, at)
	}
	if e.Name == "InternalError" {
		if t, ok := internalTexts[e.Message]; ok {
			e.Name, e.Message = "RangeError", t
		}
	}
	e.Stack = scriptStack(e.Stack)
}

// internalTexts are errors of the engine that are a RangeError in V8.
var internalTexts = map[string]string{
	"stack overflow":  "Maximum call stack size exceeded",
	"string too long": "Invalid string length",
}

// sameText are texts with just another wording.
var sameText = map[string]string{
	"invalid array buffer length":                   "Array buffer allocation failed",
	"invalid array length":                          "Invalid array length",
	"invalid 'instanceof' right operand":            "Right-hand side of 'instanceof' is not callable",
	"expecting hex digit":                           "URI malformed",
	"malformed UTF-8":                               "URI malformed",
	"empty array":                                   "Reduce of empty array with no initial value",
	"toPrimitive":                                   "Cannot convert object to primitive value",
	"cannot convert symbol to string":               "Cannot convert a Symbol value to a string",
	"cannot convert symbol to number":               "Cannot convert a Symbol value to a number",
	"cannot convert bigint to number":               "Cannot mix BigInt and other types, use explicit conversions",
	"class constructors must be invoked with 'new'": "Class constructor cannot be invoked without 'new'",
	"Cannot access 'this' before initialization":    "Must call super constructor in derived class before accessing 'this' or returning from derived constructor",
	"invalid repeat count":                          "Invalid count value",
	"cannot convert to object":                      "Cannot convert undefined or null to object",
	"object is not extensible":                      "Cannot add property, object is not extensible",
	"proxy: cannot set property":                    "'set' on proxy: trap returned falsish",
	"circular reference":                            "Converting circular structure to JSON",
	"Date value is NaN":                             "Invalid time value",
	"invalid time value":                            "Invalid time value",
	"invalid property access":                       "Cannot read properties of undefined",
}

var (
	privateField  = regexp.MustCompile(`^private class field '(#.*)' does not exist$`)
	readKeyed     = regexp.MustCompile(`^cannot (read|set) property of (undefined|null)$`)
	notIterable   = regexp.MustCompile(`^(?:value is not iterable|Cannot read properties of (undefined|null) \(reading 'Symbol\.iterator'\))$`)
	literalKey    = regexp.MustCompile(`^\s*(?:(\d+)|'([^'\\]*)'|"([^"\\]*)")\s*$`)
	arrayPattern  = regexp.MustCompile(`(?:const|let|var)\s*\[[^\]]*\]\s*=\s*([^;\n]+)`)
	objectPattern = regexp.MustCompile(`(?:const|let|var)\s*\{\s*([\w$]+)[^}]*\}\s*=\s*([^;\n]+)`)
)

func runtimeText(message string, at place) string {
	switch message {
	case "not a function", "not a constructor":
		return notCallable(message, at)
	case "class constructors must be invoked with 'new'":
		callee, _ := at.callee()
		return strings.Replace("Class constructor "+callee+" cannot be invoked without 'new'", "  ", " ", 1)
	case "invalid number of digits":
		return at.native + "() digits argument must be between 0 and 100"
	case "invalid 'instanceof' right operand":
		return "Right-hand side of 'instanceof' is not callable"
	case "invalid repeat count":
		if n, ok := at.argument(); ok {
			return "Invalid count value: " + n
		}
	case "cannot convert to object":
		if at.native == "" {
			if m := only(objectPattern, at.source); m != nil {
				return "Cannot destructure property '" + m[1] + "' of '" + expression(m[2]) + "' as it is undefined."
			}
		}
	}
	if t, ok := sameText[message]; ok {
		return t
	}
	if m := privateField.FindStringSubmatch(message); m != nil {
		return "Cannot read private member " + m[1] + " from an object whose class did not declare it"
	}
	if m := readKeyed.FindStringSubmatch(message); m != nil {
		return keyedText(m[1], m[2], at)
	}
	if m := notIterable.FindStringSubmatch(message); m != nil {
		return iterableText(m[1], at)
	}
	return message
}

func notCallable(message string, at place) string {
	callee, isNew := at.callee()
	if callee == "" {
		return message
	}
	if isNew || message == "not a constructor" {
		return callee + " is not a constructor"
	}
	return callee + " is not a function"
}

// keyedText tells of a[key]; V8 knows the key even when the source doesn't say it.
func keyedText(verb, of string, at place) string {
	text := "Cannot " + verb + " properties of " + of
	if key, ok := at.bracketed(); ok {
		if m := literalKey.FindStringSubmatch(key); m != nil {
			return text + " (" + verb + "ing '" + m[1] + m[2] + m[3] + "')"
		}
	}
	return text
}

func iterableText(of string, at place) string {
	if e, ok := at.iterated(); ok {
		return e + " is not iterable"
	}
	if m := only(arrayPattern, at.source); m != nil {
		return expression(m[1]) + " is not iterable"
	}
	if of != "" {
		return of + " is not iterable (cannot read property Symbol(Symbol.iterator))"
	}
	return "object is not iterable (cannot read property Symbol(Symbol.iterator))"
}

// only is the one place where the pattern is found, if it is one.
func only(p *regexp.Regexp, source string) []string {
	if all := p.FindAllStringSubmatch(source, 2); len(all) == 1 {
		return all[0]
	}
	return nil
}

// patternFaults are what can be wrong with a regular expression.
var patternFaults = map[string]string{
	"expecting ')'":                "Unterminated group",
	"unmatched ')'":                "Unmatched ')'",
	"nothing to repeat":            "Nothing to repeat",
	"unterminated character class": "Unterminated character class",
	"unexpected end":               "Unterminated character class",
	"invalid group":                "Invalid group",
	"invalid group name":           "Invalid capture group name",
	"duplicate group name":         "Duplicate capture group name",
	"invalid escape sequence in regular expression": "Invalid escape",
}

var syntaxTexts = map[string]string{
	"unexpected character":                                 "Invalid or unexpected token",
	"invalid number literal":                               "Invalid or unexpected token",
	"unexpected end of string":                             "Invalid or unexpected token",
	"unexpected end of regexp":                             "Invalid regular expression: missing /",
	"missing initializer for const variable":               "Missing initializer in const declaration",
	"break must be inside loop or switch":                  "Illegal break statement",
	"continue must be inside loop":                         "Illegal continue statement: no surrounding iteration statement",
	"invalid assignment left-hand side":                    "Invalid left-hand side in assignment",
	"invalid increment/decrement operand":                  "Invalid left-hand side expression in postfix operation",
	"super() is only valid in a derived class constructor": "'super' keyword unexpected here",
	"return not in a function":                             "Illegal return statement",
	"yield is a reserved identifier":                       "Unexpected strict mode reserved word",
}

var (
	unexpected = regexp.MustCompile(`(?s)^unexpected token in expression: '(.*)'$`)
	expecting  = regexp.MustCompile(`^(?:expecting '(.)'|variable name expected|invalid property name|unexpected token.*|function name expected|expecting .*)$`)
)

func syntaxText(message string, at place) string {
	switch {
	case message == "unexpected end of string" && at.char() == '`':
		return "Unterminated template literal"
	case at.native == "RegExp" || at.ok && at.char() == '/' && patternFaults[message] != "":
		return "Invalid regular expression: /" + at.pattern() + "/: " + cmp.Or(patternFaults[message], message)
	case strings.HasPrefix(message, "invalid redefinition"):
		if name := at.identifierBefore(); name != "" {
			return "Identifier '" + name + "' has already been declared"
		}
	}
	if t, ok := syntaxTexts[message]; ok {
		return t
	}
	if m := unexpected.FindStringSubmatch(message); m != nil {
		return tokenText(m[1])
	}
	m := expecting.FindStringSubmatch(message)
	switch {
	case m == nil:
		return message
	case !at.ok:
		return "Invalid or unexpected token"
	}
	switch {
	case at.wordBefore() == "await":
		return "await is only valid in async functions and the top level bodies of modules"
	case at.wordBefore() == "import":
		return "Cannot use import statement outside a module"
	case (m[1] == "," || m[1] == ")") && at.inCall():
		return "missing ) after argument list"
	}
	return tokenText(at.token())
}

var reserved = regexp.MustCompile(`^(?:break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|function|if|import|in|instanceof|new|null|return|super|switch|this|throw|true|try|typeof|var|void|while|with)$`)

// tokenText is what V8 says of a token in the wrong place.
func tokenText(t string) string {
	switch {
	case t == "":
		return "Unexpected end of input"
	case strings.ContainsAny(t[:1], `'"`):
		return "Unexpected string"
	case t[0] == '`':
		return "Unexpected template string"
	case t[0] >= '0' && t[0] <= '9':
		return "Unexpected number"
	case isIdentifier(rune(t[0])) && !reserved.MatchString(t):
		return "Unexpected identifier '" + t + "'"
	}
	return "Unexpected token '" + t + "'"
}

var frame = regexp.MustCompile(`^\s*at (?:(.*) \()?<input>:(\d+):(\d+)\)?$`)

// scriptStack leaves of a stack what is in the script, with its own lines.
func scriptStack(stack string) string {
	var b strings.Builder
	for line := range strings.Lines(stack) {
		m := frame.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[2])
		if n -= wrapperLines; n < 1 {
			continue
		}
		b.WriteString("    at ")
		if m[1] != "" && m[1] != "anonymous" {
			b.WriteString(strings.Trim(m[1], "<>") + " ")
		}
		b.WriteString("(script:" + strconv.Itoa(n) + ":" + m[3] + ")\n")
	}
	return b.String()
}
