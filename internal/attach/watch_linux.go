package attach

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

const (
	pointEnter   = "raw_syscalls:sys_enter"
	pointExit    = "raw_syscalls:sys_exit"
	pointNewTask = "task:task_newtask"
)

const (
	// A processor's room for hits: on few processors 8 MiB, some 110,000, so that a
	// reader which waits half a second for a busy machine loses nothing of a process
	// with 100,000 calls a second; on many they share.
	ringsBytes, ringMost, ringLeast = 64 << 20, 8 << 20, 1 << 20
	// look is how long hits gather once the first has come, so long that rings of
	// ringLeast hold them. What is closed sooner cannot be named. Where the traffic goes
	// on and leaves the rings room, they gather for longLook: most of what the reader
	// takes is to be woken.
	look, longLook = 40 * time.Millisecond, 200 * time.Millisecond
	// hitBytes is what a hit takes in a ring: the entry of a call 72, its return 28.
	hitBytes = 50
	// census is how often it is asked whether the processes are still there, and what
	// threads they have that the kernel did not tell of (those of io_uring).
	census = 500 * time.Millisecond
	// snapshot is how often Options.Snapshot is told.
	snapshot = 300 * time.Millisecond
)

// watch is a watch under way.
type watch struct {
	options   Options
	reader    *tracepoint.Reader
	points    map[string]*tracepoint.Event
	field     fields
	ledger    *Ledger
	threads   map[int32]int // the process of each; 0: none of ours
	processes map[int]*subject
	refused   map[int]bool // descendants that cannot be watched
	entered   map[int32]entered
	rings     *rings
	dials     *dials
	programs  *programs
	parents   map[int]int // of processes that were started meanwhile
	memory    *memory     // nil: this user or kernel cannot
	files     files
	behind    bool  // what the BPF programs told is to be read, before the next hit
	room      int64 // for hits of a processor, in bytes
	hits      int64
	lost      int64
	notes     []string
	used      int64 // processor time of this process when it began
	// tables of sockets are read at most so often: they can be long.
	socketsAt    time.Time
	socketsPause time.Duration
}

type fields struct{ enterID, enterArgs, exitID, exitRet, child, flags tracepoint.Field }

// entered is a call that has not returned.
type entered struct {
	id   int64
	at   int64
	args [6]uint64
}

// Watch watches until the time is over, the context ends, or no process is left, and
// says what it saw.
func Watch(ctx context.Context, o Options) (*Report, error) {
	asked := o.Processes
	if o.Follow {
		o.Processes = Family(asked)
	}
	w := &watch{options: o, threads: map[int32]int{}, processes: map[int]*subject{}, refused: map[int]bool{}, entered: map[int32]entered{}, parents: map[int]int{}, files: files{}}
	w.ledger = NewLedger(procDescriptors{})
	w.ledger.KeepCalls(o.Recent)
	w.ledger.ForPort(o.Port)
	for _, pid := range o.Processes {
		s, err := newSubject(pid, o)
		if err != nil && !slices.Contains(asked, pid) {
			continue // addFamily says why, if it still is there
		}
		if err != nil {
			return nil, err
		}
		w.processes[pid] = s
	}
	var err error
	if w.memory, err = newMemory(w.follows()); err != nil {
		w.notes = append(w.notes, err.Error())
	}
	defer w.memory.end()
	if err := w.open(); err != nil {
		return nil, explain(err, o)
	}
	defer w.reader.Close()
	sampled := beginSamplers(o)
	defer sampled.end()
	w.used = processorTime()
	began := time.Now()
	if err := w.reader.Begin(); err != nil {
		return nil, explain(err, o)
	}
	if o.Ready != nil {
		o.Ready()
	}
	if err := w.run(ctx, began); err != nil {
		return nil, err
	}
	watched, took := time.Since(began), processorTime()-w.used
	r := w.report((*subject).describe)
	sampled.tell(r)
	w.noteChildren(r)
	r.ForNs = watched.Nanoseconds()
	r.OwnCPU = trace.Count{Value: float64(took), Provenance: trace.Measured}
	return r, nil
}

