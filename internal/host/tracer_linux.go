package host

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

// The tracepoints that a run is watched by.
const (
	pointInsert    = "filemap:mm_filemap_add_to_page_cache"
	pointDelete    = "filemap:mm_filemap_delete_from_page_cache"
	pointIssue     = "block:block_rq_issue"
	pointComplete  = "block:block_rq_complete"
	pointInterrupt = "irq:irq_handler_entry"
)

// points are the formats of the tracepoints on this kernel, or why there are
// none. They do not change while it runs.
var points = sync.OnceValues(func() (map[string]*tracepoint.Event, error) {
	return tracepoint.LoadAll(pointInsert, pointDelete, pointIssue, pointComplete, pointInterrupt)
})

// ringBytes is the room for hits of one processor: some 80,000. Insertions are
// the most, one for a page at the worst, 16,384 for 64 MiB; what does not fit is
// counted as lost.
const ringBytes = 8 << 20

// traced says why this process cannot read the tracepoints, or nothing: not every
// kernel has each of their fields. It tries once.
var traced = sync.OnceValue(func() error {
	events, err := points()
	if err != nil {
		return err
	}
	if err := (&tracer{points: events, field: map[string]tracepoint.Field{}}).fields(); err != nil {
		return err
	}
	r, err := tracepoint.Open(1, tracepoint.Wanted{Event: events[pointInsert]})
	if err != nil {
		return err
	}
	return r.Close()
})

// tracer watches the kernel while a program runs.
type tracer struct {
	reader   *tracepoint.Reader
	points   map[string]*tracepoint.Event
	field    map[string]tracepoint.Field // by tracepoint and name
	watched  bool                        // a file's pages are watched
	file     *placement                  // nil: where the file lies is not known
	into     trace.Place                 // that the disk's DMA fills
	page     int64                       // bytes
	endpoint trace.Endpoint
	// clock is the run's time of CLOCK_MONOTONIC, in ns.
	clock func(at int64) trace.Ns

	packets *packets    // or nil: no device of ours carries the bytes
	hits    *threadHits // of the sending thread
	windows *windows    // or nil: there is no file, or the kernel does not tell

	reading map[request]tracepoint.Hit // requests under way
	asked   *tracepoint.Hit            // the disk's last interrupt, nil once it is told
	pending []trace.Event
	told    trace.Ns // when the last event was that was told
	evicted int64    // pages of the file, so far
	ended   bool     // no more hits will come
}

// traceOf is what a tracer watches.
type traceOf struct {
	file    *os.File // or nil
	packets *packets // or nil
	thread  int      // that sends
	// sends: there is a connection that it sends over.
	sends        bool
	bytes, chunk int64 // that it sends in all, and at a time
}

// openTracer returns nil where this process may not watch; [Watch] says why.
func openTracer(o traceOf) (*tracer, error) {
	f, p := o.file, o.packets
	if p != nil && packetsTraced() != nil {
		p = nil
	}
	if traced() != nil {
		return nil, nil
	}
	t := &tracer{field: map[string]tracepoint.Field{}, page: int64(os.Getpagesize()), into: trace.PageCache,
		endpoint: trace.Sender, reading: map[request]tracepoint.Hit{}}
	t.points, _ = points()
	err := t.fields()
	if err != nil {
		return nil, err
	}
	var wanted []tracepoint.Wanted
	if f != nil {
		if wanted, err = t.wantFile(f); err != nil {
			return nil, err
		}
	}
	room := ringBytes
	var devices []string
	if p != nil {
		t.packets = p
		wanted = append(wanted, p.wanted()...)
		room = max(room, p.room(o.bytes))
		for _, l := range p.links {
			devices = append(devices, l.device)
		}
	}
	around := findBeside()
	t.hits = newThreadHits(around, o.thread)
	wanted = append(wanted, around.wantThread(o.thread, o.sends, o.bytes, devices)...)
	room += besideRoom(o.bytes, o.chunk)
	if len(wanted) == 0 {
		return nil, nil // a relay over loopback, on a kernel that has none of these
	}
	if t.reader, err = tracepoint.Open(room, wanted...); err != nil {
		return nil, err
	}
	if err := t.reader.Begin(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// wantFile is what tells of a file: what comes into the page cache of it and what
// leaves, by its inode and the file system's device (MKDEV, include/linux/kdev_t.h), and, where it
// is known in which sectors it lies, the disk's requests.
func (t *tracer) wantFile(f *os.File) ([]tracepoint.Wanted, error) {
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, err
	}
	device := unix.Major(st.Dev)<<20 | unix.Minor(st.Dev)
	inode := fmt.Sprintf("i_ino == %d && s_dev == %d", st.Ino, device)
	wanted := []tracepoint.Wanted{{Event: t.points[pointInsert], Filter: inode}, {Event: t.points[pointDelete], Filter: inode}}
	t.watched = true
	if around := findBeside(); around.has(pointReadRA) {
		t.windows = newWindows(around, st.Size, t.page)
		wanted = append(wanted, around.want(inode, pointSyncRA, pointAsyncRA, pointOrderRA, pointReadRA)...)
	}
	file, err := place(f)
	if err != nil {
		return wanted, nil // Watch says so
	}
	t.file = file
	filter := fmt.Sprintf("dev == %d", file.device)
	wanted = append(wanted, tracepoint.Wanted{Event: t.points[pointIssue], Filter: filter}, tracepoint.Wanted{Event: t.points[pointComplete], Filter: filter})
	if len(file.interrupts) > 0 {
		wanted = append(wanted, tracepoint.Wanted{Event: t.points[pointInterrupt], Filter: oneOf("irq", file.interrupts)})
	}
	return wanted, nil
}

// oneOf is the filter that lets a field's numbers through.
func oneOf(field string, numbers []int) string {
	var either []string
	for _, n := range numbers {
		either = append(either, fmt.Sprintf("%s == %d", field, n))
	}
	return strings.Join(either, " || ")
}

// forget drops what was seen so far: it happened before the run.
func (t *tracer) forget() {
	if t != nil {
		_, _ = t.reader.Hits() // what fails, fails again in end
	}
}

// end ends the watch; [tracer.events] has the rest then. An error means that what
// was seen is not all.
func (t *tracer) end() error {
	if t == nil {
		return nil
	}
	t.ended = true
	return errors.Join(t.reader.End(), t.reader.Collect())
}

func (t *tracer) close() {
	if t != nil {
		_ = t.reader.Close()
	}
}

// lost is how many hits found no room.
func (t *tracer) lost() (n int64) {
	if t != nil {
		n, _ = t.reader.Lost()
	}
	return n
}

// fields finds what is read of each hit.
func (t *tracer) fields() error {
	for _, f := range [][2]string{
		{pointInsert, "index"}, {pointInsert, "order"}, {pointDelete, "index"}, {pointDelete, "order"},
		{pointIssue, "sector"}, {pointIssue, "nr_sector"}, {pointIssue, "rwbs"}, {pointComplete, "sector"}, {pointComplete, "nr_sector"},
	} {
		field, err := t.points[f[0]].Field(f[1])
		if err != nil {
			return err
		}
		t.field[f[0]+" "+f[1]] = field
	}
	return nil
}
