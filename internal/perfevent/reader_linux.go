package perfevent

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/tracepoint"
)

// Inherit says to whom events go on.
type Inherit int

// Events stay with the threads that were named, or go on to the threads that those
// begin, or to their child processes as well.
const (
	Nobody Inherit = iota
	NewThreads
	NewProcesses
)

// Options say what to read.
type Options struct {
	// Threads are thread numbers, gettid(2).
	Threads []int
	Inherit Inherit
	Events  []Event
	// RingBytes is the room for records, a power of two of pages: one ring for a
	// thread, or, where events go on to others, one for each processor.
	RingBytes int
	// Arrived, if it is not nil, is called by [Reader.Read] with what has just come,
	// in the order of its time, nothing too, before any of it is returned: for what
	// must be looked up soon.
	Arrived func([]Record)
}

// Reader has some events of some threads. It is not safe for concurrent use, but
// needs no particular thread.
type Reader struct {
	events  []Event
	arrived func([]Record)
	fds     []int
	ids     map[uint64]int // index of the event, by the number that its samples have
	rings   []*ring
	pending []Record
	horizon int64 // all records before it are pending or told
	ended   bool
	lost    int64 // told by the rings
	gone    []int
}

// Open opens the events; they tell nothing before [Reader.Begin]. A thread that is gone
// is left out ([Reader.Gone]), unless all are. The errors say what would help;
// errors.Is finds the errno.
func Open(o Options) (*Reader, error) {
	r := &Reader{events: o.Events, arrived: o.Arrived, ids: map[uint64]int{}}
	cpus := []int{-1} // any
	if o.Inherit != Nobody {
		// The kernel maps no ring of an event that goes on to other threads,
		// unless it is one processor's (perf_mmap, kernel/events/core.c).
		var err error
		if cpus, err = tracepoint.OnlineCPUs(); err != nil {
			return nil, err
		}
	}
	owners := map[int]int{} // of the rings, by processor
	for _, thread := range o.Threads {
		for _, cpu := range cpus {
			if o.Inherit == Nobody {
				clear(owners) // no two threads share a ring that is no processor's
			}
			err := r.add(thread, cpu, owners, o)
			if errors.Is(err, unix.ESRCH) && len(o.Threads) > 1 {
				r.gone = append(r.gone, thread)
				break
			}
			if err != nil {
				r.Close()
				return nil, err
			}
		}
	}
	if len(r.fds) == 0 {
		return nil, fmt.Errorf("threads %v: %w", o.Threads, unix.ESRCH)
	}
	return r, nil
}

// add opens the events of a thread, on a processor or on any. The first on a processor
// owns its ring, into which the others write too.
func (r *Reader) add(thread, cpu int, owners map[int]int, o Options) error {
	for i, e := range o.Events {
		attr := e.attr(o.Inherit)
		if i == 0 && o.Inherit != Nobody { // programs that a process begins, told once
			attr.Bits |= unix.PerfBitComm | unix.PerfBitCommExec
		}
		fd, err := openEvent(attr, thread, cpu)
		if err != nil {
			return explain(e, thread, err)
		}
		r.fds = append(r.fds, fd)
		id, err := identifier(fd)
		if err != nil {
			return fmt.Errorf("%s: its number: %w", e.Name, err)
		}
		r.ids[id] = i
		if e.Filter != "" {
			if err := setFilter(fd, e.Filter); err != nil {
				return fmt.Errorf("%s: the filter %q: %w", e.Name, e.Filter, err)
			}
		}
		if owner, ok := owners[cpu]; ok {
			if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_OUTPUT, owner); err != nil {
				return fmt.Errorf("%s: to share a ring: %w", e.Name, err)
			}
			continue
		}
		ring, err := mapRing(fd, o.RingBytes)
		if err != nil {
			return explainRing(o.RingBytes, err)
		}
		owners[cpu] = fd
		r.rings = append(r.rings, ring)
	}
	return nil
}

