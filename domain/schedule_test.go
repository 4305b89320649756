package domain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/picket-api/picket/domain"
)

// utc reads "2026-03-29 01:00".
func utc(text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

// firings are the first n slots after t, in UTC.
func firings(s domain.Schedule, t time.Time, n int) []string {
	var all []string
	for range n {
		t = s.Next(t)
		if t.IsZero() {
			return append(all, "never")
		}
		all = append(all, t.Format("2006-01-02 15:04"))
	}
	return all
}

// Ruling 21: wildcard hours and intervals follow elapsed time; fixed times fire
// once per local day, after a gap at its end, of two equal ones at the first.
func TestScheduleThroughClockChanges(t *testing.T) {
	t.Parallel()
	for _, change := range []struct {
		name, zone string
		slots      []struct{ when, after, want string }
	}{
		{"Berlin forward, 02:00 to 03:00", "Europe/Berlin", []struct{ when, after, want string }{
			{"every 5", "2026-03-29 00:52", "2026-03-29 00:55, 2026-03-29 01:00, 2026-03-29 01:05"},
			{"every 60", "2026-03-29 00:00", "2026-03-29 01:00, 2026-03-29 02:00"},
			{"*/5 * * * *", "2026-03-29 00:50", "2026-03-29 00:55, 2026-03-29 01:00, 2026-03-29 01:05"},
			{"0 * * * *", "2026-03-29 00:00", "2026-03-29 01:00, 2026-03-29 02:00"},
			{"30 * * * *", "2026-03-29 00:00", "2026-03-29 00:30, 2026-03-29 01:30"},
			{"0 */2 * * *", "2026-03-28 22:00", "2026-03-28 23:00, 2026-03-29 02:00, 2026-03-29 04:00"},
			{"30 2 * * *", "2026-03-28 12:00", "2026-03-29 01:00, 2026-03-30 00:30"},
			{"*/15 2 * * *", "2026-03-28 12:00", "2026-03-29 01:00, 2026-03-30 00:00"},
			{"30 2,3 * * *", "2026-03-28 12:00", "2026-03-29 01:00, 2026-03-29 01:30, 2026-03-30 00:30"},
			{"0 0-23 * * *", "2026-03-29 00:00", "2026-03-29 01:00, 2026-03-29 02:00"},
			{"0 3 * * *", "2026-03-28 12:00", "2026-03-29 01:00, 2026-03-30 01:00"},
			{"30 1 * * *", "2026-03-28 12:00", "2026-03-29 00:30, 2026-03-29 23:30"},
			{"0 0 * * *", "2026-03-28 12:00", "2026-03-28 23:00, 2026-03-29 22:00"},
			{"30 2 29 3 *", "2026-03-28 12:00", "2026-03-29 01:00, 2027-03-29 00:30"},
			{"30 2 * * sun", "2026-03-28 12:00", "2026-03-29 01:00, 2026-04-05 00:30"},
		}},
		{"Berlin back, 03:00 to 02:00", "Europe/Berlin", []struct{ when, after, want string }{
			{"every 30", "2026-10-25 00:15", "2026-10-25 00:30, 2026-10-25 01:00, 2026-10-25 01:30"},
			{"*/30 * * * *", "2026-10-24 23:59", "2026-10-25 00:00, 2026-10-25 00:30, 2026-10-25 01:00, 2026-10-25 01:30, 2026-10-25 02:00"},
			{"0 * * * *", "2026-10-24 23:30", "2026-10-25 00:00, 2026-10-25 01:00, 2026-10-25 02:00"},
			{"0 */2 * * *", "2026-10-24 21:00", "2026-10-24 22:00, 2026-10-25 00:00, 2026-10-25 01:00, 2026-10-25 03:00"},
			{"30 2 * * *", "2026-10-24 12:00", "2026-10-25 00:30, 2026-10-26 01:30"},
			{"30 2 * * *", "2026-10-25 00:31", "2026-10-26 01:30"},
			{"30 2 * * *", "2026-10-25 01:15", "2026-10-26 01:30"},
			{"*/20 2 * * *", "2026-10-24 12:00", "2026-10-25 00:00, 2026-10-25 00:20, 2026-10-25 00:40, 2026-10-26 01:00"},
			{"0 0-23 * * *", "2026-10-24 23:30", "2026-10-25 00:00, 2026-10-25 02:00"},
			{"0 3 * * *", "2026-10-24 12:00", "2026-10-25 02:00, 2026-10-26 02:00"},
			{"30 1 * * *", "2026-10-24 12:00", "2026-10-24 23:30, 2026-10-26 00:30"},
			{"0 0 * * *", "2026-10-24 12:00", "2026-10-24 22:00, 2026-10-25 23:00"},
		}},
		{"Berlin on 31 December of leap years", "Europe/Berlin", []struct{ when, after, want string }{
			{"0 * 1 1 *", "2028-06-01 00:00", "2028-12-31 23:00, 2029-01-01 00:00"},
			{"0 * 1 1 *", "2040-06-01 00:00", "2040-12-31 23:00, 2041-01-01 00:00"},
			{"0 * 1 1 *", "2040-12-31 12:34", "2040-12-31 23:00, 2041-01-01 00:00"},
			{"30 23 31 12 *", "2040-06-01 00:00", "2040-12-31 22:30, 2041-12-31 22:30"},
			{"0 */6 31 12 *", "2040-06-01 00:00", "2040-12-30 23:00, 2040-12-31 05:00, 2040-12-31 11:00, 2040-12-31 17:00"},
		}},
		{"New York forward, 02:00 to 03:00", "America/New_York", []struct{ when, after, want string }{
			{"every 45", "2026-03-08 06:00", "2026-03-08 06:45, 2026-03-08 07:30"},
			{"*/5 * * * *", "2026-03-08 06:54", "2026-03-08 06:55, 2026-03-08 07:00, 2026-03-08 07:05"},
			{"0 * * * *", "2026-03-08 06:00", "2026-03-08 07:00, 2026-03-08 08:00"},
			{"30 2 * * *", "2026-03-07 12:00", "2026-03-08 07:00, 2026-03-09 06:30"},
			{"30 1 * * *", "2026-03-07 12:00", "2026-03-08 06:30, 2026-03-09 05:30"},
		}},
		{"New York back, 02:00 to 01:00", "America/New_York", []struct{ when, after, want string }{
			{"every 60", "2026-11-01 04:30", "2026-11-01 05:00, 2026-11-01 06:00, 2026-11-01 07:00"},
			{"30 * * * *", "2026-11-01 04:45", "2026-11-01 05:30, 2026-11-01 06:30, 2026-11-01 07:30"},
			{"30 1 * * *", "2026-10-31 12:00", "2026-11-01 05:30, 2026-11-02 06:30"},
			{"*/30 1 * * *", "2026-10-31 12:00", "2026-11-01 05:00, 2026-11-01 05:30, 2026-11-02 06:00"},
			{"30 2 * * *", "2026-10-31 12:00", "2026-11-01 07:30, 2026-11-02 07:30"},
			{"0 2 * * *", "2026-10-31 12:00", "2026-11-01 07:00, 2026-11-02 07:00"},
		}},
		{"Lord Howe forward, 02:00 to 02:30", "Australia/Lord_Howe", []struct{ when, after, want string }{
			{"every 20", "2026-10-03 15:10", "2026-10-03 15:20, 2026-10-03 15:40"},
			{"*/5 * * * *", "2026-10-03 15:24", "2026-10-03 15:25, 2026-10-03 15:30, 2026-10-03 15:35"},
			{"0 * * * *", "2026-10-03 14:00", "2026-10-03 14:30, 2026-10-03 16:00"},
			{"30 * * * *", "2026-10-03 14:00", "2026-10-03 15:00, 2026-10-03 15:30, 2026-10-03 16:30"},
			{"15 2 * * *", "2026-10-03 00:00", "2026-10-03 15:30, 2026-10-04 15:15"},
			{"30 2 * * *", "2026-10-03 00:00", "2026-10-03 15:30, 2026-10-04 15:30"},
			{"45 2 * * *", "2026-10-03 00:00", "2026-10-03 15:45, 2026-10-04 15:45"},
			{"30 1 * * *", "2026-10-03 00:00", "2026-10-03 15:00, 2026-10-04 14:30"},
		}},
		{"Lord Howe back, 02:00 to 01:30", "Australia/Lord_Howe", []struct{ when, after, want string }{
			{"every 20", "2026-04-04 14:50", "2026-04-04 15:00, 2026-04-04 15:20"},
			{"*/5 * * * *", "2026-04-04 14:54", "2026-04-04 14:55, 2026-04-04 15:00, 2026-04-04 15:05"},
			{"45 * * * *", "2026-04-04 14:00", "2026-04-04 14:45, 2026-04-04 15:15, 2026-04-04 16:15"},
			{"0 * * * *", "2026-04-04 13:59", "2026-04-04 14:00, 2026-04-04 15:30, 2026-04-04 16:30"},
			{"45 1 * * *", "2026-04-04 00:00", "2026-04-04 14:45, 2026-04-05 15:15"},
			{"30 1 * * *", "2026-04-04 00:00", "2026-04-04 14:30, 2026-04-05 15:00"},
			{"15 1 * * *", "2026-04-04 00:00", "2026-04-04 14:15, 2026-04-05 14:45"},
			{"0 2 * * *", "2026-04-04 00:00", "2026-04-04 15:30, 2026-04-05 15:30"},
			{"30 2 * * *", "2026-04-04 00:00", "2026-04-04 16:00, 2026-04-05 16:00"},
		}},
		{"Kolkata never changes", "Asia/Kolkata", []struct{ when, after, want string }{
			{"every 60", "2026-03-29 00:10", "2026-03-29 01:00, 2026-03-29 02:00"},
			{"*/5 * * * *", "2026-03-29 00:59", "2026-03-29 01:00, 2026-03-29 01:05"},
			{"0 * * * *", "2026-03-29 00:00", "2026-03-29 00:30, 2026-03-29 01:30"},
			{"30 2 * * *", "2026-03-28 00:00", "2026-03-28 21:00, 2026-03-29 21:00"},
			{"30 1 * * *", "2026-10-24 00:00", "2026-10-24 20:00, 2026-10-25 20:00"},
			{"0 0 * * *", "2026-10-24 00:00", "2026-10-24 18:30, 2026-10-25 18:30"},
		}},
		{"Apia had no 30 December 2011", "Pacific/Apia", []struct{ when, after, want string }{
			{"every 15", "2011-12-30 09:40", "2011-12-30 09:45, 2011-12-30 10:00, 2011-12-30 10:15"},
			{"*/5 * * * *", "2011-12-30 09:54", "2011-12-30 09:55, 2011-12-30 10:00, 2011-12-30 10:05"},
			{"0 * * * *", "2011-12-30 08:30", "2011-12-30 09:00, 2011-12-30 10:00, 2011-12-30 11:00"},
			{"0 12 * * *", "2011-12-29 00:00", "2011-12-29 22:00, 2011-12-30 22:00, 2011-12-31 22:00"},
			{"30 2 * * *", "2011-12-29 00:00", "2011-12-29 12:30, 2011-12-30 12:30"},
			{"30 1 * * *", "2011-12-29 00:00", "2011-12-29 11:30, 2011-12-30 11:30"},
			{"0 0 * * *", "2011-12-29 12:00", "2011-12-30 10:00, 2011-12-31 10:00"},
			{"0 12 30 * *", "2011-12-15 00:00", "2012-01-29 22:00"},
			{"*/5 * 30 12 *", "2011-12-15 00:00", "2012-12-29 10:00"},
			{"0 0 * * fri", "2011-12-25 00:00", "2012-01-05 10:00"},
		}},
		{"Sao Paulo forward at midnight", "America/Sao_Paulo", []struct{ when, after, want string }{
			{"*/5 * * * *", "2018-11-04 02:54", "2018-11-04 02:55, 2018-11-04 03:00, 2018-11-04 03:05"},
			{"0 * * * *", "2018-11-04 01:30", "2018-11-04 02:00, 2018-11-04 03:00, 2018-11-04 04:00"},
			{"0 0 * * *", "2018-11-03 12:00", "2018-11-04 03:00, 2018-11-05 02:00"},
			{"30 0 * * *", "2018-11-03 12:00", "2018-11-04 03:00, 2018-11-05 02:30"},
			{"0 1 * * *", "2018-11-03 12:00", "2018-11-04 03:00, 2018-11-05 03:00"},
			{"0 0 * * sun", "2018-11-03 12:00", "2018-11-04 03:00, 2018-11-11 02:00"},
			{"0 0 4 * *", "2018-11-03 12:00", "2018-11-04 03:00, 2018-12-04 02:00"},
			{"30 23 * * sat", "2018-11-03 12:00", "2018-11-04 02:30, 2018-11-11 01:30"},
		}},
		{"Sao Paulo back at midnight", "America/Sao_Paulo", []struct{ when, after, want string }{
			{"30 * * * *", "2018-02-18 01:00", "2018-02-18 01:30, 2018-02-18 02:30, 2018-02-18 03:30"},
			{"*/30 * * * sat", "2018-02-18 01:00", "2018-02-18 01:30, 2018-02-18 02:00, 2018-02-18 02:30, 2018-02-24 03:00"},
			{"30 23 * * *", "2018-02-17 12:00", "2018-02-18 01:30, 2018-02-19 02:30"},
			{"0 0 * * *", "2018-02-17 12:00", "2018-02-18 03:00, 2018-02-19 03:00"},
		}},
		{"Cairo forward at midnight", "Africa/Cairo", []struct{ when, after, want string }{
			{"0 0 * * *", "2026-04-23 12:00", "2026-04-23 22:00, 2026-04-24 21:00"},
			{"15 0 24 4 *", "2026-04-01 00:00", "2026-04-23 22:00, 2027-04-23 22:15"},
			{"*/30 * * * *", "2026-04-23 21:10", "2026-04-23 21:30, 2026-04-23 22:00"},
		}},
		{"Cairo back at midnight", "Africa/Cairo", []struct{ when, after, want string }{
			{"0 0 * * fri", "2026-10-28 12:00", "2026-10-29 22:00, 2026-11-05 22:00"},
			{"30 23 * * thu", "2026-10-28 12:00", "2026-10-29 20:30, 2026-11-05 21:30"},
			{"30 * 29 * *", "2026-10-29 20:00", "2026-10-29 20:30, 2026-10-29 21:30, 2026-11-28 22:30"},
		}},
		{"St John's back over midnight, 00:01 to 23:01", "America/St_Johns", []struct{ when, after, want string }{
			{"0 * * * *", "2010-11-07 01:00", "2010-11-07 01:30, 2010-11-07 02:30, 2010-11-07 03:30, 2010-11-07 04:30"},
			{"*/20 * * * *", "2010-11-07 02:10", "2010-11-07 02:30, 2010-11-07 02:50, 2010-11-07 03:10, 2010-11-07 03:30"},
			{"30 * 7 * *", "2010-11-06 12:00", "2010-11-07 04:00, 2010-11-07 05:00"},
			{"30 * 6 * *", "2010-11-07 01:30", "2010-11-07 02:00, 2010-11-07 03:00, 2010-12-06 04:00"},
			{"0 0 * * *", "2010-11-06 12:00", "2010-11-07 02:30, 2010-11-08 03:30"},
			{"30 23 * * *", "2010-11-06 12:00", "2010-11-07 02:00, 2010-11-08 03:00"},
		}},
	} {
		for _, s := range change.slots {
			t.Run(change.name+": "+s.when, func(t *testing.T) {
				t.Parallel()
				schedule := domain.Schedule{Cron: s.when, Timezone: change.zone}
				if _, err := fmt.Sscanf(s.when, "every %d", &schedule.EveryMinutes); err == nil {
					schedule.Cron = ""
				}
				want := strings.Split(s.want, ", ")
				require.Equal(t, want, firings(schedule, utc(s.after), len(want)))
			})
		}
	}
}

func TestScheduleCron(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, cron, after, want string }{
		{"each minute", "* * * * *", "2026-01-31 23:59", "2026-02-01 00:00, 2026-02-01 00:01"},
		{"strictly after", "0 0 * * *", "2026-01-01 00:00", "2026-01-02 00:00"},
		{"list", "5,10,50 4 * * *", "2026-01-01 04:05", "2026-01-01 04:10, 2026-01-01 04:50, 2026-01-02 04:05"},
		{"list in any order, with repeats", "50,5,50,10 4 * * *", "2026-01-01 04:05", "2026-01-01 04:10, 2026-01-01 04:50"},
		{"range", "0 8-10 * * *", "2026-01-01 07:00", "2026-01-01 08:00, 2026-01-01 09:00, 2026-01-01 10:00, 2026-01-02 08:00"},
		{"range of one", "0 8-8 * * *", "2026-01-01 07:00", "2026-01-01 08:00, 2026-01-02 08:00"},
		{"ranges and values", "0 1-2,5 * * *", "2026-01-01 00:00", "2026-01-01 01:00, 2026-01-01 02:00, 2026-01-01 05:00"},
		{"step", "*/25 * * * *", "2026-01-01 00:00", "2026-01-01 00:25, 2026-01-01 00:50, 2026-01-01 01:00"},
		{"step in a range", "10-40/15 0 * * *", "2026-01-01 00:00", "2026-01-01 00:10, 2026-01-01 00:25, 2026-01-01 00:40, 2026-01-02 00:10"},
		{"step from a value", "5/20 0 * * *", "2026-01-01 00:00", "2026-01-01 00:05, 2026-01-01 00:25, 2026-01-01 00:45, 2026-01-02 00:05"},
		{"step longer than the range", "3-5/30 0 * * *", "2026-01-01 00:00", "2026-01-01 00:03, 2026-01-02 00:03"},
		{"step of days", "0 0 */10 * *", "2026-01-20 00:00", "2026-01-21 00:00, 2026-01-31 00:00, 2026-02-01 00:00"},
		{"step of months", "0 0 1 */5 *", "2026-01-20 00:00", "2026-06-01 00:00, 2026-11-01 00:00, 2027-01-01 00:00"},
		{"leading zeros", "05 04 01 02 *", "2026-01-01 00:00", "2026-02-01 04:05"},
		{"blanks", " 0\t0  1 * *\n", "2026-01-01 00:00", "2026-02-01 00:00"},

		{"month names", "0 0 1 jan,Jul,DEC *", "2026-01-01 00:00", "2026-07-01 00:00, 2026-12-01 00:00, 2027-01-01 00:00"},
		{"range of names", "0 0 1 feb-apr *", "2026-01-01 00:00", "2026-02-01 00:00, 2026-03-01 00:00, 2026-04-01 00:00, 2027-02-01 00:00"},
		{"name and number", "0 0 1 feb-4/2 *", "2026-01-01 00:00", "2026-02-01 00:00, 2026-04-01 00:00, 2027-02-01 00:00"},
		{"day names", "0 9 * * Mon-FRI", "2026-02-12 10:00", "2026-02-13 09:00, 2026-02-16 09:00"},
		{"0 is Sunday", "0 0 * * 0", "2026-02-12 00:00", "2026-02-15 00:00, 2026-02-22 00:00"},
		{"7 is Sunday", "0 0 * * 7", "2026-02-12 00:00", "2026-02-15 00:00, 2026-02-22 00:00"},
		{"sun is Sunday", "0 0 * * sun", "2026-02-12 00:00", "2026-02-15 00:00, 2026-02-22 00:00"},
		{"6 to 7 is the weekend", "0 0 * * 6-7", "2026-02-12 00:00", "2026-02-14 00:00, 2026-02-15 00:00, 2026-02-21 00:00"},
		{"0 to 7 is each day", "0 0 * * 0-7", "2026-02-12 00:00", "2026-02-13 00:00, 2026-02-14 00:00, 2026-02-15 00:00, 2026-02-16 00:00"},

		{"day of month or of week", "0 0 13 * 5", "2026-03-31 00:00", "2026-04-03 00:00, 2026-04-10 00:00, 2026-04-13 00:00, 2026-04-17 00:00"},
		{"both on one day fire once", "0 0 13 * fri", "2026-02-12 00:00", "2026-02-13 00:00, 2026-02-20 00:00"},
		{"or, within the month", "0 0 1 6 mon", "2026-05-20 00:00", "2026-06-01 00:00, 2026-06-08 00:00"},
		{"only the day of month", "0 0 13 * *", "2026-01-14 00:00", "2026-02-13 00:00, 2026-03-13 00:00"},
		{"only the day of week", "0 0 * * 5", "2026-02-12 00:00", "2026-02-13 00:00, 2026-02-20 00:00"},
		{"a stepped wildcard is one: and", "0 0 */10 * mon", "2026-01-01 00:00", "2026-05-11 00:00, 2026-06-01 00:00"},
		{"a day of month that can't be, or a day of week", "0 0 31 2 mon", "2026-01-01 00:00", "2026-02-02 00:00"},

		{"skips short months", "0 0 31 * *", "2026-01-31 00:00", "2026-03-31 00:00, 2026-05-31 00:00"},
		{"29 February", "0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00, 2032-02-29 00:00"},
		{"2100 has none", "0 0 29 2 *", "2096-02-29 00:00", "2104-02-29 00:00"},
		{"29 February on a Sunday", "0 0 29 2 */7", "2026-01-01 00:00", "2032-02-29 00:00, 2060-02-29 00:00, 2088-02-29 00:00, 2128-02-29 00:00"},
		{"never", "0 0 31 2 *", "2026-01-01 00:00", "never"},
		{"never, by the minute", "* * 30 2 *", "2026-01-01 00:00", "never"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := strings.Split(tt.want, ", ")
			for _, zone := range []string{"", "UTC", "Etc/UTC"} {
				require.Equal(t, want, firings(domain.Schedule{Cron: tt.cron, Timezone: zone}, utc(tt.after), len(want)))
			}
		})
	}
	for i, month := range strings.Fields("jan feb mar apr may jun jul aug sep oct nov dec") {
		require.Equal(t, time.Month(i+1), domain.Schedule{Cron: "0 0 1 " + month + " *"}.Next(now).Month())
	}
	for i, day := range strings.Fields("sun mon tue wed thu fri sat") {
		require.Equal(t, time.Weekday(i), domain.Schedule{Cron: "0 0 * * " + day}.Next(now).Weekday())
	}
}

