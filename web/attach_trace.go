package web

import (
	"encoding/json"
	"net/http"
	"time"

	"copyscope/internal/attach"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
)

// attachCalls is how many calls a page's watch keeps, the newest: a call has four
// events at the most, so that a lane of the scope shows all of them.
const attachCalls = scopeEvents / 4

// traceName names the trace of a watch as a lane's address does. It tells the watch
// from all others, also from those of another run of the server: a browser that has
// the trace keeps it under this name.
func traceName(r *attach.Report, began time.Time) string {
	return attachedName("attach", r) + began.UTC().Format("-20060102-150405.000.json")
}

// keptCalls says how many calls a trace has, which are the newest.
func keptCalls(run *trace.Run) locale.Spoken {
	calls := 0
	for i := range run.Events {
		if run.Events[i].Kind == trace.Syscall {
			calls++
		}
	}
	return inEveryLanguage(func(t *locale.Translator) string { return t.T("attach.lane.calls", "Count", calls) })
}

// trace is GET /attach/trace.json: the calls that the last watch kept, as the scope page
// imports them. With ?name= it is the trace of that name or none.
func (a *attaching) trace(w http.ResponseWriter, r *http.Request) {
	run, name := a.watch.trace()
	if asked := r.URL.Query().Get("name"); run == nil || asked != "" && asked != name {
		a.server.refused(w, r, http.StatusNotFound, "refused.no-trace")
		return
	}
	fileNamed(w, "application/json", name)
	if err := json.NewEncoder(w).Encode(run); err != nil {
		a.server.config.Log.Debug("attach trace", "err", err)
	}
}

// trace is that of the last watch, with its name; nil if there is none.
func (d *attachDesk) trace() (*trace.Run, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.result == nil {
		return nil, ""
	}
	return d.result.Trace, d.state.Trace
}
