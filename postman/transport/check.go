package transport

import (
	"fmt"
	"strconv"
	"strings"
)

// check refuses what must not go on the wire, with Node's words.
func check(r *Request) error {
	if r.Scheme != "http" && r.Scheme != "https" {
		return &Error{Message: "Invalid protocol: " + r.Scheme + ":"}
	}
	if r.Host == "" {
		return &Error{Message: fmt.Sprintf("Invalid URI %q", r.Scheme+"://"+r.Target)}
	}
	if r.Port != "" {
		n, err := strconv.Atoi(strings.TrimSpace(r.Port))
		if err != nil {
			return &Error{Code: "ERR_SOCKET_BAD_PORT", Message: fmt.Sprintf("Port should be >= 0 and < 65536. Received type string ('%s').", r.Port)}
		}
		if n < 0 || n > 65535 {
			return &Error{Code: "ERR_SOCKET_BAD_PORT", Message: fmt.Sprintf("Port should be >= 0 and < 65536. Received %s.", r.Port)}
		}
	}
	if !isToken(r.Method) {
		return &Error{Code: "ERR_INVALID_HTTP_TOKEN", Message: fmt.Sprintf("Method must be a valid HTTP token [%q]", r.Method)}
	}
	if strings.ContainsFunc(r.Target, func(c rune) bool { return c <= ' ' || c > 0xff || c == 0x7f }) {
		return &Error{Code: "ERR_UNESCAPED_CHARACTERS", Message: "Request path contains unescaped characters"}
	}
	if strings.ContainsFunc(r.Host, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return &Error{Code: "ENOTFOUND", Errno: -3008, Syscall: "getaddrinfo", Host: r.Host, Message: "getaddrinfo ENOTFOUND " + r.Host}
	}
	for _, h := range r.Header {
		if !isToken(h.Name) {
			return &Error{Code: "ERR_INVALID_HTTP_TOKEN", Message: fmt.Sprintf("Header name must be a valid HTTP token [%q]", h.Name)}
		}
		if strings.ContainsFunc(h.Value, func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f || c > 0xff }) {
			return &Error{Code: "ERR_INVALID_CHAR", Message: fmt.Sprintf("Invalid character in header content [%q]", h.Name)}
		}
	}
	return nil
}

func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// isTokenByte tells the characters of RFC 9110, section 5.6.2.
func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
