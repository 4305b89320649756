package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/script"
	"github.com/picket-api/picket/postman/script/worker"
	"github.com/picket-api/picket/postman/vars"
)

// A worker whose engine was broken out of is somebody else's program: it may say
// anything. The parent stays unharmed, bounded and honest.
const role = "hostile-worker"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == role {
		speak(os.Args[2])
		return
	}
	os.Exit(m.Run())
}

func frame(size, body uint32, message string) string {
	head := []byte{byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size), byte(body >> 24), byte(body >> 16), byte(body >> 8), byte(body)}
	return string(head) + message
}

func told(message string) string { return frame(uint32(len(message)), 0, message) }

// lies are what the worker says when it is given a script.
var lies = map[string]string{
	"nothing, and ends":         "",
	"half a frame":              "\x00\x00",
	"no JSON":                   told("{"),
	"another type":              told(`{"done":5}`),
	"an empty notice":           told(`{}`),
	"a huge message":            frame(1<<31, 0, "x"),
	"a huge body":               frame(2, 1<<31, "{}"),
	"less than announced":       frame(1000, 0, "{}"),
	"a scope that is not":       told(`{"done":{},"changes":[{"s":9,"o":"set","k":"a","v":[1]}]}`),
	"a scope below zero":        told(`{"done":{},"changes":[{"s":-1,"o":"set","k":"a","v":[1]}]}`),
	"a value that is none":      told(`{"done":{},"changes":[{"s":0,"o":"set","k":"a","v":{"x":1}}]}`),
	"a call of nothing":         told(`{"call":{"id":1,"method":"Exec"}}`),
	"a cookie that is not":      told(`{"call":{"id":1,"method":"SetCookie"}}`),
	"an answer out of the blue": told(`{"cancel":77}`),
	"ready again":               told(`{"ready":{}}`),
}

func speak(lie string) {
	in := make([]byte, 1<<16)
	for i := range 2 { // opened, then given a script
		if _, err := os.Stdin.Read(in); err != nil {
			return
		}
		if i == 0 {
			_, _ = io.WriteString(os.Stdout, told(`{"ready":{}}`))
		}
	}
	_, _ = io.WriteString(os.Stdout, lies[lie])
	if lie == "an answer out of the blue" {
		_, _ = io.WriteString(os.Stdout, told(`{"done":{}}`))
	}
}

type noHost struct{}

func (noHost) Send(context.Context, json.RawMessage) (script.Response, error) {
	return script.Response{}, nil
}
func (noHost) Cookies(string) []script.Cookie        { return nil }
func (noHost) SetCookie(string, script.Cookie) error { return nil }
func (noHost) DeleteCookie(string, string) error     { return nil }

func TestLyingWorkers(t *testing.T) {
	t.Parallel()
	for lie := range lies {
		t.Run(lie, func(t *testing.T) {
			t.Parallel()
			p := worker.NewPool(worker.Options{Idle: 1, Command: func() (*exec.Cmd, error) {
				return exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], role, lie), nil
			}})
			defer p.Close()
			s, err := p.Sandbox("w")
			require.NoError(t, err)
			defer s.Close()
			scope := vars.NewScope("e", vars.Variable{Key: "k", Value: "v"})
			in := script.Input{Phase: script.Test, Source: "1", Host: noHost{}, Scopes: script.Scopes{Globals: scope, Environment: scope, Collection: scope, Data: scope, Local: scope}, Timeout: 10 * time.Second}
			start := time.Now()
			out := s.Run(t.Context(), in)
			require.Less(t, time.Since(start), 9*time.Second)
			if lie == "an answer out of the blue" {
				require.False(t, out.Fatal)
				return
			}
			require.True(t, out.Fatal)
			require.NotNil(t, out.Error)
			require.True(t, strings.HasPrefix(out.Error.Message, "the script's process "), out.Error.Message)
			require.Equal(t, "[{k v  false}]", fmt.Sprint(scope.All()))
			require.True(t, s.Run(t.Context(), in).Fatal)
		})
	}
}
