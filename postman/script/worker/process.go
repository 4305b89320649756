package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// openTime is how long a worker may take to get ready.
const openTime = 20 * time.Second

// process is a worker as its parent sees it.
type process struct {
	*link
	cmd    *exec.Cmd
	pipes  [2]*os.File // to its stdin, from its stdout
	stderr tail
	ended  chan struct{} // closed when it is gone and waited for
	state  string        // how it ended
	runs   int           // that it served
}

// start starts a worker. The command has a program, arguments and, at most, an
// environment.
func start(cmd *exec.Cmd) (*process, error) {
	path, err := filepath.Abs(cmd.Path)
	if err != nil {
		return nil, err
	}
	cmd.Path = path // from here, not from the worker's folder
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, theirIn.Close(), in.Close())
	}
	p := &process{link: newLink(out, in), cmd: cmd, pipes: [2]*os.File{in, out}, ended: make(chan struct{})}
	cmd.Dir = "/"
	if cmd.Env == nil {
		cmd.Env = []string{} // nil would be all of this process's
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirIn, theirOut, &p.stderr
	err = cmd.Start()
	_, _ = theirIn.Close(), theirOut.Close() // the worker has them
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}
	go p.wait()
	return p, nil
}

func (p *process) wait() {
	p.state = "exit status 0"
	if err := p.cmd.Wait(); err != nil {
		p.state = err.Error()
	}
	close(p.ended)
}

// end kills the worker, waits for its end and frees what belongs to it.
func (p *process) end() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.ended
	_, _ = p.pipes[0].Close(), p.pipes[1].Close() // it may have been ended before
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// open gets a sandbox ready in the worker; when that fails the worker is ended.
func (p *process) open(o openOrder) error {
	late := time.AfterFunc(openTime, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	var n notice
	err := p.write(order{Open: &o}, nil)
	if err == nil {
		_, err = p.read(&n)
	}
	switch {
	case err != nil:
		p.end()
		return errors.New(p.death())
	case n.Ready == nil:
		p.end()
		return errors.New("the worker speaks out of turn")
	case n.Ready.Error != "":
		p.end()
		return errors.New(n.Ready.Error)
	}
	return nil
}

// death says how the worker ended, after its end.
func (p *process) death() string {
	text := fmt.Sprintf("the script's process ended (%s)", p.state)
	if line := p.stderr.first(); line != "" {
		text += ": " + line
	}
	return text
}

// tail keeps the beginning of what a worker wrote to stderr: the Go runtime's last
// words stand in the first line.
type tail struct {
	mu   sync.Mutex
	data []byte
}

const maxLastWords = 300

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, b[:min(len(b), maxLastWords-len(t.data))]...)
	return len(b), nil
}

func (t *tail) first() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	line, _, _ := bytes.Cut(t.data, []byte("\n"))
	return strings.ToValidUTF8(strings.TrimSpace(string(line)), "")
}
