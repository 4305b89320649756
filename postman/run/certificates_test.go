package run_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/picket-api/picket/postman/run"
)

// identity is a key with a certificate that it signed itself.
func identity(t *testing.T, name string) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	c, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return key, c
}

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestLoadCertificate(t *testing.T) {
	t.Parallel()
	key, c := identity(t, "client")
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	encrypted, err := pkcs8.MarshalPrivateKey(key, []byte("pass-word"), nil)
	require.NoError(t, err)
	sec1, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	old, err := x509.EncryptPEMBlock(rand.Reader, "EC PRIVATE KEY", sec1, []byte("pass-word"), x509.PEMCipherAES128) //nolint:staticcheck // what people have
	require.NoError(t, err)
	pfx, err := pkcs12.Modern.Encode(key, c, []*x509.Certificate{c}, "pass-word")
	require.NoError(t, err)
	cert := pemBlock("CERTIFICATE", c.Raw)
	for name, f := range map[string]run.CertificateFiles{
		"plain":     {Cert: cert, Key: pemBlock("PRIVATE KEY", plain)},
		"one file":  {Cert: append(pemBlock("PRIVATE KEY", plain), cert...)},
		"encrypted": {Cert: cert, Key: pemBlock("ENCRYPTED PRIVATE KEY", encrypted), Passphrase: "pass-word"},
		"old":       {Cert: cert, Key: pem.EncodeToMemory(old), Passphrase: "pass-word"},
		"pfx":       {PFX: pfx, Passphrase: "pass-word"},
	} {
		got, err := run.LoadCertificate(f)
		require.NoError(t, err, name)
		require.Equal(t, c.Raw, got.Certificate[0], name)
		require.True(t, key.Equal(got.PrivateKey), name)
		if f.Passphrase == "" {
			continue
		}
		f.Passphrase = "other-word"
		_, err = run.LoadCertificate(f)
		require.ErrorContains(t, err, "the passphrase is missing or wrong", name)
		require.NotContains(t, err.Error(), "other-word")
	}
	other, _ := identity(t, "other")
	wrong, err := x509.MarshalPKCS8PrivateKey(other)
	require.NoError(t, err)
	for _, f := range []run.CertificateFiles{{}, {Cert: cert}, {Cert: cert, Key: pemBlock("PRIVATE KEY", wrong)}, {PFX: []byte("no")}} {
		_, err := run.LoadCertificate(f)
		require.Error(t, err)
	}
}

// TestCertificatesGoToTheirServers: the list decides by URL, and pm.sendRequest follows it too.
func TestCertificatesGoToTheirServers(t *testing.T) {
	t.Parallel()
	key, c := identity(t, "listed")
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	files := map[string][]byte{"c.pem": pemBlock("CERTIFICATE", c.Raw), "k.pem": pemBlock("PRIVATE KEY", der)}
	read := func(path string) ([]byte, error) {
		if data, ok := files[path]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("open %s: %w", path, os.ErrNotExist)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	ca := pemBlock("CERTIFICATE", server.Certificate().Raw)
	pool, err := run.ExtraAuthorities(ca)
	require.NoError(t, err)
	port := server.URL[strings.LastIndexByte(server.URL, ':')+1:]
	for pattern, code := range map[string]int{
		"https://127.0.0.1:" + port + "/*": 200, "https://*:" + port + "/a*": 200, "http+https://*:*/?/b": 200, "https://127.0.0.1:*/A/b": 401, "http://127.0.0.1:*/*": 401, "https://127.0.0.1:" + port + "/b*": 401,
		"https://127.0.0.1/*": 401, "https://*.example.com:" + port + "/*": 401,
	} {
		list, err := run.ParseCertificateList(fmt.Appendf(nil, `[{"name":"n","matches":[%q],"cert":{"src":"c.pem"},"key":{"src":"k.pem"}}]`, pattern), read)
		require.NoError(t, err)
		j := &journal{}
		_, err = run.Run(t.Context(), parse(t, `{"info":{"name":"c"},"item":[{"name":"a","request":"%s/a/b"}]}`, server.URL), run.Options{Certificates: list, RootCAs: pool, Reporters: []run.Reporter{j}})
		require.NoError(t, err)
		require.Contains(t, j.lines, fmt.Sprintf("collection %d", code), pattern)
	}
	for in, want := range map[string]string{
		`{}`: "not a list of certificates",
		`[{"name":"n","matches":["https://a/*"]}]`:                                              "certificate 1 (n): neither cert.src nor pfx.src is there",
		`[{"name":"n","cert":{"src":"c.pem"}}]`:                                                 "matches is empty",
		`[{"name":"n","matches":["a.test"],"cert":{"src":"c.pem"},"key":{"src":"k.pem"}}]`:      `certificate 1 (n): "a.test" is not a URL pattern`,
		`[{"name":"n","matches":["https://a/*"],"cert":{"src":"c.pem"},"key":{"src":"c.pem"}}]`: "certificate 1 (n): c.pem: ",
		`[{"name":"n","matches":["https://a/*"],"cert":{"src":"x.pem"}}]`:                       "x.pem",
	} {
		_, err := run.ParseCertificateList([]byte(in), read)
		require.ErrorContains(t, err, want)
	}
	_, err = run.ExtraAuthorities([]byte("none"))
	require.ErrorContains(t, err, "no certificate in PEM")
}