// open makes the tracing instance and tells it whose hits to keep.
func (w *watch) open() (err error) {
	if w.points, err = tracepoint.LoadAll(pointEnter, pointExit, pointNewTask); err != nil {
		return err
	}
	for _, f := range []struct {
		to          *tracepoint.Field
		point, name string
	}{
		{&w.field.enterID, pointEnter, "id"}, {&w.field.enterArgs, pointEnter, "args"},
		{&w.field.exitID, pointExit, "id"}, {&w.field.exitRet, pointExit, "ret"},
		{&w.field.child, pointNewTask, "pid"}, {&w.field.flags, pointNewTask, "clone_flags"},
	} {
		if *f.to, err = w.points[f.point].Field(f.name); err != nil {
			return err
		}
	}
	w.rings, w.dials, w.programs = newRings(), newDials(), newPrograms()
	w.room = int64(w.options.RingBytes)
	if w.room == 0 {
		w.room = max(ringLeast, min(ringMost, int64(ringsBytes/runtime.NumCPU())))
	}
	w.reader, err = tracepoint.Open(int(w.room), slices.Concat(w.rings.wanted(), w.dials.wanted(), w.programs.wanted(), []tracepoint.Wanted{
		{Event: w.points[pointNewTask]},
		{Event: w.points[pointEnter], Filter: filter(false)},
		{Event: w.points[pointExit], Filter: filter(w.options.Recent == nil)},
	})...)
	if err != nil {
		return err
	}
	if err := w.reader.FollowForks(); err != nil {
		return err
	}
	// A thread that is started by one which is not watched yet is not watched either:
	// they are asked for until there is none that is new. So it is with descendants.
	for added, rounds := 1, 0; added > 0 && rounds < 50; rounds++ {
		w.addFamily()
		if added, err = w.census(); err != nil {
			return err
		}
	}
	return nil
}

// census adds the threads that the processes have and that are not watched yet, and
// says how many.
func (w *watch) census() (n int, err error) {
	for pid, s := range w.processes {
		if s.ended {
			continue
		}
		if s.check(); s.ended {
			w.memory.leave(pid)
			continue
		}
		_ = w.memory.watch(pid) // full: the others' names are still told
		var added []int
		for _, thread := range threadsOf(pid) {
			if _, known := w.threads[int32(thread)]; !known {
				w.threads[int32(thread)] = pid
				added = append(added, thread)
			}
		}
		if err := w.reader.OnlyThreads(added...); err != nil {
			return n, err
		}
		// Whoever waits in accept(2) has entered it before anybody watched, and what
		// returns is the very connection that is asked for.
		for _, thread := range added {
			e, ok := underWay(pid, thread)
			if _, told := w.entered[int32(thread)]; ok && !told && nameOf[e.id] != "" && !entryAlone[e.id] {
				e.at = tracepoint.Monotonic()
				w.entered[int32(thread)] = e
			}
		}
		n += len(added)
	}
	return n, nil
}

// run reads what the kernel tells until it is enough. It waits in the kernel, not in
// Go's scheduler: to be woken some ten times a second costs less so, and nothing while
// nothing happens.
func (w *watch) run(ctx context.Context, began time.Time) error {
	asked, shown := began, began
	for over := false; !over; {
		left := w.options.For - time.Since(began)
		over = ctx.Err() != nil || left <= 0
		waited, hits := time.Now(), w.hits
		if !over {
			if err := w.reader.Wait(min(left, census)); err != nil {
				return err
			}
		}
		quiet := time.Since(waited) > look
		w.behind = true
		if err := w.reader.Stream(false, w.hit); err != nil {
			return err
		}
		if now := time.Now(); now.Sub(asked) >= census {
			asked = now
			_, err := w.census()
			if err = errors.Join(err, w.countLost()); err != nil {
				return err
			}
			over = over || !w.anyLeft()
		}
		w.settle(false)
		if w.options.Progress != nil {
			calls, bytes := w.ledger.Seen()
			w.options.Progress(time.Since(began), calls, bytes)
		}
		if w.options.Snapshot != nil && !over && time.Since(shown) >= snapshot {
			shown = time.Now()
			r := w.report((*subject).known)
			r.ForNs = shown.Sub(began).Nanoseconds()
			if !w.options.Samples {
				notAsked(r)
			}
			r.OwnCPU = trace.Count{Value: float64(processorTime() - w.used), Provenance: trace.Measured}
			w.options.Snapshot(r)
		}
		pause := look
		if !quiet && (w.hits-hits)*hitBytes < w.room/4 {
			pause = longLook
		}
		if !over {
			gather := unix.NsecToTimespec(int64(pause))
			_ = unix.Nanosleep(&gather, nil)
		}
	}
	if ctx.Err() != nil {
		w.notes = append(w.notes, "interrupted before the time was over")
	}
	w.behind = true
	for _, s := range w.processes {
		s.check()
	}
	err := errors.Join(w.reader.End(), w.reader.Stream(true, w.hit), w.countLost())
	w.settle(true)
	return err
}

