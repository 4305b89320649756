package urls

import (
	"strings"

	"golang.org/x/net/idna"
)

// Target is a URL ready to be sent.
type Target struct {
	Scheme   string // lower case, without colon
	User     *string
	Password *string // encoded, as User
	Host     string  // ASCII; an IPv6 address keeps its brackets
	Port     *string // as it was given, not checked
	Path     string  // encoded, begins with a slash
	Query    *string // encoded
	Hash     *string
}

// Encode prepares the URL for sending. With raw true (Postman's
// disableUrlEncoding) only the host is touched.
func (u URL) Encode(raw bool) Target {
	encode := percentEncode
	if raw {
		encode = func(s string, _ *set) string { return s }
	}
	t := Target{Scheme: "http", Port: u.Port, Host: encodeHost(strings.ToLower(u.Hostname())), Path: encode(u.PathString(), &pathSet)}
	if u.Protocol != nil {
		t.Scheme = strings.ToLower(*u.Protocol)
	}
	if u.Auth != nil {
		if u.Auth.User != nil {
			t.User = ptr(encode(*u.Auth.User, &userSet))
		}
		if u.Auth.Password != nil {
			t.Password = ptr(encode(*u.Auth.Password, &userSet))
		}
	}
	if query, ok := u.QueryString(); ok {
		t.Query = ptr(encode(query, &querySet))
	}
	if u.Hash != nil {
		t.Hash = ptr(encode(*u.Hash, &hashSet))
	}
	return t
}

// Authority is host or host:port.
func (t Target) Authority() string {
	if t.Port != nil {
		return t.Host + ":" + *t.Port
	}
	return t.Host
}

// Origin is everything up to the path.
func (t Target) Origin() string {
	s := t.Scheme + "://"
	if t.User != nil || t.Password != nil {
		s += text(t.User)
		if t.Password != nil {
			s += ":" + *t.Password
		}
		s += "@"
	}
	return s + t.Authority()
}

// RequestURI is what stands in a request line.
func (t Target) RequestURI() string {
	if t.Query != nil {
		return t.Path + "?" + *t.Query
	}
	return t.Path
}

// String is the whole URL.
func (t Target) String() string {
	s := t.Origin() + t.RequestURI()
	if t.Hash != nil {
		s += "#" + *t.Hash
	}
	return s
}

// Resolve is where a Location header points to, seen from the target. The
// result is not encoded and may be any text.
func (t Target) Resolve(location string) string {
	switch {
	case location == "":
		href := t.String()
		before, _, _ := strings.Cut(href, "#")
		return before
	case strings.HasPrefix(location, "//"), strings.HasPrefix(location, `\\`):
		return t.Scheme + ":" + location
	case location[0] == '/', location[0] == '\\':
		return t.Origin() + location
	case location[0] == '#':
		return t.Origin() + t.RequestURI() + location
	case location[0] == '?':
		return t.Origin() + t.Path + location
	case absolute(location):
		return location
	default:
		return t.Origin() + t.Path[:strings.LastIndexByte(t.Path, '/')+1] + location
	}
}

// absolute is /^[a-z0-9.+-]+:(?:\/\/|\\\\)./i.
func absolute(s string) bool {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || scheme == "" || len(rest) < 3 || (rest[:2] != "//" && rest[:2] != `\\`) {
		return false
	}
	for _, c := range []byte(strings.ToLower(scheme)) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '+' && c != '-' {
			return false
		}
	}
	return true
}

// set is the ASCII characters that must be escaped; all others above it are.
type set [128]bool

func newSet(chars string, base ...*set) set {
	var s set
	if len(base) > 0 {
		s = *base[0]
	}
	for c := range 0x20 {
		s[c] = true
	}
	s[0x7f] = true
	for _, c := range []byte(chars) {
		s[c] = true
	}
	return s
}

var (
	querySet = newSet(` "#'<>`)
	hashSet  = newSet(" \"<>`")
	pathSet  = newSet("#?{}", &hashSet)
	userSet  = newSet(`/:;=@[\]^|`, &pathSet)
)

const upperHex = "0123456789ABCDEF"

// percentEncode escapes the characters of the set but leaves what is escaped already.
func percentEncode(s string, escape *set) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteString(s[i : i+3])
			i += 2
		case c >= 0x80 || escape[c]:
			b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// EncodeComponent escapes everything but letters, digits and -_.~ (RFC 3986).
func EncodeComponent(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.Write([]byte{'%', upperHex[c>>4], upperHex[c&15]})
	}
	return b.String()
}

var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.VerifyDNSLength(false))

// encodeHost is the punycode form; a host that has none stays as it is.
func encodeHost(host string) string {
	if address, ok := ipv4(host); ok {
		return address
	}
	for _, c := range []byte(host) {
		if c >= 0x80 {
			if ascii, err := hosts.ToASCII(host); err == nil && ascii != "" {
				return ascii
			}
			break
		}
	}
	return host
}
