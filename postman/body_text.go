package postman

import (
	"slices"
	"strconv"
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/urls"
)

// Text is what goes out for the modes whose body is a text: raw, urlencoded and
// graphql. It is false for the others and on nil.
func (b *Body) Text() (string, bool) {
	if b == nil {
		return "", false
	}
	switch b.Mode {
	case ModeRaw:
		return b.Raw, true
	case ModeURLEncoded:
		return encodeFields(b.URLEncoded), true
	case ModeGraphQL:
		return b.GraphQL.text(), true
	default:
		return "", false
	}
}

// encodeFields writes an urlencoded body. Fields of the same name stand together
// at the place of the first, and names that are whole numbers come first, as in
// a JavaScript object.
func encodeFields(fields []FormField) string {
	var order []string
	values := map[string][]string{}
	for _, f := range fields {
		if f.Disabled {
			continue
		}
		if _, seen := values[f.Key]; !seen {
			order = append(order, f.Key)
		}
		values[f.Key] = append(values[f.Key], f.Value)
	}
	slices.SortStableFunc(order, func(a, b string) int {
		m, isM := index(a)
		n, isN := index(b)
		switch {
		case isM && isN:
			return int(m - n)
		case isM:
			return -1
		case isN:
			return 1
		default:
			return 0
		}
	})
	var pairs []string
	for _, key := range order {
		for _, value := range values[key] {
			pairs = append(pairs, urls.EncodeComponent(key)+"="+urls.EncodeComponent(value))
		}
	}
	return strings.Join(pairs, "&")
}

// index tells whether JavaScript would take a name for an array index.
func index(s string) (int64, bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return int64(n), err == nil && strconv.FormatUint(n, 10) == s && n < 1<<32-1
}

// text writes a GraphQL request. Variables that are a text are taken for JSON
// without a look at them.
func (g GraphQL) text() string {
	n := jsonx.NewObject()
	if !g.Variables.Is(jsonx.String) {
		return string(n.Set("query", g.Query).Set("operationName", g.OperationName).Set("variables", g.Variables).Append(nil))
	}
	var parts []string
	if g.Query.Is(jsonx.String) {
		parts = append(parts, `"query":`+string(g.Query.Append(nil)))
	}
	if g.OperationName.Is(jsonx.String) {
		parts = append(parts, `"operationName":`+string(g.OperationName.Append(nil)))
	}
	if g.Variables.Text != "" {
		parts = append(parts, `"variables":`+g.Variables.Text)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// StripComments removes comments from JSON; what stands in strings stays.
func StripComments(s string) string {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quoted && c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			c = s[i]
		case c == '"':
			quoted = !quoted
		case quoted || c != '/' || i+1 == len(s):
		case s[i+1] == '/':
			end := strings.IndexByte(s[i:], '\n')
			if end < 0 {
				return b.String()
			}
			i += end
			c = s[i]
		case s[i+1] == '*':
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				return b.String()
			}
			i += end + 3
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