// countLost asks what found no room. After a gap no call that was under way can be
// trusted to be the one that returns.
func (w *watch) countLost() error {
	lost, err := w.reader.Lost()
	if lost > w.lost {
		w.lost = lost
		clear(w.entered)
		w.dials.forget()
		if w.options.Recent != nil {
			w.options.Recent.gap(tracepoint.Monotonic())
		}
	}
	return err
}

func (w *watch) anyLeft() bool {
	for _, s := range w.processes {
		if !s.ended {
			return true
		}
	}
	return false
}

// settle looks up what is best looked up while it is there.
func (w *watch) settle(last bool) {
	w.ledger.Settle()
	if w.ledger.Unaddressed() == 0 || !last && time.Since(w.socketsAt) < w.socketsPause {
		return
	}
	began := time.Now()
	for pid, s := range w.processes {
		if !s.ended { // they share a network namespace, in all but rare cases
			w.ledger.Addressed(sockets(pid))
			break
		}
	}
	w.socketsAt = time.Now()
	w.socketsPause = max(250*time.Millisecond, 50*time.Since(began))
}

// hit takes one record.
func (w *watch) hit(h tracepoint.Hit) {
	w.hits++
	if w.behind {
		w.behind = false
		w.memory.read()
	}
	switch uint64(h.ID) {
	case w.points[pointEnter].ID:
		w.enter(h)
	case w.points[pointExit].ID:
		e, ok := w.entered[h.Thread]
		id := w.field.exitID.Int(h.Raw)
		if !ok || e.id != id {
			return
		}
		delete(w.entered, h.Thread)
		w.returned(h, id, e, w.field.exitRet.Int(h.Raw))
	case w.points[pointNewTask].ID:
		w.started(h)
	default:
		if w.dials.hit(h) {
			return
		}
		if comm, ok := w.programs.hit(h); ok {
			if s := w.processes[int(h.Thread)]; s != nil {
				s.process.Name = comm
			}
			return
		}
		if q, ok := w.rings.hit(h); ok {
			if q.Process = w.process(int32(q.Thread)); q.Process != 0 {
				if w.options.Recent != nil {
					w.options.Recent.requests++
				}
				w.ledger.BookRequest(q)
			}
		}
	}
}

func (w *watch) enter(h tracepoint.Hit) {
	id := w.field.enterID.Int(h.Raw)
	var args [6]uint64
	for i := range args {
		args[i] = uint64(w.field.enterArgs.At(h.Raw, i))
	}
	e := entered{id, h.At, args}
	if entryAlone[id] {
		w.book(h, id, e, 0)
		if w.options.Recent == nil {
			return // whoever steps through the calls wants to see it return, nobody else does
		}
	}
	w.entered[h.Thread] = e
}

func (w *watch) returned(h tracepoint.Hit, id int64, e entered, ret int64) {
	if !entryAlone[id] {
		w.book(h, id, e, ret)
		return
	}
	if c := w.call(h, id, e, ret); c.Process != 0 {
		w.ledger.Returned(c)
	}
}

func (w *watch) book(h tracepoint.Hit, id int64, e entered, ret int64) {
	c := w.call(h, id, e, ret)
	pid := c.Process
	if pid == 0 {
		return
	}
	switch moveOf[id] {
	case opensFile:
		if n, ok := w.memory.of(h.Thread, e.at, h.At); ok && ret >= 0 {
			c.Opened = w.files.find(func() string { return w.root(pid) }, w.absolute(pid, n))
		}
	case writes:
		c.Record = w.memory.head(h.Thread, e.at, h.At)
	}
	c.Dialed = w.dials.of(h.Thread)
	w.ledger.Book(c)
}

