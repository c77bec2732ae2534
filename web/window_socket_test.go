package web

import (
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// hearKept waits until a run is kept and says how many events it has.
func hearKept(t *testing.T, conn *websocket.Conn) (events int) {
	t.Helper()
	for {
		m := hear(t, conn)
		if m.Type == "error" {
			t.Fatal(string(m.Body))
		}
		if m.Type != "scope.kept" {
			continue
		}
		var kept struct {
			Events   int
			Total    int
			Overview overview
		}
		if err := m.Decode(&kept); err != nil {
			t.Fatal(err)
		}
		var seen int64
		for _, column := range kept.Overview.Events {
			for _, n := range column {
				seen += n
			}
		}
		if kept.Events == 0 || seen == 0 || seen > int64(kept.Events) || len(kept.Overview.Boundaries) != overviewColumns {
			t.Fatalf("%d events are kept, %d of them are in the overview", kept.Events, seen)
		}
		return kept.Events
	}
}

func hearWindow(t *testing.T, conn *websocket.Conn, lane string, step int) runWindow {
	t.Helper()
	say(t, conn, request("scope.window", rand.Text(), fmt.Sprintf(`{"lane":%q,"step":%d,"lang":"zh"}`, lane, step)))
	m := hear(t, conn)
	var w runWindow
	if err := m.Decode(&w); err != nil || m.Type != "scope.window" {
		t.Fatalf("%s: %v %.300s", m.Type, err, m.Body)
	}
	if step > 0 && (step <= w.Begin || step > w.End || w.Events[step-w.Begin-1].Seq != step) {
		t.Fatalf("step %d is not in the window from %d to %d", step, w.Begin, w.End)
	}
	return w
}

// A page steps through a run of more events than it is sent, and finds places
// in it by bytes, by time and by system calls.
func TestWindowsOfALongRun(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))+"/ws")
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"read-write,size=64MiB,chunk=4KiB","lang":"zh"}`))
	total := hearKept(t, conn)
	for _, step := range []int{0, 1, total / 3, total} {
		w := hearWindow(t, conn, "a", step)
		if w.Total != total || len(w.Events) != windowEvents || !strings.Contains(w.Events[9].Say, "。") {
			t.Errorf("the window around step %d has %d events of %d: %s", step, len(w.Events), w.Total, w.Events[9].Say)
		}
	}
	found := func(what string) (step int) {
		say(t, conn, request("scope.find", rand.Text(), `{"lane":"a",`+what+`}`))
		var body struct{ Step int }
		if m := hear(t, conn); m.Decode(&body) != nil || m.Type != "scope.found" {
			t.Fatalf("%s %s", m.Type, m.Body)
		}
		return body.Step
	}
	half := found(`"bytes":33554432`)
	sent := hearWindow(t, conn, "a", half).Counts[trace.BytesSent]
	if before, after := lastAt(sent.At, sent.Value, half-1), lastAt(sent.At, sent.Value, half); before >= 32<<20 || after != 32<<20 {
		t.Errorf("half of the bytes are sent at step %d, with %v before and %v after it", half, before, after)
	}
	e := hearWindow(t, conn, "a", half).Events
	mid := e[len(e)/2]
	if step := found(fmt.Sprintf(`"at_ns":%d`, mid.At)); step < mid.Seq || step > mid.Seq+20 {
		t.Errorf("what begins at %d ns is found at step %d, want %d", mid.At, step, mid.Seq)
	}
	w := hearWindow(t, conn, "a", half)
	for k, from := range w.Boundaries[:len(w.Boundaries)-1] {
		if next := found(fmt.Sprintf(`"boundary":1,"step":%d`, from)); next != w.Boundaries[k+1] {
			t.Fatalf("after the boundary at %d comes %d, want %d", from, next, w.Boundaries[k+1])
		}
		if k > 0 {
			if last := found(fmt.Sprintf(`"boundary":-1,"step":%d`, from)); last != w.Boundaries[k-1] {
				t.Fatalf("before the boundary at %d is %d, want %d", from, last, w.Boundaries[k-1])
			}
		}
	}
	say(t, conn, request("scope.find", "none", `{"lane":"a"}`))
	hearError(t, conn, "none")
	say(t, conn, request("scope.window", "b", `{"lane":"b","step":1}`))
	hearError(t, conn, "b")
	// Another run takes the lane's place.
	say(t, conn, request("scope.run", "r2", `{"lane":"a","scenario":"sendfile,size=64KiB"}`))
	for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
	}
	say(t, conn, request("scope.window", "gone", `{"lane":"a","step":1}`))
	hearError(t, conn, "gone")
}

// A run whose log had to make room is made again, and is the same.
func TestAKeptRunIsMadeAgain(t *testing.T) {
	server := newServer(t, Config{Lab: lab.New(t.TempDir())})
	sc := server.scope
	sc.kept.budget = 1
	url := listen(t, server)
	conn := dial(t, url+"/ws")
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"read-write,size=16MiB,chunk=4KiB"}`))
	hearKept(t, conn)
	first := hearWindow(t, conn, "a", 20_000)
	say(t, conn, request("scope.run", "s", `{"lane":"b","scenario":"sendfile,size=16MiB,chunk=4KiB"}`))
	hearKept(t, conn)
	if a := sc.kept.all[0]; a.lane != "a" || a.log.Load() != nil {
		t.Fatal("the log of the run that was not used is there")
	}
	if again := hearWindow(t, conn, "a", 20_000); jsonOf(again) != jsonOf(first) {
		t.Error("made again, the window is another")
	}
	conn.Close()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		sc.kept.mu.Lock()
		left := len(sc.kept.all)
		sc.kept.mu.Unlock()
		if left == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d runs are kept for a page that has gone", left)
		}
	}
}

