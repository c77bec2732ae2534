package export

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"copyscope/internal/trace"
)

// chromeEvent is one object of the Trace Event Format, as Chrome and Perfetto read
// it ("Trace Event Format", Google, section on phases).
type chromeEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	TS    micros         `json:"ts"`
	Dur   *micros        `json:"dur,omitempty"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	Scope string         `json:"s,omitempty"`
	ID    int            `json:"id,omitempty"`
	Bind  string         `json:"bp,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// micros are nanoseconds, written as microseconds with three decimals.
type micros trace.Ns

// MarshalJSON writes 1234567 ns as 1234.567.
func (m micros) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", m/1000, m%1000), nil
}

// The numbers of the processes, one for each endpoint.
var processes = map[trace.Endpoint]int{trace.Sender: 1, trace.Receiver: 2, trace.Relay: 3}

// Chrome writes the run as a Chrome trace: a process for each endpoint, a thread
// for each track, on which slices nest and never overlap in part; instants for
// what takes no time; a flow from each descriptor to the DMA that fetched what it
// names.
func Chrome(w io.Writer, run *trace.Run) error { return chromeOf(w, run, slices.Values(run.Events)) }

// chromeOf goes through the events twice: for the tracks, whose names stand first,
// and to write them, in order of time.
func chromeOf(w io.Writer, run *trace.Run, events iter.Seq[trace.Event]) error {
	b := bufio.NewWriter(w)
	if _, err := b.WriteString("{\"displayTimeUnit\":\"ns\",\"otherData\":"); err != nil {
		return err
	}
	about := map[string]any{"program": "copyscope", "schema": trace.Schema, "path": run.Path, "side": run.Side, "bytes": run.Payload}
	for key, text := range map[string]string{"scenario": run.Scenario, "machine": run.Machine} {
		if text != "" {
			about[key] = text
		}
	}
	text, err := json.Marshal(about)
	if err != nil {
		return err
	}
	b.Write(text)
	b.WriteString(",\"traceEvents\":[")
	first := true
	put := func(e chromeEvent) {
		text, failed := json.Marshal(e)
		if failed != nil && err == nil {
			err = failed
		}
		if !first {
			b.WriteByte(',')
		}
		first = false
		b.WriteByte('\n')
		if _, failed := b.Write(text); failed != nil && err == nil {
			err = failed // whoever reads it has gone
		}
	}
	var all tracking
	for group := range together(events) {
		all.place(group)
	}
	tracks, rank := inOrder(all.tracks)
	nameTracks(put, run, tracks)
	var again tracking
	var lending lender
	index, flows := 0, 0
	for group := range together(events) {
		order, of := again.place(group)
		for _, i := range order {
			put(slice(&group[i], rank[of[i]]+1))
		}
		for i := range group {
			e := &group[i]
			tid := rank[of[i]] + 1
			if d, ok := lending.next(index+i, tid, e); ok {
				flows++
				put(chromeEvent{Name: "descriptor", Cat: "descriptor", Phase: "s", TS: micros(d.at), PID: processes[d.endpoint], TID: d.track, ID: flows})
				put(chromeEvent{Name: "descriptor", Cat: "descriptor", Phase: "f", TS: micros(e.At), PID: processes[e.Endpoint], TID: tid, ID: flows, Bind: "e"})
			}
		}
		index += len(group)
		if err != nil {
			return err
		}
	}
	b.WriteString("\n]}\n")
	return errors.Join(err, b.Flush())
}

// nameTracks tells the names of processes and threads, and their order.
func nameTracks(put func(chromeEvent), run *trace.Run, tracks []*track) {
	told := map[trace.Endpoint]bool{}
	for tid, t := range tracks {
		pid := processes[t.endpoint]
		if !told[t.endpoint] {
			told[t.endpoint] = true
			put(chromeEvent{Name: "process_name", Phase: "M", PID: pid, Args: map[string]any{"name": fmt.Sprintf("%s: %s", run.Path, t.endpoint)}})
		}
		put(chromeEvent{Name: "thread_name", Phase: "M", PID: pid, TID: tid + 1, Args: map[string]any{"name": t.name(run)}})
		put(chromeEvent{Name: "thread_sort_index", Phase: "M", PID: pid, TID: tid + 1, Args: map[string]any{"sort_index": tid + 1}})
	}
}

// name is a track's: the actor, whose thread where there are several.
func (t *track) name(run *trace.Run) string {
	name := string(t.actor)
	if t.device() == 0 {
		if t.thread < len(run.Threads) {
			name += " · " + run.Threads[t.thread]
		} else if t.thread > 0 {
			name += fmt.Sprintf(" · thread %d", t.thread)
		}
	}
	if t.spill > 0 {
		name += fmt.Sprintf(" (%d)", t.spill+1)
	}
	return name
}

// slice is one event: a complete event, or an instant if it takes no time.
func slice(e *trace.Event, tid int) chromeEvent {
	c := chromeEvent{Name: title(e), Cat: string(e.Kind), Phase: "X", TS: micros(e.At), PID: processes[e.Endpoint], TID: tid, Args: args(e)}
	if e.Dur == 0 {
		c.Phase, c.Scope = "i", "t"
		return c
	}
	dur := micros(e.Dur)
	c.Dur = &dur
	return c
}

// title names an event on its slice.
func title(e *trace.Event) string {
	switch {
	case e.Kind == trace.Syscall:
		return e.Syscall
	case e.Kind == trace.ModeSwitch:
		return fmt.Sprintf("%s → %s", e.From, e.To)
	case e.From != "" && e.To != "":
		return fmt.Sprintf("%s: %s → %s", e.Kind, e.From, e.To)
	case e.Detail != "":
		return string(e.Kind) + ": " + strings.TrimSpace(e.Detail+" "+e.Line)
	}
	return string(e.Kind)
}

// args are all that the slice itself does not show.
func args(e *trace.Event) map[string]any {
	a := map[string]any{"seq": e.Seq, "provenance": e.Provenance}
	text := func(key, v string) {
		if v != "" {
			a[key] = v
		}
	}
	number := func(key string, v int64) {
		if v != 0 {
			a[key] = v
		}
	}
	number("bytes", e.Bytes)
	number("n", e.N)
	number("offset", e.Offset)
	number("cpu_ns", int64(e.CPU))
	number("call", int64(e.Call))
	number("ret", e.Ret)
	text("phase", string(e.Phase))
	text("from", string(e.From))
	text("to", string(e.To))
	text("syscall", e.Syscall)
	text("line", e.Line)
	text("errno", e.Errno)
	text("detail", e.Detail)
	return a
}
