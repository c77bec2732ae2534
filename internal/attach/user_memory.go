package attach

import "copyscope/internal/importer"

// What is read into user memory and written from it is joined here: by the address
// that both calls name, or else by what the thread, the sink or the process read last.

// soon is how long what was read may wait before it is sent, in ns, where no address
// tells what is sent: by the thread that read it, or by another.
const (
	soon       = 1e9
	soonOthers = 50e6
)

// socketLeast is what a socket must have brought, in bytes, before what is written to
// another is taken for it although no address says so: a request and the answer to
// it are not a relay.
const socketLeast = 4096

// alikeLeast is how much must have been read before its size alone says that it is what
// is sent.
const alikeLeast = 16 << 10

// A write that is not of what was read may be larger than that: a TLS record adds 22
// bytes to 16 KiB and more to less, a first one goes with handshakes and headers.
const (
	overheadPart  = 8
	overheadBytes = 512
)

func (l *Ledger) read(t *table, c *Call, fd int, addressed bool) {
	o := l.object(t, fd)
	if !l.took(t, c, o) || !addressed {
		return
	}
	t.recent[t.next] = segment{from: c.Args[1], to: c.Args[1] + uint64(c.Ret), source: o}
	t.next = (t.next + 1) % recentReads
}

// took notes what came out of a source; nothing may have.
func (l *Ledger) took(t *table, c *Call, o *object) bool {
	o.called(c.Name)
	if o.kind() == Other && importer.NoPayload(o.end.Name) {
		return false
	}
	if c.Ret <= 0 || c.flags()&msgPeek != 0 {
		return false
	}
	o.setAside(c.At)
	o.pending += c.Ret
	o.lastBytes = c.Ret
	o.fed, o.requests = nil, o.requests+1
	o.taken += c.Ret
	o.readDirect = o.direct
	if o.kind() == File {
		t.fromFiles += c.Ret
	}
	o.lastRead, o.reader, o.sent = c.At, c.Thread, false
	t.latest(o)
	return true
}

func (l *Ledger) write(t *table, c *Call, fd int, addressed bool) {
	sink := l.object(t, fd)
	if c.Ret < 0 || c.Name == "sendmmsg" {
		sink.failed(c.Name)
		return
	}
	sink.written += c.Ret
	left := c.Ret
	var first *flow
	book := func(source *object, h how, n, in int64) {
		f := l.flow(source, sink, h)
		f.bytes += n
		f.in += in
		if h != own {
			l.left(source, n)
		}
		if source.kind() == Socket {
			sink.filled += n
		}
		if h != own && h != fromMap {
			t.leaves(source, f, n, in)
		}
		if c.flags()&msgZerocopy != 0 {
			f.zeroCopy += n
		}
		if first == nil {
			first = f
			f.calls[c.Name]++
		}
		if h != own {
			sink.source, sink.fedAt, source.sent = source, c.At, true
			f.take(source)
		}
		left -= n
	}
	// What is encrypted is often encrypted in place, or in a buffer that is used for
	// both: the same address tells nothing then.
	sink.encrypted = sink.encrypted || c.Record && sink.kind() == Socket
	if addressed && !sink.encrypted {
		l.writeKnown(t, c, sink, book)
	}
	if left > 0 {
		l.writeUnknown(t, c, sink, left, addressed, book)
	}
	if left > 0 || first == nil {
		book(t.memory, own, left, 0)
	}
}

type booking = func(source *object, h how, n, in int64)

// writeKnown books what lies in mappings, or where it was read to.
func (l *Ledger) writeKnown(t *table, c *Call, sink *object, book booking) {
	from, to := c.Args[1], c.Args[1]+uint64(c.Ret)
	for from < to {
		m, ok := t.mapping(from)
		if !ok {
			break
		}
		n := min(to, m.to) - from
		book(m.file, fromMap, int64(n), 0)
		from += n
	}
	for from < to {
		s := t.read(from, to)
		if s == nil || s.source == sink || sink.credit > 0 && s.source.spent() {
			return
		}
		// What lies before it came from elsewhere and stays to be explained.
		from = max(from, s.from)
		n := int64(min(to, s.to) - from)
		l.unguess(t, s.source, sink, n-s.source.pending)
		book(s.source, same, n, n)
		s.source.pending = max(0, s.source.pending-n)
		from += uint64(n)
	}
}

