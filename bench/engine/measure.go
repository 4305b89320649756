package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

// usage is what a process took.
type usage struct {
	wall, cpu time.Duration
	memory    int64 // most resident bytes
}

func (u usage) mb() float64 { return float64(u.memory) / 1e6 }

// better keeps the smaller figures; a usage of nothing is no figure.
func (u usage) better(o usage) usage {
	if u.wall == 0 {
		return o
	}
	return usage{min(u.wall, o.wall), min(u.cpu, o.cpu), min(u.memory, o.memory)}
}

// measure runs a command to its end, which has to be a good one.
func measure(ctx context.Context, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	var u usage
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { u.memory = peak(cmd.Process.Pid, ended) })
	err := cmd.Wait()
	u.wall = time.Since(start)
	close(ended)
	watch.Wait()
	if err != nil {
		return usage{}, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	u.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return u, nil
}

// peak reads the most resident memory of a process while it lives. What wait4
// tells is no use: it counts the memory of the parent at the fork.
func peak(pid int, ended <-chan struct{}) int64 {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	var most int64
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, after, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kb int64
			if _, err := fmt.Sscan(after, &kb); err == nil {
				most = max(most, kb<<10)
			}
		}
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
	}
}

// concurrent measures runs at the same time in a process of their own.
func (b *bench) concurrent(ctx context.Context, runs int) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	return measure(ctx, self, "-child", "-concurrent", fmt.Sprint(runs), b.url)
}

// concurrent is the child: a fresh script engine for each run, as in a runner.
func concurrent(ctx context.Context, runs int, args []string) error {
	c, err := postman.ParseCollection(collection(args[0], 20, 100))
	if err != nil {
		return err
	}
	errs := make([]error, runs)
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() {
			res, err := run.Run(ctx, c, run.Options{Sandbox: run.Scripts(script.Options{}), Reporters: []run.Reporter{report.NewCLI(io.Discard, report.CLIOptions{})}})
			if err == nil && !res.OK() {
				err = fmt.Errorf("a run ended with %s", res.Outcome)
			}
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// raw is how many requests a second Go's client does, one after the other.
func raw(ctx context.Context, url string, long time.Duration) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	n, start := 0, time.Now()
	for ctx.Err() == nil {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/orders?n=1", http.NoBody)
		if err != nil {
			return 0, err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		n++
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
