package host

import (
	"math"
	"slices"
	"sort"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
	"copyscope/internal/transfer"
)

// witness times each call, reads the thread's usage, and makes events of both.
//
// It keeps compact records in memory that is there before the run, and makes
// the events when the run is over or the records are full: what a recorder
// does (growing slices, page faults) must not count as the transfer's.
type witness struct {
	rec   trace.Recorder
	start time.Time
	meter *meter
	every int  // reads the usage at every so many calls
	disk  bool // reads what came from the disk as often; else once, at the end
	// direct: the reads themselves tell what came from the disk. traced: the kernel
	// tells each request.
	direct, traced bool
	endpoint       trace.Endpoint
	// flattens: the device does not gather. What was to be sent by reference is copied
	// for it, and the completion tells of that copy (__pskb_pull_tail,
	// net/core/skbuff.c), which the packets tell of as well.
	flattens bool

	records []record
	base    usage // at the end of what is accounted for
	since   int   // records after that
	calls   int   // syscalls emitted so far
	shorts  int64 // calls that did less than they were asked to
	// others gives the events of other threads that began before until.
	others  func(until trace.Ns) []trace.Event
	waiting []trace.Event // of others, to be told before later ones
	// met gives what the kernel told of this thread since it was asked last, or is nil.
	met      func() []met
	looked   int64 // when base was read, of CLOCK_MONOTONIC in ns, if met is there
	mappings []mapping
	// paused is how long the run stood still while events were made and progress
	// was told, pausedCPU what that used, and what looking did.
	paused    time.Duration
	pausedCPU trace.Ns
	hidden    time.Duration // how long the clock stood still
	stills    []still
}

// still is a moment at which the run's clock stood still, of CLOCK_MONOTONIC in ns,
// and for how long it had in all when it went on.
type still struct {
	at  int64
	all time.Duration
}

// clock is the run's time at a time of CLOCK_MONOTONIC.
func (w *witness) clock(at int64) trace.Ns {
	since := trace.Ns(at - monotonicOf(w.start) + int64(w.hidden))
	i := sort.Search(len(w.stills), func(i int) bool { return w.stills[i].at > at }) - 1
	if i >= 0 {
		since -= trace.Ns(w.stills[i].all)
	}
	return max(since, 0)
}

// monotonicOf is a time of Go's on CLOCK_MONOTONIC. Go's runs on that clock as well,
// but does not tell from when on it counts; that is found once, by the quickest of
// some readings of both, for the thread may lose its processor between them.
func monotonicOf(t time.Time) int64 {
	zero := clockZero()
	return zero.monotonic + int64(t.Sub(zero.time))
}

type moment struct {
	time      time.Time
	monotonic int64
}

var clockZero = sync.OnceValue(func() (best moment) {
	quickest := int64(math.MaxInt64)
	for range 100 {
		before := tracepoint.Monotonic()
		now := time.Now()
		if took := tracepoint.Monotonic() - before; took < quickest {
			quickest, best = took, moment{now, before + took/2}
		}
	}
	return best
})

// record is one call, as short as it can be.
type record struct {
	call   call
	line   transfer.Label
	asked  int
	ret    int
	errno  syscall.Errno
	offset int64
	// pages are the pipe slots that a splice filled or touched.
	pages int64
	// read and sent are what the operations of an io_uring_enter moved, copied
	// what the kernel copied although it was sent by reference.
	read, sent, copied int
	detail             string // of noCall
	mapped             bool   // the user memory is a mapping
	fromPipe           bool
	fromSocket         bool
	direct             bool // past the page cache
	at, end            trace.Ns
	used               usage
	// from and to are between which times of CLOCK_MONOTONIC, in ns, that was used; 0
	// if nobody asked.
	from, to int64
	// memory is where a mapping lies.
	memory uintptr
}

const (
	// closeLook is up to how many calls the usage is read at each. A look takes
	// about 2 µs, which are no processor time of the transfer but prolong it: so few
	// of them stay below a millisecond.
	closeLook = 512
	// longestLook is what a look takes at the most unless the thread lost its
	// processor meanwhile.
	longestLook = 50 * time.Microsecond
	// maxRecords bounds the records in memory.
	maxRecords = 1 << 15
)

