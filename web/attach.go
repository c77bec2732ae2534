package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"copyscope/internal/attach"
	"copyscope/internal/host"
	"copyscope/internal/locale"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/templates"
)

// Attacher watches other processes of this host.
type Attacher interface {
	// Able says whether it can, as this user, and what would enable it.
	Able(ctx context.Context) host.Check
	// Listeners are the processes that listen at TCP ports, as far as this user may
	// see them.
	Listeners() (host.Listening, error)
	// OfPort are the processes that listen at a TCP port.
	OfPort(port int) ([]int, error)
	// Watch watches until the time is over or the context ends.
	Watch(ctx context.Context, w AttachWatch) (*Attached, error)
}

// AttachWatch says what is watched, and for how long.
type AttachWatch struct {
	Processes []int
	For       time.Duration
	// Port is the one that was asked about; the answer is of its connections alone. 0:
	// processes were chosen.
	Port int
	// Follow also watches their descendants: those that exist and those that they start.
	Follow bool
	// Samples also samples their clocks ([attach.Options]).
	Samples bool
	// Calls is how many calls are to be kept, the newest, for [Attached.Trace].
	Calls int
	// Progress is told how many calls were seen and what they moved, and Snapshot is
	// given the report as it stands, as often as one likes. Snapshot keeps the report.
	Progress func(calls, bytes int64)
	Snapshot func(*attach.Report)
}

// Attached is what a watch found.
type Attached struct {
	Report *attach.Report
	// Trace has the calls that were kept, with what each moved; nil if there were none.
	Trace *trace.Run
	// Profile is the copy profile in pprof's format (gzip); nil where there is none,
	// for NoProfile. Stacks are its copied bytes by user call stack, and Notes say what
	// is not in it.
	Profile   []byte
	NoProfile string
	Stacks    *CopyStack
	Notes     []string
	// Lent is how many bytes were handed over by reference, without a copy.
	Lent int64
}

// CopyStack is a function on a user call stack, with the bytes that were copied in it
// and in what it called.
type CopyStack struct {
	Name     string
	Bytes    int64
	Children []*CopyStack
}

// Limits of the watches that a page may ask for.
const (
	mostAttachSeconds  = 60
	usualAttachSeconds = 10
	// mostAttached bounds the processes of one watch.
	mostAttached = 256
	// attachEvery is the least time between two messages of a watch: 4 in a second.
	attachEvery = 250 * time.Millisecond
	// ableFor is how long a look at what this user may do stands: it makes a tracing
	// instance.
	ableFor = 5 * time.Second
)

// attaching is the attach page and the one watch of this host that it may start.
type attaching struct {
	server *Server
	feed   *Feed
	// local: no other machine can reach the pages.
	local bool

	lookedAt sync.Mutex // held while looking
	at       time.Time
	able     host.Check

	watch *attachDesk
}

func newAttaching(s *Server) *attaching {
	feed := s.hub.Feed("attach")
	a := &attaching{server: s, feed: feed, local: s.local(), watch: newAttachDesk(s, feed)}
	s.mux.HandleFunc("GET /attach", a.page)
	s.mux.HandleFunc("GET /attach/flame", a.flame)
	s.mux.HandleFunc("GET /attach/report.json", a.report)
	s.mux.HandleFunc("GET /attach/trace.json", a.trace)
	s.mux.HandleFunc("GET /attach/profile.pb.gz", a.profile)
	s.hub.Handle("attach.start", a.start)
	s.hub.Handle("attach.stop", a.stop)
	return a
}

// look says whether a watch can be started, now or some seconds ago.
func (a *attaching) look() host.Check {
	a.lookedAt.Lock()
	defer a.lookedAt.Unlock()
	if a.at.IsZero() || time.Since(a.at) > ableFor {
		// Not the request's context: others may wait for the same look.
		ctx, cancel := context.WithTimeout(a.server.hub.ctx, 10*time.Second)
		defer cancel()
		a.able, a.at = a.server.config.Attach.Able(ctx), time.Now()
	}
	return a.able
}

