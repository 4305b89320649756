// Package cli is the command line: one file for each command. It is the only
// user of the operating system's arguments, environment, streams and signals.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/picket-api/picket/api/client"
)

// Exit codes of all commands. `collection run` uses 0, 1 and 2 only, as newman does.
const (
	ExitOK       = 0
	ExitFailed   = 1 // a test failed
	ExitUsage    = 2 // the command line or a file that it names is wrong
	ExitServer   = 3 // the server refused, or can't be reached
	ExitError    = 4 // the run could not finish
	ExitAborted  = 5 // the run hit its time limit
	ExitNoRunner = 6 // no runner took the run in time
)

const exitCodes = `Exit codes:
  0  ok                          4  the run could not finish
  1  a test failed               5  the run hit its time limit
  2  wrong usage                 6  no runner took the run in time
  3  server or network`

// exit is an error with the code to leave with. Without a text it is silent.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exit{ExitUsage, fmt.Errorf(format, args...)}
}

func serverError(err error) error {
	if err == nil {
		return nil
	}
	return &exit{ExitServer, err}
}

// Main runs one command and returns its exit code.
func Main(env Env) int {
	root := newRoot(env)
	root.SetArgs(optionalValues(env.Args))
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	err := root.ExecuteContext(context.Background())
	if err == nil {
		return ExitOK
	}
	code := ExitUsage
	if e, ok := errors.AsType[*exit](err); ok {
		code = e.code
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(env.Stderr, "picket: "+text)
	}
	return code
}

// optionalValues joins --bail and its value, which newman lets stand apart.
func optionalValues(args []string) []string {
	var out []string
	for _, a := range args {
		if n := len(out); n > 0 && out[n-1] == "--bail" && (a == "failure" || a == "folder") {
			out[n-1] += "=" + a
			continue
		}
		out = append(out, a)
	}
	return out
}

func newRoot(env Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "picket",
		Short: "Private API monitoring, self-hosted",
		Long: `Picket runs Postman collections inside private networks and keeps the results.

The control plane (picket serve) has the API, the schedule and the results. A
runner (picket runner start) sits in the private network, makes outbound
connections only, and executes collections there.

Flags can also be set in the environment: --data is PICKET_DATA.

` + exitCodes,
		SilenceErrors: true, SilenceUsage: true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return fromEnvironment(env, cmd) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%w\nTry: %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(
		newServe(env), newRunner(env), newCollection(env), newMonitor(env),
		newProjections(env), newEvents(env), newDemo(env), newVersion(env), newScriptWorker(env),
	)
	return root
}

// group is a command that only has commands below it.
func group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usageError("unknown command %q for %s\nTry: %s --help", args[0], cmd.CommandPath(), cmd.CommandPath())
		}
		return nil
	}, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	c.AddCommand(below...)
	return c
}

// exactly wants n arguments and says which.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usageError("%s takes %s\nTry: %s --help", cmd.CommandPath(), strings.Join(names, " "), cmd.CommandPath())
		}
		return nil
	}
}

// envAnnotation names another variable than the one that follows from the flag.
const envAnnotation = "picket-env"

// EnvName is the variable that sets a flag.
func envName(f *pflag.Flag) string {
	if names := f.Annotations[envAnnotation]; len(names) > 0 {
		return names[0]
	}
	return "PICKET_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
}

// fromEnvironment fills flags that were not given.
func fromEnvironment(env Env, cmd *cobra.Command) error {
	var err error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := env.Getenv(envName(f))
		if f.Changed || value == "" || f.Name == "help" || err != nil {
			return
		}
		if setErr := cmd.Flags().Set(f.Name, value); setErr != nil {
			err = usageError("%s: %w", envName(f), setErr)
		}
	})
	return err
}

func annotate(flags *pflag.FlagSet, flag, variable string) {
	_ = flags.SetAnnotation(flag, envAnnotation, []string{variable}) // the flag is there
}

// server are the flags of commands that talk to a control plane.
type server struct {
	url, key, ca string
	insecure     bool
}

const defaultServer = "http://127.0.0.1:8080"

func (s *server) flags(f *pflag.FlagSet) {
	f.StringVar(&s.url, "server", defaultServer, "URL of the control plane")
	f.StringVar(&s.key, "api-key", "", "API key; better set PICKET_API_KEY than show it to other users of the machine")
	f.StringVar(&s.ca, "ca-file", "", "PEM file of certificate authorities to trust beside the system's")
	f.BoolVar(&s.insecure, "insecure-http", false, "allow plain HTTP to another machine")
}

func (s *server) client() (*client.Client, error) {
	if s.key == "" {
		return nil, usageError("an API key is required: set PICKET_API_KEY or give --api-key")
	}
	c, err := client.New(client.Options{Server: s.url, APIKey: s.key, CAFile: s.ca, AllowInsecureHTTP: s.insecure, UserAgent: "picket-cli/" + Version()})
	if err != nil {
		return nil, &exit{ExitUsage, err}
	}
	return c, nil
}

// logFlags choose how a long-running command logs.
type logFlags struct{ level, format string }

func (l *logFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&l.level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&l.format, "log-format", "text", "text or json")
}

func (l *logFlags) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return nil, usageError("--log-level: must be debug, info, warn or error")
	}
	o := &slog.HandlerOptions{Level: level}
	switch l.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usageError("--log-format: must be text or json")
}
