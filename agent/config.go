package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/http/httpproxy"

	"github.com/picket-api/picket/api/client"
	"github.com/picket-api/picket/postman/run"
	"github.com/picket-api/picket/postman/script"
)

const (
	// DefaultCapacity is how many runs an instance takes at the same time.
	DefaultCapacity = 4
	// DefaultDrainTimeout is how long runs may go on after a stop was asked for.
	DefaultDrainTimeout = 30 * time.Second
)

// Config is what an instance needs. Control.Server, RunnerID and Key are
// required, all else has a default.
type Config struct {
	Control  client.Options // how to reach the control plane; credentials in it are ignored
	RunnerID string
	Key      string

	Version  string // of this program
	HostName string // default: the system's
	UniqueID string // of the machine or container; default: derived from the system's machine id

	Capacity     int           // runs at the same time; default DefaultCapacity
	DrainTimeout time.Duration // default DefaultDrainTimeout
	SpoolDir     string        // results that aren't delivered yet; default: in the user's cache folder
	CacheDir     string        // collections; default: in the user's cache folder

	AllowLoopback bool              // let collections reach this machine
	Proxies       *httpproxy.Config // for the collections' requests; default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY
	Executor      Executor          // default: the collection engine
	// Sandbox makes what runs the scripts of one run of a workspace; default: the
	// engine of package script, in this process.
	Sandbox func(workspace string) (script.Sandbox, error)

	Log     *slog.Logger // default: none
	OnReady func(Ready)  // called once, when the control plane accepted the instance
}

// Ready says what an instance is, once it is connected.
type Ready struct {
	RunnerName string
	Server     string
	Instance   string
	Capacity   int
	Spooled    int // results of an earlier process that are being delivered
}

func (r Ready) String() string {
	runs := "1 run"
	if r.Capacity != 1 {
		runs = fmt.Sprintf("%d runs", r.Capacity)
	}
	text := fmt.Sprintf("Runner %q is connected to %s as instance %s and takes %s at the same time.", r.RunnerName, r.Server, r.Instance, runs)
	switch {
	case r.Spooled == 1:
		text += " Delivering a result of an earlier start."
	case r.Spooled > 1:
		text += fmt.Sprintf(" Delivering %d results of an earlier start.", r.Spooled)
	}
	return text
}

// withDefaults checks the configuration and fills in what is left out.
func (c Config) withDefaults() (Config, error) {
	id, err := uuid.Parse(c.RunnerID)
	if err != nil {
		return c, fmt.Errorf("runner id %q is no UUID", c.RunnerID)
	}
	c.RunnerID = id.String()
	if c.Key = strings.TrimSpace(c.Key); c.Key == "" {
		return c, errors.New("the runner's key is missing")
	}
	if c.Capacity == 0 {
		c.Capacity = DefaultCapacity
	}
	if c.Capacity < 1 || c.Capacity > 1000 {
		return c, fmt.Errorf("capacity %d is not between 1 and 1000", c.Capacity)
	}
	if c.DrainTimeout <= 0 {
		c.DrainTimeout = DefaultDrainTimeout
	}
	if c.Sandbox == nil {
		scripts := run.Scripts(script.Options{})
		c.Sandbox = func(string) (script.Sandbox, error) { return scripts() }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Proxies == nil {
		c.Proxies = httpproxy.FromEnvironment()
	}
	if c.HostName == "" {
		if c.HostName, err = os.Hostname(); err != nil {
			c.HostName = "unknown"
		}
	}
	if c.UniqueID == "" {
		c.UniqueID = machineID(c.HostName)
	}
	if c.Control.UserAgent == "" {
		c.Control.UserAgent = fmt.Sprintf("picket-runner/%s (%s; %s)", c.Version, runtime.GOOS, runtime.GOARCH)
	}
	return c.withFolders()
}

func (c Config) withFolders() (Config, error) {
	if c.SpoolDir != "" && c.CacheDir != "" {
		return c, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil && c.SpoolDir == "" {
		return c, fmt.Errorf("no folder for results that wait for delivery (--spool DIR names one): %w", err)
	}
	if c.SpoolDir == "" {
		c.SpoolDir = filepath.Join(cache, "picket", "runner-"+c.RunnerID, "spool")
	}
	if c.CacheDir == "" && err == nil {
		c.CacheDir = filepath.Join(cache, "picket", "runner-"+c.RunnerID, "blobs")
	}
	return c, nil
}

// machineID tells machines with the same host name apart without showing the
// system's own id, which its manual asks to keep to oneself.
func machineID(fallback string) string {
	id := fallback
	for _, file := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		if text, err := os.ReadFile(file); err == nil && len(strings.TrimSpace(string(text))) > 0 {
			id = strings.TrimSpace(string(text))
			break
		}
	}
	sum := sha256.Sum256([]byte("picket-runner\x00" + id))
	return hex.EncodeToString(sum[:16])
}
