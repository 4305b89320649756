package vars

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Dynamic makes a value for a dynamic variable such as $guid; the name comes
// with its dollar sign. Each call makes a new one.
func Dynamic(name string) (string, bool) {
	generate, ok := generators[name]
	if !ok {
		return "", false
	}
	return generate(), true
}

// DynamicNames are the names that Dynamic knows, in alphabetical order.
func DynamicNames() []string {
	names := make([]string, 0, len(generators))
	for name := range generators {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// generators are Postman's 118 dynamic variables. The values have the forms of
// Postman's; the words are our own.
var generators = map[string]func() string{
	"$guid":          uuid.NewString,
	"$randomUUID":    uuid.NewString,
	"$timestamp":     func() string { return strconv.FormatInt(time.Now().Add(500*time.Millisecond).Unix(), 10) },
	"$isoTimestamp":  func() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") },
	"$randomInt":     func() string { return strconv.Itoa(between(0, 1000)) },
	"$randomBoolean": func() string { return strconv.FormatBool(between(0, 1) == 1) },

	"$randomAlphaNumeric": func() string { return letters(1, lowerDigits) },
	"$randomHexColor":     func() string { return "#" + letters(6, "0123456789abcdef") },
	"$randomPassword":     func() string { return letters(15, lowerDigits+"ABCDEFGHIJKLMNOPQRSTUVWXYZ_") },
	"$randomSemver":       func() string { return template("#.#.#") },

	"$randomPhoneNumber":    phone,
	"$randomPhoneNumberExt": func() string { return strconv.Itoa(between(1, 99)) + "-" + phone() },
	"$randomLatitude":       func() string { return degrees(90) },
	"$randomLongitude":      func() string { return degrees(180) },

	"$randomDatePast":   func() string { return date(-365*24*time.Hour, 0) },
	"$randomDateFuture": func() string { return date(0, 365*24*time.Hour) },
	"$randomDateRecent": func() string { return date(-24*time.Hour, 0) },
	"$randomMonth":      func() string { return time.Month(between(1, 12)).String() },
	"$randomWeekday":    func() string { return time.Weekday(between(0, 6)).String() },

	"$randomBankAccount":     func() string { return template("########") },
	"$randomCreditCardMask":  func() string { return template("####") },
	"$randomPrice":           func() string { return fmt.Sprintf("%.2f", float64(between(0, 100_000))/100) },
	"$randomBitcoin":         func() string { return pick("13") + letters(between(25, 33), base58) },
	"$randomBankAccountIban": iban,
	"$randomBankAccountBic":  func() string { return letters(4, upper) + oneOf(countryCodes) + letters(2, upper) + template("1###") },

	"$randomIP": func() string {
		return fmt.Sprintf("%d.%d.%d.%d", between(0, 255), between(0, 255), between(0, 255), between(0, 255))
	},
	"$randomIPV6":       func() string { return groups(8, 4, ":") },
	"$randomMACAddress": func() string { return groups(6, 2, ":") },
	"$randomProtocol":   func() string { return oneOf("http https") },
	"$randomUserAgent":  userAgent,
}

func init() {
	for name, generate := range words {
		generators[name] = generate
	}
}

const (
	lowerDigits = "0123456789abcdefghijklmnopqrstuvwxyz"
	upper       = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	base58      = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
)

// source draws from the operating system, so that values can't be guessed, and
// serves many runs at a time.
var source = mathrand.New(system{}) //nolint:gosec // it draws from crypto/rand

type system struct{}

// Uint64 implements rand.Source.
func (system) Uint64() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.NativeEndian.Uint64(b[:])
}

// between is a number from low to high, both included.
func between(low, high int) int { return low + source.IntN(high-low+1) }

func pick(chars string) string { return string(chars[source.IntN(len(chars))]) }

func letters(n int, chars string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = chars[source.IntN(len(chars))]
	}
	return string(b)
}

// template puts a digit for each #.
func template(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] == '#' {
			b[i] = pick("0123456789")[0]
		}
	}
	return string(b)
}

func groups(n, size int, sep string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = letters(size, "0123456789abcdef")
	}
	return strings.Join(parts, sep)
}

// oneOf picks one of the words of a list; words are divided by blanks, or by
// bars where they have blanks themselves.
func oneOf(list string) string {
	sep := " "
	if strings.Contains(list, "|") {
		sep = "|"
	}
	all := strings.Split(list, sep)
	return all[source.IntN(len(all))]
}

func phone() string {
	return pick("23456789") + template("##-") + pick("23456789") + template("##-####")
}

func degrees(limit int) string {
	return fmt.Sprintf("%.4f", float64(between(-limit*10_000, limit*10_000))/10_000)
}

func date(from, to time.Duration) string {
	at := time.Now().UTC().Add(from + time.Duration(source.Int64N(int64(to-from))))
	return at.Format("Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)")
}

func iban() string {
	country, account := oneOf(countryCodes), letters(4, upper)+letters(between(10, 18), "0123456789")
	// The check digits of ISO 13616: the rest modulo 97 of account, country and 00.
	rest := 0
	for _, c := range account + country + "00" {
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return fmt.Sprintf("%s%02d%s", country, 98-rest, account)
}

func userAgent() string {
	version := fmt.Sprintf("%d.0", between(60, 140))
	return strings.ReplaceAll(oneOf(userAgents), "V.V", version)
}
