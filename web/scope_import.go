package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"copyscope/internal/attach"
	"copyscope/internal/export"
	"copyscope/internal/importer"
	"copyscope/internal/importer/perfscript"
	"copyscope/internal/importer/strace"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

const (
	// importBytes bounds a trace of another program, which is read as it comes;
	// importJSONBytes one of our own, which is held in memory.
	importBytes     = 256 << 20
	importJSONBytes = 32 << 20
	// traceEvents bounds the events of such a trace, which take 256 bytes each: as
	// many as fit, at the 150 bytes or more in which an event of ours is written.
	traceEvents = importJSONBytes / 150
	// importTime bounds how long a page may take to send one.
	importTime = 5 * time.Minute
	// traceNotes and traceNoteBytes bound the notes of a trace that a lane shows.
	traceNotes, traceNoteBytes = 16, 400
)

// importTrace is POST /scope/import?name=FILE&lane=a&lang=en with a trace as the
// body: what strace or perf script printed, or a trace file. It answers with what
// scope.run would, one message {"type","body"} in a line; nothing is kept.
func (s *scope) importTrace(w http.ResponseWriter, r *http.Request) {
	t := locale.New(requestLang(r))
	source, err := parseSource("import=" + r.URL.Query().Get("name"))
	if err != nil {
		importFault(w, t, http.StatusBadRequest, err)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), importTime)
	defer stop()
	line := http.NewResponseController(w)
	_ = line.SetReadDeadline(time.Now().Add(importTime)) // a recorder in tests has none
	_ = line.SetWriteDeadline(time.Now().Add(importTime + s.times.answer))
	leave, err := s.imports.enter(ctx, func(int) {})
	if err != nil {
		importFault(w, t, http.StatusServiceUnavailable, err)
		return
	}
	defer leave() // once it is told: until then the trace is held
	run, err := readImport(ctx, t, source, http.MaxBytesReader(w, r.Body, importBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		importFault(w, t, http.StatusRequestEntityTooLarge, &lab.FieldError{Field: "import", Value: source.trace,
			Remedy: "a page imports up to " + lab.FormatSize(large.Limit) + "; use copyscope import for more"})
		return
	case err != nil:
		importFault(w, t, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := json.NewEncoder(w)
	err = tellRun(t, r.URL.Query().Get("lane"), run, func(kind string, body any) error {
		return out.Encode(map[string]any{"type": kind, "body": body})
	})
	if err != nil {
		s.config.Log.Error("import", "err", err) // the status has gone out: the answer is cut off
	}
}

func importFault(w http.ResponseWriter, t *locale.Translator, status int, err error) {
	w.Header().Set("Content-Type", "application/x-ndjson; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "error", "body": faultOf(t, err)}) // whoever asked has gone
}

// perfLine is how perf script writes an event: the processor, the time, the name.
var perfLine = regexp.MustCompile(`(?m)\s\[\d+\].*\s\d+\.\d+:\s+(\d+\s+)?[\w-]+:[\w-]+:`)

// readImport reads a trace, whichever of the three it is.
func readImport(ctx context.Context, t *locale.Translator, source laneSource, in io.Reader) (*shownRun, error) {
	text := bufio.NewReaderSize(in, 8<<10)
	begin, err := text.Peek(8 << 10)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		return nil, errors.New("it is compressed; unpack it first")
	case len(begin) == 0:
		return nil, errors.New("it is empty; choose the output of strace or perf script, or a trace file")
	case bytes.HasPrefix(bytes.TrimSpace(begin), []byte("{")):
		run, err := export.ReadPlain(http.MaxBytesReader(nil, io.NopCloser(text), importJSONBytes), traceEvents)
		if err != nil {
			return nil, err
		}
		if err := knownWords(run); err != nil {
			return nil, err
		}
		return ofTraceFile(t, source, run), nil
	case perfLine.Match(begin):
		got, err := perfscript.Read(ctx, text, scopeEvents)
		if err != nil {
			return nil, err
		}
		return ofImported(t, source, got), nil
	}
	got, err := strace.Read(ctx, text, scopeEvents)
	if err != nil {
		return nil, err
	}
	return ofImported(t, source, got), nil
}

// ofImported is what another program traced.
func ofImported(t *locale.Translator, source laneSource, got *importer.Imported) *shownRun {
	s := ofTrace(t, source, got.Run)
	s.total, s.about = got.TotalEvents, t.T("scope.import.about", "Source", got.Source)
	if g := got.Gaps; g.Lines > 0 {
		s.notes = append(s.notes, t.T("import.note.gaps", "lines", g.Lines, "first", g.First))
	}
	for _, fact := range got.Facts {
		s.notes = append(s.notes, t.Sentence(fact))
	}
	return s
}

// ofTraceFile is a run that was written to a file; what it was made of is known if
// it names a program.
func ofTraceFile(t *locale.Translator, source laneSource, run *trace.Run) *shownRun {
	s := ofTrace(t, source, run)
	s.about = t.T("scope.import.about.trace", "Path", run.Path)
	if run.Path == attach.TraceSource {
		s.about = t.T("scope.import.about.attach")
		s.provenance = trace.Measured // what each call moved is derived, and says so
	}
	if len(run.Events) > scopeEvents {
		run.Events = run.Events[:scopeEvents]
	}
	if of, err := lab.ParseScenario(run.Scenario, opening("read-write")); err == nil && run.Scenario != "" {
		s.drawn = of
	}
	if program, known := transfer.Lookup(run.Path); known {
		s.listing = program.Listing
	}
	return s
}

func ofTrace(t *locale.Translator, source laneSource, run *trace.Run) *shownRun {
	spellOut(run)
	s := &shownRun{source: source, run: run, total: len(run.Events), provenance: run.Base, playing: playing{drawn: opening("relay-copy")}, notes: []string{}, dark: []darkLeg{},
		chips: []string{t.T("scope.chip.imported"), run.Path, templates.Size(run.Payload)}, settings: map[string]string{"path": source.path()}}
	s.drawn.Size = run.Payload
	if run.Side == trace.Real && run.Base != trace.Derived {
		s.provenance = trace.Recorded // it was measured, but neither here nor now
	}
	for _, note := range run.Notes[:min(len(run.Notes), traceNotes)] {
		s.notes = append(s.notes, t.Sentence(oneLine(note, traceNoteBytes)))
	}
	if run.Machine != "" {
		s.chips = append(s.chips, run.Machine)
	}
	if names := run.Threads; len(names) > 1 {
		s.thread = func(e *trace.Event) string {
			if e.Thread < len(names) {
				return names[e.Thread]
			}
			return ""
		}
	}
	return s
}

// spellOut makes the words of a trace that a stranger wrote such as change nothing
// around them, wherever they are shown ([visible]).
func spellOut(run *trace.Run) {
	words := []*string{&run.Path, &run.Scenario, &run.Machine}
	for i := range run.Threads {
		words = append(words, &run.Threads[i])
	}
	for i := range run.Notes {
		words = append(words, &run.Notes[i])
	}
	for _, w := range words {
		*w = oneLine(*w, len(*w))
	}
	for i := range run.Events {
		e := &run.Events[i]
		for _, w := range [...]*string{&e.Syscall, &e.Line, &e.Errno, &e.Detail} {
			if strings.ContainsFunc(*w, func(r rune) bool { return !unicode.IsPrint(r) }) { // few of many
				*w = oneLine(*w, len(*w))
			}
		}
	}
}

// knownWords refuses a trace that says what this version has no words for.
func knownWords(run *trace.Run) error {
	for i, e := range run.Events {
		place := func(p trace.Place) bool { return p == "" || slices.Contains(trace.Places(), p) }
		var what string
		switch {
		case !slices.Contains(trace.Kinds(), e.Kind):
			what = string(e.Kind)
		case !slices.Contains(trace.Actors(), e.Actor):
			what = string(e.Actor)
		case !place(e.From):
			what = string(e.From)
		case !place(e.To):
			what = string(e.To)
		default:
			continue
		}
		return fmt.Errorf("event %d has %q, which this version does not know", i+1, what)
	}
	return nil
}
