package projections_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/picket-api/picket/domain"
	"github.com/picket-api/picket/projections"
)

func TestEveryEventIsHandledOrIgnoredWithAReason(t *testing.T) {
	t.Parallel()
	for _, eventType := range domain.EventTypes() {
		for name, says := range projections.Coverage(eventType) {
			require.NotEmptyf(t, says, "projections/%s.go neither handles %s nor says why it ignores it", name, eventType)
		}
	}
}

func TestDeclarationsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	handles, ignores := projections.Declared()
	categories := make(map[string]bool)
	for _, eventType := range domain.EventTypes() {
		category, _, _ := strings.Cut(eventType, ".")
		categories[category+"."] = true
	}
	for _, name := range projections.Names() {
		for _, h := range handles[name] {
			require.Containsf(t, domain.EventTypes(), h, "%s handles it", name)
			require.NotContainsf(t, ignores[name], h, "%s handles it", name)
			category, _, _ := strings.Cut(h, ".")
			require.NotContainsf(t, ignores[name], category+".", "%s handles %s: it must name each type of the category that it ignores", name, h)
		}
		for i, reason := range ignores[name] {
			require.Truef(t, categories[i] || slices.Contains(domain.EventTypes(), i), "%s ignores %s, which is not there", name, i)
			require.Greaterf(t, len(reason), 10, "%s ignores %s without a reason", name, i)
		}
	}
}
