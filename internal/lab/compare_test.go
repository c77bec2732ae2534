package lab_test

import (
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// result is a run of two writes that sent 20 bytes, changed as told.
func result(side trace.Side, change func(r *lab.Result, calls *[]string)) *lab.Result {
	r := &lab.Result{Scenario: lab.Scenario{Path: "read-write", Side: side}, Alias: "copy", FileHash: "f", ReceivedHash: "f"}
	calls := []string{"read", "write"}
	if change != nil {
		change(r, &calls)
	}
	base := trace.Measured
	if side == trace.Sim {
		base = trace.Modelled
	}
	r.Counter = trace.NewCounter(20, base, nil)
	for _, name := range calls {
		r.Counter.Add(trace.Event{Kind: trace.Syscall, Syscall: name, Phase: trace.Transfer, Provenance: base})
	}
	return r
}

// Each thing that a run compares fails the comparison when it differs, on
// whichever side.
func TestCompareResultsNoticesEveryDifference(t *testing.T) {
	for _, row := range []struct {
		name      string
		predicted func(r *lab.Result, calls *[]string)
		measured  func(r *lab.Result, calls *[]string)
		differs   []string
	}{
		{name: "nothing"},
		{name: "the probe saw a page lent", measured: func(r *lab.Result, _ *[]string) { r.Alias = "lend" }, differs: []string{"who_copies"}},
		{name: "the model lends", predicted: func(r *lab.Result, _ *[]string) { r.Alias = "lend" }, differs: []string{"who_copies"}},
		{name: "the probe saw both", measured: func(r *lab.Result, _ *[]string) { r.Alias = "mixed" }, differs: []string{"who_copies"}},
		{name: "other bytes arrived", measured: func(r *lab.Result, _ *[]string) { r.ReceivedHash = "g" }, differs: []string{"received_hash"}},
		{name: "a call more", measured: func(_ *lab.Result, c *[]string) { *c = append(*c, "write") }, differs: []string{"syscalls", "syscalls_by_name.write"}},
		{name: "a call that nobody predicted", measured: func(_ *lab.Result, c *[]string) { (*c)[0] = "poll" }, differs: []string{"syscalls_by_name.poll", "syscalls_by_name.read"}},
		{name: "a predicted call that nobody made", predicted: func(_ *lab.Result, c *[]string) { *c = append(*c, "mmap") }, differs: []string{"syscalls", "syscalls_by_name.mmap"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			differs := map[string]bool{}
			for _, c := range lab.CompareResults(result(trace.Sim, row.predicted), result(trace.Real, row.measured)) {
				if !c.Holds() {
					differs[c.Count] = true
				}
			}
			for _, want := range row.differs {
				if !differs[want] {
					t.Errorf("%s does not differ", want)
				}
				delete(differs, want)
			}
			for other := range differs {
				t.Errorf("%s differs", other)
			}
		})
	}
}

// A relay that gets every packet by itself makes two calls for each, and no more; a
// warm file of which pages were taken back is read again, and no more than those.
func TestBoundsOfWhatOthersDecide(t *testing.T) {
	splices := func(path string, calls int) func(*lab.Result) {
		return func(r *lab.Result) {
			r.Scenario.Path = path
			for range calls {
				r.Counter.Add(trace.Event{Kind: trace.Syscall, Syscall: "splice", Phase: trace.Transfer, Provenance: trace.Measured})
			}
		}
	}
	packets := func(n int64) func(*lab.Result) {
		return func(r *lab.Result) {
			r.Counter.Add(trace.Event{Kind: trace.Compute, Detail: "tcp", N: n, Phase: trace.Transfer, Provenance: trace.Measured})
		}
	}
	absent := func(pages int64) func(*lab.Result) { return func(r *lab.Result) { r.Absent = pages } }
	brought := func(pages int64) func(*lab.Result) {
		return func(r *lab.Result) {
			r.Counter.Add(trace.Event{Kind: trace.Readahead, Detail: "insert", N: pages, Phase: trace.Transfer, Provenance: trace.Measured})
		}
	}
	for _, row := range []struct {
		name      string
		predicted []func(*lab.Result)
		measured  []func(*lab.Result)
		count     string
		holds     bool
	}{
		{"a call for each way of each packet", []func(*lab.Result){splices("relay-splice", 8), packets(100)}, []func(*lab.Result){splices("relay-splice", 198)}, "syscalls_by_name.splice", true},
		{"more than that", []func(*lab.Result){splices("relay-splice", 8), packets(100)}, []func(*lab.Result){splices("relay-splice", 199)}, "syscalls_by_name.splice", false},
		{"another path", []func(*lab.Result){splices("splice", 8), packets(100)}, []func(*lab.Result){splices("splice", 20)}, "syscalls_by_name.splice", false},
		{"all that was taken back", nil, []func(*lab.Result){absent(16), brought(16)}, "page_cache_insertions", true},
		{"more than was taken back", nil, []func(*lab.Result){absent(16), brought(17)}, "page_cache_insertions", false},
		{"taken back and read again", []func(*lab.Result){brought(100)}, []func(*lab.Result){absent(1), brought(101)}, "page_cache_insertions", true},
		{"read again more than was taken back", []func(*lab.Result){brought(100)}, []func(*lab.Result){absent(1), brought(102)}, "page_cache_insertions", false},
		{"nothing was taken back", nil, []func(*lab.Result){brought(1)}, "page_cache_insertions", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			predicted, measured := result(trace.Sim, nil), result(trace.Real, nil)
			for _, change := range row.predicted {
				change(predicted)
			}
			for _, change := range row.measured {
				change(measured)
			}
			for _, c := range lab.CompareResults(predicted, measured) {
				if c.Count == row.count {
					if c.Holds() != row.holds {
						t.Errorf("%+v, want holds %v", c, row.holds)
					}
					return
				}
			}
			t.Errorf("no row of %s", row.count)
		})
	}
}
