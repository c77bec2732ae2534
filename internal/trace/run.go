package trace

// Schema is the version of every JSON document that copyscope writes.
const Schema = 1

// Side says which kernel ran the program.
type Side string

const (
	Sim  Side = "sim"
	Real Side = "real"
	// RecordedSide: the real kernel of another machine, at another time.
	RecordedSide Side = "recorded"
)

// Run is one transfer, as it was modelled or measured.
type Run struct {
	Path    string `json:"path"`
	Side    Side   `json:"side"`
	Payload int64  `json:"bytes"`
	// Base and Watch say how counts without events are known; see [NewCounter].
	Base  Provenance `json:"base"`
	Watch Watch      `json:"watch,omitempty"`
	// Scenario is what was run, in the form that addresses use; an imported trace
	// has none.
	Scenario string `json:"scenario,omitempty"`
	// Machine names the machine of a recorded run.
	Machine string `json:"machine,omitempty"`
	// Threads are the names of the threads, by [Event.Thread].
	Threads []string `json:"threads,omitempty"`
	// Notes are sentences on what the events do not tell.
	Notes  []string `json:"notes,omitempty"`
	Events []Event  `json:"events"`
}

// Counter is a counter that has seen no event of the run yet.
func (r *Run) Counter() *Counter { return NewCounter(r.Payload, r.Base, r.Watch) }

// CountsAt computes the counts of the first k events. A k beyond the last
// event means all of them.
func (r *Run) CountsAt(k int) *Counter { return r.CountsOf(k, nil) }

// CountsOf is CountsAt of those events that of says count; nil: of all.
func (r *Run) CountsOf(k int, of func(*Event) bool) *Counter {
	c := r.Counter()
	for i := range r.Events[:min(max(k, 0), len(r.Events))] {
		if e := &r.Events[i]; of == nil || of(e) {
			c.Add(*e)
		}
	}
	return c
}

// Series is how one count grows along a run: after event At[i] (a sequence
// number) it is Value[i], until At[i+1].
type Series struct {
	Unit       Unit       `json:"unit"`
	Provenance Provenance `json:"provenance"`
	Reason     string     `json:"reason,omitempty"`
	At         []int      `json:"at"`
	Value      []float64  `json:"value"`
}

// Grow computes every count's series, so that a view can show the counts at
// any step, forward or backward, without a counting rule of its own.
func (r *Run) Grow() map[CountName]*Series { return r.GrowOf(nil) }

// GrowOf is Grow of those events that of says count, by the steps of all; nil:
// of all.
func (r *Run) GrowOf(of func(*Event) bool) map[CountName]*Series {
	g := newGrower(r.Counter(), 0)
	for i := range r.Events {
		if of == nil || of(&r.Events[i]) {
			g.add(i+1, r.Events[i])
		}
	}
	return g.known(g.counter)
}

// Recorder takes the events of a run in order.
type Recorder interface{ Record(Event) }

// Record appends the event to the run and numbers it.
func (r *Run) Record(e Event) {
	e.Seq = len(r.Events) + 1
	r.Events = append(r.Events, e)
}

// Record counts the event: a counter is a recorder that keeps nothing else.
func (c *Counter) Record(e Event) { c.Add(e) }