// call is what a hit tells; its process is 0 if it is of none that is watched.
func (w *watch) call(h tracepoint.Hit, id int64, e entered, ret int64) Call {
	return Call{Process: w.process(h.Thread), Thread: int(h.Thread), Began: e.at, At: h.At, Name: nameOf[id], Args: e.args, Ret: ret}
}

// absolute is a name that was opened, from the root.
func (w *watch) absolute(pid int, n opened) string {
	if filepath.IsAbs(n.name) {
		return n.name
	}
	dir := w.ledger.name(pid, n.dir)
	if n.dir == unix.AT_FDCWD || dir == "" {
		dir, _ = os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	}
	return filepath.Join(dir, n.name)
}

// root is the folder that a process sees as its root, or that the one which started it
// sees, where it is gone; nothing if all are. A number that was given again may make a
// circle of parents.
func (w *watch) root(pid int) string {
	for left := len(w.parents); pid != 0 && left >= 0; pid, left = w.parents[pid], left-1 {
		root := fmt.Sprintf("/proc/%d/root", pid)
		if _, err := os.Readlink(root); err == nil {
			return root
		}
	}
	return ""
}

// follows says whether processes that the watched ones start are watched too.
func (w *watch) follows() bool { return w.options.Follow || w.options.Port != 0 }

// process is whose thread it is; 0 if of none that is watched.
func (w *watch) process(thread int32) int {
	pid, known := w.threads[thread]
	if known {
		return pid
	}
	pid = leader(int(thread))
	if w.processes[pid] == nil {
		pid = 0
	}
	w.threads[thread] = pid
	return pid
}

// started: a watched thread made another, of its own process or of a new one.
func (w *watch) started(h tracepoint.Hit) {
	child, parent := int32(w.field.child.Int(h.Raw)), w.process(h.Thread)
	switch {
	case parent == 0:
		w.threads[child] = 0
	case w.field.flags.Int(h.Raw)&unix.CLONE_THREAD != 0:
		w.threads[child] = parent
	case w.follows():
		w.threads[child] = int(child)
		w.parents[int(child)] = parent
		s, err := newSubject(int(child), w.options)
		if err != nil { // it is gone already: what it did is still in the rings
			s = &subject{process: Process{PID: int(child)}, ended: true}
			if by := w.processes[parent]; by != nil {
				s.process.Name = by.process.Name // until it begins another program
			}
		}
		w.processes[int(child)] = s
		if s.ended {
			w.memory.leave(int(child))
		} else {
			_ = w.memory.watch(int(child))
		}
		w.ledger.Forked(parent, int(child))
	default:
		w.threads[child] = 0
	}
}

func (w *watch) report(describe func(*subject) Process) *Report {
	r := w.ledger.Report()
	r.Lost, r.Hits = w.lost, w.hits
	for _, s := range w.processes {
		p := describe(s)
		p.Bytes = w.ledger.Moved(p.PID)
		r.Processes = append(r.Processes, p)
	}
	slices.SortFunc(r.Processes, func(a, b Process) int { return a.PID - b.PID })
	if w.lost > 0 {
		r.Notes = append(r.Notes, fmt.Sprintf("%d records of the kernel found no room in its rings: calls are missing here, and bytes may stand at the wrong path", w.lost))
	}
	r.noteEnded()
	r.Notes = append(r.Notes, w.notes...)
	r.Conclude(w.options.NoKernelTLS)
	return r
}

// processorTime is what this process has used, in ns.
func processorTime() int64 {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return u.Utime.Nano() + u.Stime.Nano()
}

// explain says what to do where the kernel's tracepoints cannot be read.
func explain(err error, o Options) error {
	if errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("the syscalls of another process are told by tracepoints, and user %d may not read them (%w); run it as root: sudo copyscope attach %s", os.Geteuid(), err, o.target(o.Processes[0]))
	}
	return fmt.Errorf("the kernel's tracepoints cannot be read: %w; copyscope doctor says what this host can witness", err)
}
