package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/picket-api/picket/postman/cookies"
	"github.com/picket-api/picket/postman/redact"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
)

// reportFlags choose what a run is reported to.
type reportFlags struct {
	names                    []string
	exports                  map[string]*string // files, by reporter
	color                    string
	silent, noColor, verbose bool
	cli                      report.CLIOptions
}

// fileReporter is a reporter that writes a document.
type fileReporter interface {
	run.Reporter
	Close() error
}

// fileReporters are those that write to a file, by their names.
var fileReporters = map[string]struct {
	file string // where it writes if nothing is said
	make func(io.Writer) fileReporter
}{
	"html":   {"picket-run.html", func(w io.Writer) fileReporter { return report.NewHTML(w, report.HTMLOptions{Version: Version()}) }},
	"json":   {"picket-run.json", func(w io.Writer) fileReporter { return report.NewJSON(w) }},
	"junit":  {"picket-run.xml", func(w io.Writer) fileReporter { return report.NewJUnit(w, report.JUnitOptions{}) }},
	"ndjson": {"-", func(w io.Writer) fileReporter { return report.NewNDJSON(w) }},
}

func reporterNames() string {
	return strings.Join(append([]string{"cli"}, slices.Sorted(maps.Keys(fileReporters))...), ", ")
}

func (r *reportFlags) flags(f *pflag.FlagSet) {
	f.StringSliceVarP(&r.names, "reporters", "r", []string{"cli"}, "what to report: "+reporterNames())
	r.exports = map[string]*string{}
	for name, reporter := range fileReporters {
		r.exports[name] = f.String("reporter-"+name+"-export", reporter.file, "file of the "+name+" reporter; - is standard output")
	}
	f.StringVar(&r.color, "color", "auto", "colour the output: auto, on or off")
	for name, option := range map[string]struct {
		to    *bool
		about string
	}{
		"disable-unicode":                    {&r.cli.ASCII, "print plain characters for arrows, ticks and frames"},
		"reporter-cli-show-timestamps":       {&r.cli.Timestamps, "cli: print the time of each request and assertion"},
		"reporter-cli-no-banner":             {&r.cli.NoBanner, "cli: no first line"},
		"reporter-cli-no-summary":            {&r.cli.NoSummary, "cli: no table at the end"},
		"reporter-cli-no-failures":           {&r.cli.NoFailures, "cli: no list of failures at the end"},
		"reporter-cli-no-assertions":         {&r.cli.NoAssertions, "cli: no assertions as they happen"},
		"reporter-cli-no-success-assertions": {&r.cli.NoSuccessAssertions, "cli: no assertions that passed"},
		"reporter-cli-no-console":            {&r.cli.NoConsole, "cli: nothing of what scripts log"},
		"reporter-cli-silent":                {&r.silent, "cli: print nothing"},
	} {
		f.BoolVar(option.to, name, false, option.about)
	}
	f.BoolVar(&r.verbose, "verbose", false, "print headers, bodies and timings of each request")
	f.BoolVar(&r.silent, "silent", false, "print nothing")
	f.BoolVar(&r.noColor, "no-color", false, "don't colour the output")
	_ = f.MarkHidden("no-color") // an older name for --color off
}

// open adds the reporters to a run's options; what it returns reports the end.
func (r *reportFlags) open(env Env, number int, opt *run.Options, secrets []string) (func() error, error) {
	var reporters []run.Reporter
	var closers []func() error
	for _, name := range r.names {
		name = strings.TrimSpace(name)
		if name == "cli" {
			color, err := r.colored(env)
			if err != nil {
				return nil, err
			}
			if !r.silent {
				r.cli.Color, r.cli.Verbose = color, r.verbose
				if env.TTY && env.Getenv("TERM") != "dumb" && env.Columns != nil {
					r.cli.Progress = env.Columns()
				}
				reporters = append(reporters, report.NewCLI(env.Stdout, r.cli))
			}
			continue
		}
		kind, ok := fileReporters[name]
		if !ok {
			return nil, usageError("--reporters: %q is not one of %s", name, reporterNames())
		}
		w, err := create(env, numbered(*r.exports[name], number))
		if err != nil {
			return nil, usageError("--reporter-%s-export: %w", name, err)
		}
		reporter := kind.make(w)
		reporters = append(reporters, reporter)
		closers = append(closers, reporter.Close, w.Close)
	}
	if len(secrets) > 0 {
		reporters = []run.Reporter{report.Redact(redact.New(secrets...), reporters...)}
	}
	opt.Reporters = reporters
	return func() error {
		errs := make([]error, 0, len(closers))
		for _, c := range closers {
			errs = append(errs, c())
		}
		return errors.Join(errs...)
	}, nil
}

func (r *reportFlags) colored(env Env) (bool, error) {
	switch {
	case r.noColor || r.color == "off":
		return false, nil
	case r.color == "on":
		return true, nil
	case r.color == "auto":
		return env.Color(), nil
	}
	return false, usageError("--color: must be auto, on or off")
}

// create opens a file to write a report to, and makes its folder.
func create(env Env, path string) (io.WriteCloser, error) {
	if path == "-" {
		return unclosed{env.Stdout}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	return os.Create(path)
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }

// numbered puts a collection's number before the extension: run-2.json.
func numbered(path string, number int) string {
	if number == 0 || path == "-" {
		return path
	}
	extension := filepath.Ext(path)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(path, extension), number, extension)
}

// export writes what the run left.
func (o *collectionRun) export(res *run.Result, jar *cookies.Jar, number int) error {
	about := report.ExportOptions{Version: Version(), At: time.Now()}
	return errors.Join(
		writePrivate(o.exportEnvironment, "--export-environment", number, func(w io.Writer) error { return report.ExportEnvironment(w, res.Environment, about) }),
		writePrivate(o.exportGlobals, "--export-globals", number, func(w io.Writer) error { return report.ExportGlobals(w, res.Globals, about) }),
		writePrivate(o.exportCookieJar, "--export-cookie-jar", number, func(w io.Writer) error {
			data, err := jar.File()
			if err == nil {
				_, err = w.Write(data)
			}
			return err
		}),
	)
}

// writePrivate writes a file that may hold secrets; nothing when path is empty.
func writePrivate(path, flag string, number int, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	path = numbered(path, number)
	err := os.MkdirAll(filepath.Dir(path), 0o750)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