// openEvent opens an event of a thread. Kernels before 6.0 do not tell at the end what
// was lost.
func openEvent(attr *unix.PerfEventAttr, thread, cpu int) (int, error) {
	fd, err := unix.PerfEventOpen(attr, thread, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if errors.Is(err, unix.EINVAL) && attr.Read_format != 0 {
		attr.Read_format = 0
		fd, err = unix.PerfEventOpen(attr, thread, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
	}
	return fd, err
}

func identifier(fd int) (id uint64, err error) {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.PERF_EVENT_IOC_ID, uintptr(unsafe.Pointer(&id))); errno != 0 {
		return 0, errno
	}
	return id, nil
}

func setFilter(fd int, filter string) error {
	text, err := unix.BytePtrFromString(filter)
	if err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.PERF_EVENT_IOC_SET_FILTER, uintptr(unsafe.Pointer(text))); errno != 0 {
		return errno
	}
	return nil
}

// Begin switches the events on.
func (r *Reader) Begin() error { return r.each(unix.PERF_EVENT_IOC_ENABLE) }

// End switches the events off; [Reader.Read] returns the rest then.
func (r *Reader) End() error {
	r.ended = true
	return r.each(unix.PERF_EVENT_IOC_DISABLE)
}

func (r *Reader) each(request uint) error {
	for _, fd := range r.fds {
		if err := unix.IoctlSetInt(fd, request, 0); err != nil {
			return err
		}
	}
	return nil
}

// Read takes records out of the rings and returns, in the order of their time, those
// that no record can come before any more: what has happened since the last call but
// one, and after [Reader.End] all. Call it often enough that the rings do not fill.
func (r *Reader) Read() []Record {
	until := r.horizon
	r.horizon = Now()
	had := len(r.pending)
	for _, ring := range r.rings {
		eachRecord(ring.take(), r.record)
	}
	if fresh := r.pending[had:]; r.arrived != nil {
		slices.SortStableFunc(fresh, byTime)
		r.arrived(fresh)
	}
	slices.SortStableFunc(r.pending, byTime)
	n := len(r.pending)
	if !r.ended {
		n, _ = slices.BinarySearchFunc(r.pending, until, func(a Record, at int64) int { return cmp.Compare(a.At, at) })
	}
	out := slices.Clone(r.pending[:n])
	r.pending = slices.Delete(r.pending, 0, n)
	return out
}

func byTime(a, b Record) int { return cmp.Compare(a.At, b.At) }

func (r *Reader) record(kind uint32, misc uint16, body []byte) {
	switch kind {
	case unix.PERF_RECORD_SAMPLE:
		if s, ok := sample(body, r.events, r.ids); ok {
			r.pending = append(r.pending, s)
		}
	case unix.PERF_RECORD_COMM:
		if e, ok := exec(body); ok && misc&unix.PERF_RECORD_MISC_COMM_EXEC != 0 {
			r.pending = append(r.pending, e)
		}
	case unix.PERF_RECORD_LOST: // u64 identifier · u64 lost
		c := &cursor{b: body}
		c.u64()
		r.lost += int64(c.u64())
	}
}

// Lost is how many records found no room so far. A ring tells it when there is room
// again; what is still owed at the end read(2) tells, but not of threads that events
// have gone on to.
func (r *Reader) Lost() int64 {
	var told int64
	var b [16]byte // u64 value · u64 lost
	for _, fd := range r.fds {
		if n, err := unix.Read(fd, b[:]); err == nil && n == len(b) {
			told += int64(binary.NativeEndian.Uint64(b[8:]))
		}
	}
	return max(told, r.lost)
}

// Gone are the threads that had ended before they could be opened.
func (r *Reader) Gone() []int { return r.gone }

// Close closes the events; they are off then.
func (r *Reader) Close() {
	for _, ring := range r.rings {
		ring.unmap()
	}
	for _, fd := range r.fds {
		unix.Close(fd)
	}
	r.rings, r.fds = nil, nil
}

// Now is the clock of records, in ns.
func Now() int64 { return tracepoint.Monotonic() }

func explainRing(bytes int, err error) error {
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("a ring of %d KiB: %w; this user may lock %s KiB: sudo sysctl -w kernel.perf_event_mlock_kb=%d",
			bytes>>10, err, setting("kernel/perf_event_mlock_kb"), bytes>>10+os.Getpagesize()>>10)
	}
	return fmt.Errorf("a ring of %d KiB: %w", bytes>>10, err)
}