func TestScheduleCronRefusals(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"*", "* * * *", "* * * * * *", "@hourly",
		"60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 0 *", "* * * 13 *", "* * * * 8",
		"-1 * * * *", "+1 * * * *", "1.5 * * * *", "0x1 * * * *", "1_0 * * * *", "٣ * * * *", "a * * * *",
		"9223372036854775808 * * * *", "18446744073709551617 * * * *", "99999999999999999999999999 * * * *",
		", * * * *", "1, * * * *", ",1 * * * *", "1,,2 * * * *", "- * * * *", "1- * * * *", "-5 * * * *", "1-2-3 * * * *",
		"5-1 * * * *", "* * * dec-jan *", "* * * * fri-mon", "*-5 * * * *", "1-* * * * *", "** * * * *", "*5 * * * *",
		"/ * * * *", "*/ * * * *", "/5 * * * *", "*/0 * * * *", "*/-1 * * * *", "*/+5 * * * *", "*/60 * * * *", "*/x * * * *", "*/5/5 * * * *",
		"* */24 * * *", "*/99999999999999999999 * * * *",
		"jan * * * *", "* mon * * *", "* * * mon *", "* * * * jan", "* * * january *", "* * * anf *", "* * * * unm", "* * * ja *",
		"? * * * *", "* * L * *", "* * 15W * *", "* * * * 5#2", "H * * * *", "~ * * * *", "*\x00 * * * *", "\xff * * * *",
	} {
		require.True(t, domain.Schedule{Cron: text}.Next(now).IsZero(), text)
		_, err := new(domain.Monitor).Create(monitorID, workspaceID, configured(func(c *domain.Configuration) {
			c.Schedule = &domain.Schedule{Cron: text}
		}), now)
		require.Equal(t, "invalid /schedule/cron", errorText(t, err), text)
	}
	require.True(t, domain.Schedule{}.Next(now).IsZero())
	require.True(t, domain.Schedule{Cron: "* * * * *", Timezone: "Mars/Olympus"}.Next(now).IsZero())
}

