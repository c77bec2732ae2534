package sim

import "copyscope/internal/trace"

// card is the network card: a DMA engine for what it sends and one for what it
// receives, and the segments that it has sent but not told of.
type card struct {
	sends, receives engine
	flying          fifo[*segment] // in the order of their ends
	armed           bool           // an interrupt will come
	used            int            // descriptors of the ring
	backlog         fifo[*segment] // what has no room in the ring (a qdisc's queue)
}

// slots is how many descriptors a segment takes: one for the headers of each
// packet, and one for each page that the card gathers from.
func (m *Machine) slots(g *segment) int {
	if m.cfg.TSO {
		return 1 + int(pages(0, g.bytes))
	}
	return 2 * int(g.packets)
}

// sendPacket gives one segment to the network card.
func (m *Machine) sendPacket(g *segment) {
	off := g.es[0].Off
	if !m.cfg.SG && (g.from != copied || m.cfg.Model == Linux) {
		m.linearise(g)
	}
	if !m.cfg.DMA {
		m.spend(pioToCard, m.costs.PIORate.time(g.bytes), g.bytes, (g.bytes+wordBytes-1)/wordBytes, off)
		m.left(g)
		return
	}
	if m.cfg.Model == Linux {
		g.slots = m.slots(g)
		if !m.card.backlog.empty() || !m.fits(g) {
			m.card.backlog.add(g)
			return
		}
	}
	m.command(g, false)
}

// refill hands over what has waited and now has room in the ring, one segment
// after the other. No thread's call does that: the driver does, when it has
// cleaned up.
func (m *Machine) refill() {
	if b := &m.card.backlog; !b.empty() && m.fits(b.first()) {
		m.complete(completion{timed: timed{at: m.now}, interrupt: none, do: m.refillCard})
	}
}

func (m *Machine) handOver() {
	b := &m.card.backlog
	if b.empty() || !m.fits(b.first()) { // another round was quicker
		return
	}
	g := b.first()
	b.drop(1)
	m.command(g, true)
	m.refill()
}

// fits says whether the ring has room for a segment; an empty one has for any.
func (m *Machine) fits(g *segment) bool {
	return m.card.used == 0 || m.card.used+g.slots <= m.cfg.RingSlots
}

// command tells the card of a segment; late if that had to wait for room.
func (m *Machine) command(g *segment, late bool) {
	off := g.es[0].Off
	m.card.used += g.slots
	commands := g.packets
	if m.cfg.TSO || commands == 0 {
		commands = 1
	}
	told := m.now // when the card knows
	command := commandCard
	if m.cfg.Model == Linux && !m.cfg.SG {
		command = commandCardLinear
	}
	if late {
		m.tell(command, m.now, m.costs.CommandTime, m.costs.CommandTime, g.bytes, commands, off)
		told += m.costs.CommandTime
		// The time goes by at the end: other processors' threads are not there yet.
		defer func() { m.now = told }()
	} else {
		m.spend(command, m.costs.CommandTime, g.bytes, commands, off)
		told = m.now
	}
	begin, end := m.card.sends.start(told, m.costs.NICRate.time(g.bytes+g.packets*headerBytes))
	f := [...]form{copied: dmaToCard, passed: dmaToCard, cached: dmaToCardLent, pinned: dmaToCardPinned}[g.from]
	gathered := int64(0)
	if g.from == cached || g.from == pinned {
		gathered = m.pieces(off, g.bytes)
	}
	m.behalf = g.thread
	m.of(g.es[0].File).tell(f, begin, end-begin, 0, g.bytes, gathered, off)
	m.behalf = 0
	g.end, g.read = end, end
	if r := g.socket.rate; r > 0 { // the peer's window opens as it reads
		_, read := g.socket.peer.start(begin, r.time(g.bytes))
		g.read = max(end, read)
	}
	if m.cfg.Model == Textbook {
		m.complete(completion{timed: timed{at: g.read}, interrupt: cardDone, segment: g})
		return
	}
	m.card.flying.add(g)
	m.arm(end)
}

// arm lets the card interrupt a while after a transmission has ended, so that
// one interrupt tells of several (interrupt coalescing, ethtool(8), tx-usecs).
func (m *Machine) arm(end trace.Ns) {
	if m.card.armed {
		return
	}
	m.card.armed = true
	m.complete(completion{timed: timed{at: end + m.costs.CoalesceTime}, interrupt: cardDone, do: m.cleanCard})
}

// clean is the driver's poll (napi_poll, net/core/dev.c): it gives back all that
// the card has sent, without further interrupts.
func (m *Machine) clean() {
	c := &m.card
	c.armed = false
	gone, packets := 0, int64(0)
	for _, g := range c.flying.all() {
		if g.end > m.now {
			break
		}
		gone, packets = gone+1, packets+g.packets
	}
	cost := m.costs.ReferenceTime * trace.Ns(gone)
	m.tell(softirqSent, m.now, cost, cost, 0, packets, 0)
	m.now += cost
	for _, g := range c.flying.all()[:gone] {
		c.used -= g.slots
		if g.read > m.now { // its peer will say so later, the ring is free
			m.complete(completion{timed: timed{at: g.read}, interrupt: none, segment: g})
			continue
		}
		m.left(g)
	}
	c.flying.drop(gone)
	if !c.flying.empty() {
		m.arm(max(c.flying.first().end, m.now))
	}
	m.refill()
}

// linearise copies a segment's payload into one piece of memory. The textbook
// copies what was lent; the linux model copies every payload (skb_segment,
// net/core/skbuff.c, or skb_linearize, include/linux/skbuff.h, for what is not
// GSO).
func (m *Machine) linearise(g *segment) {
	f := [...]form{copied: copyLinearise, passed: copyLinearise, cached: copyLineariseLent, pinned: copyLinearisePinned}[g.from]
	if m.cfg.Model == Textbook {
		f = [...]form{copied: copyNoGather, passed: copyNoGather, cached: copyNoGatherLent, pinned: copyNoGatherPinned}[g.from]
	}
	m.of(g.es[0].File).charge(g, f, m.copyTime(g.bytes), g.bytes, 0, g.es[0].Off)
	m.settle(g.es)
	g.from = copied
	if g.sending != nil && m.cfg.Model == Textbook { // TCP keeps the original until it is acknowledged
		m.sentOne(g)
	}
}
