package picket_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket"
)

const bootstrapKey = "app-test-bootstrap-key"

// run starts a control plane; stop drains it and wants a clean end.
func run(t *testing.T, c picket.Config) (app *picket.App, stop func()) {
	t.Helper()
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	app, err := picket.New(t.Context(), c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, app.Close())
	}
	t.Cleanup(stop)
	return app, stop
}

func get(t *testing.T, client *http.Client, url string, header ...string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var o map[string]any
	require.NoError(t, json.Unmarshal(data, &o), string(data))
	return resp.StatusCode, o
}

func TestTheFirstStartMakesAKeyOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	app, stop := run(t, picket.Config{Data: dir})
	key := app.FirstKey
	require.Regexp(t, "^pka_", key)
	status, _ := get(t, http.DefaultClient, app.URL()+"/api/v1/workspaces", "X-Api-Key", key)
	require.Equal(t, http.StatusOK, status)
	stop()

	app, _ = run(t, picket.Config{Data: dir})
	require.Empty(t, app.FirstKey)
	status, _ = get(t, http.DefaultClient, app.URL()+"/api/v1/workspaces", "Authorization", "Bearer "+key)
	require.Equal(t, http.StatusOK, status)
}

func TestOneProcessOnOneFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, stop := run(t, picket.Config{Data: dir, BootstrapAPIKey: bootstrapKey})
	_, err := picket.New(t.Context(), picket.Config{Addr: "127.0.0.1:0", Data: dir})
	require.ErrorContains(t, err, "events.db.lock")
	stop()
	run(t, picket.Config{Data: dir})
}

func TestSettingsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]picket.Config{
		"--addr":                   {Addr: "nonsense", Data: "d"},
		"--insecure-http":          {Addr: "0.0.0.0:80", Data: "d"},
		"--data":                   {Addr: "127.0.0.1:0"},
		"--tls-cert and --tls-key": {Addr: "127.0.0.1:0", Data: "d", TLSCert: "c"},
		"--public-url":             {Addr: "127.0.0.1:0", Data: "d", PublicURL: "picket"},
		"--lease":                  {Addr: "127.0.0.1:0", Data: "d", Lease: time.Millisecond},
		"PICKET_BOOTSTRAP_API_KEY": {Addr: "127.0.0.1:0", Data: "d", BootstrapAPIKey: "short"},
	} {
		_, err := picket.New(t.Context(), c)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "short")
	}
	for _, addr := range []string{"127.0.0.1:80", "[::1]:80", "localhost:80"} {
		require.NoError(t, (&picket.Config{Addr: addr, Data: "d"}).Validate(), addr)
	}
	require.NoError(t, (&picket.Config{Addr: "0.0.0.0:80", Data: "d", InsecureHTTP: true}).Validate())
}

func TestTheLogCanBeReadAndRefusesBadPositions(t *testing.T) {
	t.Parallel()
	app, _ := run(t, picket.Config{Data: t.TempDir(), BootstrapAPIKey: bootstrapKey})
	status, o := get(t, http.DefaultClient, app.URL()+"/api/v1/events", "X-Api-Key", bootstrapKey)
	require.Equal(t, http.StatusOK, status)
	first := o["items"].([]any)[0].(map[string]any)
	require.Equal(t, "team.api_key_created.v1", first["type"])
	status, o = get(t, http.DefaultClient, app.URL()+"/api/v1/events?after=x", "X-Api-Key", bootstrapKey)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, "after", o["errors"].([]any)[0].(map[string]any)["pointer"])
	status, o = get(t, http.DefaultClient, app.URL()+"/api/v1/streams/"+first["stream"].(string), "X-Api-Key", bootstrapKey)
	require.Equal(t, http.StatusOK, status)
	require.Len(t, o["items"], 1)
	status, _ = get(t, http.DefaultClient, app.URL()+"/api/v1/streams/run-none", "X-Api-Key", bootstrapKey)
	require.Equal(t, http.StatusNotFound, status)
}

// certificate writes a certificate for 127.0.0.1 with that name.
func certificate(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private}), 0o600))
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	return certFile, keyFile
}

func TestANewCertificateIsServedWithoutARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := certificate(t, dir, "first")
	app, _ := run(t, picket.Config{Data: filepath.Join(dir, "data"), BootstrapAPIKey: bootstrapKey, TLSCert: cert, TLSKey: key})
	require.True(t, strings.HasPrefix(app.URL(), "https://"))
	served := func() string {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(app.URL(), "https://"))
		require.NoError(t, err)
		defer conn.Close()
		return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	require.Equal(t, "first", served())
	certificate(t, dir, "second")
	later := time.Now().Add(time.Minute)
	require.NoError(t, os.Chtimes(cert, later, later))
	require.Eventually(t, func() bool { return served() == "second" }, 5*time.Second, 50*time.Millisecond)
}

func TestTheClientsAddressIsBelievedFromTrustedProxiesOnly(t *testing.T) {
	t.Parallel()
	address := func(trusted ...netip.Prefix) string {
		app, _ := run(t, picket.Config{Data: t.TempDir(), BootstrapAPIKey: bootstrapKey, TrustedProxies: trusted})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, app.URL()+"/api/v1/workspaces", strings.NewReader(`{"name":"w"}`))
		require.NoError(t, err)
		req.Header.Set("X-Api-Key", bootstrapKey)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.1.1.1")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusCreated, resp.StatusCode)
		_, o := get(t, http.DefaultClient, app.URL()+"/api/v1/audit?action=workspace.", "X-Api-Key", bootstrapKey)
		return o["items"].([]any)[0].(map[string]any)["ip"].(string)
	}
	require.Equal(t, "127.0.0.1", address())
	require.Equal(t, "203.0.113.9", address(netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")))
}
