package agent_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http/httpproxy"

	"github.com/picket-api/picket/agent"
)

// TestProxyOfTheOperator has a proxy on loopback: it may be used, but neither be
// asked for itself nor for what the guard refuses.
func TestProxyOfTheOperator(t *testing.T) {
	t.Parallel()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "by proxy: "+r.URL.String())
	}))
	t.Cleanup(proxy.Close)
	transport := agent.Transport(&agent.Guard{}, &httpproxy.Config{HTTPProxy: strings.TrimPrefix(proxy.URL, "http://"), NoProxy: "direct.example.com,169.254.0.0/16"})
	t.Cleanup(transport.CloseIdleConnections)
	c := &http.Client{Transport: transport}

	resp, err := c.Get("http://orders.internal/x")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "by proxy: http://orders.internal/x", string(body))

	for target, rule := range map[string]string{
		proxy.URL:                           "the runner's own proxy",
		"http://2130706433/":                "loopback",
		"http://localhost:1/":               "loopback",
		"http://127.0.0.1:1/":               "loopback",
		"http://metadata.google.internal/x": "cloud metadata",
		"http://169.254.169.254/latest":     "cloud metadata",
		"http://[fd00:ec2::254]/latest":     "cloud metadata",
	} {
		resp, err := c.Get(target)
		if err == nil {
			_ = resp.Body.Close()
		}
		requireRule(t, rule, err, target)
	}
}

func TestProxyIsToldAtStart(t *testing.T) {
	t.Parallel()
	for proxies, told := range map[httpproxy.Config]bool{{HTTPSProxy: "http://proxy.example.com:3128"}: true, {}: false} {
		var log logs
		_, err := agent.NewEngine(agent.Config{
			RunnerID: runnerID, Key: theKey, SpoolDir: t.TempDir(), CacheDir: t.TempDir(),
			Proxies: &proxies, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		require.NoError(t, err)
		require.Equal(t, told, strings.Contains(log.String(), "the proxy's to check"))
	}
}
