package sim

import (
	"syscall"

	"copyscope/internal/trace"
)

// socket is a connected TCP socket: what is queued in it on the way out, and
// what waits in it to be read.
type socket struct {
	m      *Machine
	queued int64          // bytes not yet taken by the card or the receiver
	flight int64          // those that the virtual device has passed on
	later  fifo[*segment] // what the peer's window has no room for
	space  waiters        // for room
	peer   *engine        // the receiver, on loopback or when it is slow
	rate   Rate           // of the receiver; 0 is as fast as it can
	held   []*segment
	closed bool // the receiver hung up
	seals  bool // kernel TLS
	wire   wire

	sendings []*sending
	numbers  uint32 // of sendings so far
	finished waiters

	incoming []Extent
	unread   int64
	readable waiters
	source   *source
}

func (m *Machine) socket() *socket {
	s := &socket{m: m, rate: m.cfg.ReaderRate, peer: m.peer()}
	s.wire.machine = m
	m.sockets = append(m.sockets, s)
	return s
}

// segmentBytes is the most that one segmentation unit carries: 64 KiB, the
// 16-bit length of the IPv4 packet that TSO and GSO begin with.
const segmentBytes = 64 << 10

// headerBytes are the IPv4 and TCP headers of a packet with timestamps
// (RFC 7323).
const headerBytes = 20 + 20 + 12

// origin is where the bytes of a segment are.
type origin uint8

const (
	copied origin = iota // in the socket buffer
	passed               // in a socket's memory, lent on through a pipe
	cached               // in the page cache
	pinned               // in the program's memory
)

// segment is what the protocol hands to the device at a time.
type segment struct {
	es      []Extent
	from    origin
	bytes   int64 // with what sealing adds
	packets int64 // on the wire
	socket  *socket
	thread  int32 // whose bytes they are
	sending *sending
	late    bool     // it waited for the peer's window
	end     trace.Ns // when the card has it
	read    trace.Ns // when its peer has
	slots   int      // of the card's ring
}

// segment takes one from the free list.
func (m *Machine) segment(s *socket) *segment {
	if n := len(m.segments) - 1; n >= 0 {
		g := m.segments[n]
		m.segments = m.segments[:n]
		*g = segment{es: g.es[:0], socket: s}
		return g
	}
	return &segment{socket: s}
}

// room waits until the socket takes more. The linux model's writer sleeps when
// the queue is full and is woken when a third of it is free
// (sk_stream_write_space, net/core/stream.c). The textbook's socket buffer
// holds everything.
func (s *socket) room() error {
	if s.closed {
		return syscall.EPIPE
	}
	limit := s.m.cfg.Settings.SendBufferBytes
	if s.m.cfg.Model == Textbook || s.m.cfg.HoldReader || s.queued < limit {
		return nil
	}
	if !s.m.sleep(waitSpace, &s.space, func() bool { return s.queued <= limit/3*2 }) {
		return syscall.EDEADLK
	}
	return nil
}

// transmit hands extents that are in the socket to whatever carries them on.
func (s *socket) transmit(es []Extent, from origin, w *sending) {
	m := s.m
	most := int64(segmentBytes)
	if m.cfg.Model == Textbook {
		most = length(es)
	}
	for len(es) > 0 {
		g := m.segment(s)
		g.es, es = take(g.es, es, most)
		g.bytes, g.from, g.thread = length(g.es), from, m.running.id
		if s.seals {
			m.seal(g)
		}
		s.queued += g.bytes
		if g.sending = w; w != nil {
			w.left++
		}
		if m.cfg.Net == Veth && !s.admits(g) {
			s.later.add(g)
			continue
		}
		if m.cfg.Model == Linux {
			m.protocol(g)
		}
		switch m.cfg.Net {
		case NIC:
			m.sendPacket(g)
		case Veth:
			m.sendVirtual(g)
			m.toPeer(g)
		default:
			m.toPeer(g)
		}
	}
}

// admits says whether the peer's window has room for a segment; an empty one has
// for any.
func (s *socket) admits(g *segment) bool {
	return s.m.cfg.HoldReader || s.later.empty() && (s.flight == 0 || s.flight+g.bytes <= s.m.cfg.Settings.window())
}

// toPeer hands a segment to the receiver on this host.
func (m *Machine) toPeer(g *segment) {
	m.copyPinned(g)
	if m.cfg.HoldReader {
		g.socket.held = append(g.socket.held, g)
		if g.sending != nil { // the peer acknowledges what nobody reads, soon (delayed ACK, RFC 9293, 3.8.6.3)
			m.sentOne(g)
		}
		return
	}
	m.deliver(g)
}

// open lets what waited go as the peer's window has room: the acknowledgement has
// the kernel send it (tcp_write_xmit, net/ipv4/tcp_output.c), on the processor
// that the peer runs on.
func (s *socket) open() {
	m := s.m
	for !s.later.empty() {
		g := s.later.first()
		if s.flight > 0 && s.flight+g.bytes > m.cfg.Settings.window() {
			return
		}
		s.later.drop(1)
		g.late = true
		m.protocol(g)
		m.sendVirtual(g)
		m.toPeer(g)
	}
}

