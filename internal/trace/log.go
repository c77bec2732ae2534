package trace

import (
	"fmt"
	"math"
)

// Log holds a run's events, in order of their start, and counts them as they
// come. An event takes at most 40 bytes, key frames of the counts included, so
// that a run of millions of them can be stepped through in memory. A log is used
// by one goroutine at a time.
type Log struct {
	counter     *Counter
	keep, steps int // how many of the first events are kept, and counted
	n           int // events told

	ids    map[Shape]ShapeID
	shapes []Shape
	told   []told // by shape

	blocks [][]packed
	tail   []packed // the last block
	wide   map[int]*wide
	recent recent
	groups groups
	frames []state // the counts before every frameEvents-th event

	frameEvents int // a power of two
}

// told is what telling an event needs of its shape.
type told struct {
	ruled
	isCall bool
	open   bool // without a duration, it is one that nobody has told yet
}

// LogOptions say what a log keeps and counts. The counts of events that are not
// kept are exact too.
type LogOptions struct {
	Keep  int // how many of the first events to keep; negative: all
	Steps int // how many of the first events to count; 0: all
	// Groups is into how many groups the threads are counted besides
	// ([Log.Join]); 0 counts none apart.
	Groups int
}

const (
	blockEvents = 1 << 12
	frameEvents = 1 << 16 // replayed in about a millisecond
)

// NewLog makes an empty log that counts into c.
func NewLog(c *Counter, o LogOptions) *Log {
	l := &Log{counter: c, keep: o.Keep, steps: o.Steps, ids: map[Shape]ShapeID{}, wide: map[int]*wide{}, frameEvents: frameEvents}
	if l.keep < 0 {
		l.keep = math.MaxInt
	}
	if l.steps <= 0 {
		l.steps = math.MaxInt
	}
	l.recent.size = recentEvents
	if o.Groups > 0 {
		l.groups.states = make([]state, 1+o.Groups)
	}
	return l
}

// Shape interns a shape; callers keep the id. Shapes are made of the words of
// the source code, never of input, so that there are far fewer than ids; it
// panics if a log is given more than 65536.
func (l *Log) Shape(s Shape) ShapeID {
	id, ok := l.ids[s]
	if !ok {
		if len(l.shapes) > math.MaxUint16 {
			panic(fmt.Sprintf("trace: shape %+v would be the 65537th of the log: something in it is no word but a number", s))
		}
		id = ShapeID(len(l.shapes))
		l.ids[s] = id
		l.shapes = append(l.shapes, s)
		l.told = append(l.told, told{ruled: l.counter.ruled(&s), isCall: s.Kind == Syscall, open: s.Kind == Syscall || s.Kind == Wait})
	}
	return id
}

// Add tells one more event, which is not earlier than those before it, and
// returns its index, from 0. e.Shape is a shape of this log.
func (l *Log) Add(e *Entry) int {
	i := l.n
	l.n = i + 1
	k := &l.told[e.Shape]
	if i&(l.frameEvents-1) == 0 && i <= l.keep && i < l.steps {
		l.frames = append(l.frames, l.counter.state.clone(len(l.counter.rules.classes)))
	}
	if i < l.steps {
		l.counter.state.count(&k.ruled, e, i)
		if g := l.group(e.Thread); g != nil {
			g.count(&k.ruled, e, i)
		}
	}
	switch {
	case i < l.keep:
		at := i & (blockEvents - 1)
		if at >= len(l.tail) || at == 0 {
			l.grow(at)
		}
		if !l.tail[at].pack(e, k.isCall, 0) {
			l.spill(&l.tail[at], i, e, 0)
		}
	case i < l.steps:
		l.remember(i, e, k)
	}
	return i
}

// grow makes room for an event at that place of the last block. A short log
// takes little memory: its first block begins small.
func (l *Log) grow(at int) {
	if at == 0 {
		size := blockEvents
		if len(l.blocks) == 0 {
			size = 64
		}
		l.tail = make([]packed, size)
		l.blocks = append(l.blocks, l.tail)
		return
	}
	tail := make([]packed, min(4*len(l.tail), blockEvents))
	copy(tail, l.tail)
	l.tail, l.blocks[len(l.blocks)-1] = tail, tail
}

// spill puts an entry that does not fit into the overflow table.
func (l *Log) spill(p *packed, i int, e *Entry, ret int64) {
	*p = packed{thread: overflow, shape: e.Shape}
	l.wide[i] = &wide{*e, ret}
}

// store writes event i anew.
func (l *Log) store(p *packed, i int, e *Entry, ret int64) {
	if p.thread == overflow {
		delete(l.wide, i)
	}
	if !p.pack(e, l.told[e.Shape].isCall, ret) {
		l.spill(p, i, e, ret)
	}
}

