package metrics

import (
	"slices"
	"strings"
)

// Metric is one of a broker's, as documents list them.
type Metric struct {
	Name string
	// Type is counter, gauge or histogram.
	Type   string
	Help   string
	Labels []string
}

// described are those that [desc] was asked for.
var described []Metric

// Described lists every metric of a broker, by name. Those of the Go runtime and of
// the process, which Prometheus' client names, are not among them.
func Described() []Metric {
	return slices.SortedFunc(slices.Values(described), func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
}

// typeOf follows the names: a total is a counter, and seconds that are none are of a
// histogram.
func typeOf(name string) string {
	switch {
	case strings.HasSuffix(name, "_total"):
		return "counter"
	case strings.HasSuffix(name, "_seconds"):
		return "histogram"
	}
	return "gauge"
}