func newWitness(rec trace.Recorder, o MeasuredOptions) *witness {
	w := &witness{rec: rec, start: o.Start, endpoint: o.Endpoint, every: int((o.Calls + closeLook - 1) / closeLook)}
	if w.start.IsZero() {
		w.start = time.Now()
	}
	w.every = max(w.every, 1)
	if w.endpoint == "" {
		w.endpoint = trace.Sender
	}
	w.records = make([]record, min(max(o.Calls+64, 256), maxRecords))
	for i := range w.records {
		w.records[i].call = noCall // brings the memory in
	}
	w.records = w.records[:0]
	w.meter, w.disk = openMeter(), o.Disk
	w.base.diskBytes = w.meter.disk()
	w.base = w.usage(false)
	return w
}

func (w *witness) now() trace.Ns { return trace.Ns(time.Since(w.start)) }

// watch makes one call. It returns what the contract of [transfer.Kernel]
// asks for: n = 0 with an error, the error a bare errno.
func (w *witness) watch(r record, f func() (int, error)) (int, error) {
	setUp := phaseOf(r.call) != trace.Transfer
	if len(w.records) == cap(w.records) {
		w.pause(w.emit)
	}
	if setUp {
		w.settle()
	}
	r.at = w.now()
	n, err := f()
	r.end = w.now()
	r.ret = n
	if err != nil {
		r.ret, n = -1, 0
		r.errno, _ = err.(syscall.Errno) // not errors.As, which moves r to the heap
	}
	if from, _ := r.places(); from != "" && !r.fromSocket && n > 0 && n < r.asked {
		w.shorts++
	}
	w.records = append(w.records, r)
	if w.since++; setUp || r.call == noCall || w.since >= w.every {
		w.settle()
	}
	return n, err
}

// last is the record of the last call.
func (w *witness) last() *record { return &w.records[len(w.records)-1] }

// settle books what was used since the last time on the first record after
// that: what the disk brought in then is there before any of them uses it. The
// processor time that looking takes is not the transfer's.
func (w *witness) settle() {
	if w.since == 0 {
		return
	}
	u, looking := w.read()
	if over := w.base.cpu - u.cpu; over > 0 { // who looked had to wait: less was used than went by
		w.base.cpu -= over
		w.pausedCPU -= over
	}
	first := &w.records[len(w.records)-w.since]
	first.used, first.from, first.to = u.minus(w.base), w.looked, w.look()
	w.base, w.looked, w.since = u, first.to, 0
	w.base.cpu += looking
	w.pausedCPU += looking
}

// read reads the usage and says how much processor time that took: as much as went
// by meanwhile, for asking the clock of processor time once more would take longest.
func (w *witness) read() (u usage, looking trace.Ns) {
	began := time.Now()
	u = w.usage(w.disk)
	return u, trace.Ns(min(time.Since(began), longestLook))
}

// usage is what the thread has used so far. What came from the disk is only
// brought up to date if asked for, as that costs more than the rest together.
func (w *witness) usage(disk bool) usage {
	u := w.meter.read() // first: what follows is not the transfer's
	u.diskBytes = w.base.diskBytes
	if disk {
		u.diskBytes = w.meter.disk()
	}
	return u
}

// apart runs f, which is not part of the transfer, and returns the processor time
// that it used.
func (w *witness) apart(f func()) trace.Ns {
	w.settle()
	before := w.base.cpu
	f()
	w.looked = w.look() // before: what is used from there on must not be missed
	u, looking := w.read()
	w.base = u
	w.base.cpu += looking
	return w.base.cpu - before
}

// pause runs f, which is not part of the transfer and may take a while. The
// run's clock goes on meanwhile, as the receiver's does, so it is told how long.
func (w *witness) pause(f func()) {
	began := time.Now()
	w.pausedCPU += w.apart(f)
	w.paused += time.Since(began)
}

// outside runs f as pause does, and lets the run's clock stand still meanwhile:
// for a run in which nobody else's clock goes on.
func (w *witness) outside(f func()) {
	began := time.Now()
	w.pausedCPU += w.apart(func() {
		f()
		w.stills = slices.Grow(w.stills, 1) // whose faults are not the transfer's either
	})
	d := time.Since(began)
	w.start, w.hidden = w.start.Add(d), w.hidden+d
	if w.met != nil {
		w.stills = append(w.stills, still{tracepoint.Monotonic(), w.hidden})
	}
}

func (w *witness) close() {
	w.settle()
	if !w.disk {
		w.disked(w.meter.disk() - w.base.diskBytes)
	}
	w.emit()
	w.meter.close()
}

// disked books what the disk brought in during the whole run on the first call
// of the transfer.
func (w *witness) disked(bytes int64) {
	for i := range w.records {
		if r := &w.records[i]; phaseOf(r.call) == trace.Transfer {
			r.used.diskBytes += bytes
			return
		}
	}
}

