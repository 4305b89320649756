package vars

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// Cast converts a value as a variable of that type keeps it in Postman: "string",
// "number" and "boolean" as JavaScript's functions of these names do, "array" and
// "object" from JSON. Other types ("any", "default", "secret") keep all. What can't
// be converted is null, or Undefined where Postman has that.
func Cast(kind string, value any) any {
	switch strings.ToLower(kind) {
	case "string":
		if _, ok := value.(Undefined); ok {
			return "undefined"
		}
		return Text(value)
	case "boolean":
		return truthy(value)
	case "number":
		if n := toNumber(value); !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n
		}
		return nil
	case "array":
		if list, ok := fromJSON(value).([]any); ok {
			return list
		}
		return Undefined{}
	case "object":
		if object, ok := fromJSON(value).(map[string]any); ok {
			return object
		}
		return Undefined{}
	}
	return value
}

func fromJSON(value any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return nil
	}
	return v
}

func truthy(value any) bool {
	switch v := value.(type) {
	case nil, Undefined:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0 && !math.IsNaN(v)
	}
	return true
}

// toNumber is Number() of JavaScript, for what variables hold.
func toNumber(value any) float64 {
	switch v := value.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 1
		}
		return 0
	case float64:
		return v
	case string:
		return numberOf(strings.TrimSpace(v))
	case []any:
		return numberOf(strings.TrimSpace(Text(v)))
	}
	return math.NaN()
}

func numberOf(text string) float64 {
	switch text {
	case "":
		return 0
	case "Infinity", "+Infinity":
		return math.Inf(1)
	case "-Infinity":
		return math.Inf(-1)
	}
	if len(text) > 2 && text[0] == '0' {
		if base, ok := map[byte]int{'x': 16, 'X': 16, 'o': 8, 'O': 8, 'b': 2, 'B': 2}[text[1]]; ok {
			n, err := strconv.ParseUint(text[2:], base, 64)
			if err != nil {
				return math.NaN()
			}
			return float64(n)
		}
	}
	if strings.Trim(text, "0123456789.eE+-") != "" { // ParseFloat knows more words
		return math.NaN()
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && n == 0 {
		return math.NaN()
	}
	return n
}
