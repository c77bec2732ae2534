package attach

import "strings"

// Request is a request of io_uring that completed.
type Request struct {
	Process, Thread int
	At              int64 // ns of CLOCK_MONOTONIC, when it completed
	Opcode          int   // IORING_OP_…, include/uapi/linux/io_uring.h
	// Descriptors are those that it was seen to use, in that order: none where they
	// were registered with the ring, which then knows them by numbers of its own.
	Descriptors []int
	Result      int64 // −errno if it failed
}

// ringMoves are the opcodes that move bytes, with the name that a path's calls have.
var ringMoves = map[int]struct {
	name string
	move move
	kind Kind // of what is registered: these are for
	zero bool // by reference
}{
	1: {"READV", reads, File, false}, 4: {"READ_FIXED", reads, File, false}, 22: {"READ", reads, File, false},
	10: {"RECVMSG", reads, Socket, false}, 27: {"RECV", reads, Socket, false},
	2: {"WRITEV", writes, File, false}, 5: {"WRITE_FIXED", writes, File, false}, 23: {"WRITE", writes, File, false},
	9: {"SENDMSG", writes, Socket, false}, 26: {"SEND", writes, Socket, false},
	47: {"SEND_ZC", writes, Socket, true}, 48: {"SENDMSG_ZC", writes, Socket, true},
	30: {"SPLICE", splices, Pipe, false}, 33: {"TEE", tees, Pipe, false},
}

// ringPrefix stands before the names of requests among calls.
const ringPrefix = "io_uring "

// isRequest says whether a path's call is a request of io_uring, and no syscall.
func isRequest(name string) bool { return strings.HasPrefix(name, ringPrefix) }

// BookRequest books what a request moved. Requests tell no addresses: what is sent is
// taken for what was read last, as with vectors.
func (l *Ledger) BookRequest(r Request) {
	m, ok := ringMoves[r.Opcode]
	if !ok {
		return
	}
	l.now = r.At
	t := l.table(r.Process)
	c := Call{Process: r.Process, Thread: r.Thread, At: r.At, Name: ringPrefix + m.name, Ret: r.Result}
	switch {
	case m.move == splices || m.move == tees:
		if len(r.Descriptors) == 2 { // the sink is met first (io_splice, io_uring/splice.c)
			l.splice(t, &c, r.Descriptors[1], r.Descriptors[0])
		}
	case m.move == reads:
		l.took(t, &c, l.registered(t, r, m.kind))
	default:
		l.gave(t, &c, l.registered(t, r, m.kind), m.zero)
	}
}

// registered is what a request used; one for all that is registered of a kind, if it
// names no descriptor.
func (l *Ledger) registered(t *table, r Request, kind Kind) *object {
	if len(r.Descriptors) > 0 {
		return l.object(t, r.Descriptors[0])
	}
	fd := -1
	if kind == Socket {
		fd = -2
	}
	if t.objects[fd] == nil {
		t.objects[fd] = &object{end: End{Kind: kind, Name: string(kind) + "s registered with io_uring"}, lookedAt: 1}
	}
	return t.objects[fd]
}

// gave books what a request wrote.
func (l *Ledger) gave(t *table, c *Call, sink *object, zero bool) {
	if c.Ret <= 0 {
		sink.failed(c.Name)
		return
	}
	source, n := t.source(sink, c), int64(0)
	if source != nil {
		n = min(c.Ret, source.pending)
		source.pending -= n
		f := l.flow(source, sink, byRing)
		f.bytes += n
		f.in += n
		f.calls[c.Name]++
		t.leaves(source, f, n, n)
		l.left(source, n)
		f.take(source)
		if zero {
			f.zeroCopy += n
		}
		sink.source, sink.fedAt, source.sent = source, c.At, true
	}
	if rest := c.Ret - n; rest > 0 {
		f := l.flow(t.memory, sink, own)
		f.bytes += rest
		f.in += rest
		if n == 0 {
			f.calls[c.Name]++
		}
	}
}
