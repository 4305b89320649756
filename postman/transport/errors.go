package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Error is why a request got no answer, in Node's words. Code may be empty.
type Error struct {
	Code       string // ECONNREFUSED, ENOTFOUND, …
	Errno      int    // negative, as Node has it; 0 = none
	Syscall    string // connect, read, write, getaddrinfo
	Host       string // the name that was looked up
	Address    string // the address that was dialled
	Port       int
	Message    string
	Err        error // what Go said; may be nil
	Connecting bool  // no connection had been made yet
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// ErrTooLarge is wrapped by the error for an answer beyond Config.MaxBody.
var ErrTooLarge = errors.New("the answer is larger than allowed")

type phase int

const (
	phaseConnect phase = iota
	phaseExchange
)

var (
	errConnReset error = syscall.ECONNRESET
	errPipe      error = syscall.EPIPE
	errHangUp          = &Error{Code: "ECONNRESET", Message: "socket hang up"}
)

// errnos are Linux's numbers with the messages that Node makes of them.
var errnos = []struct {
	err  syscall.Errno
	code string
	no   int
}{
	{syscall.ECONNREFUSED, "ECONNREFUSED", -111},
	{syscall.ECONNRESET, "ECONNRESET", -104},
	{syscall.EPIPE, "EPIPE", -32},
	{syscall.EHOSTUNREACH, "EHOSTUNREACH", -113},
	{syscall.ENETUNREACH, "ENETUNREACH", -101},
	{syscall.ETIMEDOUT, "ETIMEDOUT", -110},
	{syscall.EADDRNOTAVAIL, "EADDRNOTAVAIL", -99},
	{syscall.ECONNABORTED, "ECONNABORTED", -103},
	{syscall.EACCES, "EACCES", -13},
	{syscall.EPERM, "EPERM", -1},
	{syscall.EINVAL, "EINVAL", -22},
	{syscall.EMFILE, "EMFILE", -24},
}

// tlsError marks what happened during a handshake.
type tlsError struct {
	err  error
	host string
}

func (e *tlsError) Error() string { return e.err.Error() }

func (e *tlsError) Unwrap() error { return e.err }

// classify makes Node's error of Go's.
func classify(err error, ph phase) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	e := &Error{Err: err, Message: err.Error(), Connecting: ph == phaseConnect}
	var (
		dns  *net.DNSError
		op   *net.OpError
		hand *tlsError
	)
	if errors.As(err, &dns) {
		return e.lookup(dns)
	}
	if errors.As(err, &hand) {
		if certificate := e.certificate(hand); certificate != nil {
			return certificate
		}
	}
	e.Syscall = "read"
	if ph == phaseConnect && hand == nil {
		e.Syscall = "connect"
	}
	if errors.As(err, &op) {
		e.place(op)
	}
	for _, known := range errnos {
		if errors.Is(err, known.err) {
			e.Code, e.Errno = known.code, known.no
			e.Message = strings.TrimSpace(e.Syscall + " " + e.Code)
			if e.Syscall == "connect" && e.Address != "" {
				e.Message += " " + e.where()
			}
			return e
		}
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		e.Code, e.Errno = "ETIMEDOUT", -110
		e.Message = strings.TrimSpace(e.Syscall + " ETIMEDOUT " + e.where())
	case hand != nil:
		e.Code, e.Errno, e.Syscall = "EPROTO", -71, "write"
		e.Message = "write EPROTO " + hand.err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{Code: "ECONNRESET", Message: "socket hang up", Err: err}
	default:
		e.Syscall = ""
	}
	return e
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func (e *Error) lookup(dns *net.DNSError) *Error {
	e.Code, e.Errno, e.Syscall, e.Host, e.Connecting = "EAI_AGAIN", -3001, "getaddrinfo", dns.Name, true
	if dns.IsNotFound {
		e.Code, e.Errno = "ENOTFOUND", -3008
	}
	e.Message = "getaddrinfo " + e.Code + " " + e.Host
	return e
}

func (e *Error) place(op *net.OpError) {
	switch op.Op {
	case "dial":
		e.Syscall = "connect"
	case "write":
		e.Syscall = "write"
	}
	if op.Addr != nil {
		host, port, err := net.SplitHostPort(op.Addr.String())
		if err == nil {
			e.Address = host
			e.Port, _ = strconv.Atoi(port)
		}
	}
}

func (e *Error) where() string {
	if e.Address == "" {
		return ""
	}
	return e.Address + ":" + strconv.Itoa(e.Port)
}

// certificate names what is wrong with a certificate; nil if something else is.
func (e *Error) certificate(hand *tlsError) *Error {
	var (
		verify   *tls.CertificateVerificationError
		unknown  x509.UnknownAuthorityError
		invalid  x509.CertificateInvalidError
		hostname x509.HostnameError
	)
	var chain []*x509.Certificate
	if errors.As(hand.err, &verify) {
		chain = verify.UnverifiedCertificates
	}
	switch {
	case errors.As(hand.err, &hostname):
		e.Code = "ERR_TLS_CERT_ALTNAME_INVALID"
		e.Message = fmt.Sprintf("Hostname/IP does not match certificate's altnames: Host: %s. is not in the cert's altnames: %s", hand.host, altNames(hostname.Certificate))
	case errors.As(hand.err, &invalid) && invalid.Reason == x509.Expired:
		e.Code, e.Message = "CERT_HAS_EXPIRED", "certificate has expired"
	case errors.As(hand.err, &unknown), errors.As(hand.err, &invalid):
		e.Code, e.Message = authority(chain)
	default:
		return nil
	}
	return e
}

func authority(chain []*x509.Certificate) (code, message string) {
	selfSigned := func(c *x509.Certificate) bool {
		return string(c.RawIssuer) == string(c.RawSubject)
	}
	switch {
	case len(chain) > 0 && selfSigned(chain[0]):
		return "DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"
	case len(chain) > 0 && selfSigned(chain[len(chain)-1]):
		return "SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"
	default:
		return "UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"
	}
}

func altNames(c *x509.Certificate) string {
	names := make([]string, 0, len(c.DNSNames)+len(c.IPAddresses))
	for _, name := range c.DNSNames {
		names = append(names, "DNS:"+name)
	}
	for _, ip := range c.IPAddresses {
		names = append(names, "IP Address:"+ip.String())
	}
	return strings.Join(names, ", ")
}

// bodyError is what went wrong while a body was read.
func bodyError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errConnReset) {
		return &Error{Code: "ECONNRESET", Message: "aborted", Err: err}
	}
	return err
}
