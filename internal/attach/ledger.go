package attach

// Ledger books what calls moved, from sources to sinks. It is fed in the order in
// which the calls returned.
type Ledger struct {
	look        Descriptors
	now         int64
	tables      map[int]*table
	flows       map[flowKey]*flow
	calls       map[string]*Tally
	unaddressed map[uint64][]*object
	// alone is what was read of files of which nothing was sent, and which are closed: by
	// name.
	alone map[string]int64
	// arrivals are the sockets that something was read from.
	arrivals []*object
	// untold are calls that do not say how many bytes they moved (sendmmsg).
	untold int64
	// port is the local port that reports answer for; 0: for all.
	port int
	// recent, if it is not nil, keeps the calls themselves.
	recent *Recent
}

// NewLedger makes an empty one.
func NewLedger(look Descriptors) *Ledger {
	return &Ledger{look: look, tables: map[int]*table{}, flows: map[flowKey]*flow{},
		calls: map[string]*Tally{}, unaddressed: map[uint64][]*object{}, alone: map[string]int64{}}
}

// flowKey is a source, a sink, and how.
type flowKey struct {
	from, to *object
	how      how
}

// how is what a single call shows; what a technique is, is seen from all of them.
type how int

const (
	same      how = iota // written from the address that was read to
	following            // written after it was read, from an address that the call does not tell
	changed              // written after it was read, from another address
	fromMap              // written from a mapping of the file
	byFile               // sendfile
	byPipe               // splice
	byRange              // copy_file_range
	byRing               // io_uring
	own                  // from the process's own memory
)

// flow is what went one way.
type flow struct {
	bytes, in int64 // that arrived; that were read for them
	calls     map[string]int64
	zeroCopy  int64 // bytes of them with MSG_ZEROCOPY
	direct    int64 // what was read for them with O_DIRECT
	records   int64 // writes that began with the header of a TLS record
	excess    int64 // what was written with them, or after them in the same answer
}

func (l *Ledger) flow(from, to *object, h how) *flow {
	k := flowKey{from, to, h}
	f := l.flows[k]
	if f == nil {
		f = &flow{calls: map[string]int64{}}
		l.flows[k] = f
	}
	return f
}

// take gives the flow the calls that have read its source.
func (f *flow) take(source *object) {
	for name, n := range source.unbooked {
		f.calls[name] += n
	}
	clear(source.unbooked)
}

func (l *Ledger) table(process int) *table {
	t := l.tables[process]
	if t == nil {
		t = newTable(process)
		l.tables[process] = t
		l.readMappings(t)
	}
	return t
}

// readMappings takes over what a process has mapped.
func (l *Ledger) readMappings(t *table) {
	t.mappings, t.remap = nil, false
	files := map[string]*object{}
	for _, m := range l.look.Mappings(t.process) {
		o := files[m.File.Name]
		if o == nil {
			o = &object{end: m.File, lookedAt: 1}
			files[m.File.Name] = o
		}
		t.mappings = append(t.mappings, mapped{m.From, m.To, o})
	}
}

// Settle is called between the hits: it looks up what could not be when it was met.
func (l *Ledger) Settle() {
	for _, t := range l.tables {
		if t.remap {
			l.readMappings(t)
		}
	}
}

// Moved is how many bytes the calls of a process moved.
func (l *Ledger) Moved(process int) int64 {
	if t := l.tables[process]; t != nil {
		return t.moved
	}
	return 0
}

// Forked begins the descriptors of a process with those of the one that started it.
func (l *Ledger) Forked(parent, child int) {
	p := l.tables[parent]
	if p == nil {
		return
	}
	t := newTable(child)
	for fd, o := range p.objects {
		t.objects[fd] = o
	}
	t.mappings = append(t.mappings, p.mappings...)
	l.tables[child] = t
}

// Book books a call.
func (l *Ledger) Book(c Call) {
	l.now = c.At
	kind, ok := syscallsByName[c.Name]
	if !ok {
		return
	}
	t := l.table(c.Process)
	if kind.move.moving() {
		n := l.calls[c.Name]
		if n == nil {
			n = &Tally{}
			l.calls[c.Name] = n
		}
		n.Calls++
		switch {
		case c.Ret < 0:
			n.Errors++
		case c.Name == "sendmmsg":
			l.untold++
		case kind.move != submits:
			n.Bytes += c.Ret
			t.moved += c.Ret
		}
	}
	fd := int(int32(c.Args[0]))
	if c.Dialed != nil && (kind.move == writes || kind.move == writesVector) {
		l.dialed(t, &c, fd) // TCP Fast Open: the first bytes open the connection (tcp(7))
	}
	switch kind.move {
	case reads, readsVector:
		l.read(t, &c, fd, kind.move == reads)
		l.arrives(&c, l.object(t, fd))
	case writes, writesVector:
		l.write(t, &c, fd, kind.move == writes)
	case sendsFile:
		l.direct(t, &c, int(int32(c.Args[1])), fd, byFile)
	case copiesRange:
		l.direct(t, &c, fd, int(int32(c.Args[2])), byRange)
	case splices, tees:
		to := 2
		if kind.move == tees {
			to = 1
		}
		l.splice(t, &c, fd, int(int32(c.Args[to])))
	case vmsplices:
		l.fill(t, &c, l.object(t, fd), t.memory)
	case connects:
		l.dialed(t, &c, fd)
	default:
		l.describe(t, &c, kind.move, fd)
	}
	if l.recent != nil && !kind.entryAlone {
		l.recent.take(l, t, &c)
	}
}

// KeepCalls has the ledger keep the calls that it books; nil, or nothing, keeps none.
func (l *Ledger) KeepCalls(r *Recent) { l.recent = r }

