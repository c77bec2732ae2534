package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// gatedLab runs simulations at once and holds real runs until it is let go.
type gatedLab struct {
	*lab.Lab
	started chan string // scenarios whose real run has begun
	open    chan struct{}
}

func (l gatedLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	if s.Side != trace.Real {
		return l.Lab.Run(ctx, s, o)
	}
	l.started <- s.Path
	o.Progress(1, 2)
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.open:
	}
	s.Side, s.Model, s.Net = trace.Sim, lab.Linux, lab.Loopback
	r, err := l.Lab.Run(ctx, s, o)
	if err == nil {
		r.Scenario.Side = trace.Real
	}
	return r, err
}

func (l gatedLab) Compare(context.Context, *lab.Result) ([]trace.Comparison, error) {
	return []trace.Comparison{trace.CompareWords("sendfile", "who_copies", "lend", trace.Modelled, "lend", trace.Measured)}, nil
}

func request(kind, id, body string) string {
	return fmt.Sprintf(`{"v":1,"type":%q,"id":%q,"body":%s}`, kind, id, body)
}

func TestRunTellsTheWholeRunInBatches(t *testing.T) {
	url := listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))
	conn := dial(t, url+"/ws")
	say(t, conn, request("scope.run", "r1", `{"lane":"a","scenario":"read-write,model=linux,net=nic,size=16MiB,chunk=64KiB,cache=warm","lang":"zh"}`))
	var head laneHead
	events, last := 0, ""
	for last != "scope.done" {
		m := hear(t, conn)
		last = m.Type
		if m.ID != "r1" {
			t.Fatalf("%s came under %q, want r1", m.Type, m.ID)
		}
		switch m.Type {
		case "scope.lane":
			if err := m.Decode(&head); err != nil {
				t.Fatal(err)
			}
		case "scope.events":
			var batch struct {
				From   int
				Events []shownEvent
			}
			if err := m.Decode(&batch); err != nil {
				t.Fatal(err)
			}
			if batch.From != events || len(batch.Events) == 0 || len(batch.Events) > scopeBatch {
				t.Fatalf("a batch of %d events from %d on after %d events", len(batch.Events), batch.From, events)
			}
			if e := batch.Events[0]; e.Seq != batch.From+1 || e.Say == "" || e.CPUState == "" || !strings.Contains(e.Say, "。") {
				t.Errorf("the batch begins with %+v, want event %d with a Chinese sentence", e, batch.From+1)
			}
			events += len(batch.Events)
		}
	}
	if events != head.Shown || events <= scopeBatch || head.Total < head.Shown {
		t.Errorf("%d events came, the head promised %d of %d", events, head.Shown, head.Total)
	}
	if n := len(head.Counts); n != len(trace.CountNames()) {
		t.Errorf("%d series came, want one for each of %d counts", n, len(trace.CountNames()))
	}
}

func TestRealRunsGoOneAtATime(t *testing.T) {
	l := gatedLab{Lab: lab.New(t.TempDir()), started: make(chan string, 8), open: make(chan struct{})}
	url := listen(t, newServer(t, Config{Lab: l}))
	conn := dial(t, url+"/ws")
	say(t, conn, request("scope.run", "one", `{"lane":"a","scenario":"sendfile,side=real"}`))
	<-l.started
	if m := hear(t, conn); m.Type != "scope.progress" || m.ID != "one" {
		t.Fatalf("got %s for %s, want the progress of one", m.Type, m.ID)
	}
	say(t, conn, request("scope.run", "two", `{"lane":"b","scenario":"splice,side=real"}`))
	if m := hear(t, conn); m.Type != "scope.queued" || m.ID != "two" || !strings.Contains(string(m.Body), `"place":1`) {
		t.Fatalf("got %s %s for %s, want two queued at place 1", m.Type, m.Body, m.ID)
	}
	// A simulated run does not wait for real ones.
	say(t, conn, request("scope.run", "sim", `{"lane":"a","scenario":"sendfile"}`))
	for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
		if m.ID != "sim" {
			t.Fatalf("got %s for %s, want the simulated run", m.Type, m.ID)
		}
	}
	say(t, conn, request("scope.cancel", "c1", `{"run":"one"}`))
	var cancelled, began bool
	for !cancelled || !began {
		m := hear(t, conn)
		cancelled = cancelled || m.Type == "scope.cancelled" && m.ID == "one"
		began = began || m.Type == "scope.progress" && m.ID == "two"
	}
	if path := <-l.started; path != "splice" {
		t.Errorf("after the cancelled run %s began, want splice", path)
	}
	close(l.open)
	var done, compared bool
	for !done || !compared {
		m := hear(t, conn)
		done = done || m.Type == "scope.done" && m.ID == "two"
		compared = compared || m.Type == "scope.predictions" && m.ID == "two"
	}
	say(t, conn, request("scope.cancel", "c2", `{"run":"one"}`))
	hearError(t, conn, "c2")
}

