package trace_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	. "copyscope/internal/trace"
)

// story tells a log random events, as a machine would: threads call, wait and
// return in turns, calls end with the switch back and then with what they
// returned, waits and interrupted work last longer than they said. It keeps the
// events as they turned out.
type story struct {
	dice   *rand.Rand
	log    *Log
	events []Event
	now    Ns
	calls  int32
	// under has the index of each thread's span, running that of an event that
	// still lasts.
	under, running map[int32]int
}

func newStory(seed uint64, l *Log) *story {
	return &story{dice: rand.New(rand.NewPCG(seed, 0)), log: l, under: map[int32]int{}, running: map[int32]int{}}
}

func pick[T any](dice *rand.Rand, of ...T) T { return of[dice.IntN(len(of))] }

// tell tells an event, at times with a number that is too large to be packed.
func (s *story) tell(shape Shape, e Entry) int {
	if s.dice.IntN(40) == 0 {
		*pick(s.dice, &e.Bytes, &e.N, &e.Offset, (*int64)(&e.CPU), (*int64)(&e.Dur)) = 1 << pick(s.dice, 31, 32, 47, 48, 50)
	}
	shape.Provenance = pick(s.dice, Modelled, Modelled, Derived, Measured)
	e.At, e.Shape = s.now, s.log.Shape(shape)
	i := s.log.Add(&e)
	s.events = append(s.events, Event{Seq: i + 1, At: e.At, Dur: e.Dur, CPU: e.CPU, Endpoint: shape.Endpoint, Phase: shape.Phase, Kind: shape.Kind,
		Actor: shape.Actor, From: shape.From, To: shape.To, Bytes: e.Bytes, N: e.N, Offset: e.Offset, Call: int(e.Call), Thread: int(e.Thread),
		Syscall: shape.Syscall, Line: shape.Line, Errno: shape.Errno, Detail: shape.Detail, Provenance: shape.Provenance})
	return i
}

func (s *story) step() {
	d := s.dice
	if d.IntN(3) > 0 {
		s.now += Ns(d.IntN(200))
	}
	if d.IntN(300) == 0 {
		s.now += 1 << pick(d, 20, 33, 48)
	}
	thread := pick[int32](d, 0, 0, 1, 2, 3, 7, 70000)
	shape := Shape{Endpoint: pick(d, Sender, Sender, Sender, Relay, Receiver), Phase: pick(d, Transfer, Transfer, Transfer, SetUp, TearDown), Actor: pick(d, Actors()...)}
	if i, ok := s.under[thread]; ok && d.IntN(4) == 0 {
		// The call returns.
		span := s.events[i]
		s.tell(Shape{Endpoint: span.Endpoint, Phase: span.Phase, Kind: ModeSwitch, From: KernelMode, To: UserMode, Syscall: span.Syscall, Detail: "return"},
			Entry{Thread: thread, Call: int32(span.Call), Dur: 3, CPU: 3})
		e := &s.events[i]
		e.Dur, e.Bytes, e.Ret = s.now-e.At, int64(d.IntN(1<<20)), int64(d.IntN(1<<20))
		switch d.IntN(8) {
		case 0:
			e.Bytes, e.Ret, e.Errno = 0, -1, pick(d, "EPIPE", "EAGAIN")
		case 1:
			e.Bytes, e.Ret = 1<<33, 1<<33
		}
		s.log.Return(i, e.Dur, e.Bytes, e.Ret, e.Errno)
		delete(s.under, thread)
		return
	}
	if i, ok := s.running[thread]; ok && d.IntN(3) == 0 {
		e := &s.events[i]
		if s.now > e.End() && (e.Kind != Wait || e.Dur > 0) {
			delete(s.running, thread) // it has ended
			return
		}
		e.Dur = max(e.Dur, s.now-e.At) + Ns(d.IntN(50))
		s.log.Prolong(i, e.Dur)
		if d.IntN(2) == 0 {
			delete(s.running, thread)
		}
		return
	}
	if _, ok := s.under[thread]; !ok && d.IntN(3) == 0 {
		s.calls++
		name := pick(d, "read", "write", "sendfile", "splice")
		shape.Syscall, shape.Line, shape.Kind = name, name, ModeSwitch
		shape.From, shape.To = UserMode, KernelMode
		s.tell(shape, Entry{Thread: thread, Call: s.calls, Dur: 3, CPU: 3})
		shape.Kind, shape.From, shape.To = Syscall, pick(d, PageCache, UserBuffer), pick(d, SocketBuffer, UserBuffer)
		i := s.tell(shape, Entry{Thread: thread, Call: s.calls, CPU: Ns(d.IntN(2) * 7)})
		if d.IntN(20) > 0 { // some calls never return
			s.under[thread] = i
		}
		return
	}
	kinds := Kinds()
	shape.Kind = kinds[2+d.IntN(len(kinds)-2)]
	shape.From, shape.To = pick(d, Places()...), pick(d, UserBuffer, UserBuffer, SocketBuffer, DiskPlace, UserMode)
	shape.Detail = pick(d, "", "major", "minor")
	e := Entry{Thread: thread, Dur: Ns(d.IntN(30)), CPU: Ns(d.IntN(30)), Bytes: int64(d.IntN(1 << 17)), N: int64(d.IntN(5)), Offset: int64(d.IntN(1 << 30))}
	lasts := shape.Kind == Wait || shape.Kind == Compute
	if shape.Kind == Wait {
		e.Dur = 0
	}
	if i := s.tell(shape, e); lasts {
		if shape.Kind == Compute {
			// Work is prolonged while it goes on.
			s.log.Prolong(i, e.Dur+1<<21)
			s.events[i].Dur = max(s.events[i].Dur, e.Dur+1<<21)
		}
		s.running[thread] = i
	}
}

