package postman

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/picket-api/picket/postman/internal/jsonx"
	"github.com/picket-api/picket/postman/vars"
)

// MaxRows is the most rows of a data file.
const MaxRows = 1_000_000

// Row is the data of one iteration, in the order of the file.
type Row []vars.Variable

// Scope makes a row usable as pm.iterationData. It may be called on nil.
func (r Row) Scope() *vars.Scope { return vars.NewScope("iterationData", r...) }

// ParseData reads a data file: JSON (a list of objects) or, failing that, CSV
// with the names in its first line. As in newman an empty line of CSV is a row whose
// first column is empty. The error is a *ParseError.
func ParseData(data []byte) ([]Row, error) {
	const what = "not a data file"
	if len(data) > MaxSize {
		return nil, &ParseError{What: what, Err: fmt.Errorf("larger than %d MiB", MaxSize>>20)}
	}
	whole := string(jsonx.ToUTF8(data))
	text := strings.TrimSpace(whole)
	if text == "" {
		return nil, &ParseError{What: what, Err: errors.New("it is empty")}
	}
	n, err := jsonx.Parse([]byte(text))
	if err == nil && (n.Is(jsonx.Array) || n.Is(jsonx.Object)) {
		return rowsFromJSON(n, what)
	}
	if err != nil && (text[0] == '[' || text[0] == '{') {
		e := &ParseError{What: what, Err: err}
		var syntax *jsonx.SyntaxError
		if errors.As(err, &syntax) {
			e.Offset = syntax.Offset
		}
		return nil, e
	}
	return rowsFromCSV(whole, what)
}

func rowsFromJSON(n *jsonx.Node, what string) ([]Row, error) {
	if len(n.Items) > MaxRows {
		return nil, &ParseError{What: what, Err: fmt.Errorf("more than %d rows", MaxRows)}
	}
	if n.Is(jsonx.Object) {
		return nil, parseError(what, "$", n, "expected a list of objects, found one object")
	}
	rows := make([]Row, len(n.Items))
	for i, item := range n.Items {
		if !item.Is(jsonx.Object) {
			return nil, parseError(what, fmt.Sprintf("$[%d]", i), item, "expected an object, found %v", item.Kind)
		}
		for k, key := range item.Keys {
			rows[i] = append(rows[i], vars.Variable{Key: key, Value: item.Items[k].Any(), Type: "any"})
		}
	}
	return rows, nil
}

func rowsFromCSV(text, what string) ([]Row, error) {
	r := csvReader{text: text, line: 1}
	names, err := r.record()
	if err != nil {
		return nil, &ParseError{What: what, Err: err}
	}
	var rows []Row
	for strings.Trim(r.text[r.pos:], " \t") != "" {
		fields, err := r.record()
		if err != nil {
			return nil, &ParseError{What: what, Err: err}
		}
		if len(rows) == MaxRows {
			return nil, &ParseError{What: what, Err: fmt.Errorf("more than %d rows", MaxRows)}
		}
		row := make(Row, 0, len(names))
		for i, field := range fields[:min(len(fields), len(names))] {
			row = append(row, vars.Variable{Key: names[i].text, Value: field.value(), Type: "any"})
		}
		rows = append(rows, row)
	}
	return rows, nil
}

type csvField struct {
	text   string
	quoted bool
}

// value makes numbers of what looks like one and isn't in quotes, as newman does
// ("007" is 7). An integer that would lose digits stays a text.
func (f csvField) value() any {
	if f.quoted || f.text == "" || strings.Trim(f.text, "+-.0123456789eE") != "" {
		return f.text
	}
	n, err := strconv.ParseFloat(f.text, 64)
	if err != nil || (!strings.ContainsAny(f.text, ".eE") && (n >= 1<<53 || n <= -(1<<53))) {
		return f.text
	}
	return n
}

// csvReader is lenient where encoding/csv is not: quotes inside of bare fields,
// blanks around fields, lines of different length.
type csvReader struct {
	text string
	pos  int
	line int
}

func (r *csvReader) done() bool { return r.pos >= len(r.text) }

func (r *csvReader) record() ([]csvField, error) {
	var fields []csvField
	for {
		f, err := r.field()
		if err != nil {
			return nil, err
		}
		fields = append(fields, f)
		if r.done() {
			return fields, nil
		}
		c := r.text[r.pos]
		r.pos++
		if c == ',' {
			continue
		}
		if c == '\r' && !r.done() && r.text[r.pos] == '\n' {
			r.pos++
		}
		r.line++
		return fields, nil
	}
}

func (r *csvReader) field() (csvField, error) {
	for !r.done() && (r.text[r.pos] == ' ' || r.text[r.pos] == '\t') {
		r.pos++
	}
	if !r.done() && r.text[r.pos] == '"' {
		return r.quoted()
	}
	start := r.pos
	for !r.done() && r.text[r.pos] != ',' && r.text[r.pos] != '\n' && r.text[r.pos] != '\r' {
		r.pos++
	}
	return csvField{text: strings.TrimRight(r.text[start:r.pos], " \t")}, nil
}

func (r *csvReader) quoted() (csvField, error) {
	var b strings.Builder
	start := r.line
	for r.pos++; ; r.pos++ {
		if r.done() {
			return csvField{}, fmt.Errorf("line %d: a quoted field has no end", start)
		}
		c := r.text[r.pos]
		if c == '\n' {
			r.line++
		}
		if c != '"' {
			b.WriteByte(c)
			continue
		}
		if r.pos+1 < len(r.text) && r.text[r.pos+1] == '"' {
			b.WriteByte('"')
			r.pos++
			continue
		}
		r.pos++
		rest := r.text[r.pos:]
		end := strings.IndexAny(rest, ",\r\n")
		if end < 0 {
			end = len(rest)
		}
		if tail := strings.TrimRight(rest[:end], " \t"); tail != "" {
			b.WriteString(tail) // text after the closing quote
		}
		r.pos += end
		return csvField{text: b.String(), quoted: true}, nil
	}
}
