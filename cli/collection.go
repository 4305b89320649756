package cli

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

func newCollection(env Env) *cobra.Command {
	return group("collection", "Run Postman collections on this machine", newCollectionRun(env))
}

type collectionRun struct {
	getenv    func(string) string
	sandboxes func() (script.Sandbox, error)

	environment, globals, data, cookieJar string
	envVars, globalVars, secretEnv        []string
	iterations, parallel                  int
	folders, order                        []string
	bail, sandbox, workingDir             string
	delay, timeout, request, script       int
	insecure, ignoreRedirects, insideOnly bool
	suppress, compat                      bool
	tls                                   tlsFlags
	reports                               reportFlags
	exportEnvironment, exportGlobals      string
	exportCookieJar                       string
	isolation                             isolation
}

func newCollectionRun(env Env) *cobra.Command {
	o := collectionRun{getenv: env.Getenv}
	cmd := &cobra.Command{
		Use: "run FILE|URL...", Short: "Run collections with the engine of the runners",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("%s takes the FILE or URL of a collection, or of several\nTry: %[1]s --help", cmd.CommandPath())
			}
			return nil
		},
		Long: `Run Postman collections with the engine that runners use, so that what passes here
passes in a monitor. Options have the names that newman and Postman CLI give them.

Several collections run one after the other; each begins with the environment as
its file has it. Values of the type secret, and those of --secret-env, stand in no
report.

Exit codes: 0 all passed, 1 something failed, 2 wrong usage or an unreadable file,
3 a URL could not be read.`,
		Example: `  picket collection run orders.json -e staging.json
  picket collection run orders.json -d rows.csv --folder "Smoke tests" --bail
  picket collection run orders.json -d rows.csv --parallel 4 --secret-env API_TOKEN
  picket collection run orders.json -r cli,json --reporter-json-export report.json
  picket collection run smoke.json https://files.example.com/orders.json -e staging.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), env, args) },
	}
	f := cmd.Flags()
	o.inputFlags(f)
	o.limitFlags(f)
	o.tls.flags(f)
	o.reports.flags(f)
	f.StringVar(&o.exportEnvironment, "export-environment", "", "write the environment as the run left it to this file, secrets included")
	f.StringVar(&o.exportGlobals, "export-globals", "", "write the globals as the run left them to this file")
	f.StringVar(&o.exportCookieJar, "export-cookie-jar", "", "write the cookies as the run left them to this file")
	f.BoolVarP(&o.suppress, "suppress-exit-code", "x", false, "exit with 0 whatever fails")
	return cmd
}

func (o *collectionRun) inputFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.environment, "environment", "e", "", "environment: file or URL")
	f.StringVarP(&o.globals, "globals", "g", "", "globals: file or URL")
	f.StringVarP(&o.data, "iteration-data", "d", "", "data, CSV or JSON: one iteration a row")
	f.IntVarP(&o.iterations, "iteration-count", "n", 0, "number of iterations (default: one, or one a row)")
	f.IntVar(&o.parallel, "parallel", 1, "iterations at the same time; each then starts with the variables and cookies of the beginning")
	f.StringArrayVar(&o.folders, "folder", nil, "run only this folder or request (name or id); may be repeated")
	f.StringArrayVarP(&o.order, "item", "i", nil, "run this folder or request (name or id), in the order given; may be repeated")
	f.StringArrayVar(&o.envVars, "env-var", nil, "set an environment variable: KEY=VALUE; may be repeated")
	f.StringArrayVar(&o.globalVars, "global-var", nil, "set a global variable: KEY=VALUE; may be repeated")
	f.StringArrayVar(&o.secretEnv, "secret-env", nil, "take the secret NAME from this process's environment into the run's, or NAME=VALUE; may be repeated")
	f.StringVar(&o.cookieJar, "cookie-jar", "", "cookies to start with: a file that newman or --export-cookie-jar wrote")
	f.StringVar(&o.workingDir, "working-dir", "", "folder of the files that bodies name (default: the current one)")
	f.BoolVar(&o.insideOnly, "no-insecure-file-read", false, "refuse files outside of the working directory")
}

func (o *collectionRun) limitFlags(f *pflag.FlagSet) {
	f.StringVar(&o.bail, "bail", "", "stop at the first failure")
	f.Lookup("bail").NoOptDefVal = "failure"
	f.StringVar(&o.sandbox, "sandbox", "newman", "rules for scripts: newman (as newman 6) or postman (as the app and runners: await at the top)")
	o.isolation.flag(f, notIsolated)
	f.BoolVar(&o.compat, "script-compat", false, compatUsage)
	f.IntVar(&o.delay, "delay-request", 0, "wait before each request, in milliseconds")
	f.IntVar(&o.timeout, "timeout", 0, "time limit of the whole run, in milliseconds")
	f.IntVar(&o.request, "timeout-request", 0, "time limit of a request with its redirects, in milliseconds")
	f.IntVar(&o.script, "timeout-script", 0, "time limit of a script, in milliseconds")
	f.BoolVarP(&o.insecure, "insecure", "k", false, "accept any certificate")
	f.BoolVar(&o.ignoreRedirects, "ignore-redirects", false, "don't follow redirects")
}

// run runs the collections in turn. What is wrong with the command line or a file
// is found before the first one starts.
func (o *collectionRun) run(ctx context.Context, env Env, from []string) error {
	ctx, _, stop := env.Signals(ctx)
	defer stop()
	collections := make([]*postman.Collection, len(from))
	for i, at := range from {
		data, err := document(ctx, at)
		if err != nil {
			return err
		}
		if collections[i], err = postman.ParseCollection(data); err != nil {
			return usageError("%s: %w", at, err)
		}
	}
	if o.sandbox != "newman" && o.sandbox != "postman" {
		return usageError("--sandbox: must be newman or postman")
	}
	open, end, err := o.isolation.sandboxes(env, max(o.parallel, 1), script.Options{Newman: o.sandbox == "newman", Compat: o.compat})
	if err != nil {
		return err
	}
	defer end()
	o.sandboxes = func() (script.Sandbox, error) { return open("") }
	failed := false
	for i, c := range collections {
		number := 0
		if len(collections) > 1 {
			number = i + 1
		}
		ok, err := o.one(ctx, env, c, number)
		if err != nil {
			return err
		}
		failed = failed || !ok
		if ctx.Err() != nil {
			break
		}
	}
	if failed && !o.suppress {
		return &exit{code: ExitFailed}
	}
	return nil
}

// one runs a collection. number tells it from others, from 1; 0 = it is alone.
func (o *collectionRun) one(ctx context.Context, env Env, c *postman.Collection, number int) (bool, error) {
	options, err := o.options(ctx, env)
	if err != nil {
		return false, err
	}
	closeReports, err := o.reports.open(env, number, &options, append(secrets(options.Environment, options.Globals), secrets(&postman.Environment{Values: c.Variables})...))
	if err != nil {
		return false, err
	}
	res, err := run.Run(ctx, c, options)
	err = errors.Join(err, closeReports())
	if res != nil {
		err = errors.Join(err, o.export(res, options.Jar, number))
	}
	if err != nil {
		return false, &exit{ExitFailed, err}
	}
	return res.OK(), nil
}

func (o *collectionRun) options(ctx context.Context, env Env) (run.Options, error) {
	opt := run.Options{
		Iterations: o.iterations, Parallel: o.parallel, Folders: o.folders, Order: o.order,
		Delay: millisecond(o.delay), Timeout: millisecond(o.timeout), RequestTimeout: millisecond(o.request), ScriptTimeout: millisecond(o.script),
		Insecure: o.insecure, IgnoreRedirects: o.ignoreRedirects,
		Proxy:   func(u *url.URL) (*url.URL, error) { return http.ProxyFromEnvironment(&http.Request{URL: u}) },
		Sandbox: o.sandboxes, Version: Version(),
	}
	for _, n := range []int{o.iterations, o.parallel, o.delay, o.timeout, o.request, o.script} {
		if n < 0 {
			return opt, usageError("counts and times can't be negative")
		}
	}
	if o.parallel > maxParallel {
		return opt, usageError("--parallel: at most %d", maxParallel)
	}
	switch o.bail {
	case "":
	case "failure", "folder":
		opt.Bail = run.BailOnFailure
	default:
		return opt, usageError("--bail: must be failure or folder")
	}
	root := o.workingDir
	if root == "" {
		var err error
		if root, err = env.WorkDir(); err != nil {
			return opt, &exit{ExitUsage, err}
		}
	}
	opt.Files = run.Dir{Root: root, Inside: o.insideOnly}
	if err := o.tls.apply(&opt); err != nil {
		return opt, err
	}
	return opt, o.readDocuments(ctx, &opt)
}

// maxParallel bounds memory: each iteration under way has a script engine.
const maxParallel = 64

func millisecond(n int) time.Duration { return time.Duration(n) * time.Millisecond }
