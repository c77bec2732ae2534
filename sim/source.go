package sim

// source is the peer that sends to a socket which a program reads from. It
// sends as fast as the wire, and its own processor, allow, as long as the
// receive buffer has room.
type source struct {
	socket *socket
	thread int32 // that reads it
	at     int64 // of its bytes, what it sends next
	left   int64
	peer   *engine
	flying int64 // on the way
}

// feed lets the peer send n bytes to a thread, those of a file from at on, and then
// no more.
func (s *socket) feed(at, n int64, thread int32) {
	s.source = &source{socket: s, thread: thread, at: at, left: n, peer: s.m.peer()}
	s.source.next()
}

// next lets the peer send while there is room.
func (c *source) next() {
	m, s := c.socket.m, c.socket
	for c.left > 0 {
		n := min(c.left, segmentBytes)
		if m.cfg.Model == Textbook {
			n = c.left
		} else if s.unread+c.flying+n > m.cfg.Settings.ReceiveBufferBytes && s.unread+c.flying > 0 {
			return
		}
		e := Extent{Off: c.at, Len: n, Taken: m.files[0].version()}
		c.at, c.left, c.flying = c.at+n, c.left-n, c.flying+n
		if m.cfg.Net != NIC { // the peer's write has copied them; no device
			_, end := c.peer.start(m.now, m.copyTime(n)+m.costs.PacketTime)
			m.complete(completion{timed: timed{at: end}, interrupt: none, do: func() { c.arrive(e) }})
			continue
		}
		c.receive(e)
	}
}

// receive lets the card take an extent from the wire.
func (c *source) receive(e Extent) {
	m := c.socket.m
	begin, end := m.card.receives.start(m.now, m.costs.NICRate.time(e.Len))
	if !m.cfg.DMA {
		m.complete(completion{timed: timed{at: end}, interrupt: cardReceived, do: func() {
			cost := m.costs.PIORate.time(e.Len)
			m.tell(pioFromCard, m.now, cost, cost, e.Len, (e.Len+wordBytes-1)/wordBytes, e.Off)
			m.now += cost
			c.arrive(e)
		}})
		return
	}
	m.behalf = c.thread
	m.tell(dmaFromCard, begin, end-begin, 0, e.Len, 0, e.Off)
	m.behalf = 0
	at := end
	if m.cfg.Model == Linux {
		at += m.costs.CoalesceTime
	}
	m.complete(completion{timed: timed{at: at}, interrupt: cardReceived, do: func() {
		if m.cfg.Model == Linux { // GRO has made one segment of the packets (net/core/gro.c)
			packets := (e.Len + m.cfg.MTU - headerBytes - 1) / (m.cfg.MTU - headerBytes)
			m.tell(tcpReceive, m.now, m.costs.PacketTime, m.costs.PacketTime, e.Len, packets, e.Off)
			m.now += m.costs.PacketTime
		}
		c.arrive(e)
	}})
}

// arrive puts an extent into the socket's receive queue.
func (c *source) arrive(e Extent) {
	s := c.socket
	c.flying -= e.Len
	s.incoming, s.unread = join(s.incoming, e), s.unread+e.Len
	s.m.wake(&s.readable)
}

// data waits until the socket has n bytes to read, or its peer has ended: a
// relay sets SO_RCVLOWAT (socket(7)) to its chunk, as far as the receive buffer
// holds so much and, beside less than that, the peer's next segment: or each would
// wait for the other.
func (s *socket) data(n int64) {
	if s.source != nil {
		most := s.m.cfg.Settings.ReceiveBufferBytes
		n = max(1, min(n, most/2, most-segmentBytes))
		s.m.sleep(waitData, &s.readable, func() bool { return s.unread >= n || s.source.left == 0 && s.source.flying == 0 })
	}
}

// receive takes up to n bytes out of the receive queue.
func (s *socket) receive(n int64) (es []Extent) {
	es, s.incoming = take(nil, s.incoming, n)
	s.unread -= length(es)
	if s.source != nil {
		s.source.next()
	}
	return es
}
