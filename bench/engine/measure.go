package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/picket-api/picket/postman"
	"github.com/picket-api/picket/postman/report"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/script/worker"
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

// measure runs a command to its end, which has to be a good one. CPU time and
// memory are those of the command with the processes that it starts.
func measure(ctx context.Context, name string, args ...string) (usage, error) {
	return measureIn(ctx, "", name, args...)
}

func measureIn(ctx context.Context, dir, name string, args ...string) (usage, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
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
	for round := 0; ; round++ {
		now := kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")
		if round%100 == 0 { // it takes a while
			for _, child := range children(pid) {
				now += kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", child), "Pss:")
			}
		}
		most = max(most, now)
		select {
		case <-ended:
			return most
		case <-tick.C:
		}
	}
}

// kilobytes reads a figure of /proc in bytes; 0 when it isn't there.
func kilobytes(file, label string) int64 {
	text, _ := os.ReadFile(file)
	_, after, _ := strings.Cut(string(text), label)
	var kb int64
	_, _ = fmt.Sscan(after, &kb)
	return kb << 10
}

func children(pid int) []int {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var all []int
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, f := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(f); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// concurrent measures runs at the same time in a process of their own; with
// workers that many processes more.
func (b *bench) concurrent(ctx context.Context, runs int, workers bool) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	args := []string{"-child", "-concurrent", fmt.Sprint(runs)}
	if workers {
		args = append(args, "-workers", b.picket)
	}
	return measure(ctx, self, append(args, b.url)...)
}

// concurrent is the child: a fresh script engine for each run, as in a runner.
func concurrent(ctx context.Context, runs int, workers string, args []string) error {
	sandbox := run.Scripts(script.Options{})
	if workers != "" {
		pool := worker.NewPool(worker.Options{Command: func() (*exec.Cmd, error) { return exec.CommandContext(ctx, workers, "script-worker"), nil }})
		defer pool.Close()
		sandbox = func() (script.Sandbox, error) { return pool.Sandbox("") }
	}
	c, err := postman.ParseCollection(collection(args[0], 20, 100))
	if err != nil {
		return err
	}
	errs := make([]error, runs)
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() {
			res, err := run.Run(ctx, c, run.Options{Sandbox: sandbox, Reporters: []run.Reporter{report.NewCLI(io.Discard, report.CLIOptions{})}})
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
