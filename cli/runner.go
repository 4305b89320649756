package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/agent"
	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/postman/script"
)

func newRunner(env Env) *cobra.Command {
	return group("runner", "Run collections inside a private network", newRunnerStart(env))
}

type runnerStart struct {
	server, id, key, keyFile, ca, proxy string
	spool, cache, name                  string
	concurrency                         int
	drain                               time.Duration
	loopback, insecure, compat          bool
	isolation                           isolation
	log                                 logFlags
}

func newRunnerStart(env Env) *cobra.Command {
	var o runnerStart
	cmd := &cobra.Command{
		Use: "start", Short: "Start an instance of a runner", Args: exactly(),
		Long: `Start an instance of a runner. It makes outbound connections only: to the
control plane, and to the APIs that the collections call.

An Admin creates the runner and gets its id and key, once. Any number of
instances may use them; each takes its share of the runs.

Collections can't reach this machine itself, link-local addresses or a cloud's
metadata service; --allow-loopback opens this machine.

The first SIGTERM or Ctrl-C lets the runs under way end, a second one stops at once.

` + exitCodes,
		Example: `  picket runner start --server https://picket.example.com --id 0192… --key pkr_…
  PICKET_RUNNER_KEY=pkr_… picket runner start --server https://picket.example.com --id 0192…
  picket runner start --id 0192… --key-file /run/secrets/picket-key`,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, env) },
	}
	f := cmd.Flags()
	f.StringVar(&o.server, "server", defaultServer, "URL of the control plane")
	f.StringVar(&o.id, "id", "", "id of the runner")
	f.StringVar(&o.key, "key", "", "key of the runner")
	f.StringVar(&o.keyFile, "key-file", "", "file that holds the key")
	annotate(f, "id", "PICKET_RUNNER_ID")
	annotate(f, "key", "PICKET_RUNNER_KEY")
	annotate(f, "key-file", "PICKET_RUNNER_KEY_FILE")
	f.IntVar(&o.concurrency, "concurrency", agent.DefaultCapacity, "runs at the same time")
	f.BoolVar(&o.loopback, "allow-loopback", false, "let collections reach this machine")
	f.StringVar(&o.spool, "spool", "", "folder for results while the control plane is away (default: in the user's cache)")
	f.StringVar(&o.cache, "cache", "", "folder for collections (default: in the user's cache)")
	o.isolation.flag(f, isolatedByProcess)
	f.BoolVar(&o.compat, "script-compat", false, compatUsage)
	f.StringVar(&o.name, "host-name", "", "name of this instance (default: the machine's)")
	f.DurationVar(&o.drain, "drain-timeout", agent.DefaultDrainTimeout, "how long runs may go on after a stop was asked for")
	f.StringVar(&o.ca, "ssl-extra-ca-certs", "", "PEM file of certificate authorities to trust beside the system's")
	f.StringVar(&o.proxy, "control-proxy", "", "proxy for the link to the control plane (default: HTTPS_PROXY)")
	f.BoolVar(&o.insecure, "insecure-http", false, "allow plain HTTP to a control plane on another machine")
	o.log.flags(f)
	return cmd
}

func (o *runnerStart) run(cmd *cobra.Command, env Env) error {
	log, err := o.log.logger(env.Stderr)
	if err != nil {
		return err
	}
	if o.key, err = o.readKey(); err != nil {
		return err
	}
	sandbox, closeSandboxes, err := o.isolation.sandboxes(env, o.concurrency, script.Options{Compat: o.compat})
	if err != nil {
		return err
	}
	defer closeSandboxes()
	a, err := agent.New(agent.Config{
		Control:  client.Options{Server: o.server, CAFile: o.ca, Proxy: o.proxy, AllowInsecureHTTP: o.insecure},
		RunnerID: o.id, Key: o.key, Version: Version(), HostName: o.name,
		Capacity: o.concurrency, DrainTimeout: o.drain, SpoolDir: o.spool, CacheDir: o.cache, AllowLoopback: o.loopback, Sandbox: sandbox, Log: log,
		OnReady: func(r agent.Ready) { fmt.Fprintln(env.Stdout, r) },
	})
	if err != nil {
		return &exit{ExitUsage, err}
	}
	ctx, again, stop := env.Signals(cmd.Context())
	defer stop()
	go func() {
		select {
		case <-again:
			a.Abort()
		case <-cmd.Context().Done():
		}
	}()
	return serverError(a.Run(ctx))
}

// readKey takes the key from the flag (or its variable), or from the file.
func (o *runnerStart) readKey() (string, error) {
	switch {
	case o.id == "":
		return "", usageError("--id is required: the id of the runner that an Admin created")
	case o.key != "" && o.keyFile != "":
		return "", usageError("--key and --key-file exclude each other")
	case o.key != "":
		return o.key, nil
	case o.keyFile == "":
		return "", usageError("a key is required: --key, --key-file or PICKET_RUNNER_KEY")
	}
	data, err := os.ReadFile(o.keyFile)
	if err != nil {
		return "", usageError("--key-file: %w", err)
	}
	if len(data) > 4096 {
		return "", &exit{ExitUsage, errors.New("--key-file: the file is too large to be a key")}
	}
	return strings.TrimSpace(string(data)), nil
}
