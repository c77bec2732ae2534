package copyprofile

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/google/pprof/profile"
	"github.com/prometheus/procfs"

	"copyscope/internal/perfevent"
	"copyscope/internal/symbol"
	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

const (
	pointEnter = "raw_syscalls:sys_enter"
	pointExit  = "raw_syscalls:sys_exit"
	// ringBytes is the room for records of a processor: a call takes some 300 bytes,
	// with a stack of 20 functions.
	ringBytes = 4 << 20
	// drainEvery is how often it is emptied, so often that most descriptors are
	// looked at before they are closed.
	drainEvery = 10 * time.Millisecond
	// lookEvery is how often it is asked whether the processes are still there.
	lookEvery = 250 * time.Millisecond
)

// Profile watches processes until the context or the time ends, or all of them have ended,
// and returns what it has seen until then. The error says why this process may not watch
// them, or that one is gone, and what would help.
func Profile(ctx context.Context, o Options) (*profile.Profile, Summary, error) {
	w, err := watch(o)
	if err != nil {
		return nil, Summary{}, err
	}
	defer w.reader.Close()
	if o.For > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, o.For)
		defer cancel()
	}
	began := time.Now()
	if err := w.reader.Begin(); err != nil {
		return nil, Summary{}, err
	}
	if o.Begun != nil {
		o.Begun()
	}
	w.until(ctx.Done(), o.PIDs)
	w.over = true
	if err := w.reader.End(); err != nil {
		return nil, Summary{}, err
	}
	w.take()
	return w.finish(o, began)
}

// watcher makes samples of the calls of some processes.
type watcher struct {
	reader  *perfevent.Reader
	args    tracepoint.Field
	entered tracepoint.Field // the call's number, at its entry
	left    tracepoint.Field // and at its return
	ret     tracepoint.Field

	arrived     map[moment]entry // calls whose beginning was looked at, and not yet told in order
	under       map[int32]entry  // calls under way, by thread
	processes   *symbol.Processes
	descriptors *descriptors
	builder     *builder
	seen        map[int32]bool // processes
	totals      Totals
	byName      map[string]Totals
	lost        int64
	closed      [rounds]closings // of the latest rounds of reading, the last one first
	over        bool             // closing is not seen any more
	ended       []int            // those of the processes that have, in the order that they were asked for
}

// closings are when descriptors were closed, by process and number.
type closings map[[2]int][]int64

// rounds is after how many rounds of reading a call is told in its order at the latest
// ([perfevent.Reader.Read]). What another processor did before it, or while its
// descriptors were looked at, has come by then, and may have come in any of them.
const rounds = 3

// moment is when a thread began a call.
type moment struct {
	thread int32
	at     int64
}

// entry is how a call began.
type entry struct {
	id      int64
	args    [6]int64
	in, out descriptor
}

// watch opens the events of the processes' threads.
func watch(o Options) (*watcher, error) {
	points, err := tracepoint.LoadAll(pointEnter, pointExit)
	if err != nil {
		return nil, fmt.Errorf("the kernel's tracepoints of syscalls: %w; run it as root", err)
	}
	w := &watcher{arrived: map[moment]entry{}, under: map[int32]entry{}, processes: symbol.NewProcesses(), descriptors: newDescriptors(), builder: newBuilder(), seen: map[int32]bool{}, byName: map[string]Totals{}}
	for _, f := range []struct {
		point, name string
		to          *tracepoint.Field
	}{{pointEnter, "id", &w.entered}, {pointEnter, "args", &w.args}, {pointExit, "id", &w.left}, {pointExit, "ret", &w.ret}} {
		if *f.to, err = points[f.point].Field(f.name); err != nil {
			return nil, err
		}
	}
	for _, pid := range o.PIDs {
		if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err == nil {
			w.builder.mapping(exe)
		}
	}
	threads, err := threadsOf(o)
	if err != nil {
		return nil, err
	}
	inherit := perfevent.NewThreads
	if o.Follow {
		inherit = perfevent.NewProcesses
	}
	entries, returns := filters()
	w.reader, err = perfevent.Open(perfevent.Options{Threads: threads, Inherit: inherit, RingBytes: ringBytes, Arrived: w.look, Events: []perfevent.Event{
		perfevent.Tracepoint(pointEnter, points[pointEnter].ID, entries, 0),
		perfevent.Tracepoint(pointExit, points[pointExit].ID, returns, perfevent.UserChain),
	}})
	return w, err
}