// drawn is a cron expression with what it means, so that the oracle needs no parser.
type drawn struct {
	domain.Schedule
	minute, hour, day, month, weekday map[int]bool
	anyHour, eitherDay                bool
}

func drawField(t *rapid.T, name string, lo, hi int, wild int) (string, map[int]bool) {
	values := map[int]bool{}
	if rapid.IntRange(0, 9).Draw(t, name+" wild") < wild {
		for v := lo; v <= hi; v++ {
			values[v] = true
		}
		return "*", values
	}
	var items []string
	for range rapid.IntRange(1, 3).Draw(t, name+" items") {
		first := rapid.IntRange(lo, hi).Draw(t, name)
		last, step := first, 1
		item := fmt.Sprint(first)
		switch rapid.IntRange(0, 3).Draw(t, name+" form") {
		case 1:
			last = rapid.IntRange(first, hi).Draw(t, name+" last")
			item = fmt.Sprintf("%d-%d", first, last)
		case 2:
			last, step = hi, rapid.IntRange(1, hi).Draw(t, name+" step")
			item = fmt.Sprintf("%d/%d", first, step)
		case 3:
			first, last, step = lo, hi, rapid.IntRange(1, hi).Draw(t, name+" step")
			item = fmt.Sprintf("*/%d", step)
		}
		for v := first; v <= last; v += step {
			values[v] = true
		}
		items = append(items, item)
	}
	return strings.Join(items, ","), values
}