// Pages that other machines can reach simulate, but start no real run.
func TestReachablePagesStartNoRealRun(t *testing.T) {
	for addr, refused := range map[string]bool{"127.0.0.1:8080": false, "[::1]:8080": false, "0.0.0.0:8080": true, "[::]:8080": true, "192.0.2.7:8080": true} {
		t.Run(addr, func(t *testing.T) {
			conn := dial(t, listen(t, newServer(t, Config{Addr: addr, Lab: lab.New(t.TempDir())}))+"/ws")
			say(t, conn, request("scope.run", "sim", `{"lane":"a","scenario":"sendfile,size=64KiB"}`))
			for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
				if m.Type == "error" {
					t.Fatalf("a simulated run: %s", m.Body)
				}
			}
			say(t, conn, request("scope.run", "real", `{"lane":"a","scenario":"sendfile,side=real,size=64KiB"}`))
			m := hear(t, conn)
			for ; m.Type != "scope.predictions" && m.Type != "error"; m = hear(t, conn) {
			}
			var fault scopeFault
			if err := m.Decode(&fault); err != nil || (m.Type == "error") != refused || refused && fault.Field != "side" {
				t.Errorf("a real run: got %s %s; want it refused: %v", m.Type, m.Body, refused)
			}
		})
	}
}

// A recorded run is shown wherever the pages are served: nothing runs for it. It
// names its machine, is never called measured, and stands beside its prediction.
func TestRecordedRunIsShownAsRecorded(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Addr: "0.0.0.0:8080", Lab: lab.New(t.TempDir())}))+"/ws")
	say(t, conn, request("scope.run", "r", `{"lane":"a","scenario":"sendfile,side=recorded,size=4MiB,chunk=64KiB"}`))
	var head laneHead
	events := 0
	m := hear(t, conn)
	for ; m.Type != "scope.predictions"; m = hear(t, conn) {
		switch m.Type {
		case "error":
			t.Fatal(string(m.Body))
		case "scope.lane":
			if err := m.Decode(&head); err != nil {
				t.Fatal(err)
			}
		case "scope.events":
			if strings.Contains(string(m.Body), `"measured"`) {
				t.Fatal("an event is told as measured")
			}
			events++
		}
	}
	if head.Provenance != trace.Recorded || head.Total < 300 || events == 0 || !strings.Contains(strings.Join(head.Chips, " "), "linux 6") {
		t.Errorf("the lane is %s, of %d events, with chips %q", head.Provenance, head.Total, head.Chips)
	}
	if strings.Contains(string(m.Body), `"differs"`) || !strings.Contains(string(m.Body), `"provenance":"recorded"`) {
		t.Errorf("predictions %s", m.Body)
	}
}

func TestRunNamesTheFieldThatCannotBe(t *testing.T) {
	url := listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))
	conn := dial(t, url+"/ws")
	for scenario, field := range map[string]string{"teleport": "path", "sendfile,size=0": "size", "sendfile,size=-1": "size",
		"sendfile,side=real,size=64GiB": "size", "sendfile,cache=hot": "cache", "splice,touch=on": "touch"} {
		say(t, conn, request("scope.run", scenario, fmt.Sprintf(`{"lane":"a","scenario":%q}`, scenario)))
		m := hear(t, conn)
		var fault scopeFault
		if err := m.Decode(&fault); err != nil || m.Type != "error" || fault.Field != field || fault.Message == "" || fault.Remedy == "" {
			t.Errorf("%s: got %s %s, want an error about %s", scenario, m.Type, m.Body, field)
		}
	}
}

// tellingLab tells several times how far a real run is before it is held.
type tellingLab struct{ gatedLab }

func (l tellingLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	for i := range int64(4) {
		o.Progress(i, 4)
		time.Sleep(progressEvery + 10*time.Millisecond)
	}
	return l.gatedLab.Run(ctx, s, o)
}

