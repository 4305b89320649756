package cookies

import (
	"strconv"
	"strings"
	"time"
)

// Parse reads a Set-Cookie line. now is when it came, for Max-Age.
func Parse(line string, now time.Time) (Cookie, bool) {
	pair, attributes, _ := strings.Cut(strings.TrimSpace(line), ";")
	name, value, ok := strings.Cut(pair, "=")
	if !ok {
		name, value = "", pair
	}
	c := Cookie{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)}
	if strings.ContainsFunc(c.Name+c.Value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) || (c.Name == "" && c.Value == "") {
		return Cookie{}, false
	}
	var maxAge *time.Time
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(attribute), "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "":
		case "expires":
			if at, ok := parseDate(value); ok {
				c.Expires = at
			}
		case "max-age":
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
				at := now.Add(time.Duration(min(max(seconds, -1), 400*24*3600)) * time.Second)
				maxAge = &at
			}
		case "domain":
			c.Domain = strings.ToLower(strings.TrimPrefix(value, "."))
		case "path":
			c.Path = value
		case "secure":
			c.Secure = true
		case "httponly":
			c.HTTPOnly = true
		default:
			c.Extensions = append(c.Extensions, strings.TrimSpace(attribute))
		}
	}
	if maxAge != nil {
		c.Expires = *maxAge
	}
	return c, true
}

// parseDate is the cookie-date of RFC 6265 §5.1.1: any order, any separators.
func parseDate(s string) (time.Time, bool) {
	var hour, minute, second, day, year int
	var month time.Month
	clock := false
	day, year = -1, -1
	for _, token := range strings.FieldsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != ':'
	}) {
		n, digits := leadingNumber(token)
		switch {
		case !clock && strings.Count(token, ":") == 2:
			parts := strings.Split(token, ":")
			hour, _ = leadingNumber(parts[0])
			minute, _ = leadingNumber(parts[1])
			second, _ = leadingNumber(parts[2])
			clock = true
		case day < 0 && (digits == 1 || digits == 2):
			day = n
		case month == 0 && monthOf(token) != 0:
			month = monthOf(token)
		case year < 0 && digits >= 2 && digits <= 4:
			year = n
		}
	}
	switch {
	case year >= 70 && year <= 99:
		year += 1900
	case year >= 0 && year <= 69:
		year += 2000
	}
	if !clock || month == 0 || day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC), true
}

func leadingNumber(s string) (n, digits int) {
	for digits < len(s) && digits < 5 && s[digits] >= '0' && s[digits] <= '9' {
		n = n*10 + int(s[digits]-'0')
		digits++
	}
	return n, digits
}

func monthOf(token string) time.Month {
	if len(token) < 3 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(token[:3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return time.Month(i/3 + 1)
}
