package importer

import (
	"errors"
	"slices"

	"copyscope/internal/trace"
)

// Timeline takes what a reader tells, counts it, and keeps the first events.
type Timeline struct {
	log   *trace.Log
	calls map[callKey]*callShapes
	ids   map[trace.Shape]trace.ShapeID

	keep    int
	kept    []kept
	total   int
	threads threads
	number  int // of the latest call

	start   trace.Ns // of the first thing told, on the trace's own clock
	started bool
	last    trace.Ns

	sent, read int64 // bytes handed to sockets, and copied from files
	unknown    int64 // calls that moved bytes between descriptors of unknown kind
	unmoved    map[string]int64
	unsent     bool // some of those may have sent
	gaps       Gaps
}

// kept is an event that is kept.
type kept struct {
	trace.Entry
	ret int64
}

// maxShapes bounds how many different shapes of events there may be: far more
// than Linux has syscalls, errors and kinds of descriptors that meet in one trace.
const maxShapes = 40_000

// ErrForeign: so many different calls are in no trace.
var ErrForeign = errors.New("it names far more different system calls and errors than Linux has; it is no trace of system calls")

// New makes an empty timeline that keeps the first keep events.
func New(keep int) *Timeline {
	return &Timeline{log: trace.NewLog(trace.NewCounter(0, trace.Derived, nil), trace.LogOptions{}), calls: map[callKey]*callShapes{},
		ids: map[trace.Shape]trace.ShapeID{}, keep: keep, threads: threads{index: map[int]int{}}, unmoved: map[string]int64{}}
}

// Since turns a time of the trace's clock into one of the run's: the first one
// asked for is 0, and earlier ones are below.
func (t *Timeline) Since(at trace.Ns) trace.Ns {
	if !t.started {
		t.started, t.start = true, at
	}
	return at - t.start
}

// shape interns a shape, within bounds.
func (t *Timeline) shape(s trace.Shape) (trace.ShapeID, error) {
	id, ok := t.ids[s]
	if !ok {
		if len(t.ids) >= maxShapes {
			return 0, ErrForeign
		}
		id = t.log.Shape(s)
		t.ids[s] = id
	}
	return id, nil
}

// Add tells one event that is no part of a call.
func (t *Timeline) Add(e trace.Event) error {
	s := trace.Shape{Endpoint: trace.Sender, Phase: trace.Transfer, Kind: e.Kind, Actor: e.Actor, From: e.From, To: e.To,
		Line: e.Line, Detail: e.Detail, Provenance: e.Provenance}
	id, err := t.shape(s)
	if err != nil {
		return err
	}
	t.put(trace.Entry{At: e.At, Dur: e.Dur, CPU: e.CPU, Bytes: e.Bytes, N: e.N, Offset: e.Offset, Thread: int32(e.Thread), Shape: id}, 0)
	return nil
}

func (t *Timeline) put(e trace.Entry, ret int64) {
	t.log.Add(&e)
	t.total++
	t.last = max(t.last, e.At+e.Dur)
	if len(t.kept) < t.keep {
		t.kept = append(t.kept, kept{e, ret})
	}
}

// Imported is what came of a trace.
type Imported struct {
	// Run holds the events that were kept, in the order of their start, and how
	// the counts are known.
	Run *trace.Run
	// Counter has the counts of all events, kept or not.
	Counter *trace.Counter
	// TotalEvents is how many there were.
	TotalEvents int
	Gaps        Gaps
	// Source is the program that traced: strace or perf.
	Source string
	// Facts are sentences on what the trace does not tell.
	Facts []string
}

// Finish ends the timeline. watch says how the counts are known that the
// trace's source can tell, or why it cannot; what the trace itself leaves open is
// added.
func (t *Timeline) Finish(source string, watch trace.Watch) *Imported {
	payload := t.sent
	if payload == 0 {
		payload = t.read
	}
	if why, sent := t.incomplete(); why != "" {
		unknown := trace.Basis{Provenance: trace.Unavailable, Reason: why}
		for _, name := range []trace.CountName{trace.CPUCopies, trace.CPUCopiedBytes, trace.Descriptors, trace.UserBufferBytes} {
			watch[name] = unknown
		}
		if sent {
			watch[trace.BytesSent] = unknown
		}
	}
	run := &trace.Run{Path: source, Side: trace.Real, Payload: payload, Base: trace.Derived, Watch: watch, Threads: t.threads.names, Events: t.events()}
	return &Imported{Run: run, Counter: t.log.Counter().Of(payload, watch), TotalEvents: t.total, Gaps: t.gaps, Source: source}
}

// events are those that were kept, in order.
func (t *Timeline) events() []trace.Event {
	slices.SortStableFunc(t.kept, func(a, b kept) int {
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
	out := make([]trace.Event, len(t.kept))
	for i := range t.kept {
		out[i] = t.log.Describe(&t.kept[i].Entry)
		out[i].Seq, out[i].Ret = i+1, t.kept[i].ret
	}
	return out
}
