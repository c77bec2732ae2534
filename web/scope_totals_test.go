package web

import (
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// Of a real run that is longer than what a page is sent, the lane has the totals
// beside the series of the part; a count per byte is of the bytes of the same part.
func TestLongRealRunTellsItsTotals(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))+"/ws")
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"read-write,side=real,cache=warm,net=loopback,size=16MiB,chunk=4KiB"}`))
	var head laneHead
	for m := hear(t, conn); m.Type != "scope.predictions"; m = hear(t, conn) {
		switch m.Type {
		case "error":
			t.Fatal(string(m.Body))
		case "scope.lane":
			if err := m.Decode(&head); err != nil {
				t.Fatal(err)
			}
		}
	}
	if head.Shown >= head.Total {
		t.Fatalf("%d of %d events are shown; the run is to be longer", head.Shown, head.Total)
	}
	const size, calls = 16 << 20, 2 * (16 << 20) / (4 << 10)
	last := func(name trace.CountName) float64 { v := head.Counts[name].Value; return v[len(v)-1] }
	for name, want := range map[trace.CountName]float64{trace.BytesSent: size, trace.ReceiverCopiedBytes: size, trace.ModeSwitches: 2 * calls, trace.CPUCopiesPerByte: 2} {
		if n, told := head.Totals[name]; !told || !n.Known() || n.Value != want {
			t.Errorf("the total of %s is told as %+v, want %v", name, n, want)
		}
	}
	for _, name := range []trace.CountName{trace.CPUTime, trace.WallTime} {
		if n := head.Totals[name]; n.Provenance != trace.Measured || n.Value <= last(name) {
			t.Errorf("the total of %s is told as %+v, and the part's as %v", name, n, last(name))
		}
	}
	// The part may end between a read and its write.
	if got, want := last(trace.CPUCopiesPerByte), last(trace.CPUCopiedBytes)/last(trace.BytesSent); got < 1.99 || got > 2.01 || got-want > 1e-6 || want-got > 1e-6 {
		t.Errorf("%v CPU copies per byte at the end of the part, which copied %v bytes and sent %v", got, last(trace.CPUCopiedBytes), last(trace.BytesSent))
	}
}

// Of a run that is sent as a whole the series tell the totals.
func TestShortRunHasNoTotalsBeside(t *testing.T) {
	tr := locale.New(locale.English)
	head := headOf(tr, "a", ofResult(tr, simulated(t, "sendfile,model=linux,size=64KiB,chunk=64KiB")))
	if n := len(head.Totals); n > 0 {
		t.Errorf("%d totals are told beside the series", n)
	}
}
