// Command engine compares Picket's collection engine with newman on the same
// local server in one run, and prints the table of docs/performance.md. Ratios
// are what counts: times depend on the machine.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	var b bench
	flag.StringVar(&b.picket, "picket", "bin/picket", "Picket's binary")
	flag.StringVar(&b.newman, "newman", "node_modules/newman/bin/newman.js", "newman's script, run by node")
	flag.StringVar(&b.bruno, "bruno", "", "script of Bruno's command line, run by node; none when empty")
	flag.IntVar(&b.rounds, "rounds", 5, "how often short cases run; the best counts")
	flag.IntVar(&b.iterations, "iterations", 200, "iterations of the long case")
	runs := flag.Int("concurrent", 200, "runs at the same time in one process")
	child := flag.Bool("child", false, "run the concurrent runs themselves (used by the benchmark)")
	workers := flag.String("workers", "", "with -child: run scripts in workers of this binary")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *child {
		err = concurrent(ctx, *runs, *workers, flag.Args())
	} else {
		err = b.run(ctx, *runs)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type bench struct {
	picket             string
	newman, bruno      string
	rounds, iterations int
	dir, url           string
}

// row is a case: the same work by newman and by Picket.
type row struct {
	name           string
	requests       int
	newman, picket usage
	isolated       usage // Picket with scripts in a worker
	bruno          usage
	brunoRequests  int // fewer than those of the others in the long case
}

func (b *bench) run(ctx context.Context, runs int) error {
	dir, err := os.MkdirTemp("", "picket-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // in the temporary folder
	server := httptest.NewServer(http.HandlerFunc(answer))
	defer server.Close()
	b.dir, b.url = dir, server.URL
	var rows []row
	for _, c := range []struct {
		name                             string
		requests, assertions, iterations int
		rounds                           int
	}{
		{"1 request, 3 assertions", 1, 3, 1, b.rounds},
		{"20 requests, 100 assertions", 20, 100, 1, b.rounds},
		{fmt.Sprintf("20 requests, 100 assertions, %d iterations", b.iterations), 20, 100, b.iterations, 1},
	} {
		file := filepath.Join(dir, fmt.Sprintf("c%d.json", c.requests))
		if err := os.WriteFile(file, collection(b.url, c.requests, c.assertions), 0o600); err != nil {
			return err
		}
		r := row{name: c.name, requests: c.requests * c.iterations}
		for range c.rounds { // in turns, so that both meet the same noise
			if err := b.pair(ctx, &r, file, c.iterations); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if err := b.runBruno(ctx, &r, c.requests, c.assertions, c.iterations); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		fmt.Fprintf(os.Stderr, "%s: done\n", c.name)
		rows = append(rows, r)
	}
	var side [2]usage
	for i := range side {
		var err error
		if side[i], err = b.concurrent(ctx, runs, i == 1); err != nil {
			return err
		}
	}
	limit, err := raw(ctx, b.url, 2*time.Second)
	if err != nil {
		return err
	}
	b.print(rows, side, runs, limit)
	return nil
}

// pair runs a case once with each, and keeps the better figures.
func (b *bench) pair(ctx context.Context, r *row, file string, iterations int) error {
	args := []string{
		file, "-n", fmt.Sprint(iterations), "-r", "cli,json", "--export-environment", filepath.Join(b.dir, "left.json"),
		"--reporter-json-export", filepath.Join(b.dir, "report.json"),
	}
	n, err := measure(ctx, "node", append([]string{b.newman, "run"}, args...)...)
	if err != nil {
		return err
	}
	p, err := measure(ctx, b.picket, append([]string{"collection", "run"}, args...)...)
	if err != nil {
		return err
	}
	i, err := measure(ctx, b.picket, append([]string{"collection", "run", "--isolation", "process"}, args...)...)
	if err != nil {
		return err
	}
	r.newman, r.picket, r.isolated = r.newman.better(n), r.picket.better(p), r.isolated.better(i)
	return nil
}

func (b *bench) print(rows []row, side [2]usage, runs int, limit float64) {
	fmt.Printf("%s/%s, %d cores, %s. Reporters cli and json, cookies, exported environment.\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	header := "| case | | newman | Picket | ratio | isolated | ratio |"
	if b.bruno != "" {
		header = "| case | | newman | Bruno | Picket | ratio | isolated | ratio |"
	}
	fmt.Println(header + "\n" + strings.Repeat("|---", strings.Count(header, "|")-1) + "|")
	for _, r := range rows {
		b.line(r, r.name, "start to exit", "%.3f s", func(u usage, _ int) float64 { return u.wall.Seconds() })
		b.line(r, "", "CPU per request", "%.2f ms", func(u usage, requests int) float64 { return ms(u.cpu, requests) })
		b.line(r, "", "requests/s", "%.0f", func(u usage, requests int) float64 { return rate(requests, u) })
		b.line(r, "", "memory", "%.0f MB", func(u usage, _ int) float64 { return u.mb() })
	}
	for i, how := range []string{"a script engine each", "a worker each"} {
		fmt.Printf("\n%d runs of 20 requests at the same time in one process, %s: %.2f ms CPU per request, %.0f requests/s, %.0f MB.\n",
			runs, how, ms(side[i].cpu, runs*20), rate(runs*20, side[i]), side[i].mb())
	}
	fmt.Printf("The limit: Go's HTTP client alone, one connection, does %.0f requests/s against the same server.\n", limit)
}

// line prints a figure of all; the ratios are newman's to Picket's, or the other
// way round where more is better.
func (b *bench) line(r row, name, what, format string, figure func(u usage, requests int) float64) {
	fmt.Printf("| %s | %s | "+format+" |", name, what, figure(r.newman, r.requests))
	switch {
	case b.bruno == "":
	case what == "start to exit" && r.requests != r.brunoRequests:
		fmt.Print(" – |")
	default:
		fmt.Printf(" "+format+" |", figure(r.bruno, r.brunoRequests))
	}
	for _, ours := range []usage{r.picket, r.isolated} {
		ratio := figure(r.newman, r.requests) / figure(ours, r.requests)
		if what == "requests/s" {
			ratio = 1 / ratio
		}
		fmt.Printf(" "+format+" | %.1f × |", figure(ours, r.requests), ratio)
	}
	fmt.Println()
}

func ms(d time.Duration, n int) float64  { return float64(d.Microseconds()) / 1000 / float64(n) }
func rate(requests int, u usage) float64 { return float64(requests) / u.wall.Seconds() }
func answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Set-Cookie", "session=s-"+r.URL.Query().Get("n")+"; Path=/")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"path": r.URL.Path, "items": []map[string]any{{"id": 1, "name": "one"}, {"id": 2, "name": "two"}}, "token": "t-" + r.URL.Query().Get("n"),
	})
}

// collection is one whose requests chain a variable and have scripts of both kinds.
func collection(url string, requests, assertions int) []byte {
	items := make([]string, 0, requests)
	for i := range requests {
		tests := make([]string, 0, 2+assertions/requests)
		tests = append(tests, "const body = pm.response.json();", "pm.environment.set('token', body.token);")
		for k := range assertions / requests {
			tests = append(tests, fmt.Sprintf("pm.test('%d', () => { %s });", k, []string{
				"pm.response.to.have.status(200)", "pm.expect(body.items).to.be.an('array').that.has.lengthOf(2)",
				"pm.expect(body.path).to.include('/orders')", "pm.expect(body.items[0]).to.have.property('name', 'one')",
				"pm.response.to.have.header('content-type')",
			}[k%5]))
		}
		items = append(items, fmt.Sprintf(`{"name":"request %d","request":{"method":"GET","url":"%s/orders/%d?n=%d","header":[{"key":"X-Token","value":"{{token}}"}]},
			"event":[{"listen":"prerequest","script":{"exec":["pm.environment.set('n', %d)"]}},{"listen":"test","script":{"exec":[%s]}}]}`,
			i, url, i, i, i, quoted(tests)))
	}
	return fmt.Appendf(nil, `{"info":{"name":"bench","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},"item":[%s]}`, strings.Join(items, ","))
}

func quoted(lines []string) string {
	list := slices.Clone(lines)
	for i, l := range list {
		list[i] = fmt.Sprintf("%q", l)
	}
	return strings.Join(list, ",")
}