// page takes from its address what to watch, ?port=80, and the path that a claim
// expects there, &expect=sendfile.
func (a *attaching) page(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	if port := asked.Get("port"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			a.server.refused(w, r, http.StatusBadRequest, "refused.port", "Port", oneLine(port, nameShown))
			return
		}
	}
	if path := asked.Get("expect"); path != "" {
		if _, ok := transfer.Lookup(path); !ok {
			a.server.refused(w, r, http.StatusBadRequest, "refused.expect", "Path", oneLine(path, nameShown))
			return
		}
	}
	p := a.server.pageData(w, r, "attach", "attach", "provenance")
	p.Styles = []string{"attach/attach.css"}
	p.Modules = []string{"attach/attach.js"}
	p.Preload = []string{"page.js", "keys.js", "socket.js", "attach/rows.js", "attach/flame.js"}
	p.Socket = true
	// The sequence number is read first: what happens meanwhile is in the page and
	// in the feed, and the page's script takes it twice without harm.
	d := templates.AttachData{Most: mostAttachSeconds, Usual: usualAttachSeconds, Port: asked.Get("port"), Expect: asked.Get("expect")}
	d.Resume = templates.AttachResume{Server: a.server.hub.id, Seq: a.feed.seq()}
	a.offer(p.Translator, &d)
	state, flame := a.watch.shown()
	d.State, d.Resume.State = state, state
	d.Flame = flame
	a.server.render(w, r, http.StatusOK, templates.Attach(p, d))
}

// offer says what can be watched from this page, or why nothing can.
func (a *attaching) offer(t *locale.Translator, d *templates.AttachData) {
	switch {
	case a.server.config.Attach == nil:
		d.Closed = t.T("attach.closed.nothing")
		return
	case !a.local:
		d.Closed, d.Instead = t.T("attach.closed.remote"), insteadOf(d)
		return
	}
	if able := a.look(); able.Status != host.Active {
		d.Closed = t.T("attach.closed.unable", "Reason", t.Sentence(able.Why))
		if d.Enable = t.Sentence(able.Enable); able.Status == host.Missing {
			d.Instead = insteadOf(d)
		}
		return
	}
	found, err := a.server.config.Attach.Listeners()
	if err != nil {
		d.NoTargets = t.T("attach.targets.error", "Reason", t.Sentence(err.Error()))
		return
	}
	d.Targets = attachTargets(found.Processes)
	if len(d.Targets) == 0 {
		d.NoTargets = t.T("attach.targets.none")
	}
	if found.Hidden > 0 {
		d.Hidden = t.T("attach.targets.hidden", "Count", found.Hidden)
	}
}

// insteadOf is the command that does the same on the host itself.
func insteadOf(d *templates.AttachData) string {
	command := "sudo copyscope attach --port " + cmp.Or(d.Port, "80")
	if d.Expect != "" {
		command += " --expect " + d.Expect
	}
	return command
}

// start answers attach.start: attach.started, or why not. Whoever follows the feed
// sees the watch.
func (a *attaching) start(ctx context.Context, c *Client, m Message) error {
	var ask struct {
		PIDs    []int `json:"pids"`
		Port    int   `json:"port"`
		Seconds int   `json:"seconds"`
		Follow  bool  `json:"follow"`
		Samples bool  `json:"samples"`
	}
	if err := m.Decode(&ask); err != nil {
		return err
	}
	if err := a.mayAct(); err != nil {
		return err
	}
	if ask.Seconds == 0 {
		ask.Seconds = usualAttachSeconds
	}
	if ask.Seconds < 1 || ask.Seconds > mostAttachSeconds {
		return Problem{"field", fmt.Sprintf("%d seconds are no time for a watch", ask.Seconds), fmt.Sprintf("write 1 to %d", mostAttachSeconds)}
	}
	if able := a.look(); able.Status != host.Active {
		return Problem{"unavailable", able.Why, "see the doctor's page for what would enable it"}
	}
	pids := ask.PIDs
	if ask.Port != 0 {
		found, err := a.server.config.Attach.OfPort(ask.Port)
		if err != nil {
			return Problem{"failed", err.Error(), "choose a process of the list"}
		}
		pids = found
	}
	if len(pids) == 0 || len(pids) > mostAttached {
		return Problem{"field", fmt.Sprintf("a watch is of 1 to %d processes, not of %d", mostAttached, len(pids)), "name a process or a port"}
	}
	n, err := a.watch.begin(AttachWatch{Processes: pids, Port: ask.Port, For: time.Duration(ask.Seconds) * time.Second, Follow: ask.Follow, Samples: ask.Samples, Calls: attachCalls}, a.nameOf(pids))
	if err != nil {
		return err
	}
	return c.Send("attach.started", m.ID, map[string]any{"watch": n})
}

