// Command embed runs a Postman collection in a Go program of your own:
//
//	go run ./examples/embed orders.json
package main

import (
	"context"
	"log"
	"os"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

func main() {
	data, err := os.ReadFile(os.Args[1]) //nolint:gosec // the file that the caller names
	if err != nil {
		log.Fatal(err)
	}
	collection, err := postman.ParseCollection(data)
	if err != nil {
		log.Fatal(err)
	}
	result, err := run.Run(context.Background(), collection, run.Options{
		Sandbox:   run.Scripts(script.Options{}),
		Reporters: []run.Reporter{report.NewCLI(os.Stdout, report.CLIOptions{})},
	})
	if err != nil || !result.OK() {
		os.Exit(1)
	}
}
