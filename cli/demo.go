package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/picket-api/picket"
	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/api/wire"
	"github.com/picket-api/picket/demo"
)

// demoLimit bounds the one run of `demo --once`.
const demoLimit = time.Minute

type demoOptions struct {
	once, json bool
	keep, addr string
}

func newDemo(env Env) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use: "demo", Short: "See the whole thing work, on this machine alone", Args: exactly(),
		Long: `Start a control plane, a small internal API to monitor, and a runner as a process
of its own; create a workspace, a runner and a monitor; run it and print the
result. Then it stays up and runs on schedule until Ctrl-C.

` + exitCodes,
		Example: "  picket demo\n  picket demo --once --json\n  picket demo --keep ./demo-data",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demonstration{Env: env, demoOptions: o}
			return d.run(cmd.Context())
		},
	}
	cmd.AddCommand(newDemoAPI(env))
	f := cmd.Flags()
	f.BoolVar(&o.once, "once", false, "run the monitor once, print the result, and exit")
	f.BoolVar(&o.json, "json", false, "print the run as JSON")
	f.StringVar(&o.keep, "keep", "", "folder for the state, which is kept (default: a temporary one, which is removed)")
	f.StringVar(&o.addr, "addr", "127.0.0.1:0", "HOST:PORT of the control plane (default: a free port)")
	return cmd
}

// demonstration is one run of the demo.
type demonstration struct {
	Env
	demoOptions
	dir    string
	apiKey string
	client *client.Client
	runner *exec.Cmd
}

func (d *demonstration) say(format string, args ...any) {
	fmt.Fprintf(d.Stderr, format+"\n", args...)
}

func (d *demonstration) run(ctx context.Context) (err error) {
	ctx, _, stop := d.Signals(ctx)
	defer stop()
	if err := d.folder(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.cleanUp()) }()

	target, closeTarget, err := serveTarget(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer closeTarget()
	d.say("internal API    %s", target)

	app, err := d.controlPlane(ctx)
	if err != nil {
		return serverError(err)
	}
	ended := make(chan error, 1)
	serving, stopServing := context.WithCancel(context.WithoutCancel(ctx))
	go func() { ended <- app.Run(serving) }()
	defer func() {
		stopServing()
		err = errors.Join(err, <-ended, app.Close())
	}()
	d.say("control plane   %s", app.URL())

	monitor, runner, err := d.configure(ctx, target)
	if err != nil {
		return serverError(err)
	}
	if err := d.startRunner(app.URL(), runner); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.stopRunner()) }()
	d.say("runner          %s, process %d\n", runner.ID, d.runner.Process.Pid)
	return d.show(ctx, app.URL(), monitor)
}

// show runs the monitor and, unless it is to be once, stays.
func (d *demonstration) show(ctx context.Context, url string, monitor wire.Monitor) error {
	run, err := d.trigger(ctx, monitor.ID)
	if err != nil {
		return err
	}
	if d.json {
		err = printJSON(d.Env, run)
	} else {
		printResult(d.Stdout, painter(d.Color()), run, readReport(ctx, d.client, run))
	}
	if err != nil || d.once {
		return err
	}
	d.say("\nThe monitor runs every minute. Look around, until Ctrl-C:\n\n"+
		"  export PICKET_SERVER=%s PICKET_API_KEY=%s\n"+
		"  picket monitor run %s\n"+
		"  picket events tail\n"+
		"  curl -H \"X-Api-Key: $PICKET_API_KEY\" $PICKET_SERVER/api/v1/runs\n", url, d.apiKey, monitor.ID)
	return d.follow(ctx, monitor.ID, run.ID)
}

// follow prints a line for every run that ends.
func (d *demonstration) follow(ctx context.Context, monitor string, shown string) error {
	seen := map[string]bool{shown: true}
	for {
		select {
		case <-ctx.Done():
			d.say("stopping")
			return nil
		case <-time.After(time.Second):
		}
		page, err := d.client.Runs(ctx, client.RunFilter{Monitor: monitor, State: "finished", Page: client.Page{Limit: 20}})
		if err != nil {
			continue // stopping, or the next look says it
		}
		for i := len(page.Items) - 1; i >= 0; i-- {
			if run := page.Items[i]; !seen[run.ID] {
				seen[run.ID] = true
				d.say("%s  %s, %s", run.FinishedAt.Local().Format(time.TimeOnly), run.Trigger, summary(run))
			}
		}
	}
}

func summary(run wire.Run) string {
	text := fmt.Sprintf("%s: %d requests, %d assertions, %d failed", *run.Outcome, run.Counts.Requests, run.Counts.Assertions, run.Counts.FailedAssertions)
	if t := run.FirstError; t != nil {
		text += " (" + t.Request + ": " + t.Assertion + ")"
	}
	return text
}

