package web

import "copyscope/internal/trace"

// overviewColumns is in how many columns a run is drawn that is too long to be
// drawn event by event.
const overviewColumns = 1000

// overview is a long run in columns of equal length: by time, and by steps.
type overview struct {
	Columns int `json:"columns"`
	// End is when the last event ended, in ns.
	End trace.Ns `json:"end_ns"`
	// Busy is how much of a column of time each actor worked, in thousandths; an
	// actor that does several things at once is busy with more than all of it.
	Busy map[string][]int64 `json:"busy"`
	// Events are how many events each actor has within a column of steps.
	Events map[string][]int64 `json:"events"`
	// Boundaries are how many entries and returns of system calls are within a
	// column of steps.
	Boundaries []int64 `json:"boundaries"`
	// Begun is how many events had begun before each column of time.
	Begun []int `json:"begun"`

	steps int
}

func newOverview(log *trace.Log, steps int) *overview {
	o := &overview{Columns: overviewColumns, End: 1, Busy: map[string][]int64{}, Events: map[string][]int64{}, Boundaries: make([]int64, overviewColumns), steps: steps}
	for i := range steps {
		o.End = max(o.End, log.Event(i).End())
	}
	return o
}

func (o *overview) see(i int, e trace.Event) {
	for len(o.Begun) < o.Columns && o.begin(len(o.Begun)) <= e.At {
		o.Begun = append(o.Begun, i)
	}
	column := i * o.Columns / o.steps
	if e.Kind == trace.ModeSwitch {
		o.Boundaries[column]++
	}
	if e.Kind == trace.Syscall { // a span encloses what the kernel's code does
		return
	}
	name := trackOf(e)
	if o.Events[name] == nil {
		o.Events[name], o.Busy[name] = make([]int64, o.Columns), make([]int64, o.Columns)
	}
	o.Events[name][column]++
	if e.Kind == trace.Wait { // who waits does not work
		return
	}
	busy := o.Busy[name]
	for at := e.At; at < e.End(); {
		c := int(int64(at) * int64(o.Columns) / int64(o.End))
		c = min(c, o.Columns-1)
		until := min(e.End(), o.begin(c+1))
		if until <= at { // a column is shorter than the clock's tick
			break
		}
		busy[c] += int64(until - at)
		at = until
	}
}

// begin is when a column begins.
func (o *overview) begin(column int) trace.Ns {
	if column >= o.Columns {
		return o.End
	}
	return trace.Ns((int64(o.End)*int64(column) + int64(o.Columns) - 1) / int64(o.Columns))
}

// finish follows the last event: the time that actors worked becomes shares of the
// columns.
func (o *overview) finish() {
	for len(o.Begun) < o.Columns {
		o.Begun = append(o.Begun, o.steps)
	}
	for _, busy := range o.Busy {
		for c, ns := range busy {
			if length := int64(o.begin(c+1) - o.begin(c)); length > 0 {
				busy[c] = 1000 * ns / length
			}
		}
	}
}