// A page that does not read must not prolong what is measured, nor keep the one
// place for real runs.
func TestPageThatDoesNotReadHoldsUpNoRealRun(t *testing.T) {
	l := tellingLab{gatedLab{Lab: lab.New(t.TempDir()), started: make(chan string, 8), open: make(chan struct{})}}
	close(l.open)
	s := newServer(t, Config{Lab: l})
	s.hub.Handle("test.flood", func(_ context.Context, c *Client, m Message) error {
		filler := make([]byte, 1<<20)
		for {
			rand.Read(filler) // does not compress
			if err := c.Send("test.part", m.ID, filler); err != nil {
				return err
			}
		}
	})
	url := listen(t, s) + "/ws"
	deaf := dialNarrow(t, url)
	say(t, deaf, request("test.flood", "f", "{}"))
	full := func() bool {
		s.hub.mu.Lock()
		defer s.hub.mu.Unlock()
		for c := range s.hub.clients {
			if len(c.answers) == cap(c.answers) {
				return true
			}
		}
		return false
	}
	for since := time.Now(); !full(); time.Sleep(5 * time.Millisecond) {
		if time.Since(since) > patience {
			t.Fatal("the page that does not read still takes answers")
		}
	}
	began := time.Now()
	say(t, deaf, request("scope.run", "one", `{"lane":"a","scenario":"sendfile,side=real,size=64KiB"}`))
	select {
	case <-l.started:
	case <-time.After(writeWait / 2):
		t.Fatalf("the real run of a page that does not read stands still after %v", time.Since(began))
	}
	other := dial(t, url)
	say(t, other, request("scope.run", "two", `{"lane":"a","scenario":"splice,side=real,size=64KiB"}`))
	for m := hear(t, other); m.Type != "scope.done"; m = hear(t, other) {
	}
}

// waiting enters a queue on a goroutine of its own and gives what it was told.
func waiting(t *testing.T, q *queue, ctx context.Context) (places chan int, entered chan func()) {
	t.Helper()
	places, entered = make(chan int, 64), make(chan func(), 1)
	go func() {
		leave, err := q.enter(ctx, func(place int) { places <- place })
		close(places) // telling a place after this would panic
		if err == nil {
			entered <- leave
		}
	}()
	return places, entered
}

func hearPlace(t *testing.T, places chan int, want int) {
	t.Helper()
	select {
	case got, ok := <-places:
		if !ok || got != want {
			t.Fatalf("told place %d, want %d", got, want)
		}
	case <-time.After(patience):
		t.Fatalf("not told place %d", want)
	}
}

