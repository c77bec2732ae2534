package main

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"copyscope/internal/lab"
	"copyscope/internal/trace"
)

// eventsAtOnce is how many events are listed if nobody says how many.
const eventsAtOnce = 100

// lastEvent bounds the numbers: no run makes more events.
const lastEvent = 1_000_000_000

// firstEvents is what --events alone means.
var firstEvents = fmt.Sprintf("1..%d", eventsAtOnce)

// eventSpan is the numbers of the events to list, both ends included; the zero
// span lists none.
type eventSpan struct{ from, to int }

// looksLikeSpan: an argument that is no path's name.
var looksLikeSpan = regexp.MustCompile(`^[0-9]+(\.\.[0-9]*)?$`)

// takeEvents finds the value of --events where it was written as an argument of
// its own, and reads it. It returns the other arguments, the paths.
func (f *runFlags) takeEvents(args []string) (paths []string, span eventSpan, err error) {
	if f.events == "" {
		return args, span, nil
	}
	for _, arg := range args {
		if f.events == firstEvents && looksLikeSpan.MatchString(arg) {
			f.events = arg
		} else {
			paths = append(paths, arg)
		}
	}
	span, err = parseEvents(f.events)
	switch {
	case err != nil:
	case len(f.side) != 1 || f.side[0] != string(trace.Sim):
		err = fmt.Errorf("--events %q: lists what the modelled machine does; add --side sim", f.events)
	case len(f.whatIf) > 0:
		err = fmt.Errorf("--events %q: --whatif tells the events where the runs part; leave one of them out", f.events)
	}
	return paths, span, err
}

// parseEvents reads FROM..TO; without TO it is a hundred from FROM on.
func parseEvents(text string) (eventSpan, error) {
	bad := func(remedy string) (eventSpan, error) {
		return eventSpan{}, fmt.Errorf("--events %q: %s, such as 201..300", text, remedy)
	}
	first, last, _ := strings.Cut(text, "..")
	from, err := strconv.Atoi(first)
	if err != nil || from < 1 || from > lastEvent {
		return bad(fmt.Sprintf("begin with an event's number, 1 to %d", lastEvent))
	}
	if last == "" {
		return eventSpan{from, from + eventsAtOnce - 1}, nil
	}
	to, err := strconv.Atoi(last)
	if err != nil || to < from || to > lastEvent {
		return bad(fmt.Sprintf("end with a number from the first one on, up to %d", lastEvent))
	}
	return eventSpan{from, to}, nil
}

// keep lets a run keep the events of the span.
func (s eventSpan) keep(o lab.Options) lab.Options {
	if s.to > 0 {
		o.SkipEvents, o.MaxEvents = s.from-1, s.to
	}
	return o
}

// list puts the events that the runs kept into the report.
func (s eventSpan) list(report *lab.Report, results []*lab.Result) error {
	for _, r := range results {
		if s.from > r.TotalEvents {
			return fmt.Errorf("--events \"%d..%d\": %s has %d events here; begin with a smaller number", s.from, s.to, r.Scenario.Path, r.TotalEvents)
		}
	}
	report.List(results)
	return nil
}

// printEvents lists the events that the runs of a group kept; w is where out will
// go.
func printEvents(out, w io.Writer, group []lab.RunReport) {
	for _, r := range group {
		if n := len(r.EventList); n > 0 {
			last := r.EventList[n-1].Seq
			fmt.Fprintf(out, "%s: events %s to %s of %s\n", r.Path, humanize.Comma(int64(r.EventList[0].Seq)), humanize.Comma(int64(last)), humanize.Comma(int64(r.Events)))
			fmt.Fprintln(out, renderEvents(w, r.EventList))
			if more := r.Events - last; more > 0 {
				fmt.Fprintf(out, "%s more; the next are --events %d..%d\n", humanize.Comma(int64(more)), last+1, min(last+eventsAtOnce, r.Events))
			}
			fmt.Fprintln(out)
		}
	}
}

// renderEvents draws a line for each event, numbered as --steps and --whatif
// count them.
func renderEvents(w io.Writer, events []trace.Event) string {
	rows := [][]string{{"event", "time µs", "took µs", "bytes", "what", "by", "from → to"}}
	for _, e := range events {
		between := ""
		if e.From != "" || e.To != "" {
			between = strings.TrimSpace(string(e.From) + " → " + string(e.To))
		}
		rows = append(rows, []string{strconv.Itoa(e.Seq), micros(e.At), micros(e.Dur), humanize.Comma(e.Bytes), eventName(e), string(e.Actor), between})
	}
	return draw(w, rows, func(col int) bool { return col < 4 })
}

// eventName is the event's kind with what is special about it.
func eventName(e trace.Event) string {
	name := string(e.Kind)
	if e.Syscall != "" && (e.Kind == trace.Syscall || e.Kind == trace.ModeSwitch) {
		name += " " + e.Syscall
	}
	if e.Detail != "" {
		name += " (" + e.Detail + ")"
	}
	if e.N > 1 {
		name += " ×" + humanize.Comma(e.N)
	}
	if e.Thread > 0 {
		name += fmt.Sprintf(", thread %d", e.Thread)
	}
	if e.Phase != trace.Transfer {
		name += ", " + string(e.Phase)
	}
	return name
}

// micros writes a time in microseconds to the nanosecond, which tells neighbours
// apart.
func micros(t trace.Ns) string {
	return fmt.Sprintf("%s.%03d", humanize.Comma(int64(t)/1000), int64(t)%1000)
}