// Returned tells the return of a call that was booked when it was entered.
func (l *Ledger) Returned(c Call) {
	if l.recent != nil {
		l.recent.take(l, l.table(c.Process), &c)
	}
}

// describe follows what changes the meaning of descriptors and addresses.
func (l *Ledger) describe(t *table, c *Call, m move, fd int) {
	if m == closes {
		l.gone(t, fd, c.At)
		return
	}
	if m == closesRange {
		for n := range t.objects {
			if uint64(n) >= c.Args[0] && uint64(n) <= c.Args[1]&0xffffffff && c.Args[2] == 0 {
				l.gone(t, n, c.At)
			}
		}
		return
	}
	if m == unmaps {
		t.unmap(c.Args[0], c.Args[0]+c.Args[1])
		return
	}
	if c.Ret < 0 {
		return
	}
	made := int(c.Ret)
	switch m {
	case opensFile:
		l.opened(t, c)
	case makesSocket:
		l.made(t, made, Socket)
	case accepts:
		l.made(t, made, Socket).listener = l.object(t, fd)
	case duplicates:
		l.duplicate(t, fd, made, c.At)
	case controls:
		if c.Args[1] == dupFD || c.Args[1] == dupFDCloexec {
			l.duplicate(t, fd, made, c.At)
		}
		if c.Args[1] == setFlags {
			l.object(t, fd).direct = c.Args[2]&openDirect != 0
		}
	case mapsFile:
		l.mapped(t, c)
	}
}

// opened puts a file at a descriptor, by the name that it was opened by or else by
// what the descriptor is now.
func (l *Ledger) opened(t *table, c *Call) {
	flags := c.Args[2]
	switch c.Name {
	case "open":
		flags = c.Args[1]
	case "openat2", "creat":
		flags = 0 // not told, or none
	}
	exclusive := flags&createExclusive == createExclusive
	if c.Opened.Name == "" {
		l.made(t, int(c.Ret), File).exclusive = exclusive
		return
	}
	l.gone(t, int(c.Ret), c.At)
	t.objects[int(c.Ret)] = &object{end: payload(c.Opened), lookedAt: c.At, direct: flags&openDirect != 0, exclusive: exclusive}
}

// dialed notes that the process opens a connection itself. It may go on after the call
// (EINPROGRESS), and may be asked for again to learn what became of it.
func (l *Ledger) dialed(t *table, c *Call, fd int) {
	o := l.object(t, fd)
	if c.Dialed != nil {
		o.dialed = c.Dialed
	} else if o.dialed == nil {
		o.dialed = &End{}
	}
}

// duplicate lets two descriptors stand for one object.
func (l *Ledger) duplicate(t *table, old, made int, at int64) {
	if old == made {
		return
	}
	o := l.object(t, old)
	l.gone(t, made, at)
	t.objects[made] = o
}

// mapped notes that a file was mapped. Code and private memory that may be written to
// is the program's, and no file that is served.
func (l *Ledger) mapped(t *table, c *Call) {
	at, n, prot, flags := uint64(c.Ret), c.Args[1], c.Args[2], c.Args[3]
	t.unmap(at, at+n)
	if flags&mapAnon != 0 || prot&protExec != 0 || flags&mapShared == 0 && prot&protWrite != 0 {
		return
	}
	file := l.object(t, int(int32(c.Args[4])))
	if file.kind() == File && file.lookedAt == 0 {
		t.remap = true
	}
	file.called(c.Name)
	t.mappings = append(t.mappings, mapped{at, at + n, file})
}

// direct books a call that names both ends.
func (l *Ledger) direct(t *table, c *Call, from, to int, h how) {
	source := l.object(t, from)
	f := l.flow(source, l.object(t, to), h)
	f.calls[c.Name]++
	f.bytes += max(c.Ret, 0)
	l.left(source, max(c.Ret, 0))
	f.in += max(c.Ret, 0)
}

// splice books a call of splice(2) or tee(2): what goes into a pipe is booked when it
// leaves it again.
func (l *Ledger) splice(t *table, c *Call, from, to int) {
	in, out := l.object(t, from), l.object(t, to)
	if out.kind() == Pipe && in.kind() != Pipe {
		l.fill(t, c, out, in)
		return
	}
	p := t.pipe(in, c.Thread)
	if out.kind() == Pipe { // from pipe to pipe
		q := *p
		q.calls++
		t.fill(out, c.Thread, &q)
		return
	}
	f := l.flow(p.source, out, byPipe)
	f.calls[c.Name] += 1 + p.calls
	p.calls = 0
	f.bytes += max(c.Ret, 0)
	l.left(p.source, max(c.Ret, 0))
	out.written += max(c.Ret, 0)
	if p.source.kind() == Socket {
		out.filled += max(c.Ret, 0)
	}
	f.in += max(c.Ret, 0)
}

// fill puts something into a pipe.
func (l *Ledger) fill(t *table, c *Call, pipe, source *object) {
	p := t.pipe(pipe, c.Thread)
	p.calls++
	if c.Ret > 0 {
		p.source = source
	}
}

// pipe is what lies in a pipe, by its inode; where it was closed too soon to be looked
// at, by the thread that filled it.
func (t *table) pipe(o *object, thread int) *piped {
	if p := t.piped[o.inode]; o.inode != 0 && p != nil {
		return p
	}
	p := t.lastPipe[thread]
	if o.inode != 0 || p == nil {
		p = &piped{source: t.memory}
		t.fill(o, thread, p)
	}
	return p
}

func (t *table) fill(o *object, thread int, p *piped) {
	if o.inode != 0 {
		t.piped[o.inode] = p
		return
	}
	t.lastPipe[thread] = p
}
