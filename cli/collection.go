package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/vars"
)

func newCollection(env Env) *cobra.Command {
	return group("collection", "Run Postman collections on this machine", newCollectionRun(env))
}

type collectionRun struct {
	environment, globals, data      string
	iterations                      int
	folders, envVars, globalVars    []string
	reporters                       []string
	jsonExport, bail, workingDir    string
	sandbox                         string
	delay, timeout, request, script int
	insecure, ignoreRedirects       bool
	noInsecureFileRead, suppress    bool
	noColor, silent                 bool
}

func newCollectionRun(env Env) *cobra.Command {
	var o collectionRun
	cmd := &cobra.Command{
		Use: "run FILE", Short: "Run a collection with the engine of the runners", Args: exactly("FILE"),
		Long: `Run a Postman collection (v2.1 or v2.0) with the engine that runners use, so that
what passes here passes in a monitor. Options have newman's names.

Exit codes: 0 all passed, 1 something failed, 2 wrong usage or an unreadable file.`,
		Example: `  picket collection run orders.json -e staging.json
  picket collection run orders.json -d rows.csv --folder "Smoke tests" --bail
  picket collection run orders.json -r cli,json --reporter-json-export report.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), env, args[0]) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.environment, "environment", "e", "", "environment file")
	f.StringVarP(&o.globals, "globals", "g", "", "globals file")
	f.StringVarP(&o.data, "iteration-data", "d", "", "data file, CSV or JSON: one iteration a row")
	f.IntVarP(&o.iterations, "iteration-count", "n", 0, "number of iterations (default: one, or one a row)")
	f.StringArrayVar(&o.folders, "folder", nil, "run only this folder or request (name or id); may be repeated")
	f.StringArrayVar(&o.envVars, "env-var", nil, "set an environment variable: KEY=VALUE; may be repeated")
	f.StringArrayVar(&o.globalVars, "global-var", nil, "set a global variable: KEY=VALUE; may be repeated")
	f.StringSliceVarP(&o.reporters, "reporters", "r", []string{"cli"}, "what to report: cli, json")
	f.StringVar(&o.jsonExport, "reporter-json-export", "picket-run.json", "file of the json reporter")
	f.StringVar(&o.bail, "bail", "", "stop at the first failure")
	f.Lookup("bail").NoOptDefVal = "failure"
	f.StringVar(&o.sandbox, "sandbox", "newman", "rules for scripts: newman (as newman 6) or postman (as the app and runners: await at the top)")
	f.StringVar(&o.workingDir, "working-dir", "", "folder of the files that bodies name (default: the current one)")
	f.BoolVar(&o.noInsecureFileRead, "no-insecure-file-read", false, "refuse files outside of the working directory")
	f.IntVar(&o.delay, "delay-request", 0, "wait before each request, in milliseconds")
	f.IntVar(&o.timeout, "timeout", 0, "time limit of the whole run, in milliseconds")
	f.IntVar(&o.request, "timeout-request", 0, "time limit of a request, in milliseconds")
	f.IntVar(&o.script, "timeout-script", 0, "time limit of a script, in milliseconds")
	f.BoolVarP(&o.insecure, "insecure", "k", false, "accept any certificate")
	f.BoolVar(&o.ignoreRedirects, "ignore-redirects", false, "don't follow redirects")
	f.BoolVarP(&o.suppress, "suppress-exit-code", "x", false, "exit with 0 whatever fails")
	f.BoolVar(&o.noColor, "no-color", false, "don't colour the output")
	f.BoolVar(&o.silent, "silent", false, "print nothing")
	return cmd
}

func (o *collectionRun) run(ctx context.Context, env Env, file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return &exit{ExitUsage, err}
	}
	c, err := postman.ParseCollection(data)
	if err != nil {
		return usageError("%s: %w", file, err)
	}
	options, err := o.options(env)
	if err != nil {
		return err
	}
	closeReports, err := o.addReporters(env, &options)
	if err != nil {
		return err
	}
	ctx, _, stop := env.Signals(ctx)
	defer stop()
	res, err := run.Run(ctx, c, options)
	if err = errors.Join(err, closeReports()); err != nil {
		return &exit{ExitFailed, err}
	}
	if !res.OK() && !o.suppress {
		return &exit{code: ExitFailed}
	}
	return nil
}

func (o *collectionRun) options(env Env) (run.Options, error) {
	opt := run.Options{
		Iterations: o.iterations, Folders: o.folders,
		Delay: millisecond(o.delay), Timeout: millisecond(o.timeout), RequestTimeout: millisecond(o.request), ScriptTimeout: millisecond(o.script),
		Insecure: o.insecure, IgnoreRedirects: o.ignoreRedirects,
		Proxy:   func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) },
		Sandbox: run.Scripts(script.Options{Newman: o.sandbox == "newman"}), Version: Version(),
	}
	for _, n := range []int{o.iterations, o.delay, o.timeout, o.request, o.script} {
		if n < 0 {
			return opt, usageError("counts and times can't be negative")
		}
	}
	switch o.bail {
	case "":
	case "failure", "folder":
		opt.Bail = run.BailOnFailure
	default:
		return opt, usageError("--bail: must be failure or folder")
	}
	if o.sandbox != "newman" && o.sandbox != "postman" {
		return opt, usageError("--sandbox: must be newman or postman")
	}
	root := o.workingDir
	if root == "" {
		var err error
		if root, err = env.WorkDir(); err != nil {
			return opt, &exit{ExitUsage, err}
		}
	}
	opt.Files = run.Dir{Root: root, Inside: o.noInsecureFileRead}
	return opt, o.readDocuments(&opt)
}

func millisecond(n int) time.Duration { return time.Duration(n) * time.Millisecond }

// readDocuments reads environment, globals and data.
func (o *collectionRun) readDocuments(opt *run.Options) error {
	var err error
	if opt.Environment, err = variables(o.environment, o.envVars, "--env-var", postman.ParseEnvironment); err != nil {
		return err
	}
	if opt.Globals, err = variables(o.globals, o.globalVars, "--global-var", postman.ParseGlobals); err != nil {
		return err
	}
	if o.data == "" {
		return nil
	}
	data, err := os.ReadFile(o.data)
	if err != nil {
		return &exit{ExitUsage, err}
	}
	if opt.Data, err = postman.ParseData(data); err != nil {
		return usageError("%s: %w", o.data, err)
	}
	return nil
}

func variables(file string, set []string, flag string, parse func([]byte) (*postman.Environment, error)) (*postman.Environment, error) {
	e := new(postman.Environment)
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, &exit{ExitUsage, err}
		}
		if e, err = parse(data); err != nil {
			return nil, usageError("%s: %w", file, err)
		}
	}
	for _, pair := range set {
		k, v, ok := strings.Cut(pair, "=")
		if !ok || k == "" {
			return nil, usageError("%s: %q is not KEY=VALUE", flag, pair)
		}
		e.Values = append(slices.DeleteFunc(e.Values, func(x vars.Variable) bool { return x.Key == k }), vars.Variable{Key: k, Value: v})
	}
	return e, nil
}

// addReporters opens what the run is reported to; closing it reports the end.
func (o *collectionRun) addReporters(env Env, opt *run.Options) (func() error, error) {
	var closers []func() error
	for _, name := range o.reporters {
		switch strings.TrimSpace(name) {
		case "cli":
			if o.silent {
				continue
			}
			opt.Reporters = append(opt.Reporters, report.NewCLI(env.Stdout, report.CLIOptions{Color: env.Color() && !o.noColor}))
		case "json":
			if err := os.MkdirAll(filepath.Dir(o.jsonExport), 0o750); err != nil {
				return nil, usageError("--reporter-json-export: %w", err)
			}
			f, err := os.Create(o.jsonExport)
			if err != nil {
				return nil, usageError("--reporter-json-export: %w", err)
			}
			j := report.NewJSON(f)
			opt.Reporters = append(opt.Reporters, j)
			closers = append(closers, j.Close, f.Close)
		default:
			return nil, usageError("--reporters: %q is not one of cli, json", name)
		}
	}
	return func() error {
		errs := make([]error, 0, len(closers))
		for _, c := range closers {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}, nil
}
