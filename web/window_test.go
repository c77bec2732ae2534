package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim/scenario"
)

// clip is what the page has of items within a window: what happens after its end
// is not known.
func clip(items []held, begin, end int) []held {
	var out []held
	for _, h := range items {
		if h.From > end || h.Until > 0 && h.Until <= begin {
			continue
		}
		for _, at := range []*int{&h.Until, &h.Begun, &h.Ended} {
			if *at > end {
				*at = 0
			}
		}
		if h.Begun == 0 && h.Until == 0 { // where it goes is not known either
			h.Source = ""
		}
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b held) int { return cmp.Compare(fmt.Sprint(jsonOf(a)), fmt.Sprint(jsonOf(b))) })
	return out
}

func jsonOf(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func lastAt[V any](at []int, value []V, step int) (v V) {
	if i, exact := slices.BinarySearch(at, step); exact {
		return value[i]
	} else if i > 0 {
		return value[i-1]
	}
	return v
}

// page is what a page of the file is after a step.
type pageThen struct {
	state string
	refs  int64
}

func pagesThen(p *filePages, step int) map[int64]pageThen {
	out := map[int64]pageThen{}
	for _, s := range p.Spans {
		if s.From <= step && (s.Until == 0 || step < s.Until) {
			for i := s.First; i < s.First+s.N; i++ {
				out[i] = pageThen{s.State, s.Refs}
			}
		}
	}
	return out
}

// A window of a run tells what the whole run tells there.
func TestAWindowTellsWhatTheWholeRunTells(t *testing.T) {
	const every, some = 512, 300
	dice := rand.New(rand.NewPCG(7, 11))
	en := locale.New(locale.English)
	for _, path := range transfer.Paths() {
		for _, more := range []string{"model=textbook,cache=cold,size=1MiB,chunk=4KiB", "model=textbook,sg=off,dma=off,size=1MiB,chunk=4KiB",
			"model=linux,net=nic,cache=cold,size=8MiB,chunk=16KiB", "model=linux,net=loopback,cache=warm,size=5MiB,chunk=12KiB", "model=linux,net=nic,sg=off,cpus=2,cache=cold,size=2MiB,chunk=8KiB"} {
			text := path + "," + more
			s, err := lab.ParseScenario(text, opening("read-write"))
			if err != nil {
				t.Logf("%s: %v", text, err)
				continue
			}
			r, err := lab.New(t.TempDir()).Run(t.Context(), s, lab.Options{MaxEvents: 1 << 20, Whole: 1 << 20})
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			whole := ofResult(en, r)
			head, events := headOf(en, "a", whole), whole.shown(en)
			total := len(events)
			v, err := surveyOf(t.Context(), whole.playing, r.Log, total, every, func(int64, int64) {})
			if err != nil {
				t.Fatal(err)
			}
			steps := []int{0, total, total / 2, every, every + some/2, min(total, 2*every-3)}
			for range 3 {
				steps = append(steps, dice.IntN(total+1))
			}
			for _, step := range steps {
				begin, end := windowOver(step, some, total)
				w := windowOf(en, r.Log, v, begin, end, total)
				where := fmt.Sprintf("%s, steps %d to %d of %d", text, begin+1, end, total)
				if step > 0 && step <= total && (step < begin || step > end) {
					t.Fatalf("%s: step %d is not in its window", where, step)
				}
				compareWindow(t, where, w, head, events, begin, end)
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}

// So it is with the runs of scenario files.
func TestAWindowTellsWhatTheWholeFileTells(t *testing.T) {
	const every, some = 512, 300
	en := locale.New(locale.English)
	for _, name := range scenario.Shipped() {
		source, err := parseSource("scenario=" + name)
		if err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		whole, err := runFile(t.Context(), en, source, scopeEvents, nil)
		if err != nil {
			t.Fatal(err)
		}
		head, events := headOf(en, "a", whole), whole.shown(en)
		total := len(events)
		if total < whole.total {
			t.Logf("%s: %d of %d events", name, total, whole.total)
			continue
		}
		v, err := surveyOf(t.Context(), whole.playing, whole.log, total, every, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{0, total / 3, total / 2, every + some/2, total} {
			begin, end := windowOver(min(step, total), some, total)
			compareWindow(t, fmt.Sprintf("%s, steps %d to %d of %d", name, begin+1, end, total), windowOf(en, whole.log, v, begin, end, total), head, events, begin, end)
		}
		t.Logf("%s: %d events", name, total)
	}
}

func compareWindow(t *testing.T, where string, w *runWindow, head laneHead, events []shownEvent, begin, end int) {
	t.Helper()
	for i, e := range w.Events {
		if want := events[begin+i]; !reflect.DeepEqual(e, want) {
			t.Fatalf("%s: event %d is\n%s, want\n%s", where, begin+i+1, jsonOf(e), jsonOf(want))
		}
	}
	if len(w.Events) != end-begin {
		t.Errorf("%s: %d events", where, len(w.Events))
	}
	if !slices.Equal(w.Uses, head.Uses) || !slices.Equal(w.Actors, head.Actors) {
		t.Errorf("%s: it draws %v and %v, want %v and %v", where, w.Uses, w.Actors, head.Uses, head.Actors)
	}
	for name, c := range w.Places {
		if c.Room != head.Places[name].Room {
			t.Errorf("%s: room of the %s: %d, want %d", where, name, c.Room, head.Places[name].Room)
		}
	}
	for step := begin; step <= end; step += 1 + (end-begin)/41 {
		for name, series := range w.Counts {
			want := head.Counts[name]
			if series.Provenance != want.Provenance || series.Reason != want.Reason || lastAt(series.At, series.Value, step) != lastAt(want.At, want.Value, step) {
				t.Errorf("%s step %d: %s is %v, want %v", where, step, name, lastAt(series.At, series.Value, step), lastAt(want.At, want.Value, step))
			}
		}
		for name, c := range w.Places {
			want := head.Places[name]
			got := [3]int64{valueAfter(c.Own, step), valueAfter(c.Lent, step), valueAfter(c.Refs, step)}
			if must := [3]int64{valueAfter(want.Own, step), valueAfter(want.Lent, step), valueAfter(want.Refs, step)}; got != must {
				t.Errorf("%s step %d: the %s holds %v, want %v", where, step, name, got, must)
			}
		}
		for name, s := range w.Sums {
			want := head.Sums[name]
			if valueAfter(s.Events, step) != valueAfter(want.Events, step) || valueAfter(s.Time, step) != valueAfter(want.Time, step) || valueAfter(s.Bytes, step) != valueAfter(want.Bytes, step) {
				t.Errorf("%s step %d: the sums of %s differ", where, step, name)
			}
		}
		if head.Pages != nil && step%7 == 0 {
			if got, want := pagesThen(w.Pages, step), pagesThen(head.Pages, step); !reflect.DeepEqual(got, want) {
				t.Errorf("%s step %d: the pages differ", where, step)
			}
			for i, q := range w.Pages.Squares {
				want := head.Pages.Squares[i]
				if lastAt(q.At, q.State, step) != lastAt(want.At, want.State, step) || lastAt(q.At, q.Have, step) != lastAt(want.At, want.Have, step) {
					t.Errorf("%s step %d: square %d differs", where, step, i)
				}
			}
		}
	}
	for name, items := range w.Inside {
		if name == "receiver" {
			continue
		}
		if got, want := clip(items, begin, end), clip(head.Inside[name], begin, end); jsonOf(got) != jsonOf(want) {
			t.Errorf("%s: inside the %s are\n%.2000s, want\n%.2000s", where, name, jsonOf(got), jsonOf(want))
		}
	}
	for step := begin; step <= end; step += 211 {
		if got, want := bytesOf(there(w.Inside["receiver"], step)), bytesOf(there(head.Inside["receiver"], step)); got != want {
			t.Errorf("%s step %d: the receiver has %d bytes, want %d", where, step, got, want)
		}
	}
	within := func(links [][2]int) (out [][2]int) {
		for _, l := range links {
			if l[1] > begin && l[1] <= end {
				out = append(out, l)
			}
		}
		return out
	}
	// What refers to bytes that a device still moves at the end is told when that ends.
	ended := func(l [2]int) bool {
		return end == len(events) || events[l[1]-1].End() <= events[end-1].At
	}
	if got, want := within(w.Links), slices.DeleteFunc(within(head.Links), func(l [2]int) bool { return !ended(l) && !slices.Contains(w.Links, l) }); !slices.Equal(got, want) || len(got) != len(w.Links) {
		t.Errorf("%s: %d links, want %d:\n%.400s\n%.400s", where, len(got), len(want), jsonOf(got), jsonOf(want))
	}
	if got, want := w.Boundaries, boundariesIn(head.Boundaries, begin, end); !slices.Equal(got, want) {
		t.Errorf("%s: boundaries %v, want %v", where, got, want)
	}
}

func boundariesIn(all []int, begin, end int) []int {
	out := []int{}
	for _, step := range all {
		if step > begin && step <= end {
			out = append(out, step)
		}
	}
	return out
}

func bytesOf(items []held) (n int64) {
	for _, h := range items {
		n += h.Bytes
	}
	return n
}

// The mode at the begin of a window is that of the last switch before it.
func TestTheModeAtTheBeginOfAWindow(t *testing.T) {
	r := simulated(t, "read-write,size=16MiB,chunk=16KiB")
	w := newWalk(r.Scenario)
	mode := trace.UserMode
	for _, e := range r.Run.Events {
		if w.mode != mode {
			t.Fatalf("before step %d the mode is %s, want %s", e.Seq, w.mode, mode)
		}
		w.next(e)
		if e.Kind == trace.ModeSwitch {
			mode = e.To
		}
	}
}