// emit makes the events of all records.
func (w *witness) emit() {
	if w.others != nil {
		w.waiting = w.others(w.now())
	}
	w.tellMet()
	for _, r := range w.records {
		w.events(r)
	}
	for _, e := range w.waiting {
		w.rec.Record(e)
	}
	w.records, w.waiting, w.since = w.records[:0], nil, 0
}

// put records an event after the events of other threads that began earlier.
func (w *witness) put(e trace.Event) {
	w.before(e.At)
	w.rec.Record(e)
}

// before records the events of other threads that began before a time.
func (w *witness) before(at trace.Ns) {
	for len(w.waiting) > 0 && w.waiting[0].At < at {
		w.rec.Record(w.waiting[0])
		w.waiting = w.waiting[1:]
	}
}

func phaseOf(c call) trace.Phase {
	if c == noCall {
		return trace.Transfer
	}
	return trace.PhaseOf(c.String())
}

// events makes the events of one call: what was measured, and what follows
// from that by rule. Where in the span the parts lie is not known: they stand
// at its start, causes before effects, and have no duration of their own.
func (w *witness) events(r record) {
	e := trace.Event{At: r.at, Dur: r.end - r.at, Endpoint: w.endpoint, Phase: phaseOf(r.call), Line: string(r.line), Offset: r.offset}
	from, to := r.places()
	if r.call == noCall {
		w.put(with(e, trace.Event{Kind: trace.Compute, Actor: trace.UserCode, From: from, To: to, Bytes: int64(max(r.ret, 0)),
			CPU: r.used.cpu, Detail: r.detail, Provenance: trace.Measured}))
		e.Dur = 0
		w.use(e, r.used)
		return
	}
	w.calls++
	e.Call, e.Syscall = w.calls, r.call.String()
	instant := e
	instant.Dur, instant.Offset = 0, 0
	w.put(with(instant, trace.Event{Kind: trace.ModeSwitch, Actor: trace.UserCode, From: trace.UserMode, To: trace.KernelMode,
		Detail: "enter", Provenance: trace.Derived}))
	span := trace.Event{Kind: trace.Syscall, Actor: trace.KernelCode, From: from, To: to, CPU: r.used.cpu, Ret: int64(r.ret), Provenance: trace.Measured}
	if r.ret < 0 {
		span.Errno = unix.ErrnoName(r.errno)
	} else if from != "" {
		span.Bytes = int64(r.ret)
	}
	if r.call == callRingEnter { // it returns how many operations it took
		span.Bytes = int64(max(r.sent, r.read))
	}
	w.put(with(e, span))
	part := e
	part.Dur = 0
	w.use(part, r.used)
	part.At = w.brought(r)
	w.before(part.At + 1)
	switch {
	case r.call == callRingEnter:
		w.ringMoved(part, r)
	case from != "" && r.ret > 0:
		w.moved(part, r, from, to)
	}
	if r.copied > 0 && !w.flattens {
		w.put(with(part, trace.Event{Kind: trace.CPUCopy, Actor: trace.KernelCode, From: trace.SocketBuffer, To: trace.SocketBuffer,
			Bytes: int64(r.copied), Detail: "zerocopy-copied", Provenance: trace.Derived}))
	}
	instant.At = r.end
	w.put(with(instant, trace.Event{Kind: trace.ModeSwitch, Actor: trace.KernelCode, From: trace.KernelMode, To: trace.UserMode,
		Detail: "return", Provenance: trace.Derived}))
}

// brought is when the kernel last began to bring in, during a call, what the call
// used, its start if it brought nothing in: what follows by rule stands after that.
func (w *witness) brought(r record) trace.Ns {
	at := r.at
	for _, e := range w.waiting {
		if e.At > r.end {
			break
		}
		used := r.call == callRingEnter || e.Offset < r.offset+int64(r.ret) && r.offset < e.Offset+e.Bytes
		if used && e.Kind == trace.DMA && e.To == trace.PageCache {
			at = max(at, e.At)
		}
	}
	return at
}