func drawCron(t *rapid.T, zones ...string) drawn {
	var d drawn
	var f [5]string
	f[0], d.minute = drawField(t, "minute", 0, 59, 1)
	f[1], d.hour = drawField(t, "hour", 0, 23, 4)
	f[2], d.day = drawField(t, "day", 1, 31, 6)
	f[3], d.month = drawField(t, "month", 1, 12, 8)
	f[4], d.weekday = drawField(t, "weekday", 0, 7, 6)
	if d.weekday[7] {
		d.weekday[0] = true
	}
	d.Cron = strings.Join(f[:], " ")
	d.anyHour = f[1][0] == '*'
	d.eitherDay = f[2][0] != '*' && f[4][0] != '*'
	d.Timezone = rapid.SampledFrom(zones).Draw(t, "zone")
	return d
}

func (d drawn) matches(local time.Time) bool {
	day, weekday := d.day[local.Day()], d.weekday[int(local.Weekday())]
	onDay := day && weekday
	if d.eitherDay {
		onDay = day || weekday
	}
	return onDay && d.month[int(local.Month())] && d.hour[local.Hour()] && d.minute[local.Minute()]
}

// between finds the slots after from and up to to by looking at each minute: a
// wildcard hour fires whenever the clock shows a matching time; a fixed one when
// the clock shows or passes it for the first time.
func (d drawn) between(from, to time.Time) []time.Time {
	z := zone(d.Timezone)
	wall := func(at time.Time) time.Time { // what the clock shows, as if it were UTC
		_, offset := at.In(z).Zone()
		return at.Add(time.Duration(offset) * time.Second)
	}
	var slots []time.Time
	at := from.Add(-36 * time.Hour).Truncate(time.Minute)
	shown := wall(at)
	for at = at.Add(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		fires := false
		if w := wall(at); d.anyHour {
			fires = d.matches(w)
		} else {
			for shown.Before(w) {
				shown = shown.Add(time.Minute)
				fires = fires || d.matches(shown)
			}
		}
		if fires && at.After(from) {
			slots = append(slots, at)
		}
	}
	return slots
}

