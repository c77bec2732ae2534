package web

import (
	"testing"

	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// The columns have all the time that actors work, and none that they wait; and how
// many events have begun.
func TestTheOverviewHasTheTimeOfAllWork(t *testing.T) {
	source, err := parseSource("scenario=lagging-consumer")
	if err != nil {
		t.Fatal(err)
	}
	run, err := runFile(t.Context(), locale.New(locale.English), source, keptEvents, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := surveyOf(t.Context(), run.playing, run.log, run.total, checkEvents, func(int64, int64) {})
	if err != nil {
		t.Fatal(err)
	}
	o := v.overview
	works, waits := map[string]trace.Ns{}, trace.Ns(0)
	for e := range run.all() {
		switch e.Kind {
		case trace.Syscall:
		case trace.Wait:
			waits += e.Dur
		default:
			works[trackOf(e)] += e.Dur
		}
	}
	if waits < o.End/2 {
		t.Fatalf("the run waits %d of %d ns only", waits, o.End)
	}
	for name, want := range works {
		var got int64
		for _, share := range o.Busy[name] {
			got += share * int64(o.End) / overviewColumns / 1000
		}
		// A share of a thousandth is rounded down, in each column.
		if slack := int64(o.End) / 1000; got > int64(want)+slack || got < int64(want)-slack {
			t.Errorf("%s works %d ns, the columns have %d", name, want, got)
		}
	}
	for column, begun := range o.Begun {
		if begun > 0 && run.log.Event(begun-1).At >= o.begin(column) || begun < run.total && run.log.Event(begun).At < o.begin(column) {
			t.Fatalf("before column %d, at %d ns, %d events have begun", column, o.begin(column), begun)
		}
	}
}
