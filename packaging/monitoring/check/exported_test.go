package check

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"copyscope/broker"
	"copyscope/internal/metrics"
)

// scraped are labels that Prometheus gives what it scrapes.
var scraped = []string{"job", "instance"}

// foreign are the metrics of others, with their labels: Prometheus' own, and those of
// node_exporter, since the page cache is the host's.
var foreign = map[string][]string{
	"up":                          nil,
	"node_memory_Cached_bytes":    nil,
	"node_memory_Dirty_bytes":     nil,
	"node_memory_Writeback_bytes": nil,
	"node_disk_read_bytes_total":  {"device"},
}

// exported are the labels of each metric that a broker with one of everything tells,
// as /metrics has it: of a histogram those of its series.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.Handler("v", func() broker.Stats { return oneOfEach }).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for name, f := range families {
		var names []string
		for _, m := range f.Metric {
			for _, l := range m.Label {
				if !slices.Contains(names, l.GetName()) {
					names = append(names, l.GetName())
				}
			}
		}
		if f.Metric[0].Histogram == nil {
			all[name] = names
			continue
		}
		all[name+"_sum"], all[name+"_count"], all[name+"_bucket"] = names, names, append(slices.Clone(names), "le")
	}
	return all
}

// oneOfEach has something to tell in every metric.
var oneOfEach = broker.Stats{
	Connections: 1,
	Requests:    []broker.RequestStats{{API: "Fetch", ByVersion: map[int16]int64{11: 1}, Buckets: []int64{1}, Sum: time.Second, Errors: map[int16]int64{1: 1}}},
	Paths:       []broker.PathStats{{Path: "sendfile", Protocol: "PLAINTEXT", SyscallsByName: map[string]int64{"sendfile": 1}}},
	Engines:     []broker.EngineStats{{Engine: "write", SyscallsByName: map[string]int64{"pwrite64": 1}}},
	Topics:      []broker.TopicStats{{TopicInfo: broker.TopicInfo{Name: "t", Partitions: []broker.PartitionInfo{{}}}}},
	Lags:        []broker.GroupLag{{Group: "g", Topic: "t"}},
	Groups:      map[broker.GroupKind]int{{Type: "classic", State: "Stable"}: 1},
	Throttles:   []broker.QuotaWaits{{Key: "producer_byte_rate"}},
	Cleaner:     broker.CleanerStats{Last: time.Now(), BytesCleaned: 1},
	Transactions: broker.TransactionStats{
		IDs: map[string]int{"Ongoing": 1},
	},
}

// told is what an expression may use: a broker's metrics, those of others, and what
// the rules record.
func told(t *testing.T, recorded map[string][]string) map[string][]string {
	t.Helper()
	all := exported(t)
	for _, more := range []map[string][]string{foreign, recorded} {
		for name, labels := range more {
			if _, twice := all[name]; twice {
				t.Fatal(fmt.Errorf("%s is told by two", name))
			}
			all[name] = labels
		}
	}
	return all
}
