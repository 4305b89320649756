// Package urls holds Postman's idea of a URL: lenient to parse, with {{variables}}
// and :path variables in it, and encoded in Postman's own way when it is sent.
// The reference is the npm package postman-url-encoder 3 and the class Url of
// postman-collection 4.
package urls

import "strings"

// URL is a parsed address. A nil part was not given at all, an empty one was.
type URL struct {
	Protocol  *string
	Auth      *UserInfo
	Host      []string // labels
	Port      *string
	Path      []string // segments
	Query     []Param
	Hash      *string
	Variables []Variable // values of :path variables
}

// UserInfo is what stands before the @.
type UserInfo struct{ User, Password *string }

// Param is one part of a query.
type Param struct {
	Key, Value *string
	Disabled   bool
}

// Variable is the value of a path variable; nil where none is known.
type Variable struct {
	Key   string
	Value *string
}

// Parse splits a text; it never fails. {{variables}} stay whole even where they
// have characters that mean something in a URL.
func Parse(raw string) URL {
	text, restore := protect(strings.TrimLeft(raw, " \t\r\n\v\f\u00a0\ufeff\u2028\u2029"))
	var u URL
	if text == "" {
		return u
	}
	if before, after, ok := strings.Cut(text, "#"); ok {
		text, u.Hash = before, ptr(restore(after))
	}
	if before, after, ok := strings.Cut(text, "?"); ok {
		text, u.Query = before, ParseQuery(restore(after))
	}
	text = strings.ReplaceAll(text, `\`, "/")
	if before, after, ok := strings.Cut(text, "://"); ok {
		u.Protocol = ptr(restore(before))
		trimmed := strings.TrimLeft(after, "/")
		if strings.EqualFold(before, "file") && trimmed != after {
			trimmed = "/" + trimmed
		}
		text = trimmed
	}
	if before, after, ok := strings.Cut(text, "/"); ok {
		text, u.Path = before, split(after, "/", restore)
	}
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		user, password, ok := strings.Cut(text[:i], ":")
		u.Auth = &UserInfo{User: ptr(restore(user))}
		if ok {
			u.Auth.Password = ptr(restore(password))
		}
		text = text[i+1:]
	}
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.Contains(text[i+1:], "]") {
		text, u.Port = text[:i], ptr(restore(text[i+1:]))
	}
	if text != "" {
		u.Host = split(text, ".", restore)
	}
	u.Variables = pathVariables(u.Path)
	return u
}

func split(text, sep string, restore func(string) string) []string {
	parts := strings.Split(text, sep)
	for i := range parts {
		parts[i] = restore(parts[i])
	}
	return parts
}

func pathVariables(path []string) []Variable {
	var list []Variable
	seen := map[string]bool{}
	for _, segment := range path {
		if key := variableName(segment); key != "" && !seen[key] {
			seen[key] = true
			list = append(list, Variable{Key: key})
		}
	}
	return list
}

// variableName is "id" of ":id" and of ":id.json".
func variableName(segment string) string {
	name, ok := strings.CutPrefix(segment, ":")
	if !ok {
		return ""
	}
	name, _, _ = strings.Cut(name, ".")
	return name
}

const (
	mark    = "\ue0f0" // a private character stands for a protected variable
	special = ".:/?#@&]"
)

// protect takes variables that have special characters out of the text, and
// gives the way to put them back into a part of it.
func protect(text string) (string, func(string) string) {
	if !strings.Contains(text, "{{") || strings.Contains(text, mark) {
		return text, func(s string) string { return s }
	}
	var out strings.Builder
	var taken []string
	rest := text
	for {
		start, end := nextVariable(rest)
		if start < 0 {
			break
		}
		name := rest[start:end]
		out.WriteString(rest[:start])
		if strings.ContainsAny(name, special) {
			taken = append(taken, name)
			out.WriteString(mark + string(rune(0xe100+len(taken)-1)))
		} else {
			out.WriteString(name)
		}
		rest = rest[end:]
		if len(taken) == 0x600 {
			break
		}
	}
	out.WriteString(rest)
	return out.String(), func(s string) string {
		for i, name := range taken {
			if !strings.Contains(s, mark) {
				break
			}
			s = strings.Replace(s, mark+string(rune(0xe100+i)), name, 1)
		}
		return s
	}
}

// nextVariable finds the first {{name}} whose name has no braces.
func nextVariable(text string) (start, end int) {
	for from := 0; ; {
		closing := strings.Index(text[from:], "}}")
		if closing < 0 {
			return -1, -1
		}
		closing += from
		opening := strings.LastIndex(text[from:closing], "{{")
		if opening >= 0 && !strings.ContainsAny(text[from+opening+2:closing], "{}") {
			return from + opening, closing + 2
		}
		from = closing + 1
	}
}

// ParseQuery splits the part after the question mark.
func ParseQuery(query string) []Param {
	text, restore := protect(query)
	parts := strings.Split(text, "&")
	params := make([]Param, len(parts))
	for i, part := range parts {
		if part == "" && i < len(parts)-1 {
			continue // neither key nor value
		}
		key, value, ok := strings.Cut(restore(part), "=")
		params[i].Key = &key
		if ok {
			params[i].Value = &value
		}
	}
	return params
}

func ptr(s string) *string { return &s }

// String writes the URL out, not encoded, with the path variables filled in.
func (u URL) String() string {
	var b strings.Builder
	if u.Protocol != nil && *u.Protocol != "" {
		b.WriteString(strings.TrimSuffix(*u.Protocol, "://") + "://")
	}
	if u.Auth != nil && (u.Auth.User != nil || u.Auth.Password != nil) {
		b.WriteString(text(u.Auth.User))
		if u.Auth.Password != nil {
			b.WriteString(":" + *u.Auth.Password)
		}
		b.WriteByte('@')
	}
	b.WriteString(u.Hostname())
	if u.Port != nil {
		b.WriteString(":" + *u.Port)
	}
	if u.Path != nil {
		b.WriteString(u.PathString())
	}
	if query, ok := u.QueryString(); ok {
		b.WriteString("?" + query)
	}
	if u.Hash != nil {
		b.WriteString("#" + *u.Hash)
	}
	return b.String()
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Hostname is the host as it was given.
func (u URL) Hostname() string { return strings.Join(u.Host, ".") }

// PathString is the path with a leading slash and its variables filled in.
func (u URL) PathString() string {
	segments := make([]string, len(u.Path))
	for i, segment := range u.Path {
		segments[i] = segment
		name := variableName(segment)
		if name == "" {
			continue
		}
		if value := u.variable(name); value != "" {
			segments[i] = value + segment[len(name)+1:]
		}
	}
	return "/" + strings.Join(segments, "/")
}

func (u URL) variable(name string) string {
	for i := len(u.Variables) - 1; i >= 0; i-- {
		if u.Variables[i].Key == name {
			return text(u.Variables[i].Value)
		}
	}
	return ""
}

// QueryString is the query of the enabled parameters; false when there are none.
func (u URL) QueryString() (string, bool) {
	var b strings.Builder
	any := false
	for _, p := range u.Query {
		if p.Disabled {
			continue
		}
		if any {
			b.WriteByte('&')
		}
		any = true
		b.WriteString(p.String())
	}
	return b.String(), any
}

// String is key=value. Inside of keys and values &, # and (in keys) = are
// escaped, but not where they belong to a {{variable}}.
func (p Param) String() string {
	s := ""
	if p.Key != nil {
		s = escapeReserved(*p.Key, "&", "%26", "#", "%23", "=", "%3D")
	}
	if p.Value != nil {
		s += "=" + escapeReserved(*p.Value, "&", "%26", "#", "%23")
	}
	return s
}

func escapeReserved(s string, pairs ...string) string {
	if !strings.ContainsAny(s, "&#=") {
		return s
	}
	replace := strings.NewReplacer(pairs...)
	var b strings.Builder
	for {
		start, end := nextVariable(s)
		if start < 0 {
			b.WriteString(replace.Replace(s))
			return b.String()
		}
		b.WriteString(replace.Replace(s[:start]) + s[start:end])
		s = s[end:]
	}
}