// load reads event i.
func (l *Log) load(p *packed, i int, e *Entry) (ret int64) {
	if p.thread == overflow {
		w := l.wide[i]
		*e = w.Entry
		return w.ret
	}
	return p.unpack(e, l.told[p.shape].isCall)
}

// at is where event i is stored, or nil if it is not.
func (l *Log) at(i int) *packed {
	switch {
	case i < 0 || i >= l.n:
		return nil
	case i < l.keep:
		return &l.blocks[i/blockEvents][i%blockEvents]
	case i < l.steps:
		return l.recent.at(i, min(l.n, l.steps))
	}
	return nil
}

// Prolong says that event i turned out to last dur in all. An event that is not
// kept can be prolonged while it lasts.
func (l *Log) Prolong(i int, dur Ns) {
	p := l.at(i)
	if p == nil {
		return
	}
	var e Entry
	ret := l.load(p, i, &e)
	if dur <= e.Dur {
		return
	}
	if !p.lasts(dur) {
		e.Dur = dur
		l.store(p, i, &e, ret)
	}
	if i >= l.steps {
		return
	}
	k := &l.told[e.Shape].ruled
	l.counter.state.prolong(k, e.At+dur)
	if g := l.group(e.Thread); g != nil {
		g.prolong(k, e.At+dur)
	}
	for f := len(l.frames) - 1; f*l.frameEvents > i; f-- {
		l.frames[f].prolong(k, e.At+dur)
	}
}

// Return ends the span of a syscall: event i took dur in all, moved so many
// bytes and returned ret, with errno's symbolic name if it failed. The bytes
// count once the switch back to user mode, an event of its own, is told as well.
// Return must come before the thread's next call.
func (l *Log) Return(i int, dur Ns, bytes, ret int64, errno string) {
	p := l.at(i)
	if p == nil || !l.told[p.shape].isCall {
		return
	}
	thread := int32(p.thread)
	if l.shapes[p.shape].Errno != errno || !p.returns(dur, bytes, ret) {
		thread = l.returnAnew(p, i, dur, bytes, ret, errno)
	}
	if i >= l.steps {
		return
	}
	l.counter.state.returned(i, thread, bytes)
	if g := l.group(thread); g != nil {
		g.returned(i, thread, bytes)
	}
	for f := len(l.frames) - 1; f*l.frameEvents > i; f-- {
		l.frames[f].returned(i, thread, bytes)
	}
}

// returnAnew stores what a call returned where it is not just a few fields of
// what is stored already. It returns the call's thread.
func (l *Log) returnAnew(p *packed, i int, dur Ns, bytes, ret int64, errno string) int32 {
	var e Entry
	l.load(p, i, &e)
	e.Dur, e.Bytes = dur, bytes
	s := l.shapes[e.Shape]
	s.Errno = errno
	e.Shape = l.Shape(s)
	l.store(p, i, &e, ret)
	return e.Thread
}

// Len is how many events were told, kept or not.
func (l *Log) Len() int { return l.n }

// Event is the event of index i, numbered from 1 as in a [Run], or the zero
// event if it is not kept.
func (l *Log) Event(i int) Event {
	p := l.at(i)
	if p == nil || i >= l.keep {
		return Event{}
	}
	var e Entry
	ret := l.load(p, i, &e)
	out := l.shapes[e.Shape].event(&e)
	out.Seq, out.Ret = i+1, ret
	return out
}

// Payload says how many bytes the run turned out to transfer, which what is counted
// per byte needs.
func (l *Log) Payload(bytes int64) { l.counter.payload = bytes }

// Describe puts an entry of this log's shapes together, not numbered.
func (l *Log) Describe(e *Entry) Event { return l.shapes[e.Shape].event(e) }

// Counter has the counts of all events so far that are to be counted. It goes
// on counting; [Log.CounterAt] gives one that does not.
func (l *Log) Counter() *Counter { return l.counter }

// CounterAt has the counts after the first step events, the same as a counter
// that is told these events as they turned out: the nearest key frame, and the
// events since. A step beyond what was told, or is to be counted, means all of
// that; one between what is kept and that, what is kept.
func (l *Log) CounterAt(step int) *Counter {
	if step >= min(l.n, l.steps) {
		return l.counter.at(&l.counter.state)
	}
	step = max(min(step, l.keep), 0)
	f := step / l.frameEvents
	c := l.counter.at(&l.frames[f])
	var e Entry
	for i := f * l.frameEvents; i < step; i++ {
		l.load(l.at(i), i, &e)
		c.state.count(&l.told[e.Shape].ruled, &e, i)
	}
	return c
}