// places says between what a call moves bytes or references.
func (r record) places() (from, to trace.Place) {
	switch r.call {
	case callRead, callPread:
		switch {
		case r.fromSocket:
			return trace.SocketBuffer, trace.UserBuffer
		case r.direct:
			return trace.DiskPlace, trace.UserBuffer
		}
		return trace.PageCache, trace.UserBuffer
	case callWrite, callSendto:
		return r.userPlace(), trace.SocketBuffer
	case callSendfile:
		return trace.PageCache, trace.SocketBuffer
	case callSplice:
		if r.fromPipe {
			return trace.Pipe, trace.SocketBuffer
		}
		if r.fromSocket {
			return trace.SocketBuffer, trace.Pipe
		}
		return trace.PageCache, trace.Pipe
	case callTee:
		return trace.Pipe, trace.Pipe
	case callRingEnter:
		switch {
		case r.read > 0 && r.sent > 0:
			return trace.PageCache, trace.SocketBuffer
		case r.sent > 0:
			return trace.UserBuffer, trace.SocketBuffer
		case r.read > 0:
			return trace.PageCache, trace.UserBuffer
		}
	case noCall:
		if r.detail != "touch" {
			return trace.UserBuffer, trace.UserBuffer
		}
		return r.userPlace(), trace.CPUPlace
	}
	return "", ""
}

func (r record) userPlace() trace.Place {
	if r.mapped {
		return trace.UserMapping
	}
	return trace.UserBuffer
}

// moved is the rule for what a call that returned n > 0 moved: read(2) and
// write(2) copied n bytes, sendfile(2), splice(2), tee(2) and a send by reference
// handed over references to the pages that n bytes lie in. What comes out of a
// socket lies in its packets' pieces, which nobody can see from here: they are
// told as if they were pages. A read past the page cache is the disk's own copy,
// of whole blocks, though the call tells no more than the file has.
func (w *witness) moved(e trace.Event, r record, from, to trace.Place) {
	what := trace.Event{Kind: trace.CPUCopy, Actor: trace.KernelCode, From: from, To: to, Bytes: int64(r.ret), Provenance: trace.Derived}
	switch r.call {
	case callSendfile:
		what.Kind, what.N, what.Detail = trace.Descriptor, pagesIn(r.offset, int64(r.ret)), "lend"
	case callSplice, callTee:
		what.Kind, what.N, what.Detail = trace.Descriptor, r.pages, "lend"
	case callSendto:
		what.Kind, what.N, what.Detail = trace.Descriptor, r.pages, "pin"
	case callRead, callPread:
		if r.direct {
			what.Kind, what.Actor = trace.DMA, trace.DiskDMA
			what.Bytes = (what.Bytes + transfer.DirectAlign - 1) / transfer.DirectAlign * transfer.DirectAlign
		}
	}
	w.put(with(e, what))
}

// ringMoved is the rule for io_uring_enter(2): each of its operations as the
// syscall of that name.
func (w *witness) ringMoved(e trace.Event, r record) {
	if r.read > 0 {
		w.put(with(e, trace.Event{Kind: trace.CPUCopy, Actor: trace.KernelCode, From: trace.PageCache, To: trace.UserBuffer,
			Bytes: int64(r.read), Provenance: trace.Derived}))
	}
	if r.sent > 0 {
		what := trace.Event{Kind: trace.CPUCopy, Actor: trace.KernelCode, From: trace.UserBuffer, To: trace.SocketBuffer,
			Bytes: int64(r.sent), Provenance: trace.Derived}
		if r.pages > 0 {
			what.Kind, what.N, what.Detail = trace.Descriptor, r.pages, "pin"
		}
		w.put(with(e, what))
	}
}

// use makes the events of what the thread used during a call.
func (w *witness) use(e trace.Event, u usage) {
	count := func(kind trace.Kind, actor trace.Actor, detail string, n int64) {
		if n > 0 {
			w.put(with(e, trace.Event{Kind: kind, Actor: actor, Detail: detail, N: n, Provenance: trace.Measured}))
		}
	}
	count(trace.PageFault, trace.KernelCode, "minor", u.minorFaults)
	count(trace.PageFault, trace.KernelCode, "major", u.majorFaults)
	count(trace.ContextSwitch, trace.Scheduler, "voluntary", u.voluntary)
	if u.diskBytes > 0 && !w.direct && !w.traced {
		// The rule: what the block layer read for this thread, a device moved
		// by DMA into the page cache.
		w.put(with(e, trace.Event{Kind: trace.DMA, Actor: trace.DiskDMA, From: trace.DiskPlace, To: trace.PageCache,
			Bytes: u.diskBytes, Provenance: trace.Derived}))
	}
	count(trace.ContextSwitch, trace.Scheduler, "involuntary", u.involuntary)
}

// with fills what into the event of a call.
func with(e, what trace.Event) trace.Event {
	e.Kind, e.Actor, e.From, e.To, e.Bytes, e.N = what.Kind, what.Actor, what.From, what.To, what.Bytes, what.N
	e.CPU, e.Ret, e.Errno, e.Detail, e.Provenance = what.CPU, what.Ret, what.Errno, what.Detail, what.Provenance
	return e
}