// charge lets the thread that sends a segment do some work on it or, if that is
// late, the processor of its peer, whose time is none of the thread's.
func (m *Machine) charge(g *segment, f form, cost trace.Ns, bytes, n, off int64) {
	if !g.late {
		m.spend(f, cost, bytes, n, off)
		return
	}
	file := m.file
	begin, _ := g.socket.peer.start(m.now, cost)
	m.behalf = g.thread
	m.of(file).tell(f, begin, cost, 0, bytes, n, off)
	m.behalf = 0
}

// protocol is TCP's work on a segment. A card that does not cut packets by
// itself leaves that to the kernel (GSO, net/core/skbuff.c, skb_segment); what
// counts as packets is what the kernel hands to the device.
func (m *Machine) protocol(g *segment) {
	g.packets = 1
	cost, handed := m.costs.PacketTime, int64(1)
	if m.cfg.Net != Loopback {
		g.packets = (g.bytes + m.cfg.MTU - headerBytes - 1) / (m.cfg.MTU - headerBytes)
		if !m.cfg.TSO {
			cost += m.costs.SegmentTime * trace.Ns(g.packets)
			handed = g.packets
		}
	}
	m.charge(g, tcpSend, cost, g.bytes, handed, g.es[0].Off)
}

// sendVirtual gives one segment to the veth device (veth_xmit, drivers/net/veth.c):
// it is told of it as a card is, and passes it to its peer, on the same processor,
// which takes it from there.
func (m *Machine) sendVirtual(g *segment) {
	f, commands := commandCard, int64(1)
	if !m.cfg.SG {
		m.linearise(g)
		f = commandCardLinear
	}
	if !m.cfg.TSO {
		commands = g.packets
	}
	g.socket.flight += g.bytes
	m.charge(g, f, m.costs.VethTime, g.bytes, commands, g.es[0].Off)
}

// copyPinned: a local receiver gets a copy of pinned memory, for nobody could
// say when it has done with the original (skb_orphan_frags_rx,
// include/linux/skbuff.h; the completion's SO_EE_CODE_ZEROCOPY_COPIED says so). The
// sender still keeps the original, until the peer has acknowledged the bytes.
func (m *Machine) copyPinned(g *segment) {
	if g.from != pinned {
		return
	}
	m.charge(g, copyZerocopy, m.copyTime(g.bytes), g.bytes, 0, g.es[0].Off)
	if g.sending != nil {
		g.sending.copied = true
	}
}

// settle fixes the bytes of extents: a copy has been made of the file as it is
// now.
func (m *Machine) settle(es []Extent) []Extent {
	for i := range es {
		if es[i].Taken == lent {
			es[i].Taken = m.files[es[i].File].version()
		}
	}
	return es
}

// left: the segment has gone out, or the receiver has it.
func (m *Machine) left(g *segment) {
	s, n := g.socket, g.bytes
	s.queued -= n
	m.carried += n
	s.wire.carry(m.settle(g.es))
	if g.sending != nil {
		m.sentOne(g)
	}
	m.segments = append(m.segments, g)
	if s.queued <= m.cfg.Settings.SendBufferBytes/3*2 {
		m.wake(&s.space)
	}
	if m.cfg.Net == Veth {
		s.flight -= n
		s.open()
	}
}

// deliver queues bytes at the local receiver, which copies them out on another
// processor (tcp_recvmsg). There is no device and no DMA.
func (m *Machine) deliver(g *segment) {
	dur := m.copyTime(g.bytes)
	if r := g.socket.rate; r > 0 {
		dur = max(dur, r.time(g.bytes))
	}
	if m.cfg.Net == Veth && !m.cfg.TSO {
		// Each packet is received by itself, which is taken to cost the peer what it
		// costs to cut.
		dur += m.costs.SegmentTime * trace.Ns(g.packets)
	}
	begin, end := g.socket.peer.start(m.now, dur)
	m.tell(copyAtReceiver, begin, end-begin, end-begin, g.bytes, 0, g.es[0].Off)
	m.complete(completion{timed: timed{at: end}, interrupt: none, segment: g})
}

// HangUp closes the receivers' ends.
func (m *Machine) HangUp() {
	for _, s := range m.sockets {
		s.closed = true
	}
}

// Receive lets a held receiver ([Config].HoldReader) read all that waits for
// it.
func (m *Machine) Receive() {
	for _, s := range m.sockets {
		for _, g := range s.held {
			m.left(g)
		}
		s.held = s.held[:0]
	}
}

// sending is one call that lent the program's memory (MSG_ZEROCOPY); it is
// finished when no segment refers to the memory any more.
type sending struct {
	number uint32
	left   int
	open   bool // the call has not handed over everything yet
	copied bool
}

func (w *sending) finished() bool { return !w.open && w.left == 0 }

// sentOne takes a segment off its sending.
func (m *Machine) sentOne(g *segment) {
	g.sending.left--
	if g.sending.finished() {
		m.wake(&g.socket.finished)
	}
	g.sending = nil
}
