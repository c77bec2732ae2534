package sim

import (
	"syscall"

	"copyscope/internal/trace"
)

// socket is the sending TCP socket: what is queued in it, the network card's
// engine or, on loopback, the receiver.
type socket struct {
	queued int64 // bytes not yet taken by the card or the receiver
	held   []Extent
	engine engine
	closed bool // the receiver hung up
}

// segmentBytes is the most that one segmentation unit carries: 64 KiB, the
// 16-bit length of the IPv4 packet that TSO and GSO begin with.
const segmentBytes = 64 << 10

// room waits until the socket takes more. The linux model's writer sleeps when
// the queue is full and is woken when a third of it is free
// (sk_stream_write_space, net/core/stream.c). The textbook's socket buffer
// holds everything.
func (m *Machine) room() error {
	if m.socket.closed {
		return syscall.EPIPE
	}
	limit := m.cfg.Settings.SendBufferBytes
	if m.cfg.Model == Textbook || m.cfg.HoldReader || m.socket.queued < limit {
		return nil
	}
	if !m.sleep("socket-space", func() bool { return m.socket.queued <= limit/3*2 }) {
		return syscall.EDEADLK
	}
	return nil
}

// transmit hands extents that are in the socket to whatever carries them on.
func (m *Machine) transmit(es []Extent) {
	m.socket.queued += length(es)
	if m.cfg.Net == Loopback {
		m.deliver(es)
		return
	}
	if m.cfg.Model == Textbook {
		m.sendPacket(es)
		return
	}
	for len(es) > 0 {
		var segment []Extent
		segment, es = take(es, segmentBytes)
		m.cpu(trace.Event{Kind: trace.Compute, Detail: "tcp", Bytes: length(segment)}, m.costs.PacketTime)
		m.sendPacket(segment)
	}
}

// sendPacket gives one packet to the network card.
func (m *Machine) sendPacket(es []Extent) {
	n, off := length(es), es[0].Off
	scattered := es[0].Taken == lent
	from := trace.SocketBuffer
	switch {
	case scattered && m.cfg.SG:
		from = trace.PageCache
	case !m.cfg.SG && (scattered || m.cfg.Model == Linux):
		// The payload must lie in one piece for this card.
		es = m.linearise(es)
	}
	if !m.cfg.DMA {
		m.cpu(trace.Event{Kind: trace.PIO, From: from, To: trace.NICRing, Bytes: n, Offset: off,
			N: (n + wordBytes - 1) / wordBytes, Detail: "pio"}, m.costs.PIORate.time(n))
		m.sent(es)
		return
	}
	m.cpu(trace.Event{Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.NICRing, Bytes: n, Offset: off, Detail: "nic-send"}, m.costs.CommandTime)
	begin, end := m.socket.engine.start(m.now, m.costs.NICRate.time(n))
	detail := ""
	if from == trace.PageCache {
		detail = "gather"
	}
	m.emitAt(begin, trace.Event{Dur: end - begin, Kind: trace.DMA, Actor: trace.NICDMA, From: from, To: trace.NICRing, Bytes: n, Offset: off, Detail: detail})
	m.devices.push(completion{at: end, interrupt: "nic-done", actor: trace.NIC, from: trace.NICRing, done: func() { m.sent(es) }})
}

// linearise copies a packet's payload into one piece of memory. The textbook
// copies what was lent; the linux model copies every payload (skb_segment,
// net/core/skbuff.c, or skb_linearize, include/linux/skbuff.h, for what is not
// GSO).
func (m *Machine) linearise(es []Extent) []Extent {
	n := length(es)
	from, detail := trace.SocketBuffer, "linearise"
	if es[0].Taken == lent {
		from = trace.PageCache
	}
	if m.cfg.Model == Textbook {
		detail = "no-gather"
	}
	m.cpu(trace.Event{Kind: trace.CPUCopy, From: from, To: trace.SocketBuffer, Bytes: n, Offset: es[0].Off, Detail: detail}, m.costs.CopyRate.time(n))
	return m.copied(es)
}

// copied is the extents after a copy: bytes of the file as it is now.
func (m *Machine) copied(es []Extent) []Extent {
	out := append([]Extent(nil), es...)
	for i := range out {
		if out[i].Taken == lent {
			out[i].Taken = m.file.version()
		}
	}
	return out
}

// sent: the card has the bytes; they go over the wire.
func (m *Machine) sent(es []Extent) {
	m.socket.queued -= length(es)
	m.wire.carry(m.copied(es))
}

// deliver queues bytes at the local receiver, which copies them out on another
// CPU (tcp_recvmsg). There is no device and no DMA.
func (m *Machine) deliver(es []Extent) {
	if m.cfg.HoldReader {
		m.socket.held = append(m.socket.held, es...)
		return
	}
	for len(es) > 0 {
		var segment []Extent
		segment, es = take(es, segmentBytes)
		m.cpu(trace.Event{Kind: trace.Compute, Detail: "tcp", Bytes: length(segment)}, m.costs.PacketTime)
		n := length(segment)
		begin, end := m.socket.engine.start(m.now, m.costs.CopyRate.time(n))
		m.emitAt(begin, trace.Event{Dur: end - begin, CPU: end - begin, Endpoint: trace.Receiver, Kind: trace.CPUCopy,
			From: trace.SocketBuffer, To: trace.UserBuffer, Bytes: n, Offset: segment[0].Off, Detail: "receive"})
		m.devices.push(completion{at: end, done: func() { m.sent(segment) }})
	}
}

// HangUp closes the receiver's end.
func (m *Machine) HangUp() { m.socket.closed = true }

// Receive lets a held receiver ([Config].HoldReader) read all that waits for
// it.
func (m *Machine) Receive() {
	es := m.socket.held
	m.socket.held = nil
	m.sent(es)
}
