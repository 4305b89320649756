package transport

import (
	"crypto/tls"
	"fmt"
	"slices"
)

// key tells apart what must not share connections.
func (t TLS) key() string {
	return fmt.Sprintf("%t|%d|%d|%v|%v|%s", t.Insecure, t.MinVersion, t.MaxVersion, t.CipherSuites, t.Protocols, t.Key)
}

func (c *Client) tlsConfig(host string, t TLS) *tls.Config {
	cfg := &tls.Config{
		ServerName:         host,
		InsecureSkipVerify: t.Insecure, //nolint:gosec // the person who runs the collection asked for it
		MinVersion:         max(t.MinVersion, tls.VersionTLS10),
		MaxVersion:         t.MaxVersion,
		CipherSuites:       t.CipherSuites,
		RootCAs:            c.cfg.RootCAs,
		NextProtos:         t.Protocols,
		ClientSessionCache: c.sessions,
	}
	if len(t.Protocols) == 0 {
		cfg.NextProtos = []string{ProtocolHTTP1}
	}
	if t.MinVersion == 0 {
		cfg.MinVersion = tls.VersionTLS12
	}
	if len(t.Certificates) > 0 {
		// Whatever authorities the server names: the author chose this certificate.
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &t.Certificates[0], nil }
		cfg.ClientSessionCache = nil
	}
	if t.Insecure {
		cfg.ClientSessionCache = nil // a session must not be taken over into a strict request
	}
	return cfg
}

// Versions finds the range of TLS versions when some are switched off, by
// Postman's names (SSLv3, TLSv1, TLSv1_1, TLSv1_2, TLSv1_3). TLS 1.0 and 1.1 are
// used only where nothing newer is left. With nothing left at all, low is above
// high: no handshake can succeed.
func Versions(disabled []string) (low, high uint16) {
	names := []string{"TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"}
	for i := range names {
		version := uint16(tls.VersionTLS10 + i)
		if slices.Contains(disabled, names[i]) {
			continue
		}
		if low < tls.VersionTLS12 && (low == 0 || version >= tls.VersionTLS12) {
			low = version
		}
		high = version
	}
	if low == 0 {
		return tls.VersionTLS13, tls.VersionTLS12
	}
	return low, high
}

// CipherSuites finds suites by their OpenSSL or IANA names; unknown ones come back.
func CipherSuites(names []string) (ids []uint16, unknown []string) {
	known := append(tls.CipherSuites(), tls.InsecureCipherSuites()...)
	for _, name := range names {
		iana, ok := openSSL[name]
		if !ok {
			iana = name
		}
		i := slices.IndexFunc(known, func(s *tls.CipherSuite) bool { return s.Name == iana })
		if i < 0 {
			unknown = append(unknown, name)
			continue
		}
		ids = append(ids, known[i].ID)
	}
	return ids, unknown
}

// openSSL maps OpenSSL's names of cipher suites to IANA's.
var openSSL = map[string]string{
	"AES128-SHA":                    "TLS_RSA_WITH_AES_128_CBC_SHA",
	"AES256-SHA":                    "TLS_RSA_WITH_AES_256_CBC_SHA",
	"AES128-SHA256":                 "TLS_RSA_WITH_AES_128_CBC_SHA256",
	"AES128-GCM-SHA256":             "TLS_RSA_WITH_AES_128_GCM_SHA256",
	"AES256-GCM-SHA384":             "TLS_RSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-AES128-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
	"ECDHE-ECDSA-AES256-SHA":        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
	"ECDHE-RSA-AES128-SHA":          "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
	"ECDHE-RSA-AES256-SHA":          "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
	"ECDHE-ECDSA-AES128-GCM-SHA256": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-ECDSA-AES256-GCM-SHA384": "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-RSA-AES128-GCM-SHA256":   "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"ECDHE-RSA-AES256-GCM-SHA384":   "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"ECDHE-ECDSA-CHACHA20-POLY1305": "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-CHACHA20-POLY1305":   "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	"ECDHE-RSA-AES128-SHA256":       "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
	"ECDHE-ECDSA-AES128-SHA256":     "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
}