// threadsOf are the threads of the processes, each once, and of those that they have begun.
func threadsOf(o Options) (threads []int, err error) {
	known := map[int]bool{}
	for _, pid := range o.PIDs {
		if known[pid] {
			continue
		}
		known[pid] = true
		own, err := perfevent.ThreadsOf(pid)
		if err != nil {
			return nil, err
		}
		threads = append(threads, own...)
	}
	if !o.Follow {
		return threads, nil
	}
	known[os.Getpid()] = true
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, p := range all {
		if stat, err := p.Stat(); err == nil {
			children[stat.PPID] = append(children[stat.PPID], p.PID)
		}
	}
	for queue := slices.Clone(o.PIDs); len(queue) > 0; queue = queue[1:] {
		for _, child := range children[queue[0]] {
			if known[child] {
				continue
			}
			known[child] = true
			queue = append(queue, child)
			if more, err := perfevent.ThreadsOf(child); err == nil { // else it ended meanwhile
				threads = append(threads, more...)
			}
		}
	}
	return threads, nil
}

// until empties the rings now and then, until it is stopped or the processes are gone.
func (w *watcher) until(stop <-chan struct{}, pids []int) {
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			w.take()
			if now.Sub(looked) < lookEvery {
				continue
			}
			looked = now
			if lost := w.reader.Lost(); lost > w.lost {
				w.lost = lost
				w.descriptors.forget()
			}
			if w.ended = slices.DeleteFunc(slices.Clone(pids), alive); len(w.ended) == len(pids) {
				return
			}
		}
	}
}

// alive says whether a process has not ended; if it has, nobody may have waited for it yet.
func alive(pid int) bool {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return false
	}
	stat, err := p.Stat()
	return err == nil && stat.State != "Z"
}

// look looks at the descriptors of calls that have just begun, before they are closed.
func (w *watcher) look(fresh []perfevent.Record) {
	entries := make([]entry, len(fresh))
	copy(w.closed[1:], w.closed[:])
	closed := closings{}
	w.closed[0] = closed
	for i, r := range fresh {
		if r.Exec || r.Event != 0 {
			continue
		}
		e := entry{id: w.entered.Int(r.Raw)}
		for n := range e.args {
			e.args[n] = w.args.At(r.Raw, n)
		}
		entries[i] = e
		if arg, ok := ends[e.id]; ok {
			key := e.descriptor(r.PID, arg)
			closed[key] = append(closed[key], r.At)
			w.descriptors.distrust(key, r.At)
		}
	}
	for i, r := range fresh {
		switch e := &entries[i]; {
		case r.Exec:
			w.descriptors.leave(int(r.PID))
		case r.Event == 0:
			if arg, ok := ends[e.id]; ok {
				w.descriptors.close(e.descriptor(r.PID, arg))
				continue
			}
			for _, side := range e.sides() {
				key := e.descriptor(r.PID, side.arg)
				n := len(closed[key])
				*side.to = w.descriptors.lookUp(key, w.over || n > 0 && closed[key][n-1] > r.At)
			}
			w.arrived[moment{r.TID, r.At}] = *e
		}
	}
}

// side is one of the descriptors of a call.
type side struct {
	arg int
	to  *descriptor
}

// sides are the descriptors that a call has.
func (e *entry) sides() (out []side) {
	c := calls[e.id]
	if c.in != none {
		out = append(out, side{c.in, &e.in})
	}
	if c.out != none {
		out = append(out, side{c.out, &e.out})
	}
	return out
}

// descriptor is the one that an argument names, by process and number.
func (e *entry) descriptor(pid int32, arg int) [2]int {
	return [2]int{int(pid), int(int32(e.args[arg]))}
}

