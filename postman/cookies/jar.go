// Package cookies keeps the cookies of one run as Postman does: one jar, lenient
// to parse (RFC 6265 with what servers really send), open to scripts.
//
// net/http/cookiejar can neither list what it holds with all attributes nor
// delete it, which pm.cookies needs.
package cookies

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// Bounds of a jar: beyond them the oldest cookies go.
const (
	maxCookies   = 10_000
	maxPerDomain = 1_000
	maxSize      = 64 << 10 // bytes of one cookie's name and value
)

// Cookie is one cookie. Domain has no leading dot.
type Cookie struct {
	Name, Value  string
	Domain, Path string
	HostOnly     bool      // for the domain itself only, not below it
	Expires      time.Time // zero = with the run
	Secure       bool
	HTTPOnly     bool
	Extensions   []string // other attributes as they came, such as SameSite=Lax

	created uint64
}

// URL is what a jar needs to know of an address.
type URL struct {
	Scheme string
	Host   string // without port; an IPv6 address may have its brackets
	Path   string
}

// Jar holds cookies. The zero value is ready; it is safe for concurrent use.
type Jar struct {
	// Now tells the time; time.Now when nil.
	Now func() time.Time

	mu      sync.Mutex
	cookies []Cookie // in order of creation
	next    uint64
}

func (j *Jar) now() time.Time {
	if j.Now != nil {
		return j.Now()
	}
	return time.Now()
}

func canonicalHost(host string) string {
	return strings.Trim(strings.TrimSuffix(strings.ToLower(host), "."), "[]")
}

// Receive stores a Set-Cookie line that came from the URL; it tells whether the
// cookie was accepted.
func (j *Jar) Receive(from URL, line string) bool {
	c, ok := Parse(line, j.now())
	return ok && j.Set(from, c)
}

// Set stores a cookie on behalf of the URL. Without a domain it is for the URL's
// host only, without a path for the URL's folder. It is refused when its domain
// isn't the URL's or a whole public suffix. One that has expired is deleted.
func (j *Jar) Set(from URL, c Cookie) bool {
	host := canonicalHost(from.Host)
	c.Domain = canonicalHost(strings.TrimPrefix(c.Domain, "."))
	switch {
	case len(c.Name)+len(c.Value) > maxSize:
		return false
	case c.Domain == "" || (c.Domain == host && isSuffix(host)):
		c.Domain, c.HostOnly = host, true
	case isSuffix(c.Domain) || !domainMatch(host, c.Domain):
		return false
	case isAddress(c.Domain):
		c.HostOnly = true
	}
	if !strings.HasPrefix(c.Path, "/") {
		c.Path = folder(from.Path)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.put(c)
	return true
}

func (j *Jar) put(c Cookie) {
	old := slices.IndexFunc(j.cookies, func(have Cookie) bool {
		return have.Domain == c.Domain && have.Path == c.Path && have.Name == c.Name
	})
	expired := !c.Expires.IsZero() && !c.Expires.After(j.now())
	switch {
	case old >= 0 && expired:
		j.cookies = slices.Delete(j.cookies, old, old+1)
	case old >= 0:
		c.created = j.cookies[old].created
		j.cookies[old] = c
	case !expired:
		j.next++
		c.created = j.next
		j.cookies = append(j.cookies, c)
		j.evict(c.Domain)
	}
}

func (j *Jar) evict(domain string) {
	oldest, n := -1, 0
	for i, c := range j.cookies {
		if c.Domain == domain {
			if n++; oldest < 0 {
				oldest = i
			}
		}
	}
	if n > maxPerDomain {
		j.cookies = slices.Delete(j.cookies, oldest, oldest+1)
	}
	if len(j.cookies) > maxCookies {
		j.cookies = slices.Delete(j.cookies, 0, 1)
	}
}

// For are the cookies that go to the URL: longer paths first, then older ones.
func (j *Jar) For(to URL) []Cookie {
	host, path := canonicalHost(to.Host), to.Path
	if path == "" {
		path = "/"
	}
	path, _, _ = strings.Cut(path, "?")
	secure := to.Scheme == "https" || to.Scheme == "wss"
	j.mu.Lock()
	defer j.mu.Unlock()
	now := j.now()
	j.cookies = slices.DeleteFunc(j.cookies, func(c Cookie) bool { return !c.Expires.IsZero() && !c.Expires.After(now) })
	var list []Cookie
	for _, c := range j.cookies {
		hostFits := c.Domain == host || (!c.HostOnly && domainMatch(host, c.Domain))
		if hostFits && pathMatch(path, c.Path) && (secure || !c.Secure) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b Cookie) int { return len(b.Path) - len(a.Path) })
	return list
}

// Header is the Cookie header for the URL; empty when there are none.
func (j *Jar) Header(to URL) string {
	var b strings.Builder
	for i, c := range j.For(to) {
		if i > 0 {
			b.WriteString("; ")
		}
		if c.Name != "" {
			b.WriteString(c.Name + "=")
		}
		b.WriteString(c.Value)
	}
	return b.String()
}

// Delete drops the URL's cookies of that name, or all of the URL's when name is empty.
func (j *Jar) Delete(at URL, name string) {
	doomed := map[uint64]bool{}
	at.Scheme = "https" // secure ones too
	for _, c := range j.For(at) {
		if name == "" || c.Name == name {
			doomed[c.created] = true
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies = slices.DeleteFunc(j.cookies, func(c Cookie) bool { return doomed[c.created] })
}

// All is every cookie of the jar, oldest first.
func (j *Jar) All() []Cookie {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.cookies)
}

// Clear drops all.
func (j *Jar) Clear() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies = nil
}

// Load puts cookies into the jar as they are, such as those of an earlier run.
func (j *Jar) Load(list []Cookie) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range list {
		j.put(c)
	}
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// isSuffix is true for domains under which everybody registers names. A name
// without a dot that no registry knows is somebody's own network.
func isSuffix(domain string) bool {
	if isAddress(domain) {
		return false
	}
	suffix, icann := publicsuffix.PublicSuffix(domain)
	return suffix == domain && (icann || strings.Contains(suffix, "."))
}

func domainMatch(host, domain string) bool {
	return host == domain || (strings.HasSuffix(host, "."+domain) && !isAddress(host))
}

func pathMatch(path, cookie string) bool {
	return path == cookie || (strings.HasPrefix(path, cookie) && (strings.HasSuffix(cookie, "/") || path[len(cookie)] == '/'))
}

// folder is the default path of a cookie: that of the URL up to its last slash.
func folder(path string) string {
	path, _, _ = strings.Cut(path, "?")
	i := strings.LastIndexByte(path, '/')
	if i <= 0 {
		return "/"
	}
	return path[:i]
}
