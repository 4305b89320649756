package cli

import (
	"context"
	"os/exec"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/script/worker"
)

const workerCommand = "script-worker"

// newScriptWorker is the process that a runner starts for the scripts of a run.
func newScriptWorker(env Env) *cobra.Command {
	return &cobra.Command{
		Use: workerCommand, Short: "Run scripts for a runner, which starts this by itself", Args: exactly(), Hidden: true,
		RunE: func(*cobra.Command, []string) error {
			runtime.GOMAXPROCS(2) // one for the script, one for what watches it
			if err := worker.Confine(); err != nil {
				return &exit{ExitError, err}
			}
			err := worker.Serve(env.Stdin, env.Stdout, func(o script.Options) (script.Sandbox, error) { return run.Scripts(o)() })
			if err != nil {
				return &exit{ExitError, err}
			}
			return nil
		},
	}
}

// newWorkers makes the workers for a runner that holds so many runs at once. Of
// this program's environment they get the time zone only: scripts see it.
func newWorkers(env Env, runs int) *worker.Pool {
	return worker.NewPool(worker.Options{
		Spares: 1, Idle: runs,
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
}
