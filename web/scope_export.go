package web

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"reflect"
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
	// exportTime bounds the run of a scenario that an address asks for.
	exportTime = 20 * time.Second
)

// exportRoutes are GET /scope/export?run=SCENARIO&format=F, which simulates the
// scenario or takes the recorded run, and POST /scope/export?format=F with a trace
// as the body, for a run that only the page has: one that was measured or imported.
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
	leave, err := s.sims.enter(ctx, func(int) {})
	if err != nil {
		s.exportFault(w, r, http.StatusServiceUnavailable, err)
		return
	}
	run, err := s.simulate(ctx, locale.New(requestLang(r)), source)
	leave()
	if err != nil {
		s.exportFault(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	s.exportRun(w, r, run.run, format)
}

func (s *scope) exportTrace(w http.ResponseWriter, r *http.Request) {
	format, ok := s.exportFormat(w, r)
	if !ok {
		return
	}
	run, err := export.Read(http.MaxBytesReader(w, r.Body, exportBytes))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		s.exportFault(w, r, http.StatusRequestEntityTooLarge, &lab.FieldError{Field: "trace", Value: lab.FormatSize(r.ContentLength), Remedy: "a page exports up to " + lab.FormatSize(exportBytes) + " of events; use copyscope export for more"})
		return
	case err != nil:
		s.exportFault(w, r, http.StatusBadRequest, err)
		return
	}
	s.exportRun(w, r, run, format)
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
func (s *scope) exportRun(w http.ResponseWriter, r *http.Request, run *trace.Run, format export.Format) {
	w.Header().Set("Content-Type", format.Type)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "copyscope-" + plainName(run.Path) + format.Ending}))
	w.Header().Set("Cache-Control", "no-store")
	if err := format.Write(w, run, export.PageOptions{Version: s.config.Version, Tell: Narrate}); err != nil {
		s.config.Log.Error("export", "format", format.Name, "err", err) // the status has gone out: the file is cut off
	}
}

// exportFault says what is wrong as text: whoever asked wanted a file.
func (*scope) exportFault(w http.ResponseWriter, r *http.Request, status int, err error) {
	problem := faultOf(locale.New(requestLang(r)), err)
	http.Error(w, problem.Message+"\n"+problem.Remedy, status)
}
