package picket

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"time"
)

// Config is how a control plane runs. The zero value of what is optional stands
// for its default.
type Config struct {
	Addr  string // HOST:PORT to listen on; port 0 picks a free one
	Data  string // folder of events.db, ops.db, views.db and blobs/
	Store string // "" is SQLite in Data

	BootstrapAPIKey string         // an API key that exists from the start
	PublicURL       string         // how runners reach the control plane; default http(s)://Addr
	TLSCert, TLSKey string         // PEM files, read again when they change
	InsecureHTTP    bool           // allow plain HTTP on an address that is not loopback
	TrustedProxies  []netip.Prefix // whose X-Forwarded-For is believed

	Lease     time.Duration // an instance that is silent for so long has lost its runs; default 15 s
	Heartbeat time.Duration // default a third of Lease
	Poll      time.Duration // how long a claim waits for work; default 25 s

	Version string
	Now     func() time.Time
	Log     *slog.Logger
}

// Bounds of the settings that a person can get wrong.
const (
	minBootstrapKey = 8
	minLease        = time.Second
)

// Validate says which setting is wrong and how to mend it.
func (c *Config) Validate() error {
	var errs []error
	host, _, err := net.SplitHostPort(c.Addr)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("--addr: %w; write HOST:PORT, such as 127.0.0.1:8080", err))
	case c.TLSCert == "" && !c.InsecureHTTP && !isLoopback(host):
		errs = append(errs, fmt.Errorf("--addr: plain HTTP on %q would send keys in the clear; give --tls-cert and --tls-key, or --insecure-http if a proxy in front does TLS", c.Addr))
	}
	if c.Data == "" {
		errs = append(errs, errors.New("--data: is required"))
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		errs = append(errs, errors.New("--tls-cert and --tls-key go together"))
	}
	if n := len(c.BootstrapAPIKey); n > 0 && n < minBootstrapKey {
		errs = append(errs, fmt.Errorf("PICKET_BOOTSTRAP_API_KEY: has %d characters; use at least %d, better 32 random ones", n, minBootstrapKey))
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, errors.New("--public-url: must be like https://picket.example.com"))
		}
	}
	if c.Lease != 0 && c.Lease < minLease {
		errs = append(errs, fmt.Errorf("--lease: must be at least %s", minLease))
	}
	return errors.Join(errs...)
}

func (c *Config) setDefaults() {
	if c.Lease == 0 {
		c.Lease = 15 * time.Second
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = c.Lease / 3
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
