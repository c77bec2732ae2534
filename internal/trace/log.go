package trace

// Log holds a run's events, in order of their start, and counts them as they
// come.
type Log struct {
	c      *Counter
	o      LogOptions
	shapes []Shape
	ids    map[Shape]ShapeID
	events []Event
}

// LogOptions say what a log keeps and counts.
type LogOptions struct {
	Keep  int // how many of the first events are kept; negative: all
	Steps int // how many of the first events are counted; 0: all
}

// NewLog makes an empty log that counts into c.
func NewLog(c *Counter, o LogOptions) *Log { return &Log{c: c, o: o, ids: map[Shape]ShapeID{}} }

// Shape interns a shape; callers keep the id.
func (l *Log) Shape(s Shape) ShapeID {
	id, ok := l.ids[s]
	if !ok {
		id = ShapeID(len(l.shapes))
		l.shapes = append(l.shapes, s)
		l.ids[s] = id
	}
	return id
}

// Add tells one more event, and returns its index, from 0.
func (l *Log) Add(e *Entry) int {
	v := l.shapes[e.Shape].event(e)
	v.Seq = len(l.events) + 1
	l.events = append(l.events, v)
	return len(l.events) - 1
}

// Prolong says that event i turned out to take dur in all.
func (l *Log) Prolong(i int, dur Ns) { l.events[i].Dur = dur }

// Return ends the span of a syscall.
func (l *Log) Return(i int, dur Ns, bytes, ret int64, errno string) {
	e := &l.events[i]
	e.Dur, e.Bytes, e.Ret, e.Errno = dur, bytes, ret, errno
}

// Len is how many events were told, kept or not.
func (l *Log) Len() int { return len(l.events) }

// Event is event i of those kept.
func (l *Log) Event(i int) Event { return l.events[i] }

// Counter has the counts of what was told so far.
func (l *Log) Counter() *Counter {
	if l.o.Steps > 0 {
		return l.CounterAt(l.o.Steps)
	}
	return l.CounterAt(len(l.events))
}

// CounterAt has the counts after the first step events.
func (l *Log) CounterAt(step int) *Counter {
	c := NewCounter(l.c.payload, l.c.base, l.c.watch)
	for _, e := range l.events[:min(max(step, 0), len(l.events))] {
		c.Add(e)
	}
	return c
}
