//go:build linux

package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/procfs"

	"copyscope/broker/statelog"
	"copyscope/internal/served"
)

// figure is what is sampled, and how much of it may come in three quarters of a run.
type figure struct {
	Key, Title, Unit string
	Of               string // server, or a page
	bound
}

const mb = 1e6

// figures are in the order of the table. The bounds are above what the load itself
// moves (segments that come and go, clients that join and leave) and far below what
// a thing that is left behind by each client or page would add in a run.
var figures = []figure{
	// Twice what lived after the last collection, with the stacks (GOGC=100): what is
	// left behind is here, and no garbage. What is resident or in use has as much garbage
	// again, as late as the collector came to it, and moves by itself.
	{"heap_goal", "goal of the garbage collector", "bytes", ofServer, bound{6 * mb, 0.08}},
	{"rss_anon", "anonymous resident memory", "bytes", ofServer, bound{12 * mb, 0.10}},
	{"rss", "resident memory", "bytes", ofServer, bound{12 * mb, 0.10}},
	{"heap_in_use", "Go heap in use", "bytes", ofServer, bound{6 * mb, 0.15}},
	{"goroutines", "goroutines", "", ofServer, bound{15, 0.05}},
	{"descriptors", "descriptors", "", ofServer, bound{15, 0.05}},
	{"threads", "threads", "", ofServer, bound{4, 0.10}},
	{"connections", "Kafka connections", "", ofServer, bound{5, 0.10}},
	{"disk", "topics of the clients on disk", "bytes", ofServer, bound{4 * mb, 0.15}},
	// The two logs of the coordinators fill until each is written anew, which a run of
	// two hours need not see; what lives is there besides.
	{"own_disk", "logs of the coordinators on disk", "bytes", ofServer, bound{2*statelog.TidyFrom + 2*mb, 0}},
	{"page_heap_live", "heap of the live page", "bytes", livePage, bound{2 * mb, 0.10}},
	{"page_nodes_live", "elements of the live page", "", livePage, bound{200, 0.10}},
	{"page_heap_others", "heap of the other pages", "bytes", otherPages, bound{4 * mb, 0.10}},
	{"page_nodes_others", "elements of the other pages", "", otherPages, bound{400, 0.10}},
}

const (
	ofServer   = "server"
	otherPages = "scope, lesson and talk"
)

// sample is what was seen at a time; a figure that could not be had is left out.
type sample struct {
	After  float64            `json:"after_seconds"`
	Values map[string]float64 `json:"values"`
	Load   float64            `json:"load_average"`
}

// look takes a sample.
func (s *soak) look(ctx context.Context, began time.Time) (sample, error) {
	now := sample{After: time.Since(began).Seconds(), Load: machineLoad()}
	var err error
	if now.Values, err = s.lookAtServer(ctx); err != nil {
		return now, fmt.Errorf("the server cannot be looked at: %w", err)
	}
	s.lookAtPages(now.Values)
	return now, nil
}

func (s *soak) lookAtServer(ctx context.Context) (map[string]float64, error) {
	v := map[string]float64{}
	process, err := procfs.NewProc(s.server.PID())
	if err != nil {
		return nil, err
	}
	status, err := process.NewStatus()
	if err != nil {
		return nil, err
	}
	descriptors, err := process.FileDescriptorsLen()
	if err != nil {
		return nil, err
	}
	stat, err := process.Stat()
	if err != nil {
		return nil, err
	}
	v["rss_anon"], v["rss"], v["descriptors"], v["threads"] = float64(status.RssAnon), float64(status.VmRSS), float64(descriptors), float64(stat.NumThreads)
	told, err := s.metrics(ctx)
	if err != nil {
		return nil, err
	}
	v["heap_goal"] = total(told["go_memstats_next_gc_bytes"])
	v["heap_in_use"], v["goroutines"], v["connections"] = total(told["go_memstats_heap_inuse_bytes"]), total(told["go_goroutines"]), total(told["kafka_server_socket_server_metrics_connection_count"])
	v["disk"], v["own_disk"] = diskUse(s.server.Data)
	return v, nil
}

// metrics are what /metrics tells.
func (s *soak) metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return served.Metrics(ctx, s.server.Web)
}

// total is the sum of a family's gauges and counters.
func total(f *dto.MetricFamily) (sum float64) {
	for _, m := range f.GetMetric() {
		sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	return sum
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// diskUse is the length of all files, those of the coordinators' topics apart; files
// that go meanwhile do not count.
func diskUse(dir string) (clients, coordinators float64) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil:
		case strings.HasPrefix(filepath.Base(filepath.Dir(path)), "__"): // __consumer_offsets-0, __transaction_state-0
			coordinators += float64(info.Size())
		default:
			clients += float64(info.Size())
		}
		return nil
	})
	return clients, coordinators
}

// openFiles names what a process has open; files below dir by their path there.
func openFiles(pid int, dir string) ([]string, error) {
	process, err := procfs.NewProc(pid)
	if err != nil {
		return nil, err
	}
	all, err := process.FileDescriptorTargets()
	for i, name := range all {
		if below, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(below) {
			all[i] = below
		}
	}
	slices.Sort(all)
	return all, err
}

// lookAtPages asks the browser. A page that is just being loaded has no script to
// ask, and is left out this time.
func (s *soak) lookAtPages(v map[string]float64) {
	heap, nodes, whole := 0.0, 0.0, len(s.pages) > 0
	for _, p := range s.pages {
		p.turn.Lock()
		held, err := p.tab.Held()
		p.turn.Unlock()
		switch {
		case p.name == livePage && err == nil:
			v["page_heap_live"], v["page_nodes_live"] = held.HeapBytes, held.Nodes
		case p.name != livePage:
			heap, nodes, whole = heap+held.HeapBytes, nodes+held.Nodes, whole && err == nil
		}
	}
	if whole {
		v["page_heap_others"], v["page_nodes_others"] = heap, nodes
	}
}

// countAnswers notes the error codes in the server's answers.
func (s *soak) countAnswers(ctx context.Context, before map[meeting]int64) (map[meeting]int64, error) {
	told, err := s.metrics(ctx)
	if err != nil {
		return nil, err
	}
	all := map[meeting]int64{}
	for _, m := range told["kafka_network_requestmetrics_errors_total"].GetMetric() {
		all[meeting{answered(label(m, "request")), label(m, "error")}] = int64(m.GetCounter().GetValue())
	}
	for m, n := range all {
		if n -= before[m]; n > 0 && before != nil {
			s.book.count(m, n, m.Kind)
		}
	}
	for _, m := range told["copyscope_fetch_bytes_total"].GetMetric() {
		s.carried[label(m, "path")] += m.GetCounter().GetValue()
	}
	s.cleanings = total(told["copyscope_log_cleaner_runs_total"])
	return all, nil
}