// A window of ten million events is there at once, once the run is kept.
func TestWindowsOfTenMillionEvents(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds and 400 MB")
	}
	conn := dial(t, listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))+"/ws")
	begin := time.Now()
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"read-write,cache=cold,size=2560MiB,chunk=4KiB"}`))
	total := hearKept(t, conn)
	kept := time.Since(begin)
	if total < 10_000_000 {
		t.Fatalf("the run has %d events only", total)
	}
	const places = 20
	begin = time.Now()
	for k := range places {
		hearWindow(t, conn, "a", 1+k*(total-1)/(places-1))
	}
	each := time.Since(begin) / places
	t.Logf("%d events are kept after %v; a window takes %v", total, kept, each)
	if each > 2*time.Second {
		t.Errorf("a window takes %v", each)
	}
}

// Where long runs part is found beyond what a page is sent of them.
func TestLongRunsPart(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))+"/ws")
	const run = "read-write,model=textbook,cache=cold,net=nic,dma=on,sg=on,chunk=4KiB,size=16MiB"
	for _, c := range []struct {
		name, other string
		least, most int // between these steps
		whole       bool
	}{
		{"the same but for the time", run + ",profile=hdd-1g", 0, 0, true},
		{"one ends sooner", strings.Replace(run, "16MiB", "12MiB", 1), 49_000, 49_153, false},
		{"a change on the way", run + ",whatif=40000/dma=off", 40_001, 40_100, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var totals [2]int
			for i, scenario := range []string{run, c.other} {
				say(t, conn, request("scope.run", rand.Text(), fmt.Sprintf(`{"lane":"%c","scenario":%q}`, 'a'+i, scenario)))
				totals[i] = hearKept(t, conn)
			}
			say(t, conn, request("scope.part", rand.Text(), `{"lane":"b","with":"a"}`))
			var got runParting
			if m := hear(t, conn); m.Type != "scope.parted" || m.Decode(&got) != nil {
				t.Fatalf("%s %s", m.Type, m.Body)
			}
			if got.Step < c.least || got.Step > c.most || got.Whole != c.whole || got.Compared != min(totals[0], totals[1]) {
				t.Fatalf("of %d and %d events: %+v, want a step from %d to %d", totals[0], totals[1], got, c.least, c.most)
			}
			if got.Step == 0 || got.Step > got.Compared {
				return
			}
			doing := func(lane string, step int) trace.Event {
				w := hearWindow(t, conn, lane, step)
				return doingOf(w.Events[step-w.Begin-1].Event)
			}
			if a, b := doing("a", got.Step), doing("b", got.Step); a == b {
				t.Errorf("at step %d both do the same: %+v", got.Step, a)
			}
			if a, b := doing("a", got.Step-1), doing("b", got.Step-1); a != b {
				t.Errorf("before step %d they do not do the same: %+v, %+v", got.Step, a, b)
			}
		})
	}
	say(t, conn, request("scope.part", "none", `{"lane":"a","with":"d"}`))
	hearError(t, conn, "none")
}

// A long run of a scenario file has windows, which tell whose each event is, also
// when it is made again; with the counts of a group there are none.
func TestWindowsOfAScenarioFile(t *testing.T) {
	server := newServer(t, Config{Lab: lab.New(t.TempDir())})
	server.scope.kept.budget = 1
	conn := dial(t, listen(t, server)+"/ws")
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"scenario=consumers-sharing","lang":"zh"}`))
	total := hearKept(t, conn)
	if total <= scopeEvents {
		t.Fatalf("%d events", total)
	}
	first := hearWindow(t, conn, "a", total-10)
	who := map[string]bool{}
	for _, e := range first.Events {
		who[e.Who] = true
	}
	if len(who) < 3 {
		t.Errorf("its events are of %v", who)
	}
	say(t, conn, request("scope.run", "s", `{"lane":"b","scenario":"scenario=consumers-sharing,group=kernel"}`))
	for {
		m := hear(t, conn)
		if m.Type == "scope.done" {
			break
		}
		if m.Type == "scope.lane" && strings.Contains(string(m.Body), `"windows":`) {
			t.Error("there are windows with the counts of a group")
		}
	}
	say(t, conn, request("scope.run", "u", `{"lane":"b","scenario":"sendfile,size=16MiB,chunk=4KiB"}`))
	hearKept(t, conn)
	if server.scope.kept.all[0].log.Load() != nil {
		t.Fatal("the log of the run that was not used is there")
	}
	if again := hearWindow(t, conn, "a", total-10); jsonOf(again) != jsonOf(first) {
		t.Error("made again, the window is another")
	}
}
