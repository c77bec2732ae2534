package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"copyscope/internal/export"
	"copyscope/internal/lab"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

const (
	// exportBytes bounds the trace that a page sends to have it written in another
	// format: scopeEvents events of less than 1 KiB.
	exportBytes = 16 << 20
	// exportTime bounds the run of a scenario that an address asks for, wait for its
	// turn included, exportWholeTime how long a long run may take to be fetched.
	exportTime      = 2 * time.Minute
	exportWholeTime = 30 * time.Minute
)

// exportRoutes are GET /scope/export?run=SCENARIO&format=F, which simulates the
// scenario or takes the recorded run, and POST /scope/export?format=F&total=N with a
// trace as the body, for a run that only the page has: one that was measured or
// imported, of N events.
func (s *scope) exportRoutes() {
	s.mux.HandleFunc("GET /scope/export", s.exportScenario)
	s.mux.HandleFunc("POST /scope/export", s.exportTrace)
}

func (s *scope) exportScenario(w http.ResponseWriter, r *http.Request) {
	format, ok := s.exportFormat(w, r)
	if !ok {
		return
	}
	source, err := parseSource(r.URL.Query().Get("run"))
	if err == nil && source.trace != "" {
		err = errImported(source.trace)
	}
	if err == nil && source.lab.Side == trace.Real {
		err = &lab.FieldError{Field: "side", Value: string(source.lab.Side), Remedy: "a run that was measured is exported by the page that has it, or by copyscope run --trace-out and copyscope export"}
	}
	if err != nil {
		s.exportFault(w, r, http.StatusBadRequest, inLane("run", err))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	keep := 0 // beyond what is shown
	if format.Whole != nil {
		keep = keptEvents
		end, err := s.exports.enter(ctx, func(int) {})
		if err != nil {
			s.exportFault(w, r, http.StatusServiceUnavailable, err)
			return
		}
		defer end()
	}
	leave, err := s.line(source).enter(ctx, func(int) {})
	if err != nil {
		s.exportFault(w, r, http.StatusServiceUnavailable, err)
		return
	}
	run, err := s.simulateKeeping(ctx, locale.New(requestLang(r)), source, max(keep, scopeEvents))
	leave()
	if err == nil && keep > 0 && run.total > keep {
		err = &lab.FieldError{Field: "size", Value: lab.FormatSize(source.lab.Size), Remedy: "the run has more events than the server keeps; choose a smaller size or a larger chunk"}
	}
	if err != nil {
		s.exportFault(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	s.exportRun(w, r, run, format)
}

func (s *scope) exportTrace(w http.ResponseWriter, r *http.Request) {
	format, ok := s.exportFormat(w, r)
	if !ok {
		return
	}
	total, _ := strconv.Atoi(r.URL.Query().Get("total")) // without it, all are there
	ctx, cancel := context.WithTimeout(r.Context(), exportTime)
	defer cancel()
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(exportTime)) // a recorder in tests has none
	// A trace is held as a whole, as text and as events.
	leave, err := s.imports.enter(ctx, func(int) {})
	if err != nil {
		s.exportFault(w, r, http.StatusServiceUnavailable, err)
		return
	}
	defer leave()
	run, err := export.ReadPlain(http.MaxBytesReader(w, r.Body, exportBytes), traceEvents)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.exportFault(w, r, http.StatusRequestEntityTooLarge, &lab.FieldError{Field: "trace", Value: lab.FormatSize(r.ContentLength), Remedy: "a page exports up to " + lab.FormatSize(exportBytes) + " of events; use copyscope export for more"})
		return
	case err != nil:
		s.exportFault(w, r, http.StatusBadRequest, err)
		return
	}
	spellOut(run)
	s.exportRun(w, r, &shownRun{run: run, total: total}, format)
}

// addedFields are what a [shownEvent] has beside the event, by their JSON names:
// who sends the events back leaves them out.
func addedFields() (names []string) {
	event := reflect.TypeFor[trace.Event]()
	for _, f := range reflect.VisibleFields(reflect.TypeFor[shownEvent]()) {
		if _, ok := event.FieldByName(f.Name); ok || f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

func (s *scope) exportFormat(w http.ResponseWriter, r *http.Request) (export.Format, bool) {
	name := r.URL.Query().Get("format")
	format, ok := export.FormatNamed(name)
	if !ok {
		s.exportFault(w, r, http.StatusBadRequest, &lab.FieldError{Field: "format", Value: name, Remedy: "use one of " + strings.Join(export.FormatNames(), ", ")})
	}
	return format, ok
}

// exportRun sends a run as a file to keep: never as a page of this server, whatever
// the trace may hold.
//
// A run of more events than a page is sent is written event by event where the format
// has room for it; else the file has the first of them, and says so.
func (s *scope) exportRun(w http.ResponseWriter, r *http.Request, shown *shownRun, format export.Format) {
	run := shown.run
	w.Header().Set("Content-Type", format.Type)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "copyscope-" + plainName(run.Path) + format.Ending}))
	w.Header().Set("Cache-Control", "no-store")
	var err error
	if format.Whole != nil && shown.log != nil && shown.total > len(run.Events) {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(exportWholeTime)) // a recorder in tests has none
		err = format.Whole(w, run, shown.all())
	} else {
		o := export.PageOptions{Version: s.config.Version, Tell: Narrate, Total: shown.total}
		if shown.total > len(run.Events) {
			o.Counts = shown.whole
		}
		err = format.Write(w, run, o)
	}
	if err != nil {
		s.config.Log.Error("export", "format", format.Name, "err", err) // the status has gone out: the file is cut off
	}
}

// exportFault says what is wrong as text: whoever asked wanted a file.
func (*scope) exportFault(w http.ResponseWriter, r *http.Request, status int, err error) {
	problem := faultOf(locale.New(requestLang(r)), err)
	http.Error(w, problem.Message+"\n"+problem.Remedy, status)
}
