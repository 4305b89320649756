package run

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/picket-api/picket/postman/transport"
	"github.com/picket-api/picket/postman/urls"
)

// behaviors are the settings of protocolProfileBehavior that do something here.
var behaviors = []string{
	"disableBodyPruning", "disableCookies", "disableUrlEncoding", "disabledSystemHeaders", "followAuthorizationHeader", "followOriginalHttpMethod",
	"followRedirects", "insecureHTTPParser", "maxRedirects", "protocolVersion", "removeRefererHeaderOnRedirect", "strictSSL", "tlsCipherSelection",
	"tlsDisabledProtocols", "tlsPreferServerCiphers",
}

// tlsProtocols are what tlsDisabledProtocols may name.
var tlsProtocols = []string{"SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"}

// checkBehavior warns of settings that do nothing.
func (j *job) checkBehavior() {
	for _, name := range slices.Sorted(maps.Keys(j.behavior)) {
		if !slices.Contains(behaviors, name) {
			j.warnOnce(fmt.Sprintf("protocolProfileBehavior: %q is not known, and does nothing", name))
		}
	}
	if on, _ := j.behavior.Bool("tlsPreferServerCiphers"); on {
		j.warnOnce("protocolProfileBehavior: tlsPreferServerCiphers does nothing: the order of cipher suites is the server's to choose")
	}
	for _, name := range j.behavior.Texts("tlsDisabledProtocols") {
		if !slices.Contains(tlsProtocols, name) {
			j.warnOnce(fmt.Sprintf("protocolProfileBehavior: tlsDisabledProtocols: %q is none of %s", name, strings.Join(tlsProtocols, ", ")))
		}
	}
}

// tlsSettings are how to speak TLS to a target.
func (j *job) tlsSettings(t urls.Target) (transport.TLS, error) {
	s := transport.TLS{Insecure: j.opts.Insecure, Protocols: j.protocols()}
	if strict, ok := j.behavior.Bool("strictSSL"); ok {
		s.Insecure = !strict
	}
	s.MinVersion, s.MaxVersion = transport.Versions(j.behavior.Texts("tlsDisabledProtocols"))
	if s.MinVersion > s.MaxVersion {
		return s, &RequestError{Class: ClassRequest, Message: "tlsDisabledProtocols leaves no version of TLS to speak"}
	}
	if names := j.behavior.Texts("tlsCipherSelection"); len(names) > 0 {
		j.ciphers(&s, names)
	}
	for i, c := range j.opts.Certificates {
		if c.forTarget(t) {
			s.Certificates, s.Key = append(s.Certificates, c.Certificate), strconv.Itoa(i)
			break
		}
	}
	return s, nil
}

func (j *job) ciphers(s *transport.TLS, names []string) {
	var unknown []string
	if s.CipherSuites, unknown = transport.CipherSuites(names); len(unknown) > 0 {
		j.warnOnce(fmt.Sprintf("cipher suites %s are not known", strings.Join(unknown, ", ")))
	}
	if s.MaxVersion >= tls.VersionTLS13 {
		j.warnOnce("protocolProfileBehavior: tlsCipherSelection has no effect on TLS 1.3, whose suites are fixed: tlsDisabledProtocols may switch it off")
	}
}

// protocols are the versions of HTTP to offer a server, by protocolVersion.
func (j *job) protocols() []string {
	switch version := j.behavior.Text("protocolVersion"); version {
	case "", "http1":
		return nil
	case "http2":
		return []string{transport.ProtocolHTTP2}
	case "auto":
		return []string{transport.ProtocolHTTP2, transport.ProtocolHTTP1}
	default:
		j.warnOnce(fmt.Sprintf("protocolProfileBehavior: protocolVersion %q is none of http1, http2 and auto: http1 is spoken", version))
		return nil
	}
}

// session keeps the connections of NTLM apart: the server takes all that comes over
// them for the user's.
func (j *job) session() string {
	if j.auth == nil || j.auth.Type != "ntlm" {
		return ""
	}
	return fmt.Sprintf("%p", j.auth)
}

// lenient tells whether answers may break the rules of HTTP/1.1.
func (j *job) lenient() bool {
	on, _ := j.behavior.Bool("insecureHTTPParser")
	return on
}
