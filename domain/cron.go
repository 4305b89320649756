package domain

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cron is a parsed five-field expression: a bit for each value that matches.
// POSIX crontab(5): when day of month and day of week are both restricted, a day
// matches when either does.
type cron struct {
	minute, hour, day, month, weekday uint64
	anyHour                           bool // the hour field starts with a wildcard
	eitherDay                         bool // both day fields are restricted
}

type cronField struct {
	name   string
	lo, hi int
	names  string // three letters each, from lo
}

var cronFields = []cronField{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of week", 0, 7, "sunmontuewedthufrisat"},
}

func parseCron(text string) (cron, error) {
	parts := strings.Fields(text)
	if len(parts) != len(cronFields) {
		return cron{}, fmt.Errorf("must have five fields: minute, hour, day of month, month, day of week")
	}
	var bits [5]uint64
	for i, f := range cronFields {
		var err error
		if bits[i], err = f.parse(parts[i]); err != nil {
			return cron{}, err
		}
	}
	c := cron{minute: bits[0], hour: bits[1], day: bits[2], month: bits[3], weekday: bits[4]}
	if c.weekday&(1<<7) != 0 { // 7 is Sunday as well
		c.weekday |= 1
	}
	c.anyHour = strings.HasPrefix(parts[1], "*")
	c.eitherDay = !strings.HasPrefix(parts[2], "*") && !strings.HasPrefix(parts[4], "*")
	return c, nil
}

func (f cronField) parse(text string) (uint64, error) {
	var bits uint64
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, hasStep := strings.Cut(item, "/")
		lo, hi, err := f.span(span, hasStep)
		if err != nil {
			return 0, err
		}
		step := 1
		if hasStep {
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > f.hi || stepText[0] == '+' {
				return 0, fmt.Errorf("has a step in the %s field that is not from 1 to %d", f.name, f.hi)
			}
		}
		for v := lo; v <= hi; v += step {
			bits |= 1 << v
		}
	}
	return bits, nil
}

func (f cronField) span(text string, hasStep bool) (lo, hi int, err error) {
	if text == "*" {
		return f.lo, f.hi, nil
	}
	first, last, isRange := strings.Cut(text, "-")
	if lo, err = f.value(first); err != nil {
		return 0, 0, err
	}
	switch {
	case isRange:
		if hi, err = f.value(last); err != nil {
			return 0, 0, err
		}
	case hasStep:
		hi = f.hi
	default:
		hi = lo
	}
	if lo > hi {
		return 0, 0, fmt.Errorf("has a range in the %s field that runs backwards", f.name)
	}
	return lo, hi, nil
}

func (f cronField) value(text string) (int, error) {
	if len(text) == 3 && f.names != "" {
		if i := strings.Index(f.names, strings.ToLower(text)); i >= 0 && i%3 == 0 {
			return f.lo + i/3, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.lo || n > f.hi || text[0] == '+' {
		return 0, fmt.Errorf("has a value in the %s field that is not from %d to %d", f.name, f.lo, f.hi)
	}
	return n, nil
}

func (c cron) matchesDay(t time.Time) bool {
	if c.month&(1<<int(t.Month())) == 0 {
		return false
	}
	day, weekday := c.day&(1<<t.Day()) != 0, c.weekday&(1<<int(t.Weekday())) != 0
	if c.eitherDay {
		return day || weekday
	}
	return day && weekday
}

// next is the first match after t.
func (c cron) next(t time.Time, zone *time.Location) time.Time {
	if c.anyHour {
		return c.nextElapsed(t, zone)
	}
	return c.nextFixed(t, zone)
}

// nextFixed walks the calendar from the local day of t: each day has each time
// once.
func (c cron) nextFixed(t time.Time, zone *time.Location) time.Time {
	year, month, day := t.In(zone).Date()
	for d := 0; d <= int(never/(24*time.Hour)); {
		date := time.Date(year, month, day+d, 0, 0, 0, 0, time.UTC)
		if !c.matchesDay(date) {
			d += c.skip(date)
			continue
		}
		if at := c.nextOfDay(date, t, zone); !at.IsZero() {
			return at.UTC()
		}
		d++
	}
	return time.Time{}
}

// skip is how many days to go on from one that does not match.
func (c cron) skip(date time.Time) int {
	y, m, d := date.Date()
	if c.month&(1<<int(m)) != 0 {
		return 1
	}
	return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() - d + 1 // to the next month
}

func (c cron) nextOfDay(date, after time.Time, zone *time.Location) time.Time {
	y, m, d := date.Date()
	if time.Date(y, m, d, 12, 0, 0, 0, zone).Day() != d { // the zone left that day out
		return time.Time{}
	}
	for hour := range 24 {
		if c.hour&(1<<hour) == 0 {
			continue
		}
		for minute := range 60 {
			if c.minute&(1<<minute) == 0 {
				continue
			}
			if at := localInstant(y, m, d, hour, minute, zone); at.After(after) {
				return at
			}
		}
	}
	return time.Time{}
}

// nextElapsed follows real time and looks at what the clock shows, so that a
// repeated hour fires twice and a missing one not at all. Days that do not match
// are skipped, but no change of the clock is.
func (c cron) nextElapsed(t time.Time, zone *time.Location) time.Time {
	at := t.Truncate(time.Minute).Add(time.Minute).In(zone)
	for end := at.Add(never); at.Before(end); {
		switch {
		case !c.matchesDay(at):
			rest := time.Duration(c.skip(at)*24*60-at.Hour()*60-at.Minute()) * time.Minute
			// After: on 31 December of leap years Go 1.26 answers with its midnight.
			if _, change := at.ZoneBounds(); change.After(at) && change.Sub(at) < rest {
				rest = change.Sub(at)
			}
			at = at.Add(rest)
		case c.hour&(1<<at.Hour()) != 0 && c.minute&(1<<at.Minute()) != 0:
			return at.UTC()
		default:
			at = at.Add(time.Minute)
		}
	}
	return time.Time{}
}

// localInstant is when a clock in the zone shows that time: the first of two
// instants where the time repeats, the end of the gap where it is missing.
func localInstant(y int, m time.Month, d, hour, minute int, zone *time.Location) time.Time {
	at := time.Date(y, m, d, hour, minute, 0, 0, zone)
	start, end := at.ZoneBounds()
	wanted := time.Date(y, m, d, hour, minute, 0, 0, time.UTC)
	_, offset := at.Zone()
	shown := at.UTC().Add(time.Duration(offset) * time.Second)
	switch {
	case shown.After(wanted) && !start.IsZero(): // put after the gap
		return start
	case shown.Before(wanted) && !end.IsZero(): // put before the gap
		return end
	}
	if start.IsZero() {
		return at
	}
	_, before := start.Add(-time.Second).Zone()
	earlier := at.Add(time.Duration(offset-before) * time.Second)
	if before > offset && earlier.Before(start) { // also shown before the clock went back
		return earlier
	}
	return at
}
