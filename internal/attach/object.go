package attach

import "copyscope/internal/importer"

// object is what a descriptor stands for, from the call that made it to the one that
// closed it. It may be closed before anybody could look at it: then the call that
// made it says its kind, and nothing its name.
type object struct {
	end   End
	inode uint64
	// lookedAt is when its end was looked up, ns; 0: it was not. Until the ledger
	// has seen all that happened before, the descriptor may have been another's.
	lookedAt int64
	direct   bool // O_DIRECT: a read copies nothing, the device writes into the buffer
	// readDirect is what direct was when it was last read: fcntl(2) changes it.
	readDirect bool
	closed     bool
	// socketed: its addresses are yet to be found, by inode.
	unaddressed bool
	// written is what was written to it, and exclusive whether it was made by the call
	// that opened it.
	written   int64
	exclusive bool
	// filled is what of that came from sockets.
	filled int64
	// listener is what a connection was accepted from: its address is the service's.
	listener *object
	// dialed: the process opened the connection itself, by connect(2), to the end that
	// the kernel then told of; the end is empty if it told none.
	dialed *End

	pending  int64 // bytes that came out of it into user memory, and were not seen to leave
	dropped  int64 // those of them that nobody waits for any more
	lastRead int64 // when
	reader   int   // by which thread
	arrived  bool  // it is among the ledger's arrivals
	sent     bool  // some left since it was last read
	// lastBytes is what the last read returned; idle what was read, never sent, and left
	// for so long that it is not what is sent later.
	lastBytes, idle int64
	// out is what left by any technique; alone what the ledger keeps of it by its name.
	out, alone int64
	// fed is the file that a socket got bytes of since requests were last read from it.
	fed      *object
	requests int64
	// taken is all that came out of it into user memory, given what was seen to leave.
	taken, given int64

	// unbooked are calls that read it, and belong to no flow yet; refused those that
	// were to write to it and failed.
	unbooked, refused map[string]int64

	// source is what last fed it, and credit what it may still get of that by calls
	// that do not tell their source.
	source *object
	credit int64
	fedAt  int64
	// encrypted: a TLS record was written to it.
	encrypted bool
}

// Descriptors looks up what a descriptor of a process stands for, now.
type Descriptors interface {
	// Look returns the end, its inode, and whether it is open with O_DIRECT; ok is
	// false if the descriptor is closed.
	Look(process, fd int) (looked Looked, ok bool)
	// Mappings are the parts of files that a process has mapped, without those of
	// files with code in them.
	Mappings(process int) []Mapping
}

// Looked is what was found.
type Looked struct {
	End    End
	Inode  uint64 // of a pipe or socket
	Direct bool
	At     int64 // ns of CLOCK_MONOTONIC, before it was looked at
}

// Mapping is a part of a file in a process's memory.
type Mapping struct {
	From, To uint64 // addresses
	File     End
}

// table is what a process's descriptors stand for, and what lies in its memory.
type table struct {
	process int
	moved   int64 // bytes, by all its calls
	// fromFiles is what it read of files, less what was seen to leave again.
	fromFiles int64
	objects   map[int]*object
	mappings  []mapped
	remap     bool // a file was mapped: its name is to be looked up while it is
	recent    [recentReads]segment
	next      int
	last      [lastSources]*object // read last, the newest first
	memory    *object              // the process's own
	piped     map[uint64]*piped
	lastPipe  map[int]*piped // by the thread that filled it, where no inode tells
}

// piped is what lies in a pipe.
type piped struct {
	source *object
	calls  int64
}

// mapped is a mapping with the object that its file is.
type mapped struct {
	from, to uint64
	file     *object
}

// segment is memory that a call filled.
type segment struct {
	from, to uint64
	source   *object
}

// recentReads is how many reads a process's memory remembers: buffers are used again
// and again, and what was read long ago is not sent now.
const recentReads = 256

func newTable(process int) *table {
	return &table{process: process, objects: map[int]*object{}, piped: map[uint64]*piped{}, lastPipe: map[int]*piped{},
		memory: &object{end: End{Kind: Memory, Name: "its own memory"}, lookedAt: 1}}
}

