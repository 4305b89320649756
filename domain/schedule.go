package domain

import (
	"hash/fnv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones for machines that have none of their own
)

// Bounds of a schedule.
const (
	MaxEveryMinutes = 7 * 24 * 60
	maxCronText     = 200
	// never is how far ahead a cron expression is searched: a 29 February that is
	// a Sunday can be 40 years away.
	never = 41 * 366 * 24 * time.Hour
	// maxSpread bounds how far a fixed time is put off to spread load.
	maxSpread = 30 * time.Second
)

// Schedule is when a monitor runs: every so many minutes, or by a cron
// expression (five fields, POSIX) in an IANA time zone. Exactly one is set.
type Schedule struct {
	EveryMinutes int    `json:"every_minutes,omitempty"`
	Cron         string `json:"cron,omitempty"`
	Timezone     string `json:"timezone,omitempty"` // default UTC
}

func (s *Schedule) equal(o *Schedule) bool {
	if s == nil || o == nil {
		return s == o
	}
	return *s == *o
}

func (s Schedule) check(now time.Time) (Schedule, error) {
	s.Cron = strings.Join(strings.Fields(s.Cron), " ")
	switch {
	case s.EveryMinutes == 0 && s.Cron == "":
		return s, FieldErrorf("/schedule", "needs every_minutes or cron; use null for a monitor that runs only when triggered")
	case s.EveryMinutes != 0 && s.Cron != "":
		return s, FieldErrorf("/schedule", "has both every_minutes and cron; leave one out")
	case s.Cron == "" && (s.EveryMinutes < 1 || s.EveryMinutes > MaxEveryMinutes):
		return s, FieldErrorf("/schedule/every_minutes", "must be from 1 to %d", MaxEveryMinutes)
	}
	zone, err := s.zone()
	if err != nil {
		return s, FieldErrorf("/schedule/timezone", "is not an IANA time zone such as Europe/Berlin")
	}
	s.Timezone = zone.String()
	if s.Cron == "" {
		return s, nil
	}
	if len(s.Cron) > maxCronText {
		return s, FieldErrorf("/schedule/cron", "has more than %d characters", maxCronText)
	}
	if _, err := parseCron(s.Cron); err != nil {
		return s, FieldErrorf("/schedule/cron", "%s", err)
	}
	if s.Next(now).IsZero() {
		return s, FieldErrorf("/schedule/cron", "never fires: no day has that date")
	}
	return s, nil
}

func (s Schedule) zone() (*time.Location, error) {
	if s.Timezone == "" {
		return time.UTC, nil
	}
	folder, _, _ := strings.Cut(s.Timezone, "/")
	switch folder { // what some machines have beside the IANA zones
	case "Local", "localtime", "posixrules", "posix", "right":
		return nil, Errorf(Invalid, "not a zone")
	}
	if len(s.Timezone) > 64 {
		return nil, Errorf(Invalid, "not a zone")
	}
	if z, ok := zones.Load(s.Timezone); ok {
		return z.(*time.Location), nil
	}
	z, err := time.LoadLocation(s.Timezone)
	if err == nil {
		zones.Store(s.Timezone, z) // only names that exist: they are few
	}
	return z, err
}

var zones sync.Map // of *time.Location by name; reading one takes a file

// Next is the first nominal time of a slot after t, in UTC; zero if there is none.
//
// Intervals, and cron expressions whose hour is a wildcard, follow elapsed time
// through changes of the clock. Fixed times fire once per local day: in a gap at
// the first instant after it, when repeated at the first of the two.
func (s Schedule) Next(t time.Time) time.Time {
	if s.EveryMinutes > 0 {
		step := int64(s.EveryMinutes) * 60
		return time.Unix((t.Unix()/step+1)*step, 0).UTC()
	}
	c, err := parseCron(s.Cron)
	if err != nil {
		return time.Time{}
	}
	zone, err := s.zone()
	if err != nil {
		return time.Time{}
	}
	return c.next(t, zone)
}

// Offset is by how much the slots of a monitor start after their nominal time:
// always the same for one monitor, spread evenly over many.
func (s Schedule) Offset(id MonitorID) time.Duration {
	spread := maxSpread
	if s.EveryMinutes > 0 {
		spread = time.Duration(s.EveryMinutes) * time.Minute
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return time.Duration(h.Sum64()%uint64(spread/time.Second)) * time.Second
}

// NextDue is when the slot after t starts, with its offset, and its nominal time.
func (s Schedule) NextDue(id MonitorID, t time.Time) (due, nominal time.Time) {
	offset := s.Offset(id)
	nominal = s.Next(t.Add(-offset))
	if nominal.IsZero() {
		return time.Time{}, nominal
	}
	return nominal.Add(offset), nominal
}
