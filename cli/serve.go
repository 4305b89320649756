package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/picket-api/picket"
)

func newServe(env Env) *cobra.Command {
	var c picket.Config
	var l logFlags
	var proxies []string
	cmd := &cobra.Command{
		Use: "serve", Short: "Start the control plane", Args: exactly(),
		Long: `Start the control plane: API, schedule and results, on an embedded SQLite.

At the first start it prints an API key, once. To choose the key yourself, set
PICKET_BOOTSTRAP_API_KEY.

` + exitCodes,
		Example: `  picket serve --data /var/lib/picket
  picket serve --addr 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --public-url https://picket.example.com:8443
  PICKET_BOOTSTRAP_API_KEY=… picket serve --addr 127.0.0.1:8080 --data ./data`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if c.Log, err = l.logger(env.Stderr); err != nil {
				return err
			}
			for _, p := range proxies {
				prefix, err := parsePrefix(p)
				if err != nil {
					return usageError("--trusted-proxies: %q is not an address or a network such as 10.0.0.0/8", p)
				}
				c.TrustedProxies = append(c.TrustedProxies, prefix)
			}
			c.BootstrapAPIKey, c.Version = env.Getenv("PICKET_BOOTSTRAP_API_KEY"), Version()
			return serve(cmd, env, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "HOST:PORT to listen on")
	f.StringVar(&c.Data, "data", "picket-data", "folder for everything that is kept")
	f.StringVar(&c.PublicURL, "public-url", "", "how runners and people reach the control plane (default: http(s)://ADDR)")
	f.StringVar(&c.TLSCert, "tls-cert", "", "PEM file with the certificate chain; read again when it changes")
	f.StringVar(&c.TLSKey, "tls-key", "", "PEM file with its private key")
	f.BoolVar(&c.InsecureHTTP, "insecure-http", false, "allow plain HTTP on an address that is not loopback, for a proxy in front")
	f.StringSliceVar(&proxies, "trusted-proxies", nil, "addresses or networks of proxies whose X-Forwarded-For is believed")
	f.DurationVar(&c.Lease, "lease", 15*time.Second, "a runner instance that is silent for so long has lost its runs")
	l.flags(f)
	return cmd
}

func serve(cmd *cobra.Command, env Env, c picket.Config) error {
	ctx, again, stop := env.Signals(cmd.Context())
	defer stop()
	if err := c.Validate(); err != nil {
		return &exit{ExitUsage, err}
	}
	app, err := picket.New(ctx, c)
	if err != nil {
		return serverError(err)
	}
	fmt.Fprintf(env.Stdout, "Picket %s listens on %s, data in %s\n", Version(), app.URL(), c.Data)
	if app.FirstKey != "" {
		fmt.Fprintf(env.Stdout, "API key, shown this once: %s\n", app.FirstKey)
		app.FirstKey = ""
	}
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	select {
	case err = <-done:
	case <-again: // a second signal: don't wait
		return &exit{ExitServer, errors.New("stopped without waiting for what was under way")}
	}
	return serverError(errors.Join(err, app.Close()))
}

func parsePrefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Prefix(a.BitLen())
}
