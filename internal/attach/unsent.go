package attach

import "fmt"

// What was read of a file and not seen to leave is held against what was sent of it: a
// filter or a checksum reads what sendfile(2) sends, and what leaves in another size than
// it was read in is not the file's bytes.

const (
	// headPart is how much of what is sent without a copy may be read besides before it
	// is not zero-copy any more: less is the head of a file, by which a server tells what
	// it is, and not its content.
	headPart = 0.1
	// aloneMost is how many names are remembered of files that were read and closed.
	aloneMost = 4096

	// An answer's own bytes, beside those of the file: its header, and what frames a
	// chunk (RFC 9112, 7.1: eight hexadecimal digits and two ends of lines).
	headerBytes = 1024
	chunkBytes  = 12
)

// fileKey is a file by its name, or by its object where nobody saw the name: it may be
// read by one descriptor and sent by another.
type fileKey struct {
	name string
	o    *object
}

func (o *object) key() fileKey {
	if o.end.Name != "" {
		return fileKey{name: o.end.Name}
	}
	return fileKey{o: o}
}

// unsent is what was read of it and not seen to leave.
func (o *object) unsent() int64 { return o.pending + o.dropped + o.idle }

// inFlight is what of that may still leave: two buffers, the one that is sent and the
// one that is read, of a file that is open.
func (o *object) inFlight() int64 {
	if o.closed {
		return 0
	}
	return min(o.pending, 2*o.lastBytes)
}

// setAside sets aside, before it is read again, what was read so long ago and never sent
// that it is not what is sent now.
func (o *object) setAside(at int64) {
	if !o.sent && o.pending > 0 && at-o.lastRead > soon {
		o.idle += o.pending
		o.taken -= o.pending
		o.pending = 0
	}
}

// readAlone remembers what was read of a file that is closed and of which nothing was sent,
// by its name.
func (l *Ledger) readAlone(o *object) {
	n := o.unsent()
	if o.kind() != File || o.end.Name == "" || o.out > 0 || n == 0 {
		return
	}
	if _, known := l.alone[o.end.Name]; !known && len(l.alone) >= aloneMost {
		return
	}
	l.alone[o.end.Name] += n - o.alone
	o.alone = n
}

// left notes that so many bytes of a source left, by whatever technique.
func (l *Ledger) left(source *object, n int64) {
	if source.alone > 0 { // it was closed before it was sent
		l.alone[source.end.Name] -= source.alone
		source.alone = 0
	}
	source.out += n
}

// fileSum is what was read of a file and not sent, what of that may still be, and what
// was sent of it.
type fileSum struct{ unsent, inFlight, out int64 }

// files sums up what was read and sent of each file.
func (l *Ledger) files() map[fileKey]*fileSum {
	sums := map[fileKey]*fileSum{}
	of := func(k fileKey) *fileSum {
		if sums[k] == nil {
			sums[k] = &fileSum{}
		}
		return sums[k]
	}
	seen := map[*object]bool{}
	add := func(o *object) {
		if seen[o] || o.kind() != File || o.alone > 0 {
			return
		}
		seen[o] = true
		s := of(o.key())
		s.unsent += o.unsent()
		s.inFlight += o.inFlight()
		s.out += o.out
	}
	for k := range l.flows {
		add(k.from)
	}
	for _, t := range l.tables {
		for _, o := range t.objects {
			add(o)
		}
	}
	for name, n := range l.alone {
		of(fileKey{name: name}).unsent += n
	}
	return sums
}

// share gives the group its part of what was read of its files and not sent: by what of
// each it sent.
func (g *group) share(sums map[fileKey]*fileSum) {
	for k, bytes := range g.files {
		if s := sums[k]; s != nil && s.out > 0 {
			part := min(1, float64(bytes)/float64(s.out))
			g.besides += int64(part * float64(s.unsent))
			g.inFlight += int64(part * float64(s.inFlight))
		}
	}
}

// lead is how most of the bytes went.
func (g *group) lead() how {
	best, most := own, int64(-1)
	for h, f := range g.by {
		if f.bytes > most || f.bytes == most && h < best {
			best, most = h, f.bytes
		}
	}
	return best
}

// readToo is how much was read of files that were sent by a technique that reads none.
func (g *group) readToo() (besides, all int64) {
	switch g.lead() {
	case byFile, byPipe, fromMap:
	default:
		return 0, 0
	}
	if g.from.Kind != File {
		return 0, 0
	}
	all = g.besides
	if f := g.by[changed]; f != nil { // a header that was written after the file was read
		all += max(0, f.in-f.bytes)
	}
	return g.besides, all
}

// noteReadToo adds that to what is said of the techniques.
func noteReadToo(shares []Share, n int64) {
	shares[0].Evidence += fmt.Sprintf("; %d bytes of the file were read as well", n)
}

// answers is how many there were: as many as requests were read, or one for each
// connection.
func (g *group) answers() (n int64) {
	for o := range g.sinks {
		n += max(1, o.requests)
	}
	return n
}

// reads is how many calls read what went a way.
func (f *flow) reads() (n int64) {
	for name, calls := range f.calls {
		if m := syscallsByName[name].move; m == reads || m == readsVector {
			n += calls
		}
	}
	return n
}

// judge says whether what was sent after it was read, by calls that tell no address, or
// from the same memory, is not what was read: there was less of it, or more than the
// headers and the chunks of answers make it.
func (g *group) judge() {
	taken, given := g.totals()
	h := g.lead()
	f := g.by[h]
	if g.from.Kind != File || taken < lessLeast {
		return
	}
	switch missing := g.besides - g.inFlight; {
	case h == same && missing > taken/4: // less may be a head that was read before all of it
		g.fewer = true
	case h == following && missing > taken/50:
		g.other = true
	case h == following && f.excess > headerBytes*g.answers()+chunkBytes*f.reads():
		g.other, given = true, given+f.excess
	}
	g.judged = fmt.Sprintf("%d bytes were read and %d sent", taken, given)
}

// rewritten is a part of what was judged to be other bytes than were read.
func (g *group) rewritten(h how, f *flow, copied int64) part {
	besides := int64(0)
	if h == g.lead() {
		besides = g.besides
	}
	return part{Rewrite, f.bytes, f.in + besides, copied + besides, g.judged}
}

// stored says whether so much more was sent that it may be what deflate makes of data that
// cannot be compressed: 5 bytes more for each block of 65,535 (RFC 1951, 3.2.4).
func (p *Path) stored() bool {
	return p.Bytes.Value-p.SourceBytes.Value >= 5*p.SourceBytes.Value/65535
}

// framed says whether what was written from other memory is larger than what was read by
// no more than a header and the frames of chunks.
func (p *Path) framed() bool {
	more, calls := p.Bytes.Value-p.SourceBytes.Value, int64(0)
	for name, n := range p.Calls {
		if m := syscallsByName[name].move; m == writes || m == writesVector {
			calls += n
		}
	}
	return more >= 0 && more <= float64(overheadBytes+chunkBytes*calls)
}
