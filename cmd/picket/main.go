// Command picket is Picket: the control plane, the runner and the tools of the
// command line in one binary. Everything is in package cli.
package main

import (
	"os"

	"github.com/picket-api/picket/cli"
)

func main() { os.Exit(cli.Main(cli.OS())) }