// spent says whether a source is closed, and all of it was sent: where its sink gets the
// bytes of another by way of another buffer, that is what the memory is used for now.
func (o *object) spent() bool { return o.closed && o.pending == 0 }

// unguess takes back that bytes left by way of another buffer, where it turns out that
// they are still where they were read to: a program that fills up its own small buffer
// before it writes the rest from the large one.
func (l *Ledger) unguess(t *table, source, sink *object, n int64) {
	f := l.flows[flowKey{source, sink, changed}]
	if n <= 0 || f == nil {
		return
	}
	n = min(n, max(0, f.in-f.bytes))
	f.in -= n
	if source.kind() == File {
		t.fromFiles += n
	}
	sink.credit = max(0, sink.credit-n)
}

// leaves notes that n bytes of a source were sent, for which so many were read.
func (t *table) leaves(source *object, f *flow, n, in int64) {
	source.given += n
	if source.readDirect {
		f.direct += in
	}
	if source.kind() == File {
		t.fromFiles = max(0, t.fromFiles-in)
	}
}

// read is the newest read whose memory holds the address, or else the one that
// begins next after it and before to.
func (t *table) read(from, to uint64) (found *segment) {
	for i := range recentReads {
		s := &t.recent[(t.next-1-i+2*recentReads)%recentReads]
		if s.source == nil {
			break
		}
		if from >= s.from && from < s.to {
			return s
		}
		if s.from >= from && s.from < to && (found == nil || s.from < found.from) {
			found = s
		}
	}
	return found
}

// writeUnknown books what comes from memory that no call was seen to fill, or from
// addresses that the call does not tell.
func (l *Ledger) writeUnknown(t *table, c *Call, sink *object, left int64, addressed bool, book booking) {
	if sink.kind() == Other && sink.lookedAt > 0 {
		return // an eventfd, by which one thread wakes another, takes none of what was read
	}
	source := sink.source
	swallowed := int64(0)
	if !addressed || sink.credit < left || source.pending > 0 || c.At-sink.fedAt > soon {
		if source = t.source(sink, c); source == nil {
			if !addressed && sink.fed != nil {
				l.flow(sink.fed, sink, following).excess += left
			}
			return
		}
		if !addressed {
			n := min(left, source.pending)
			source.pending -= n
			book(source, following, n, n)
			if source.kind() == File && sink.kind() == Socket {
				sink.fed = source
				l.flow(source, sink, following).excess += left - n
			}
			return
		}
		swallowed = source.pending
		sink.credit = swallowed + swallowed/overheadPart + overheadBytes
		source.pending = 0
	}
	n := min(left, sink.credit)
	sink.credit -= n
	book(source, changed, n, swallowed)
	if c.Record {
		l.flow(source, sink, changed).records++
	}
}

// source is whose bytes are probably written: what fed the sink before, else what
// this thread read last, else what the process read last, if that was just now.
func (t *table) source(sink *object, c *Call) *object {
	fits := func(o *object) bool {
		switch {
		case o == nil, o == sink, o.pending <= 0, c.At-o.lastRead > soon:
			return false
		case o.kind() != File && o.pending < socketLeast:
			return false
		}
		// A program that was loaded or configured reads much that it never sends.
		return !o.closed || c.Ret >= o.pending/2
	}
	if fits(sink.source) {
		return sink.source
	}
	var others *object
	for _, o := range t.last {
		if !fits(o) {
			continue
		}
		if o.reader == c.Thread {
			return o
		}
		if others == nil && (c.At-o.lastRead < soonOthers || o.kind() == File && alike(c.Ret, o.pending)) {
			others = o
		}
	}
	return others
}

// alike: what a pool of threads read for the thread that sends it has the size of what
// is sent, but for a header before it.
func alike(sent, read int64) bool {
	return read >= alikeLeast && sent >= read*9/10 && sent <= read+overheadBytes
}

// latest keeps what was read last, the newest first.
func (t *table) latest(o *object) {
	i := 0
	for i < len(t.last)-1 && t.last[i] != o {
		i++
	}
	copy(t.last[1:i+1], t.last[:i])
	t.last[0] = o
}