func TestQueueTellsEveryChangeOfPlace(t *testing.T) {
	q := newQueue(1)
	leave, err := q.enter(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	first, _ := waiting(t, q, ctx)
	hearPlace(t, first, 1)
	second, entered := waiting(t, q, t.Context())
	hearPlace(t, second, 2)
	third, last := waiting(t, q, t.Context())
	hearPlace(t, third, 3)
	giveUp()
	hearPlace(t, second, 1)
	hearPlace(t, third, 2)
	leave()
	leave = <-entered
	hearPlace(t, third, 1)
	leave()
	leave = <-last
	leave()
	if leave, err = q.enter(t.Context(), func(int) { t.Error("an empty queue has a place to tell") }); err != nil {
		t.Fatal(err)
	}
	leave()
}

// Places only ever get better, and none is told once it is the waiter's turn.
func TestQueueTellsPlacesInOrder(t *testing.T) {
	for range 50 {
		q := newQueue(1)
		leave, _ := q.enter(t.Context(), nil)
		var places []chan int
		var turns []chan func()
		for i := range 8 {
			p, turn := waiting(t, q, t.Context())
			hearPlace(t, p, i+1)
			places, turns = append(places, p), append(turns, turn)
		}
		for i := range turns {
			leave()
			leave = <-turns[i]
			at := i + 1
			for place := range places[i] {
				if place >= at {
					t.Fatalf("told place %d after place %d", place, at)
				}
				at = place
			}
		}
		leave()
	}
}

// busyLab holds simulated runs and tells when a comparison begins.
type busyLab struct {
	*lab.Lab
	simulating chan struct{}
	release    chan struct{}
	compared   *atomic.Bool
}

func (l busyLab) Run(ctx context.Context, s lab.Scenario, o lab.Options) (*lab.Result, error) {
	side := s.Side
	if side == trace.Sim {
		l.simulating <- struct{}{}
		<-l.release
	}
	s.Side, s.Model, s.Net = trace.Sim, lab.Linux, lab.Loopback
	r, err := l.Lab.Run(ctx, s, o)
	if err == nil {
		r.Scenario.Side = side
	}
	return r, err
}

func (l busyLab) Compare(context.Context, *lab.Result) ([]trace.Comparison, error) {
	l.compared.Store(true)
	return nil, nil
}

// The prediction for a real run is one of the simulated runs that may go at a
// time.
func TestPredictionWaitsForItsTurn(t *testing.T) {
	l := busyLab{lab.New(t.TempDir()), make(chan struct{}, 2), make(chan struct{}), &atomic.Bool{}}
	conn := dial(t, listen(t, newServer(t, Config{Lab: l}))+"/ws")
	for _, id := range []string{"s1", "s2"} {
		say(t, conn, request("scope.run", id, `{"lane":"a","scenario":"sendfile,size=64KiB"}`))
		<-l.simulating
	}
	say(t, conn, request("scope.run", "real", `{"lane":"b","scenario":"sendfile,side=real,size=64KiB"}`))
	for m := hear(t, conn); m.Type != "scope.done"; m = hear(t, conn) {
		if m.Type == "error" {
			t.Fatalf("the real run: %s", m.Body)
		}
	}
	time.Sleep(200 * time.Millisecond)
	if l.compared.Load() {
		t.Error("a prediction was made beside two simulated runs")
	}
	close(l.release)
	for m := hear(t, conn); m.Type != "scope.predictions"; m = hear(t, conn) {
	}
}

// The largest simulated runs of a page are a second or two of one CPU, told in
// events because machines differ; larger ones are refused and sent to the
// command line.
func TestLargestRunsOfAPage(t *testing.T) {
	const most = 16_000_000
	for largest, beyond := range map[string]string{
		"splice,model=linux,net=nic,size=4GiB,chunk=4KiB,cache=cold":        "splice,model=linux,net=nic,size=4GiB,chunk=4000B,cache=cold",
		"read-write,model=textbook,size=1MiB,chunk=1B,cache=cold,dma=off":   "read-write,model=textbook,size=1025KiB,chunk=1B,cache=cold,dma=off",
		"sendfile,model=linux,net=loopback,size=4GiB,chunk=4GiB,cache=cold": "sendfile,model=linux,net=loopback,size=5GiB,chunk=5GiB,cache=cold",
		"mmap-write,model=textbook,size=64GiB,chunk=1MiB,cache=cold":        "mmap-write,model=textbook,size=65GiB,chunk=65GiB,cache=cold",
	} {
		s, err := lab.ParseScenario(largest, lab.Default())
		if err != nil || allow(s) != nil {
			t.Fatalf("%s: %v, %v", largest, err, allow(s))
		}
		r, err := lab.New(t.TempDir()).Run(t.Context(), s, lab.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.TotalEvents > most {
			t.Errorf("%s makes %d events, want at most %d", largest, r.TotalEvents, most)
		}
		if s, err = lab.ParseScenario(beyond, lab.Default()); err != nil {
			t.Fatal(err)
		}
		if err := allow(s); err == nil || !strings.Contains(err.Error(), "copyscope run") {
			t.Errorf("%s: %v, want it refused with the remedy copyscope run", beyond, err)
		}
	}
}

func TestCancelEndsALargeSimulatedRunSoon(t *testing.T) {
	conn := dial(t, listen(t, newServer(t, Config{Lab: lab.New(t.TempDir())}))+"/ws")
	say(t, conn, request("scope.run", "big", `{"lane":"a","scenario":"splice,model=linux,net=nic,size=256MiB,chunk=4KiB,cache=cold"}`))
	if m := hear(t, conn); m.Type != "scope.progress" {
		t.Fatalf("got %s %s, want progress", m.Type, m.Body)
	}
	began := time.Now()
	say(t, conn, request("scope.cancel", "c", `{"run":"big"}`))
	m := hear(t, conn)
	for ; m.Type == "scope.progress"; m = hear(t, conn) {
	}
	if took := time.Since(began); m.Type != "scope.cancelled" || m.ID != "big" || took > time.Second {
		t.Errorf("%v after the cancel: %s %s", took, m.Type, m.Body)
	}
}