// stop answers attach.stop, which ends the watch that is under way.
func (a *attaching) stop(_ context.Context, c *Client, m Message) error {
	if err := a.mayAct(); err != nil {
		return err
	}
	if !a.watch.stop() {
		return Problem{"stop", "no process is being watched", "the watch may have ended already"}
	}
	return c.Send("attach.stopped", m.ID, map[string]any{})
}

// mayAct refuses what changes the state of this host to pages that other machines
// can reach: nobody has said who may.
func (a *attaching) mayAct() error {
	switch {
	case a.server.config.Attach == nil:
		return Problem{"unavailable", "this server watches no processes", "run copyscope attach on the Linux host where the process is"}
	case !a.local:
		return Problem{"local", "pages that other machines can reach watch no processes", "use copyscope attach on the host, or serve the pages on 127.0.0.1"}
	}
	return nil
}

// nameOf says of whom a watch is, as well as is known before it begins.
func (a *attaching) nameOf(pids []int) string {
	name := ""
	if found, err := a.server.config.Attach.Listeners(); err == nil {
		for _, p := range found.Processes {
			if p.PID == pids[0] {
				name = p.Name + " "
			}
		}
	}
	text := make([]string, 0, len(pids))
	for i, pid := range pids {
		if i == 4 {
			text = append(text, "…")
			break
		}
		text = append(text, fmt.Sprint(pid))
	}
	return fmt.Sprintf("%s(pid %s)", name, strings.Join(text, ", "))
}

// report gives the last report as a file.
func (a *attaching) report(w http.ResponseWriter, r *http.Request) {
	last := a.watch.last()
	if last == nil || last.Report == nil {
		a.server.refused(w, r, http.StatusNotFound, "refused.unwatched")
		return
	}
	attachment(w, "application/json", "attach", ".json", last.Report)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(last.Report); err != nil {
		a.server.config.Log.Debug("attach report", "err", err)
	}
}

// profile gives the last copy profile as a file for go tool pprof.
func (a *attaching) profile(w http.ResponseWriter, r *http.Request) {
	last := a.watch.last()
	if last == nil || last.Profile == nil {
		a.server.refused(w, r, http.StatusNotFound, "refused.no-profile")
		return
	}
	attachment(w, "application/octet-stream", "copies", ".pb.gz", last.Report)
	if _, err := w.Write(last.Profile); err != nil {
		a.server.config.Log.Debug("copy profile", "err", err)
	}
}

// attachment makes the answer a file that is named after the process.
func attachment(w http.ResponseWriter, kind, what, ending string, r *attach.Report) {
	fileNamed(w, kind, attachedName(what, r)+ending)
}

// attachedName names what is kept of a watch after its process.
func attachedName(what string, r *attach.Report) string {
	if r == nil || len(r.Processes) == 0 {
		return what
	}
	return fmt.Sprintf("%s-%s-%d", what, plainName(r.Processes[0].Name), r.Processes[0].PID)
}

// fileNamed makes the answer a file of that name.
func fileNamed(w http.ResponseWriter, kind, name string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
}

// plainName keeps what is harmless in a file's name: a process names itself.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, name)
}

// flame gives the last flame graph alone, for a page that was open when the watch
// ended.
func (a *attaching) flame(w http.ResponseWriter, r *http.Request) {
	_, flame := a.watch.shown()
	if flame == nil {
		a.server.refused(w, r, http.StatusNotFound, "refused.no-profile")
		return
	}
	p := a.server.pageData(w, r, "attach")
	a.server.render(w, r, http.StatusOK, templates.Flame(p.Translator, *flame))
}

func (a *attaching) close() { a.watch.close() }
