package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/postman/report"
)

func printed(t *testing.T, o report.CLIOptions) string {
	t.Helper()
	var out bytes.Buffer
	play(t, 1, report.NewCLI(&out, o))
	return out.String()
}

func TestCLILeavesOut(t *testing.T) {
	t.Parallel()
	whole := printed(t, report.CLIOptions{})
	for _, tt := range []struct {
		o    report.CLIOptions
		gone string
	}{
		{report.CLIOptions{NoBanner: true}, "picket\n"},
		{report.CLIOptions{NoSummary: true}, "total run duration"},
		{report.CLIOptions{NoFailures: true}, "at assertion:1 in test-script"},
		{report.CLIOptions{NoAssertions: true}, "✓"},
		{report.CLIOptions{NoAssertions: true}, ". bad\n"},
		{report.CLIOptions{NoSuccessAssertions: true}, "✓"},
		{report.CLIOptions{NoConsole: true}, "│ one, two"},
	} {
		require.Contains(t, whole, tt.gone)
		require.NotContains(t, printed(t, tt.o), tt.gone)
	}
	require.Contains(t, printed(t, report.CLIOptions{NoSuccessAssertions: true}), ". bad\n")
	require.Regexp(t, `\n  \[\d\d:\d\d:\d\d\] GET http`, printed(t, report.CLIOptions{Timestamps: true}))
}

func TestCLIInASCII(t *testing.T) {
	t.Parallel()
	text := printed(t, report.CLIOptions{ASCII: true})
	for _, c := range text {
		require.Less(t, c, rune(0x80), text)
	}
}

// The line that shows what is under way goes away with what comes next.
func TestCLIProgress(t *testing.T) {
	t.Parallel()
	text := printed(t, report.CLIOptions{Progress: 40, NoSummary: true})
	require.Contains(t, text, "\r\x1b[K  … 1/4  GET http://")
	shown := 0
	var left strings.Builder
	for _, part := range strings.Split(text, "\r\x1b[K") {
		if progress, _, _ := strings.Cut(part, "\n"); strings.HasPrefix(progress, "  … ") {
			require.LessOrEqual(t, len([]rune(progress)), 40)
			require.NotContains(t, part, "\n")
			shown++
			continue
		}
		left.WriteString(part)
	}
	require.Positive(t, shown)
	require.Equal(t, volatile.ReplaceAllString(printed(t, report.CLIOptions{NoSummary: true}), "~"), volatile.ReplaceAllString(left.String(), "~"))
}
