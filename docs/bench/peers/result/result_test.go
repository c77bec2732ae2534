package result_test

import (
	"reflect"
	"strings"
	"testing"

	"copyscope/docs/bench/peers/result"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// round is a turn that moved so many bytes a second.
func round(n int, server string, v float64) result.Round {
	f := load.Figures{}
	f.Set(load.BytesPerSecond, "bytes/s", v)
	return result.Round{Round: n, Server: server, Figures: f}
}

// A ratio is of turns that stood side by side: a machine that is twice as slow in a
// round changes no ratio, whatever it does to the medians.
func TestRatioIsOfPairs(t *testing.T) {
	f := result.File{Runs: []result.Run{
		{Rounds: []result.Round{round(1, "a", 300), round(1, "b", 100), round(2, "a", 30), round(2, "b", 10), round(3, "a", 3), round(3, "b", 1)}},
		{Rounds: []result.Round{round(1, "a", 90), round(1, "b", 10), round(2, "b", 1000), round(3, "a", 7), round(4, "a", 5), round(4, "b", 1), round(5, "a", 4), round(5, "b", 1)}},
	}}
	r := f.Ratio("a", "b", load.BytesPerSecond)
	if r.Median != 3.5 || r.N != 6 {
		t.Errorf("median %v of %d pairs, want 3.5 of 6", r.Median, r.N)
	}
	if want := []float64{3, 5}; !reflect.DeepEqual(r.Runs, want) {
		t.Errorf("the runs' medians are %v, want %v", r.Runs, want)
	}
	if least, most := r.Between(); least != 3 || most != 5 {
		t.Errorf("the runs lie between %v and %v, want 3 and 5", least, most)
	}
	if r := f.Ratio("a", "c", load.BytesPerSecond); r.N != 0 {
		t.Errorf("a ratio to a server that was not there: %+v", r)
	}
	if r := f.Ratio("a", "b", "no_such_figure"); r.N != 0 {
		t.Errorf("a ratio of a figure that was not measured: %+v", r)
	}
	if s := f.Figure("b", load.BytesPerSecond); s.N != 7 || s.Median != 10 {
		t.Errorf("the figure of all runs is %+v", s)
	}
	if got, want := f.Servers(), []string{"a", "b"}; !reflect.DeepEqual(got, want) {
		t.Errorf("servers %v, want %v", got, want)
	}
}

// A server that gave nothing to divide by has no ratio, rather than an infinite one.
func TestRatioToNothing(t *testing.T) {
	f := result.File{Runs: []result.Run{{Rounds: []result.Round{round(1, "a", 5), round(1, "b", 0)}}}}
	if r := f.Ratio("a", "b", load.BytesPerSecond); r.N != 0 || len(r.Runs) != 0 {
		t.Errorf("%+v", r)
	}
}

// What is stored is read again; a workload that has not been measured is no file.
func TestWhatIsStoredIsRead(t *testing.T) {
	dir := t.TempDir()
	w := workload.All()
	all := result.All{Machine: result.Machine{Schema: 1, Rounds: 3, Servers: []result.Server{{Name: "a", Absent: "gone"}}}, Files: []result.File{
		{Schema: 1, Workload: w[0], Runs: []result.Run{{Rounds: []result.Round{round(1, "a", 5)}, Absent: map[string]string{"b": "why"}, Notes: []string{"n"}}}},
		{Schema: 1, Workload: w[1]},
	}}
	if err := all.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := result.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Machine, all.Machine) || !reflect.DeepEqual(got.Files, all.Files[:1]) {
		t.Errorf("read %+v, stored %+v", got, all)
	}
	if f, ok := got.Of(w[0].Name); !ok || f.Absent()["b"] != "why" {
		t.Errorf("%s: %+v, %v", w[0].Name, f, ok)
	}
	if _, ok := got.Of(w[1].Name); ok {
		t.Errorf("%s was not measured, and is there", w[1].Name)
	}
	if _, err := result.Read(t.TempDir()); err == nil {
		t.Error("an empty directory holds a comparison")
	}
}

// Runs of one machine, one setting and one set of workloads are added to each other, in
// order; no others are.
func TestAdd(t *testing.T) {
	w := workload.All()
	comparison := func(date string, mbps float64, change func(*result.All)) result.All {
		a := result.All{
			Machine: result.Machine{Schema: 1, Rounds: 3, Go: "go1", Date: date, TookSeconds: 60, Servers: []result.Server{{Name: "a", Version: "1"}}},
			Files:   []result.File{{Schema: 1, Workload: w[0], Runs: []result.Run{{Rounds: []result.Round{round(1, "a", mbps)}}}}},
		}
		if change != nil {
			change(&a)
		}
		return a
	}
	first := comparison("2026-01-01", 5, nil)
	if err := first.Add(comparison("2026-01-02", 7, nil)); err != nil {
		t.Fatal(err)
	}
	runs := first.Files[0].Runs
	if len(runs) != 2 || *runs[0].Rounds[0].Figures[load.BytesPerSecond].Value != 5 || *runs[1].Rounds[0].Figures[load.BytesPerSecond].Value != 7 {
		t.Errorf("the runs are %+v", runs)
	}
	if m := first.Machine; m.Date != "2026-01-01" || m.LastDate != "2026-01-02" || m.TookSeconds != 120 {
		t.Errorf("they are told as of %+v", m)
	}
	for what, change := range map[string]func(*result.All){
		"rounds":    func(a *result.All) { a.Machine.Rounds = 4 },
		"Go":        func(a *result.All) { a.Machine.Go = "go2" },
		"servers":   func(a *result.All) { a.Machine.Servers[0].Version = "2" },
		"workload":  func(a *result.All) { a.Files[0].Workload.RecordBytes++ },
		"workloads": func(a *result.All) { a.Files = append(a.Files, result.File{Workload: w[1]}) },
	} {
		if err := first.Add(comparison("2026-01-03", 9, change)); err == nil || !strings.HasPrefix(err.Error(), what) {
			t.Errorf("with other %s: %v", what, err)
		}
		if len(first.Files[0].Runs) != 2 {
			t.Fatalf("other %s were added", what)
		}
	}
}
