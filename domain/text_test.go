package domain_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
)

// badLines are refused by every single-line text, whatever its limit.
var badLines = map[string]string{
	"of 10,000 characters": strings.Repeat("x", 10_000),
	"with a NUL":           "a\x00b",
	"with an escape":       "a\x1b[2Jb",
	"with a line break":    "a\nb",
	"with a tab":           "a\tb",
	"with DEL":             "a\x7fb",
	"with a C1 control":    "a\u0085b",
	"of invalid UTF-8":     "a\xffb",
	"of half a character":  "a\xe2\x82",
	"of a lone surrogate":  "a\xed\xa0\x80b",
}

// badNames are refused by every name.
var badNames = func() map[string]string {
	all := maps.Clone(badLines)
	all["that is missing"] = ""
	all["of blanks"] = " \t\n\u00a0\u2003"
	all["one character too long"] = strings.Repeat("x", domain.MaxName+1)
	all["one wide character too long"] = strings.Repeat("語", domain.MaxName+1)
	return all
}()

var badReasons = func() map[string]string {
	all := maps.Clone(badLines)
	all["one character too long"] = strings.Repeat("x", domain.MaxReason+1)
	return all
}()

var badDescriptions = func() map[string]string {
	all := maps.Clone(badLines)
	delete(all, "with a line break")
	delete(all, "with a tab")
	all["one character too long"] = strings.Repeat("x", domain.MaxDescription+1)
	return all
}()

// longestName is as long as a name can be: characters count, not bytes.
var longestName = strings.Repeat("語", domain.MaxName)

func TestErrorsNeverRepeatTheSubmittedText(t *testing.T) {
	t.Parallel()
	for name, text := range badNames {
		if strings.TrimSpace(text) == "" {
			continue
		}
		_, err := new(domain.Workspace).Create("w", text, "")
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), text, name)
	}
	_, err := new(domain.Monitor).Create(monitorID, workspaceID, configured(func(c *domain.Configuration) {
		c.Schedule = &domain.Schedule{Cron: "hunter2 * * * *"}
	}), now)
	require.ErrorContains(t, err, "/schedule/cron: ")
	require.NotContains(t, err.Error(), "hunter2")
}
