package metrics_test

import (
	"strings"
	"testing"

	"copyscope/internal/metrics"
)

// What documents say of a metric is what a scrape says, of each that there is.
func TestDescribedIsWhatIsScraped(t *testing.T) {
	told := map[string][2]string{} // type and help
	for line := range strings.Lines(scrape(t, metrics.Handler("v1", everything))) {
		if words := strings.SplitN(strings.TrimSpace(line), " ", 4); len(words) == 4 && words[0] == "#" {
			of := told[words[2]]
			if words[1] == "TYPE" {
				of[0] = words[3]
			} else {
				of[1] = words[3]
			}
			told[words[2]] = of
		}
	}
	for _, m := range metrics.Described() {
		if got := told[m.Name]; got != [2]string{m.Type, m.Help} {
			t.Errorf("%s is described as %q, %q, and scraped as %q", m.Name, m.Type, m.Help, got)
		}
		delete(told, m.Name)
	}
	for name := range told {
		if !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") && name != "copyscope_build_info" {
			t.Errorf("%s is scraped and not described", name)
		}
	}
}