// began takes up a call that was looked at. A descriptor that was closed between the
// call and the look at it, whichever was first, may have been another one by then.
func (w *watcher) began(r perfevent.Record) {
	at := moment{r.TID, r.At}
	e, ok := w.arrived[at]
	if !ok {
		return // it closes
	}
	delete(w.arrived, at)
	for _, side := range e.sides() {
		if w.closedBetween(e.descriptor(r.PID, side.arg), r.At, side.to.at) {
			*side.to = descriptor{kind: goneKind}
		}
	}
	w.under[r.TID] = e
}

// closedBetween says whether a descriptor was closed between two moments of late.
func (w *watcher) closedBetween(key [2]int, a, b int64) bool {
	for _, round := range w.closed {
		if slices.ContainsFunc(round[key], func(at int64) bool { return min(a, b) < at && at < max(a, b) }) {
			return true
		}
	}
	return false
}

func (w *watcher) take() {
	for _, r := range w.reader.Read() {
		switch {
		case r.Exec:
			w.processes.Forget(int(r.PID))
			w.builder.forget(int(r.PID))
			delete(w.under, r.TID)
		case r.Event == 0:
			w.began(r)
		default:
			w.returned(r)
		}
	}
}

// returned makes a sample of a call. One that had begun before the watch, or whose
// beginning was lost, has no arguments: of its descriptors nothing is known.
func (w *watcher) returned(r perfevent.Record) {
	id := w.left.Int(r.Raw)
	c, ok := calls[id]
	if !ok {
		return
	}
	e, begun := w.under[r.TID]
	delete(w.under, r.TID)
	begun = begun && e.id == id
	d := done{bytes: w.ret.Int(r.Raw)}
	if !begun {
		e = entry{id: id}
		for _, side := range e.sides() {
			side.to.kind = goneKind
		}
	}
	d.in, d.out = e.in, e.out
	if c.flags != none {
		d.flags = e.args[c.flags]
	}
	did := c.effect(d)
	w.seen[r.PID] = true
	w.totals.add(did, d.bytes < 0)
	t := w.byName[c.name]
	t.add(did, d.bytes < 0)
	w.byName[c.name] = t
	w.builder.add(int(r.PID), r.User, func(address uint64) symbol.Frame { return w.processes.Frame(int(r.PID), address) },
		site{c.name, e.in.kind, e.in.name, e.out.kind, e.out.name}, did)
}

// finish makes the profile and the summary.
func (w *watcher) finish(o Options, began time.Time) (*profile.Profile, Summary, error) {
	s := Summary{Schema: trace.Schema, PIDs: o.PIDs, Processes: len(w.seen), For: time.Since(began).Nanoseconds(), Totals: w.totals, Calls: w.byName, Lost: w.reader.Lost(),
		Provenance: map[string]trace.Provenance{types[CopiedBytes][0]: trace.Derived, types[Copies][0]: trace.Derived, types[Syscalls][0]: trace.Measured, types[Descriptors][0]: trace.Derived}}
	note := func(format string, args ...any) { s.Notes = append(s.Notes, fmt.Sprintf(format, args...)) }
	for _, pid := range w.ended {
		note("process %d ended while it was watched", pid)
	}
	if s.Lost > 0 {
		note("%d records found no room: every figure is too small", s.Lost)
	}
	if w.builder.dropped > 0 {
		note("%d calls have stacks beyond the first %d, and are in the totals alone", w.builder.dropped, maxSamples)
	}
	for _, name := range slices.Sorted(maps.Keys(untoldBecause)) {
		if n := w.byName[name].Syscalls - w.byName[name].Failed; n > 0 {
			note("%s succeeded %d times: %s, and is in no figure of bytes", name, n, untoldBecause[name])
		}
	}
	var comments []string
	for _, pid := range o.PIDs {
		comments = append(comments, fmt.Sprintf("copyscope: copy profile of process %d", pid))
	}
	comments = append(comments, "syscalls: measured (raw_syscalls:sys_enter, sys_exit); copied_bytes, copies, descriptors: derived by rule from what the calls returned")
	comments = append(comments, s.Notes...)
	w.builder.profile.TimeNanos, w.builder.profile.DurationNanos = began.UnixNano(), s.For
	p, err := w.builder.done(comments)
	return p, s, err
}
