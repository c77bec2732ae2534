package metrics_test

import (
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"copyscope/internal/metrics"
)

// Every metric of ours that the shipped rules, the dashboard and the documents name is
// exported, or recorded by a rule. packaging/monitoring/check holds labels and
// expressions besides, with Prometheus' own parser.
func TestMonitoringNamesWhatIsExported(t *testing.T) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(scrape(t, metrics.Handler("v1", everything))))
	if err != nil {
		t.Fatal(err)
	}
	const folder = "../../packaging/monitoring/"
	rules, err := os.ReadFile(folder + "copyscope.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	// A name with a colon is of a rule that records it.
	name := regexp.MustCompile(`[\w:]*\b(?:kafka_(?:server|log|network|consumergroup)_|copyscope_|process_)[\w:]*`)
	for _, file := range []string{folder + "copyscope.rules.yml", folder + "copyscope.rules.test.yml", folder + "grafana.json", "../../docs/monitoring.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, n := range name.FindAllString(string(text), -1) {
			found++
			if strings.Contains(n, ":") {
				if !strings.Contains(string(rules), "record: "+n+"\n") {
					t.Errorf("%s: no rule records %s", file, n)
				}
				continue
			}
			if strings.HasPrefix(n, "process_") && runtime.GOOS != "linux" {
				continue
			}
			if families[n] == nil && families[strings.TrimSuffix(n, "_bucket")] == nil {
				t.Errorf("%s: %s is not exported", file, n)
			}
		}
		if found == 0 {
			t.Errorf("%s names no metric", file)
		}
	}
}