func fresh() *Counter {
	return NewCounter(1<<20, Derived, Watch{
		DMABytes: {Provenance: Unavailable, Reason: "no tracepoint"}, CPUCopies: {Provenance: Modelled},
	})
}

// said is all that a counter says.
type said struct {
	counts [31]Count
	calls  string
}

func figures(c *Counter) (s said) {
	for i, name := range CountNames() {
		s.counts[i] = c.Count(name)
	}
	s.calls = fmt.Sprint(c.SyscallsByName(), c.SetupSyscallsByName())
	return s
}

// TestLogIsItsEvents: a log tells the events as they turned out, and at any
// step, in any order of steps, the counts that a counter has which was told
// these events one by one.
func TestLogIsItsEvents(t *testing.T) {
	for _, o := range []LogOptions{{Keep: -1}, {Keep: -1, Steps: 50}, {Keep: 0}, {Keep: 0, Steps: 50}, {Keep: 64}, {Keep: 60, Steps: 40}, {Keep: 40, Steps: 64}} {
		t.Run(fmt.Sprintf("%+v", o), func(t *testing.T) {
			for seed := range uint64(40) {
				s := newStory(seed, NewSmallLog(fresh(), o))
				for range 10 + s.dice.IntN(300) {
					s.step()
				}
				told := len(s.events)
				kept, counted := told, told
				if o.Keep >= 0 {
					kept = min(o.Keep, told)
				}
				if o.Steps > 0 {
					counted = min(o.Steps, told)
				}
				if s.log.Len() != told {
					t.Fatalf("seed %d: told %d events, the log says %d", seed, told, s.log.Len())
				}
				for i, want := range s.events {
					if i >= kept {
						want = Event{}
					}
					if got := s.log.Event(i); got != want {
						t.Fatalf("seed %d, event %d:\n got %+v\nwant %+v", seed, i, got, want)
					}
				}
				// What a counter says after each step, by the events alone.
				c := fresh()
				at := []said{figures(c)}
				for _, e := range s.events {
					c.Add(e)
					at = append(at, figures(c))
				}
				want := func(step int) said {
					if step >= counted {
						return at[counted]
					}
					return at[max(min(step, kept), 0)]
				}
				if got := figures(s.log.Counter()); got != want(told) {
					t.Fatalf("seed %d: the log's counter\n has %v\nwant %v", seed, got, want(told))
				}
				var steps []int
				for k := -1; k <= told+1; k++ {
					steps = append(steps, k)
				}
				for k := told; k >= 0; k -= 1 + s.dice.IntN(3) {
					steps = append(steps, k)
				}
				for range 50 {
					steps = append(steps, s.dice.IntN(told+1))
				}
				for _, k := range steps {
					if got := figures(s.log.CounterAt(k)); got != want(k) {
						t.Fatalf("seed %d, step %d of %d:\n got %v\nwant %v", seed, k, told, got, want(k))
					}
				}
			}
		})
	}
}

// TestCounterAtStaysAsItWas: neither the log nor its reader changes the other's
// counts.
func TestCounterAtStaysAsItWas(t *testing.T) {
	s := newStory(1, NewSmallLog(fresh(), LogOptions{Keep: -1}))
	for range 100 {
		s.step()
	}
	for _, step := range []int{0, 50, s.log.Len()} {
		c, d := s.log.CounterAt(step), s.log.CounterAt(step)
		before, live := figures(c), figures(s.log.Counter())
		for i := range 1500 {
			d.Add(Event{Phase: Transfer, Kind: Syscall, Syscall: fmt.Sprint("call", i%7), Call: i, Thread: i, Provenance: Modelled})
		}
		if got := figures(s.log.Counter()); got != live {
			t.Errorf("step %d: a reader changed the log's counts from\n%v to\n%v", step, live, got)
		}
		added := figures(d)
		for i := range 100 {
			s.tell(Shape{Phase: Transfer, Kind: Syscall, Syscall: fmt.Sprint("call", i%9)}, Entry{})
			s.step()
		}
		if got := figures(c); got != before {
			t.Errorf("step %d: the log changed a reader's counts from\n%v to\n%v", step, before, got)
		}
		if got := figures(d); got != added {
			t.Errorf("step %d: the log changed a reader's counts from\n%v to\n%v", step, added, got)
		}
	}
}