// drawTime is any time, but often one around a change of the zone's clock.
func drawTime(t *rapid.T, zone string) time.Time {
	changes := map[string][]string{
		"Europe/Berlin":       {"2026-03-29 01:00", "2026-10-25 01:00", "2027-03-28 01:00"},
		"America/New_York":    {"2026-03-08 07:00", "2026-11-01 06:00"},
		"Australia/Lord_Howe": {"2026-04-04 15:00", "2026-10-03 15:30"},
		"America/Sao_Paulo":   {"2018-11-04 03:00", "2018-02-18 02:00"},
		"Africa/Cairo":        {"2026-04-23 22:00", "2026-10-29 21:00"},
		"America/St_Johns":    {"2010-11-07 02:31", "2010-03-14 03:31"},
		"Antarctica/Troll":    {"2026-03-29 01:00", "2026-10-25 01:00"},
	}[zone]
	if len(changes) > 0 && rapid.IntRange(0, 3).Draw(t, "at a change") > 0 {
		near := utc(rapid.SampledFrom(changes).Draw(t, "change"))
		return near.Add(time.Duration(rapid.Int64Range(-30*3600, 6*3600).Draw(t, "seconds from it")) * time.Second)
	}
	return time.Unix(rapid.Int64Range(utc("2020-01-01 00:00").Unix(), utc("2034-01-01 00:00").Unix()).Draw(t, "unix"), 0).UTC()
}

