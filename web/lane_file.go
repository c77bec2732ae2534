package web

import (
	"context"
	"iter"
	"strings"

	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim/scenario"
	"copyscope/templates"
)

// renderEvents is how many events a scenario file may have to be run while a page
// loads, by estimate.
const renderEvents = 300_000

// runFile runs a scenario file that is shipped.
func runFile(ctx context.Context, t *locale.Translator, source laneSource, keep int, progress func(done, total int64)) (*shownRun, error) {
	file, err := scenario.Load(source.file)
	if err != nil {
		return nil, err
	}
	r, err := file.Run(ctx, scenario.Options{Keep: keep, Progress: progress})
	if err != nil {
		return nil, err
	}
	return ofScenarioFile(t, source, r), nil
}

// ofScenarioFile is a scenario file's run: the counts are those of the group that the
// source names, and each event tells whose it is.
func ofScenarioFile(t *locale.Translator, source laneSource, r *scenario.Result) *shownRun {
	file := r.Scenario
	run := &trace.Run{Path: source.file, Side: trace.Sim, Base: trace.Modelled, Scenario: source.String()}
	for i := range min(r.Log.Len(), scopeEvents) {
		run.Events = append(run.Events, r.Log.Event(i))
	}
	s := &shownRun{source: source, run: run, total: r.Log.Len(), provenance: trace.Modelled, about: inLanguage(t, file.Title) + t.T("scope.lane.about.join") + inLanguage(t, file.About),
		log: r.Log, chips: fileChips(t, file), notes: []string{}, dark: []darkLeg{}, settings: map[string]string{"path": source.path()}}
	s.drawn = drawnAs(file, s.all())
	groupOf := func(e *trace.Event) int {
		if m, known := r.Members[e.Thread]; known {
			return m.Group
		}
		return -1
	}
	s.groups = []laneGroup{{Text: t.T("scope.group.all")}}
	chosen := -1
	for i, g := range r.Groups {
		run.Payload += g.Moved
		s.groups = append(s.groups, laneGroup{Name: g.Name, Text: t.T("scope.group.threads", "Name", g.Name, "Count", g.Threads), Threads: g.Threads})
		// The program's part of the drawing has the groups, and marks whose turn it is.
		s.listing = append(s.listing, transfer.Line{Label: transfer.Label(g.Name), Text: g.Name + ": " + doing(file.Threads[i].Do)})
		if g.Name == source.group {
			chosen = i
		}
	}
	s.groups = append(s.groups, laneGroup{Name: kernelGroup, Text: t.T("scope.group.kernel")})
	if source.group != "" {
		run.Payload = 0
		if chosen >= 0 {
			run.Payload = r.Groups[chosen].Moved
		}
		s.counts = func(e *trace.Event) bool { return groupOf(e) == chosen }
	}
	r.Log.Payload(run.Payload)
	s.named = func(e trace.Event) trace.Event {
		e.Line = ""
		if g := groupOf(&e); g >= 0 {
			e.Line = r.Groups[g].Name
		}
		return e
	}
	for i, e := range run.Events {
		run.Events[i] = s.named(e)
	}
	s.whole = r.Log.Counter().Counts()
	s.thread = func(e *trace.Event) string {
		if m, known := r.Members[e.Thread]; known {
			return m.Name
		}
		return ""
	}
	return s
}

// drawnAs is the scenario whose places the drawing shows: that of the program
// which sends from the file, if all is about one file. Otherwise the offsets of
// events are those of no one file, as those of a relay. A log that grows is as
// large as it becomes.
func drawnAs(file *scenario.Scenario, events iter.Seq[trace.Event]) lab.Scenario {
	s := opening("relay-copy")
	before, cached := file.FileBytes()
	s.Size = before
	for e := range events {
		if e.To == trace.PageCache && e.Kind == trace.CPUCopy { // scenarios write at the end alone
			s.Size += e.Bytes
		}
	}
	path := "read"
	for _, t := range file.Threads {
		if !ofOneFile(t.Do, &path) {
			return s
		}
	}
	if len(file.Files) != 1 {
		return s
	}
	s.Path = path
	if cached == before && before > 0 {
		s.Cache = lab.Warm
	}
	return s
}

// ofOneFile says whether the offsets of what steps do are those of a file, and
// notes the path that sends from it. What comes over a connection first has
// others, an answer's header has none; what is written through a mapping is not told
// page by page.
func ofOneFile(steps []scenario.Step, path *string) bool {
	for _, d := range steps {
		switch {
		case d.Send != nil && d.Send.Head > 0:
			return false
		case d.Send != nil:
			*path = d.Send.Path
		case d.Append != nil && (d.Append.Engine == "mmap" || bool(d.Append.Received)):
			return false
		case d.Repeat != nil && !ofOneFile(d.Repeat.Do, path):
			return false
		}
	}
	return true
}

// doing is in one line what a thread does.
func doing(steps []scenario.Step) string {
	var all []string
	for _, d := range steps {
		switch {
		case d.Send != nil:
			if d.Send.Head > 0 {
				all = append(all, "write(head)")
			}
			all = append(all, d.Send.Path+"("+d.Send.File+")")
		case d.Read != nil:
			all = append(all, "read("+d.Read.File+")")
		case d.Append != nil:
			all = append(all, "append("+d.Append.File+")")
		case d.Repeat != nil:
			all = append(all, "{ "+doing(d.Repeat.Do)+" }")
		}
	}
	return strings.Join(all, "; ")
}

func inLanguage(t *locale.Translator, text scenario.Text) string {
	if t.Lang() == locale.Chinese {
		return text.Zh
	}
	return text.En
}

// fileChips are a scenario file's machine in the reader's words.
func fileChips(t *locale.Translator, file *scenario.Scenario) []string {
	out := []string{t.T("scope.chip.file")}
	m := file.Machine
	if m.Disk != "" {
		out = append(out, m.Disk)
	}
	if m.NIC != "" {
		out = append(out, m.NIC)
	}
	if m.Net == "loopback" {
		out = append(out, t.Term("net", m.Net))
	}
	if m.Memory > 0 {
		out = append(out, t.T("scope.chip.memory", "Size", templates.Size(int64(m.Memory))))
	}
	if m.CPUs != nil && *m.CPUs > 1 {
		out = append(out, t.T("scope.chip.cpus", "Count", *m.CPUs))
	}
	return out
}
