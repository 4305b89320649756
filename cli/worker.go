package cli

import (
	"context"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/script/worker"
)

const workerCommand = "script-worker"

// newScriptWorker is the process that scripts run in under --isolation=process.
func newScriptWorker(env Env) *cobra.Command {
	return &cobra.Command{
		Use: workerCommand, Short: "Run scripts for the process that started this one", Args: exactly(), Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			runtime.GOMAXPROCS(1) // one script at a time; what watches it interrupts it
			if err := worker.Confine(); err != nil {
				return &exit{ExitError, err}
			}
			in, err := env.Pipe()
			if err != nil {
				return &exit{ExitError, err}
			}
			err = worker.Serve(in, env.Stdout, func(o script.Options) (script.Sandbox, error) { return run.Scripts(o)() })
			if err != nil {
				return &exit{ExitError, err}
			}
			return nil
		},
	}
}

const compatUsage = "run scripts in Postman's own sandbox, in this engine: for a script that finds a gap in ours; slower"

// isolation is where scripts run.
type isolation string

const (
	isolatedByProcess isolation = "process"
	notIsolated       isolation = "none"
)

func (i *isolation) flag(f *pflag.FlagSet, usual isolation) {
	f.StringVar((*string)(i), "isolation", string(usual), "where scripts run: process (those of a run in a process of their own) or none (in this one)")
}

// sandboxes makes what runs the scripts of so many runs at once, each for a tenant.
// Of this program's environment workers get the time zone only: scripts see it.
func (i isolation) sandboxes(env Env, runs int, o script.Options) (open func(tenant string) (script.Sandbox, error), end func(), err error) {
	switch i {
	case notIsolated:
		open := run.Scripts(o)
		return func(string) (script.Sandbox, error) { return open() }, func() {}, nil
	case isolatedByProcess:
	default:
		return nil, nil, usageError("--isolation %q: must be process or none", i)
	}
	workers := worker.NewPool(worker.Options{
		Spares: 1, Idle: runs, Memory: o.Memory, Newman: o.Newman, Compat: o.Compat,
		Command: func() (*exec.Cmd, error) {
			cmd, err := env.Self(context.Background(), workerCommand)
			if err != nil {
				return nil, err
			}
			if zone := env.Getenv("TZ"); zone != "" {
				cmd.Env = []string{"TZ=" + zone}
			}
			return cmd, nil
		},
	})
	return workers.Sandbox, workers.Close, nil
}