// Next finds each slot that a look at every single minute finds, and no other.
func TestScheduleNextSkipsNothing(t *testing.T) {
	t.Parallel()
	for _, zones := range [][]string{
		{"UTC"},
		{"Europe/Berlin"},
		{"America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Cairo", "America/St_Johns", "Antarctica/Troll", "Asia/Kolkata"},
	} {
		t.Run(strings.Join(zones, " "), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				d := drawCron(t, zones...)
				from := drawTime(t, d.Timezone)
				to := from.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "hours")) * time.Hour)
				want := d.between(from, to)
				var got []time.Time
				for at := d.Next(from); !at.IsZero() && !at.After(to); at = d.Next(at) {
					got = append(got, at)
					require.LessOrEqual(t, len(got), len(want)+1)
				}
				require.Equal(t, want, got, "%s in %s after %s", d.Cron, d.Timezone, from)
			})
		})
	}
}

func drawSchedule(t *rapid.T) domain.Schedule {
	if rapid.Bool().Draw(t, "interval") {
		return domain.Schedule{
			EveryMinutes: rapid.IntRange(1, domain.MaxEveryMinutes).Draw(t, "every"),
			Timezone:     rapid.SampledFrom([]string{"", "UTC", "Europe/Berlin"}).Draw(t, "zone"),
		}
	}
	return drawCron(t, "UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia").Schedule
}

func TestScheduleNextProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		at := drawTime(t, s.Timezone).Add(time.Duration(rapid.Int64Range(0, int64(time.Second)-1).Draw(t, "fraction")))
		next := s.Next(at)
		if next.IsZero() {
			require.NotEmpty(t, s.Cron, "an interval never ends")
			require.True(t, s.Next(at.AddDate(3, 0, 0)).IsZero())
			return
		}
		require.True(t, next.After(at))
		require.Equal(t, time.UTC, next.Location())
		require.True(t, next.Equal(next.Truncate(time.Minute)), "slots are on the minute")

		between := at.Add(time.Duration(rapid.Int64Range(0, int64(next.Sub(at))-1).Draw(t, "on the way")))
		require.Equal(t, next, s.Next(between), "nothing lies between, whoever looks from where")
		require.Equal(t, next, s.Next(next.Add(-1)))
		require.Equal(t, next, s.Next(at.In(zone("Asia/Kolkata"))), "the zone of the question does not matter")

		after := s.Next(next)
		require.True(t, after.After(next) || after.IsZero())
		later := at.Add(time.Duration(rapid.Int64Range(0, int64(1000*time.Hour)).Draw(t, "later")))
		if n := s.Next(later); !n.IsZero() {
			require.False(t, n.Before(next), "monotone")
		}
		if s.EveryMinutes > 0 {
			require.LessOrEqual(t, next.Sub(at), time.Duration(s.EveryMinutes)*time.Minute)
			require.Equal(t, time.Duration(s.EveryMinutes)*time.Minute, after.Sub(next))
		}
	})
}

func spread(s domain.Schedule) time.Duration {
	if s.EveryMinutes > 0 {
		return time.Duration(s.EveryMinutes) * time.Minute
	}
	return 30 * time.Second
}