func (d *demonstration) trigger(ctx context.Context, monitor string) (wire.Run, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, demoLimit, errors.New("the run did not end within a minute"))
	defer cancel()
	t, err := d.client.RunMonitor(ctx, monitor, wire.TriggerMonitor{Trigger: "manual"})
	if err != nil {
		return wire.Run{}, serverError(err)
	}
	return waiter{client: d.client}.wait(ctx, t.ID)
}

func (d *demonstration) folder() error {
	d.dir = d.keep
	if d.keep == "" {
		var err error
		if d.dir, err = d.TempDir(); err != nil {
			return &exit{ExitUsage, err}
		}
	} else if err := os.MkdirAll(d.keep, 0o700); err != nil {
		return usageError("--keep: %w", err)
	}
	d.say("state           %s", d.dir)
	return nil
}

func (d *demonstration) cleanUp() error {
	if d.keep != "" {
		return nil
	}
	return os.RemoveAll(d.dir)
}

// newDemoAPI serves the internal API alone, for a demo in containers.
func newDemoAPI(env Env) *cobra.Command {
	var addr string
	cmd := &cobra.Command{
		Use: "api", Short: "Serve the demo's internal API alone", Args: exactly(), Example: "  picket demo api --addr 127.0.0.1:9000",
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, _, stop := env.Signals(cmd.Context())
			defer stop()
			url, closeTarget, err := serveTarget(ctx, addr)
			if err != nil {
				return err
			}
			defer closeTarget()
			fmt.Fprintln(env.Stdout, "internal API on", url)
			<-ctx.Done()
			return nil
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:9000", "HOST:PORT to listen on")
	return cmd
}

// serveTarget starts the internal API.
func serveTarget(ctx context.Context, addr string) (url string, stop func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", nil, serverError(err)
	}
	s := &http.Server{Handler: demo.New(demo.Options{}), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second}
	go func() { _ = s.Serve(l) }() // ends with Close
	return "http://" + l.Addr().String(), func() { _ = s.Close() }, nil
}

func (d *demonstration) controlPlane(ctx context.Context) (*picket.App, error) {
	d.apiKey = "pka_demo_" + uuid.NewString()
	app, err := picket.New(ctx, picket.Config{
		Addr: d.addr, Data: filepath.Join(d.dir, "control-plane"), BootstrapAPIKey: d.apiKey, Version: Version(),
	})
	if err != nil {
		return nil, err
	}
	d.client, err = client.New(client.Options{Server: app.URL(), APIKey: d.apiKey, UserAgent: "picket-demo/" + Version()})
	if err != nil {
		return nil, errors.Join(err, app.Close())
	}
	return app, nil
}

// configure creates what a team would: workspace, documents, runner, monitor.
func (d *demonstration) configure(ctx context.Context, target string) (wire.Monitor, wire.RunnerSecret, error) {
	var none wire.Monitor
	w, err := d.client.CreateWorkspace(ctx, wire.CreateWorkspace{Name: "Demo", Type: "internal"})
	if err != nil {
		return none, wire.RunnerSecret{}, err
	}
	collection, err := d.client.CreateCollection(ctx, w.ID, demo.Collection())
	if err != nil {
		return none, wire.RunnerSecret{}, err
	}
	environment, err := d.client.CreateEnvironment(ctx, w.ID, demo.Environment(target))
	if err != nil {
		return none, wire.RunnerSecret{}, err
	}
	runner, err := d.client.CreateRunner(ctx, wire.CreateRunner{
		Name: "demo-runner", Description: "Runs beside the internal API", Visibility: &wire.Visibility{Scope: "all"},
	})
	if err != nil {
		return none, runner, err
	}
	m, err := d.client.CreateMonitor(ctx, wire.ConfigureMonitor{
		Name: collection.Name, Workspace: w.ID, Collection: collection.ID, Environment: environment.ID,
		Runners: []string{runner.ID}, Schedule: &wire.Schedule{EveryMinutes: 1},
	})
	return m, runner, err
}

func (d *demonstration) startRunner(url string, r wire.RunnerSecret) error {
	cmd, err := d.Self(context.Background(), "runner", "start", "--server", url, "--id", r.ID, "--key", *r.Key,
		"--allow-loopback", "--log-level", "warn", "--spool", filepath.Join(d.dir, "runner", "spool"), "--cache", filepath.Join(d.dir, "runner", "cache"))
	if err != nil {
		return serverError(err)
	}
	cmd.Stderr = d.Stderr
	d.runner = cmd
	return serverError(cmd.Start())
}

// stopRunner asks the runner to drain, and ends it if it doesn't.
func (d *demonstration) stopRunner() error {
	_ = d.runner.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	kill := time.AfterFunc(10*time.Second, func() { _ = d.runner.Process.Kill() })
	defer kill.Stop()
	if err := d.runner.Wait(); err != nil {
		return serverError(fmt.Errorf("runner: %w", err))
	}
	return nil
}
