package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
)

func newMonitor(env Env) *cobra.Command {
	return group("monitor", "Run monitors", newMonitorRun(env))
}

type monitorRun struct {
	server        server
	timeoutMS     int
	queueTimeout  time.Duration
	suppress      bool
	json, noColor bool
}

func newMonitorRun(env Env) *cobra.Command {
	var o monitorRun
	cmd := &cobra.Command{
		Use: "run ID", Short: "Run a monitor now, wait, and print the result", Args: exactly("ID"),
		Long: `Run a monitor now on each of its runners, wait until all are done, and print the
results. The exit code is that of the worst one.

` + exitCodes,
		Example: `  picket monitor run 0192f3c1-7a60-7cc0-8f5e-0a51b4c0f2aa
  picket monitor run 0192… --timeout 300000 --json
  picket monitor run 0192… -x          # exit 0 whatever the outcome`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), env, args[0]) },
	}
	o.server.flags(cmd.Flags())
	f := cmd.Flags()
	f.IntVar(&o.timeoutMS, "timeout", 0, "give up waiting after so many milliseconds; the run goes on (default: no limit)")
	f.DurationVar(&o.queueTimeout, "queue-timeout", 0, "give up when no runner took it in that time (default: no limit)")
	f.BoolVarP(&o.suppress, "suppress-exit-code", "x", false, "exit with 0 whatever the outcome")
	f.BoolVar(&o.json, "json", false, "print the runs as JSON")
	f.BoolVar(&o.noColor, "no-color", false, "don't colour the output")
	return cmd
}

func (o *monitorRun) run(ctx context.Context, env Env, id string) error {
	c, err := o.server.client()
	if err != nil {
		return err
	}
	ctx, _, stop := env.Signals(ctx)
	defer stop()
	if o.timeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.timeoutMS)*time.Millisecond)
		defer cancel()
	}
	t, err := c.RunMonitor(ctx, id, wire.TriggerMonitor{Trigger: "cli"})
	if err != nil {
		return serverError(err)
	}
	worst := ExitOK
	var runs []wire.Run
	for _, id := range t.Runs {
		w := waiter{client: c, queueTimeout: o.queueTimeout}
		run, err := w.wait(ctx, id)
		if err != nil {
			return err
		}
		runs, worst = append(runs, run), max(worst, outcomeCode(run))
		if !o.json {
			printResult(env.Stdout, painter(env.Color() && !o.noColor), run, readReport(ctx, c, run))
		}
	}
	if o.json {
		if err := printJSON(env, runs); err != nil {
			return err
		}
	}
	if worst != ExitOK && !o.suppress {
		return &exit{code: worst}
	}
	return nil
}

// outcomeCode is the exit code of a finished run.
func outcomeCode(run wire.Run) int {
	if run.Outcome == nil {
		return ExitNoRunner
	}
	switch *run.Outcome {
	case "successful":
		return ExitOK
	case "failure":
		return ExitFailed
	case "abort":
		return ExitAborted
	case "missed":
		return ExitNoRunner
	}
	return ExitError
}

// readReport is the run's detailed result, if there is one that can be read.
func readReport(ctx context.Context, c *client.Client, run wire.Run) *wire.Report {
	if !run.HasReport {
		return nil
	}
	rep, err := c.Report(ctx, run.ID)
	if err != nil {
		return nil // the summary says all that the exit code says
	}
	return &rep
}

// waiter waits for a run to end.
type waiter struct {
	client       *client.Client
	queueTimeout time.Duration
}

var errNoRunner = errors.New("no runner took the run in time; it stays queued")

func (w waiter) wait(ctx context.Context, id string) (wire.Run, error) {
	start, pause := time.Now(), 20*time.Millisecond
	for {
		run, err := w.client.Run(ctx, id)
		switch {
		case err == nil && run.State == "finished":
			return run, nil
		case err != nil && ctx.Err() != nil:
			return run, serverError(fmt.Errorf("gave up waiting for run %s: %w", id, context.Cause(ctx)))
		case err != nil:
			return run, serverError(err)
		case run.State == "queued" && w.queueTimeout > 0 && time.Since(start) > w.queueTimeout:
			return run, &exit{ExitNoRunner, fmt.Errorf("run %s: %w", id, errNoRunner)}
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(pause*3/2, time.Second)
	}
}