func TestScheduleOffset(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSchedule(t)
		id := domain.MonitorID(rapid.StringN(1, 36, -1).Draw(t, "id"))
		offset := s.Offset(id)
		require.GreaterOrEqual(t, offset, time.Duration(0))
		require.Less(t, offset, spread(s))
		require.Equal(t, offset, offset.Truncate(time.Second))
		require.Equal(t, offset, s.Offset(id), "always the same")
		elsewhere := s
		elsewhere.Timezone = "Asia/Kolkata"
		require.Equal(t, offset, elsewhere.Offset(id))

		at := drawTime(t, s.Timezone)
		due, nominal := s.NextDue(id, at)
		if nominal.IsZero() {
			require.True(t, due.IsZero())
			return
		}
		require.Equal(t, nominal.Add(offset), due)
		require.True(t, due.After(at))
		require.Equal(t, nominal, s.Next(nominal.Add(-1)), "the nominal time is a slot")
		again, sameSlot := s.NextDue(id, due.Add(-1))
		require.Equal(t, due, again, "until it is due, it is the next")
		require.Equal(t, nominal, sameSlot)
		_, following := s.NextDue(id, due)
		require.Equal(t, s.Next(nominal), following, "no slot is left out")
	})

	due, nominal := domain.Schedule{Cron: "0 0 31 2 *"}.NextDue(monitorID, now)
	require.True(t, due.IsZero() && nominal.IsZero(), "never")

	// Pinned: a new version of Picket must not move what is planned.
	require.Equal(t, 85*time.Second, domain.Schedule{EveryMinutes: 5}.Offset(monitorID))
	require.Equal(t, 25*time.Second, domain.Schedule{Cron: "0 0 * * *"}.Offset(monitorID))

	// Spread evenly: 10,000 monitors over the seconds of five minutes.
	seconds := make(map[time.Duration]int)
	for i := range 10_000 {
		seconds[domain.Schedule{EveryMinutes: 5}.Offset(domain.DeriveID[domain.MonitorID](fmt.Sprint(i)))]++
	}
	require.Len(t, seconds, 300)
	for at, n := range seconds {
		require.Less(t, n, 70, "33 are to be expected at %s", at)
	}
}

// FuzzSchedule looks for text that breaks the parser or slots that are not ahead.
func FuzzSchedule(f *testing.F) {
	for _, text := range []string{
		"* * * * *", "*/5 8-17 * * mon-fri", "30 2 29 2 7", "0 0 31 2 *", "1-5/2,7 */3 1,15 jan-mar sun", "5/20 0-23/7 */10 dec 0-7",
		"@daily", "", " ", "-", "1-", "/", "*/", "0 0 * * *\x00", "\u212a\u212a\u212a * * * *", "9999999999999999999 * * * *",
	} {
		f.Add(text, "Europe/Berlin", int64(1774746000))
		f.Add(text, "", int64(1792889999))
	}
	f.Add("0 0 * * *", "Pacific/Apia", int64(1325239199))
	f.Fuzz(func(t *testing.T, text, zone string, unix int64) {
		at := time.Unix(unix%4_000_000_000, 0)
		if unix < 0 {
			at = now
		}
		s := domain.Schedule{Cron: text, Timezone: zone}
		if strings.Trim(text, " ") == "" {
			return
		}
		next := s.Next(at)
		facts, err := new(domain.Monitor).Create(monitorID, workspaceID, configured(func(c *domain.Configuration) { c.Schedule = &s }), at)
		if err != nil {
			require.Contains(t, []string{"invalid /schedule", "invalid /schedule/cron", "invalid /schedule/timezone"}, errorText(t, err))
			return
		}
		require.False(t, next.IsZero(), "accepted, but never fires")
		for range 5 {
			require.True(t, next.After(at))
			at, next = next, s.Next(next)
			if next.IsZero() {
				break
			}
		}
		stored := facts[0].(domain.MonitorCreated).Schedule
		require.Equal(t, s.Next(at), stored.Next(at), "what is stored means what was sent")
		require.Len(t, strings.Fields(stored.Cron), 5)
	})
}

func BenchmarkScheduleNext(b *testing.B) {
	for _, s := range []domain.Schedule{
		{EveryMinutes: 5},
		{Cron: "*/5 * * * *", Timezone: "Europe/Berlin"},
		{Cron: "0 8 * * *", Timezone: "Europe/Berlin"},
		{Cron: "59 23 31 12 *", Timezone: "Europe/Berlin"},
		{Cron: "59 * 31 12 *", Timezone: "Europe/Berlin"},
		{Cron: "59 23 29 2 */7", Timezone: "Australia/Lord_Howe"},
		{Cron: "59 * 29 2 */7", Timezone: "Australia/Lord_Howe"},
		{Cron: "0 0 31 2 *", Timezone: "Australia/Lord_Howe"},          // never
		{Cron: "* * 31 2 *", Timezone: "Australia/Lord_Howe"},          // never
		{Cron: "0 0 31 2,4,6,9,11 *", Timezone: "Australia/Lord_Howe"}, // never
		{Cron: "* * 31 2,4,6,9,11 *", Timezone: "Australia/Lord_Howe"}, // never
	} {
		b.Run(fmt.Sprintf("%d %s %s", s.EveryMinutes, s.Cron, s.Timezone), func(b *testing.B) {
			at := utc("2088-03-01 00:00") // the next 29 February on a Sunday is in 2128
			for b.Loop() {
				s.Next(at)
			}
		})
	}
}