// TestEntriesOfAnySize: whatever fits into an event comes back, negative and
// largest numbers included.
func TestEntriesOfAnySize(t *testing.T) {
	l := NewLog(fresh(), LogOptions{Keep: -1})
	work := l.Shape(Shape{Endpoint: Sender, Phase: SetUp, Kind: Compute})
	read := l.Shape(Shape{Endpoint: Sender, Phase: SetUp, Kind: Syscall, Syscall: "read"})
	edges := []int64{0, 1, -1, math.MaxInt32, math.MinInt32, math.MaxUint32, math.MaxUint32 + 1, 1<<48 - 1, 1 << 48, math.MaxInt64, math.MinInt64}
	set := map[string]func(*Entry, int64){
		"at": func(e *Entry, v int64) { e.At = Ns(v) }, "dur": func(e *Entry, v int64) { e.Dur = Ns(v) }, "cpu": func(e *Entry, v int64) { e.CPU = Ns(v) },
		"bytes": func(e *Entry, v int64) { e.Bytes = v }, "n": func(e *Entry, v int64) { e.N = v }, "offset": func(e *Entry, v int64) { e.Offset = v },
		"call": func(e *Entry, v int64) { e.Call = int32(v) }, "thread": func(e *Entry, v int64) { e.Thread = int32(v) },
		"large thread": func(e *Entry, v int64) { e.Thread = math.MaxUint16 + int32(v&1) },
	}
	for name, field := range set {
		for _, v := range edges {
			e := Entry{At: 1, Dur: 2, CPU: 3, Bytes: 4, Offset: 6, Call: 7, Thread: 8, Shape: work}
			field(&e, v)
			got := l.Event(l.Add(&e))
			want := Event{Seq: got.Seq, At: e.At, Dur: e.Dur, CPU: e.CPU, Bytes: e.Bytes, N: e.N, Offset: e.Offset, Call: int(e.Call), Thread: int(e.Thread),
				Endpoint: Sender, Phase: SetUp, Kind: Compute}
			if got != want {
				t.Errorf("%s %d: got %+v, want %+v", name, v, got, want)
			}
			for _, r := range []struct {
				dur        Ns
				bytes, ret int64
				errno      string
			}{{5, v, -v, "E"}, {5, v, 6, ""}, {5, 6, v, ""}, {Ns(v), 6, 7, ""}} {
				e = Entry{N: e.N, Thread: e.Thread, Shape: read}
				i := l.Add(&e)
				l.Return(i, r.dur, r.bytes, r.ret, r.errno)
				if got := l.Event(i); got.Ret != r.ret || got.Bytes != r.bytes || got.Dur != r.dur || got.N != e.N || got.Thread != int(e.Thread) || got.Errno != r.errno {
					t.Errorf("a call that returned %+v: got %+v", r, got)
				}
			}
		}
	}
}

// TestShapesAreInterned: an id stands for one shape.
func TestShapesAreInterned(t *testing.T) {
	l := NewLog(fresh(), LogOptions{Keep: -1})
	a, b := Shape{Kind: DMA, Line: "a"}, Shape{Kind: DMA, Line: "b"}
	if x, y := l.Shape(a), l.Shape(b); x == y || x != l.Shape(a) {
		t.Errorf("ids %d and %d, then %d", x, y, l.Shape(a))
	}
	// Every field of an event is in its shape or in its entry.
	have := map[string]bool{"Seq": true, "Ret": true}
	for _, v := range []any{Shape{}, Entry{}} {
		for i := range reflect.TypeOf(v).NumField() {
			have[reflect.TypeOf(v).Field(i).Name] = true
		}
	}
	for i := range reflect.TypeFor[Event]().NumField() {
		if name := reflect.TypeFor[Event]().Field(i).Name; !have[name] {
			t.Errorf("a log drops an event's %s", name)
		}
	}
}

// TestWhatIsNotThere: an index of no event changes and tells nothing.
func TestWhatIsNotThere(t *testing.T) {
	l := NewLog(fresh(), LogOptions{Keep: -1})
	l.Add(&Entry{Shape: l.Shape(Shape{Phase: Transfer, Kind: Wait, Provenance: Modelled}), Dur: 9})
	want := figures(l.Counter())
	for _, i := range []int{-1, 1, math.MaxInt, math.MinInt} {
		l.Prolong(i, 100)
		l.Return(i, 100, 100, 100, "")
		if l.Event(i) != (Event{}) {
			t.Errorf("event %d is %+v", i, l.Event(i))
		}
	}
	l.Return(0, 100, 100, 100, "") // no call
	l.Prolong(0, 3)                // an event cannot have ended before it did
	if got := figures(l.Counter()); got != want || l.Event(0).Dur != 9 {
		t.Errorf("changed to %v, %+v", got, l.Event(0))
	}
}

// TestAddAllocatesNothing: what a log keeps aside.
func TestAddAllocatesNothing(t *testing.T) {
	l := NewLog(fresh(), LogOptions{})
	tell := newTeller(l)
	for range 10000 {
		tell.tell()
	}
	if n := testing.AllocsPerRun(10000, tell.tell); n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}
