package web

import (
	"testing"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// there are the items that are in a place after a step.
func there(items []held, step int) []held {
	var out []held
	for _, h := range items {
		if h.From <= step && (h.Until == 0 || step < h.Until) {
			out = append(out, h)
		}
	}
	return out
}

// The items inside a place are what the place holds, at every step.
func TestInsidesAddUpToWhatThePlacesHold(t *testing.T) {
	for _, path := range transfer.Paths() {
		for _, more := range []string{"", ",sg=off", ",dma=off", ",model=linux,net=nic,chunk=16KiB", ",model=linux,net=loopback,cache=warm,chunk=24KiB"} {
			r := simulated(t, path+more)
			filled := fill(r.Scenario, r.Run.Events)
			insides, _ := filled.insides(r.Scenario, r.Run.Events)
			for _, p := range []trace.Place{trace.UserBuffer, trace.UserMapping, trace.Pipe, trace.SocketBuffer} {
				seen := false
				for step := range len(r.Run.Events) + 1 {
					var own, lent int64
					for _, h := range there(insides[string(p)], step) {
						seen = true
						if h.Lent {
							lent += h.Bytes
						} else {
							own += h.Bytes
						}
					}
					c := filled.places[p]
					if own != valueAfter(c.Own, step) || lent != valueAfter(c.Lent, step) {
						t.Errorf("%s step %d: inside the %s are %d bytes and references to %d, it holds %d and %d",
							r.Scenario, step, p, own, lent, valueAfter(c.Own, step), valueAfter(c.Lent, step))
					}
				}
				if c := filled.places[p]; !seen && c.Room > 0 {
					t.Errorf("%s: nothing is ever inside the %s", r.Scenario, p)
				}
			}
		}
	}
}

// pagesAt are the states of the file's pages after a step, by page.
func pagesAt(t *testing.T, p *filePages, step int) []string {
	t.Helper()
	out := make([]string, p.N)
	for i := range out {
		out[i] = "absent"
	}
	for _, s := range p.Spans {
		if s.From > step || s.Until > 0 && s.Until <= step {
			continue
		}
		for i := s.First; i < s.First+s.N; i++ {
			if out[i] != "absent" {
				t.Errorf("step %d: page %d is %s and %s at once", step, i, out[i], s.State)
			}
			out[i] = s.State
		}
	}
	for i, q := range p.Squares {
		k := 0
		for k+1 < len(q.At) && q.At[k+1] <= step {
			k++
		}
		var have int64
		shown := false
		for _, s := range out[q.First : q.First+q.N] {
			shown = shown || s == q.State[k]
			if s == "clean" || s == "lent" || s == "dirty" || s == "writeback" {
				have++
			}
		}
		if !shown || have != q.Have[k] {
			t.Errorf("step %d: square %d is %s with %d pages in the cache; its pages are %v", step, i, q.State[k], q.Have[k], out[q.First:q.First+q.N])
		}
	}
	return out
}

func all(states []string, want string) bool {
	for _, s := range states {
		if s != want {
			return false
		}
	}
	return len(states) > 0
}

// A cold sendfile asks for its pages, gets them by DMA, lends them, and has them
// back when the card has fetched them.
func TestPagesOfAColdSendfile(t *testing.T) {
	r := simulated(t, "sendfile,model=linux,net=nic,cache=cold,size=1MiB,chunk=64KiB")
	p := fill(r.Scenario, r.Run.Events).pages
	if len(p.Squares) != maxSquares || p.N != 256 {
		t.Fatalf("%d squares for %d pages, want %d for 256", len(p.Squares), p.N, maxSquares)
	}
	if !all(pagesAt(t, p, 0), "absent") {
		t.Error("a cold file has pages in the cache at the beginning")
	}
	found := map[string]bool{}
	for i, e := range r.Run.Events {
		states := pagesAt(t, p, i+1)
		pages := touched(e, true)
		var part []string
		if pages != nil {
			part = states[pages[0] : pages[0]+pages[1]]
		}
		want := ""
		switch {
		case e.Kind == trace.CacheMiss || e.Kind == trace.Readahead:
			want = "asked"
		case e.Kind == trace.DMA && e.From == trace.DiskPlace:
			want = "filling"
		case e.Kind == trace.Descriptor, e.Kind == trace.DMA:
			want = "lent"
		}
		if want == "" {
			continue
		}
		found[want] = true
		if !all(part, want) {
			t.Errorf("step %d (%s of pages %v): they are %v, want %s", i+1, e.Kind, pages, part, want)
		}
	}
	if len(found) != 3 {
		t.Errorf("the run shows only %v", found)
	}
	// What changes together is told together: one read of the disk, one run of pages.
	for _, s := range p.Spans {
		if s.State == "filling" && s.N != 32 && s.First > 0 {
			t.Errorf("%d pages from %d are filled apart from their neighbours", s.N, s.First)
		}
	}
	if !all(pagesAt(t, p, len(r.Run.Events)), "clean") {
		t.Error("at the end not every page is clean")
	}
}

// What is written is dirty until it is on the disk; what is thrown out is gone.
func TestPagesThatAreWrittenAndEvicted(t *testing.T) {
	events := []trace.Event{
		{Kind: trace.CPUCopy, From: trace.UserBuffer, To: trace.PageCache, Bytes: 8192, Offset: 4096},
		{At: 1, Kind: trace.Writeback, From: trace.PageCache, To: trace.DiskPlace, N: 2, Offset: 4096},
		{At: 2, Dur: 5, Kind: trace.DMA, From: trace.PageCache, To: trace.DiskPlace, Bytes: 8192, Offset: 4096},
		{At: 9, Kind: trace.Wait},
		{At: 10, Kind: trace.Evict, From: trace.PageCache, N: 1, Offset: 8192},
	}
	for i := range events {
		events[i].Seq = i + 1
	}
	p := fill(lab.Scenario{Path: "sendfile", Size: 16384, Cache: lab.Warm}, events).pages
	for step, want := range [][2]string{{"clean", "clean"}, {"dirty", "dirty"}, {"writeback", "writeback"}, {"writeback", "writeback"}, {"clean", "clean"}, {"clean", "evicted"}} {
		if got := pagesAt(t, p, step); got[0] != "clean" || got[3] != "clean" || got[1] != want[0] || got[2] != want[1] {
			t.Errorf("after step %d the pages are %v, want %v in the middle", step, got, want)
		}
	}
}

// A log that is appended to gets dirty pages, which are written back; a consumer
// that lags finds its pages evicted.
func TestPagesOfScenarioFiles(t *testing.T) {
	for name, want := range map[string][]string{
		"append-write-interval": {"absent", "dirty", "writeback", "clean"},
		"lagging-consumer":      {"absent", "asked", "filling", "clean", "lent", "evicted"},
		"partly-cached":         {"absent", "filling", "clean", "lent"},
	} {
		source, err := parseSource("scenario=" + name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := runFile(t.Context(), locale.New(locale.English), source, scopeEvents, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		h := headOf(locale.New(locale.English), "a", r)
		if h.Pages == nil {
			t.Errorf("%s: the pages are not told", name)
			continue
		}
		seen := map[string]bool{}
		for step := 0; step <= len(r.run.Events); step += len(r.run.Events) / 200 {
			for _, s := range pagesAt(t, h.Pages, step) {
				seen[s] = true
			}
		}
		for _, s := range want {
			if !seen[s] {
				t.Errorf("%s: no page is ever %s", name, s)
			}
		}
	}
}

// A log that grows fills the page cache up to what it becomes, also where the pages
// are not told one by one, and where it begins empty.
func TestPageCacheOfGrowingLogs(t *testing.T) {
	for name, want := range map[string]int64{"transactions-2": 4*64<<10 + 3*78, "flow-2": 2 << 20, "kafka-append": 1 << 20} {
		source, err := parseSource("scenario=" + name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := runFile(t.Context(), locale.New(locale.English), source, scopeEvents, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := fill(r.drawn, r.run.Events).places[trace.PageCache]
		if n := valueAfter(c.Own, len(r.run.Events)); n != want || c.Room != want {
			t.Errorf("%s: %d of %d bytes are in the page cache at the end, want %d", name, n, c.Room, want)
		}
	}
}

// A descriptor waits in the card's ring, is fetched, and stays until the card
// says that it is done; its bytes follow those before it in the stream.
func TestRingAndDiskQueue(t *testing.T) {
	r := simulated(t, "sendfile,model=linux,net=nic,cache=cold,size=256KiB,chunk=64KiB")
	insides, links := fill(r.Scenario, r.Run.Events).insides(r.Scenario, r.Run.Events)
	ring := insides[string(trace.NICRing)]
	if len(ring) != 4 {
		t.Fatalf("%d descriptors went through the ring, want 4: one for each call", len(ring))
	}
	for i, h := range ring {
		if h.Seq == nil || *h.Seq != int64(i)*65536 || h.Offset == nil || *h.Offset != *h.Seq || h.Linear {
			t.Errorf("descriptor %d is %+v, want that of paged bytes from %d of file and stream", i, h, i*65536)
		}
		fetched := r.Run.Events[h.Begun-1]
		if fetched.Kind != trace.DMA || fetched.Offset != *h.Offset || h.Ended <= h.Begun || h.Until <= h.From {
			t.Errorf("descriptor %d is fetched in step %d (%s of %d), done in %d", i, h.Begun, fetched.Kind, fetched.Offset, h.Until)
		}
		if done := r.Run.Events[h.Until-1]; done.Kind != trace.Interrupt || done.From != trace.NICRing {
			t.Errorf("descriptor %d leaves the ring at %s of %s", i, done.Kind, done.From)
		}
	}
	if longest := len(there(ring, 26)); longest < 2 { // the second call has queued up behind the first
		t.Errorf("%d descriptors are in the ring at step 26, want at least 2", longest)
	}
	disk := insides[string(trace.DiskPlace)]
	if len(disk) != 2 || disk[0].Bytes != 128<<10 || disk[1].Bytes != 128<<10 || disk[0].Until <= disk[0].Begun {
		t.Errorf("the disk's queue had %+v, want two reads of 128 KiB", disk)
	}
	kinds := map[[2]trace.Kind]int{}
	for _, l := range links {
		kinds[[2]trace.Kind{r.Run.Events[l[0]-1].Kind, r.Run.Events[l[1]-1].Kind}]++
	}
	for pair, n := range map[[2]trace.Kind]int{{trace.DeviceCommand, trace.DMA}: 6, {trace.DMA, trace.Interrupt}: 6, {trace.Descriptor, trace.DMA}: 4} {
		if kinds[pair] != n {
			t.Errorf("%d links lead from %s to %s, want %d", kinds[pair], pair[0], pair[1], n)
		}
	}
	for _, h := range fill(r.Scenario, r.Run.Events).places[trace.SocketBuffer].shelf.shown() {
		if want := [4]int64{*h.Offset / 4096, 16, 0, 4096}; *h.Pages != want {
			t.Errorf("the reference to %d of the file is to the pages %v, want %v", *h.Offset, *h.Pages, want)
		}
	}
	linear := simulated(t, "read-write,model=linux,net=nic,sg=off")
	insides, _ = fill(linear.Scenario, linear.Run.Events).insides(linear.Scenario, linear.Run.Events)
	for _, h := range insides[string(trace.NICRing)] {
		if !h.Linear || h.Units < 2 {
			t.Errorf("without scatter-gather the card is given %+v, want linear packets", h)
		}
	}
}

// What the CPU carries itself it need not be told of: nothing stays in a queue.
func TestCarriedBytesLeaveTheQueues(t *testing.T) {
	r := simulated(t, "read-write,model=textbook,dma=off,cache=cold")
	insides, _ := fill(r.Scenario, r.Run.Events).insides(r.Scenario, r.Run.Events)
	for _, p := range []trace.Place{trace.DiskPlace, trace.NICRing} {
		items := insides[string(p)]
		if left := there(items, len(r.Run.Events)); len(items) == 0 || len(left) > 0 {
			t.Errorf("%d entries went through the queue of the %s, at the end it has %+v", len(items), p, left)
		}
	}
}

// What is received from a socket has no place in a file.
func TestRelayedBytesHaveNoOffset(t *testing.T) {
	r := simulated(t, "relay-splice,model=linux,net=nic")
	filled := fill(r.Scenario, r.Run.Events)
	items := 0
	insides, _ := filled.insides(r.Scenario, r.Run.Events)
	for place, inside := range insides {
		for _, h := range inside {
			items++
			if h.Offset != nil || h.Pages != nil {
				t.Errorf("%s: %+v has an offset", place, h)
			}
		}
	}
	if h := headOf(locale.New(locale.English), "a", ofResult(locale.New(locale.English), r)); items == 0 || h.Pages != nil {
		t.Errorf("%d items, and the pages of a file: %v", items, h.Pages)
	}
}

// The sums of the actors are those of their events.
func TestActorSums(t *testing.T) {
	r := simulated(t, "read-write,model=linux,net=nic,size=256KiB,chunk=64KiB")
	sums := actorSums(r.Run.Events)
	for step := range len(r.Run.Events) + 1 {
		for actor, s := range sums {
			var n, dur, bytes int64
			for _, e := range r.Run.Events[:step] {
				if string(e.Actor) != actor || e.Kind == trace.Syscall || e.Endpoint == trace.Receiver {
					continue
				}
				n, dur = n+1, dur+int64(e.Dur)
				if e.Kind == trace.DMA || e.Kind == trace.CPUCopy {
					bytes += e.Bytes
				}
			}
			if valueAfter(s.Events, step) != n || valueAfter(s.Time, step) != dur || valueAfter(s.Bytes, step) != bytes {
				t.Errorf("%s after step %d: %d events, %d ns, %d bytes; want %d, %d, %d", actor, step,
					valueAfter(s.Events, step), valueAfter(s.Time, step), valueAfter(s.Bytes, step), n, dur, bytes)
			}
		}
	}
}
