package script

import (
	"encoding/json"
	"strings"
	"sync"
)

// Postman's sandbox adds methods to the built-in types ("text".has("x")), by an
// old library that takes long to load and changes much. Here a script gets those
// methods whose names it mentions, and the first that it calls loads the library.

// sugarNames are the added methods by type ("String.prototype", "Date", …), as
// the first line of the library's bundle tells.
var sugarNames = sync.OnceValue(func() map[string]map[string]bool {
	text, _ := libraries.ReadFile("bundle/sugar.js") // absent: no names
	first, _, _ := strings.Cut(string(text), "\n")
	first = strings.TrimSuffix(strings.TrimPrefix(first, "/*"), "*/")
	var lists map[string][]string
	if json.Unmarshal([]byte(first), &lists) != nil {
		return nil
	}
	all := make(map[string]map[string]bool)
	for on, names := range lists {
		for _, name := range names {
			if all[name] == nil {
				all[name] = make(map[string]bool)
			}
			all[name][on] = true
		}
	}
	return all
})

// sugarIn finds the added methods that a script may call: name -> types.
func sugarIn(source string) map[string][]string {
	var found map[string][]string
	for rest := source; ; {
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			return found
		}
		rest = strings.TrimLeft(rest[dot+1:], " \t")
		end := 0
		for end < len(rest) && isIdentifier(rune(rest[end])) {
			end++
		}
		name := rest[:end]
		rest = rest[end:]
		types, ok := sugarNames()[name]
		if !ok || found[name] != nil {
			continue
		}
		if found == nil {
			found = make(map[string][]string)
		}
		for on := range types {
			found[name] = append(found[name], on)
		}
	}
}
