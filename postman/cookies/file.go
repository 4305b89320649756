package cookies

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// file is a jar as tough-cookie writes it (CookieJar.serialize), which newman and
// Postman CLI read and write.
type file struct {
	Version              string       `json:"version"`
	StoreType            string       `json:"storeType"`
	RejectPublicSuffixes bool         `json:"rejectPublicSuffixes"`
	Cookies              []fileCookie `json:"cookies"`
}

type fileCookie struct {
	Key        string          `json:"key"`
	Value      string          `json:"value"`
	Expires    json.RawMessage `json:"expires,omitempty"` // a time, or "Infinity"
	MaxAge     json.RawMessage `json:"maxAge,omitempty"`  // seconds since creation, or "Infinity"
	Domain     string          `json:"domain"`
	Path       string          `json:"path"`
	Secure     bool            `json:"secure,omitempty"`
	HTTPOnly   bool            `json:"httpOnly,omitempty"`
	HostOnly   bool            `json:"hostOnly"`
	Extensions []string        `json:"extensions,omitempty"`
	SameSite   string          `json:"sameSite,omitempty"`
	Creation   time.Time       `json:"creation,omitzero"`
	Accessed   time.Time       `json:"lastAccessed,omitzero"`
}

// ParseFile reads the cookies of a file as newman's --cookie-jar takes it: a jar
// that tough-cookie wrote. Those that have expired are left out by Jar.Load.
func ParseFile(data []byte) ([]Cookie, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("not a cookie jar: %w", err)
	}
	if f.Cookies == nil {
		return nil, errors.New("not a cookie jar: it has no list named cookies")
	}
	if len(f.Cookies) > maxCookies {
		return nil, fmt.Errorf("more than %d cookies", maxCookies)
	}
	list := make([]Cookie, 0, len(f.Cookies))
	for i, c := range f.Cookies {
		expires, err := c.expiry()
		if err != nil {
			return nil, fmt.Errorf("cookies[%d] (%s): %w", i, c.Key, err)
		}
		if c.Domain == "" {
			return nil, fmt.Errorf("cookies[%d] (%s): domain is missing", i, c.Key)
		}
		if len(c.Key)+len(c.Value) > maxSize {
			return nil, fmt.Errorf("cookies[%d]: longer than %d bytes", i, maxSize)
		}
		if c.SameSite != "" {
			c.Extensions = append(c.Extensions, "SameSite="+c.SameSite)
		}
		if !strings.HasPrefix(c.Path, "/") {
			c.Path = "/"
		}
		list = append(list, Cookie{
			Name: c.Key, Value: c.Value, Domain: canonicalHost(c.Domain), Path: c.Path, HostOnly: c.HostOnly,
			Expires: expires, Secure: c.Secure, HTTPOnly: c.HTTPOnly, Extensions: c.Extensions,
		})
	}
	return list, nil
}

// expiry is when the cookie ends: maxAge beats expires (RFC 6265, section 5.3).
func (c *fileCookie) expiry() (time.Time, error) {
	var seconds float64
	if json.Unmarshal(c.MaxAge, &seconds) == nil && len(c.MaxAge) > 0 && !c.Creation.IsZero() && string(c.MaxAge) != "null" {
		const century = 100 * 365 * 24 * 3600
		return c.Creation.Add(time.Duration(min(seconds, century)) * time.Second), nil
	}
	var text string
	if len(c.Expires) == 0 || string(c.Expires) == "null" || string(c.Expires) == `"Infinity"` {
		return time.Time{}, nil
	}
	if err := json.Unmarshal(c.Expires, &text); err != nil {
		return time.Time{}, errors.New("expires is no text")
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("expires is not a time as in 2026-01-31T12:00:00Z: %q", text)
	}
	return at, nil
}

// File is all of the jar as ParseFile, newman and Postman CLI read it.
func (j *Jar) File() ([]byte, error) {
	now := j.now().UTC().Truncate(time.Millisecond)
	f := file{Version: "tough-cookie@4.1.3", StoreType: "MemoryCookieStore", RejectPublicSuffixes: true, Cookies: []fileCookie{}}
	for _, c := range j.All() {
		out := fileCookie{
			Key: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, Secure: c.Secure, HTTPOnly: c.HTTPOnly, HostOnly: c.HostOnly,
			Creation: now, Accessed: now, Extensions: slices.Clone(c.Extensions),
		}
		if !c.Expires.IsZero() {
			out.Expires, _ = json.Marshal(c.Expires.UTC().Truncate(time.Millisecond)) // a time
		}
		f.Cookies = append(f.Cookies, out)
	}
	return json.MarshalIndent(f, "", "  ")
}