// object is what a descriptor stands for; it is looked up when it is first met.
func (l *Ledger) object(t *table, fd int) *object {
	if o := t.objects[fd]; o != nil {
		return o
	}
	return l.made(t, fd, Other)
}

// made puts a new object at a descriptor; kind is what the call that made it tells.
func (l *Ledger) made(t *table, fd int, kind Kind) *object {
	if old := t.objects[fd]; old != nil {
		l.gone(t, fd, l.now)
	}
	o := &object{end: End{Kind: kind}}
	t.objects[fd] = o
	looked, ok := l.look.Look(t.process, fd)
	if kind == Socket && looked.End.Kind != Socket || kind == File && looked.End.Kind == Socket {
		ok = false // closed since, and the number used again for something else
	}
	if ok {
		o.end, o.inode, o.direct, o.lookedAt = payload(looked.End), looked.Inode, looked.Direct, looked.At
		o.unaddressed = o.end.Kind == Socket && o.end.Name == ""
		if o.unaddressed {
			l.unaddressed[o.inode] = append(l.unaddressed[o.inode], o)
		}
	}
	return o
}

// payload is an end, or of another kind if what it has is no payload: Go's runtime reads
// its limits of cgroups now and then, and serves none of them.
func payload(e End) End {
	if e.Kind == File && importer.NoPayload(e.Name) {
		e.Kind = Other
	}
	return e
}

// name is that of what a descriptor stands for, if it was met.
func (l *Ledger) name(process, fd int) string {
	if t := l.tables[process]; t != nil && t.objects[fd] != nil {
		return t.objects[fd].end.Name
	}
	return ""
}

// gone ends what a descriptor stood for. If that was before it was looked at, then
// what was seen there was another's.
func (l *Ledger) gone(t *table, fd int, at int64) {
	o := t.objects[fd]
	if o == nil {
		return
	}
	delete(t.objects, fd)
	o.closed = true
	if o.lookedAt > at {
		o.end, o.inode, o.lookedAt, o.unaddressed = End{Kind: o.end.Kind}, 0, 0, false
	}
	if o.sent {
		o.dropped += o.pending
		o.pending = 0
	}
	l.readAlone(o)
}

// Addressed tells the addresses of sockets that were met, by inode. Those that are
// not in the list have none yet, or are no more.
func (l *Ledger) Addressed(ends map[uint64]End) {
	for inode, objects := range l.unaddressed {
		end, ok := ends[inode]
		for _, o := range objects {
			if ok && o.unaddressed && o.inode == inode {
				o.end, o.unaddressed = end, false
			}
		}
		if ok {
			delete(l.unaddressed, inode)
		}
	}
}

// Unaddressed is how many sockets wait for their addresses.
func (l *Ledger) Unaddressed() int { return len(l.unaddressed) }

// called notes a call that reads.
func (o *object) called(name string) {
	if o.unbooked == nil {
		o.unbooked = map[string]int64{}
	}
	o.unbooked[name]++
}

// failed notes a call that did not write.
func (o *object) failed(name string) {
	if o.refused == nil {
		o.refused = map[string]int64{}
	}
	o.refused[name]++
}

// kind is what an object is, as far as is known.
func (o *object) kind() Kind { return o.end.Kind }

// mapping finds the file that is mapped at an address, and how far.
func (t *table) mapping(at uint64) (mapped, bool) {
	for _, m := range t.mappings {
		if at >= m.from && at < m.to {
			return m, true
		}
	}
	return mapped{}, false
}

// unmap forgets what is mapped in a range; a mapping that is only cut is split.
func (t *table) unmap(from, to uint64) {
	var kept []mapped
	for _, m := range t.mappings {
		if m.to <= from || m.from >= to {
			kept = append(kept, m)
			continue
		}
		if m.from < from {
			kept = append(kept, mapped{m.from, from, m.file})
		}
		if m.to > to {
			kept = append(kept, mapped{to, m.to, m.file})
		}
	}
	t.mappings = kept
}

// lastSources is how many sources a process may have under way before the oldest is
// forgotten.
const lastSources = 16
