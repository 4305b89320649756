package cli

import (
	"os"

	"github.com/spf13/pflag"

	"github.com/picket-api/picket/postman/run"
)

// tlsFlags are the certificates of a run.
type tlsFlags struct {
	cert, key, passphrase, list, authorities string
}

func (t *tlsFlags) flags(f *pflag.FlagSet) {
	f.StringVar(&t.cert, "ssl-client-cert", "", "client certificate with its chain, in PEM")
	f.StringVar(&t.key, "ssl-client-key", "", "key of the client certificate, in PEM")
	f.StringVar(&t.passphrase, "ssl-client-passphrase", "", "passphrase of the key; better set PICKET_SSL_CLIENT_PASSPHRASE")
	f.StringVar(&t.list, "ssl-client-cert-list", "", "client certificates by URL: a JSON file as newman has it")
	f.StringVar(&t.authorities, "ssl-extra-ca-certs", "", "certificate authorities to trust beside the system's, in PEM")
}

func (t *tlsFlags) apply(opt *run.Options) error {
	if t.list != "" {
		data, err := os.ReadFile(t.list)
		if err != nil {
			return usageError("--ssl-client-cert-list: %w", err)
		}
		if opt.Certificates, err = run.ParseCertificateList(data, os.ReadFile); err != nil {
			return usageError("--ssl-client-cert-list: %s: %w", t.list, err)
		}
	}
	if err := t.single(opt); err != nil {
		return err
	}
	if t.authorities == "" {
		return nil
	}
	data, err := os.ReadFile(t.authorities)
	if err != nil {
		return usageError("--ssl-extra-ca-certs: %w", err)
	}
	if opt.RootCAs, err = run.ExtraAuthorities(data); err != nil {
		return usageError("--ssl-extra-ca-certs: %s: %w", t.authorities, err)
	}
	return nil
}

// single adds the certificate for every server, after those that name theirs.
func (t *tlsFlags) single(opt *run.Options) error {
	if t.cert == "" {
		if t.key != "" {
			return usageError("--ssl-client-key: it needs --ssl-client-cert")
		}
		return nil
	}
	files := run.CertificateFiles{Passphrase: t.passphrase}
	var err error
	if files.Cert, err = os.ReadFile(t.cert); err != nil {
		return usageError("--ssl-client-cert: %w", err)
	}
	if t.key != "" {
		if files.Key, err = os.ReadFile(t.key); err != nil {
			return usageError("--ssl-client-key: %w", err)
		}
	}
	c, err := run.LoadCertificate(files)
	if err != nil {
		return usageError("--ssl-client-cert: %s: %w", t.cert, err)
	}
	opt.Certificates = append(opt.Certificates, run.ClientCertificate{Name: t.cert, Certificate: c})
	return nil
}
