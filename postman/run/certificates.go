package run

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/picket-api/picket/postman/urls"
)

// CertificateFiles are a client certificate as it lies on a disk: a PEM
// certificate with its chain and key, or a PKCS #12 file with all of it.
type CertificateFiles struct {
	Cert, Key  []byte // PEM; without a Key it stands beside the certificate
	PFX        []byte // PKCS #12 (.pfx, .p12)
	Passphrase string // of an encrypted key or PFX
}

// LoadCertificate reads a client certificate. The error never holds the passphrase
// or any of the key.
func LoadCertificate(f CertificateFiles) (tls.Certificate, error) {
	if len(f.PFX) > 0 {
		return loadPFX(f)
	}
	key := f.Key
	if len(key) == 0 {
		key = f.Cert
	}
	key, err := decryptedKey(key, f.Passphrase)
	if err != nil {
		return tls.Certificate{}, err
	}
	c, err := tls.X509KeyPair(f.Cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the certificate and its key can't be used: %w", err)
	}
	return c, nil
}

func loadPFX(f CertificateFiles) (tls.Certificate, error) {
	key, leaf, chain, err := pkcs12.DecodeChain(f.PFX, f.Passphrase)
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return tls.Certificate{}, errPassphrase
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("the PFX file can't be read: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return tls.Certificate{}, errors.New("the PFX file has a key that can't sign")
	}
	c := tls.Certificate{PrivateKey: signer, Leaf: leaf, Certificate: [][]byte{leaf.Raw}}
	for _, above := range chain {
		c.Certificate = append(c.Certificate, above.Raw)
	}
	return c, nil
}

var errPassphrase = errors.New("the passphrase is missing or wrong")

// decryptedKey is the key in PEM, whatever way it was encrypted in.
func decryptedKey(text []byte, passphrase string) ([]byte, error) {
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return text, nil // not encrypted; whether it is a key will be seen
		}
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY": // RFC 5958
			key, err := pkcs8.ParsePKCS8PrivateKey(block.Bytes, []byte(passphrase))
			if err != nil {
				return nil, errPassphrase
			}
			der, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				return nil, err
			}
			return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
		case x509.IsEncryptedPEMBlock(block): //nolint:staticcheck // RFC 1423: old and weak, but people have such keys
			der, err := x509.DecryptPEMBlock(block, []byte(passphrase)) //nolint:staticcheck // see above
			if err != nil {
				return nil, errPassphrase
			}
			return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der}), nil
		}
	}
}

// ParseCertificateList reads newman's --ssl-client-cert-list: a JSON array of
// {name, matches, cert: {src}, key: {src}, pfx: {src}, passphrase}. read gets each
// file that it names.
func ParseCertificateList(data []byte, read func(path string) ([]byte, error)) ([]ClientCertificate, error) {
	type source struct {
		Src string `json:"src"`
	}
	var list []struct {
		Name       string   `json:"name"`
		Matches    []string `json:"matches"`
		Cert       source   `json:"cert"`
		Key        source   `json:"key"`
		PFX        source   `json:"pfx"`
		Passphrase string   `json:"passphrase"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &list); err != nil {
		return nil, errors.New("not a list of certificates: a JSON array of objects with matches, cert, key, pfx and passphrase is needed")
	}
	out := make([]ClientCertificate, 0, len(list))
	for i, entry := range list {
		fail := func(err error) ([]ClientCertificate, error) {
			return nil, fmt.Errorf("certificate %d (%s): %w", i+1, entry.Name, err)
		}
		if entry.PFX.Src == "" && entry.Cert.Src == "" {
			return fail(errors.New("neither cert.src nor pfx.src is there"))
		}
		if len(entry.Matches) == 0 {
			return fail(errors.New("matches is empty: name URLs such as https://*.example.com/*"))
		}
		files := CertificateFiles{Passphrase: entry.Passphrase}
		for _, f := range []struct {
			src string
			to  *[]byte
		}{{entry.Cert.Src, &files.Cert}, {entry.Key.Src, &files.Key}, {entry.PFX.Src, &files.PFX}} {
			if f.src == "" {
				continue
			}
			var err error
			if *f.to, err = read(f.src); err != nil {
				return fail(err)
			}
		}
		c, err := LoadCertificate(files)
		if err != nil {
			return fail(fmt.Errorf("%s: %w", cmp.Or(entry.PFX.Src, entry.Key.Src, entry.Cert.Src), err))
		}
		certificate := ClientCertificate{Name: entry.Name, Certificate: c}
		for _, text := range entry.Matches {
			pattern, err := urls.ParsePattern(text)
			if err != nil {
				return fail(err)
			}
			certificate.Match = append(certificate.Match, pattern)
		}
		out = append(out, certificate)
	}
	return out, nil
}

// ExtraAuthorities are the system's certificate authorities and those in a PEM file.
func ExtraAuthorities(pemFile []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(pemFile) {
		return nil, errors.New("it has no certificate in PEM")
	}
	return pool, nil
}
