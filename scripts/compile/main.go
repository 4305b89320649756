// Command compile writes the bytecode that package script embeds; a step of
// `make bundle`.
package main

import (
	"fmt"
	"os"

	"github.com/picket-api/picket/postman/script"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: compile FOLDER")
		os.Exit(2)
	}
	if err := script.Precompile(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "compile:", err)
		os.Exit(1)
	}
}
