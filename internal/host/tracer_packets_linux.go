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

// The tracepoints by which packets are seen: TCP gives the device's queue a segment,
// the device gets it as one packet or as those that software cut it into, and TCP
// says that it was sent once more. A veth device has no queue (IFF_NO_QUEUE,
// drivers/net/veth.c), so that one follows the other at once, and each connection has
// a device of its own: of two that share one, the other's packets could come in
// between, as a softirq that runs when a thread has sent may send as well. Of one
// connection nobody can, for its socket is locked.
const (
	pointQueue      = "net:net_dev_queue"
	pointTransmit   = "net:net_dev_start_xmit"
	pointRetransmit = "tcp:tcp_retransmit_skb"
)

var packetPoints = sync.OnceValues(func() (*packetFormats, error) {
	events, err := tracepoint.LoadAll(pointQueue, pointTransmit, pointRetransmit)
	if err != nil {
		return nil, err
	}
	f := &packetFormats{queue: events[pointQueue], transmit: events[pointTransmit], retransmit: events[pointRetransmit]}
	for name, to := range map[string]*tracepoint.Field{"len": &f.length, "data_len": &f.paged, "transport_offset": &f.transport, "name": &f.transmitName} {
		if *to, err = f.transmit.Field(name); err != nil {
			return nil, err
		}
	}
	if f.queueName, err = f.queue.Field("name"); err != nil {
		return nil, err
	}
	f.retransmitPort, err = f.retransmit.Field("sport")
	return f, err
})

// packetFormats are the tracepoints and what is read of their hits.
type packetFormats struct {
	queue, transmit, retransmit *tracepoint.Event
	// length is that of the packet with its Ethernet header, paged what of it lies in
	// pages, transport where the TCP header begins: the rest is in one piece.
	length, paged, transport                tracepoint.Field
	queueName, transmitName, retransmitPort tracepoint.Field
}

// packetsTraced says why this process cannot see packets, or nothing.
func packetsTraced() error {
	if err := traced(); err != nil {
		return err
	}
	_, err := packetPoints()
	return err
}

// packets follows what the devices of the lab network are given.
type packets struct {
	*packetFormats
	// header is TCP's, with the options that each packet of the connections has.
	header int64
	gather bool
	from   trace.Place // where the payload is before a copy for a device
	links  []*link
}

// link is a connection with the device that is its own.
type link struct {
	device string
	port   int64 // of the sender's end
	cut    *cut  // the segment that the device gets, or nil
	// seen is the payload that the device was given so far, arrived what came to the
	// receiver in all, -1 if that is not known yet.
	seen, arrived int64
	// repeated is what was told as sent once more.
	repeated int64
	// again are the segments that TCP said it sent once more, not told yet.
	again []*cut
}

// cut is one segment, as the packets that it becomes.
type cut struct {
	at                     tracepoint.Hit
	packets, linear, paged int64
}

// tcpHeaderBytes is struct tcphdr without options, timestampBytes the only option
// that packets with payload have on a connection whose other end sends nothing
// (TCPOLEN_TSTAMP_ALIGNED, include/net/tcp.h): selective acknowledgements tell of
// what came.
const (
	tcpHeaderBytes = 20
	timestampBytes = 12
)

// newPackets is nil for a run over loopback, and for one that sends nothing.
func newPackets(o Options, w *wires) (*packets, error) {
	if o.Net == nil || len(w.receivers()) == 0 || packetsTraced() != nil {
		return nil, nil
	}
	formats, err := packetPoints()
	if err != nil {
		return nil, err
	}
	p := &packets{packetFormats: formats, gather: o.Net.SG(), header: tcpHeaderBytes, from: trace.SocketBuffer}
	switch o.Program.Path {
	case "sendfile", "splice", "tee":
		p.from = trace.PageCache
	case "msg-zerocopy":
		p.from = trace.UserBuffer
	case "io-uring":
		if o.ZeroCopy {
			p.from = trace.UserBuffer
		}
	}
	for i, c := range w.receivers() {
		at, err := unix.Getsockname(c.send)
		if err != nil {
			return nil, os.NewSyscallError("getsockname", err)
		}
		l := &link{device: o.Net.Device(i), arrived: -1}
		if in, ok := at.(*unix.SockaddrInet4); ok {
			l.port = int64(in.Port)
		}
		p.links = append(p.links, l)
		info, err := unix.GetsockoptTCPInfo(c.send, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return nil, os.NewSyscallError("getsockopt TCP_INFO", err)
		}
		if info.Options&tcpInfoTimestamps != 0 {
			p.header = tcpHeaderBytes + timestampBytes
		}
	}
	return p, nil
}

// tcpInfoTimestamps is TCPI_OPT_TIMESTAMPS, include/uapi/linux/tcp.h.
const tcpInfoTimestamps = 1

// wanted leaves out what is not IPv4 (ETH_P_IP), and other connections' news.
func (p *packets) wanted() []tracepoint.Wanted {
	var names, ports []string
	for _, l := range p.links {
		names = append(names, fmt.Sprintf("name == %q", l.device))
		ports = append(ports, fmt.Sprintf("sport == %d", l.port))
	}
	name := strings.Join(names, " || ")
	return []tracepoint.Wanted{
		{Event: p.queue, Filter: name},
		{Event: p.transmit, Filter: fmt.Sprintf("(%s) && protocol == %d", name, unix.ETH_P_IP)},
		{Event: p.retransmit, Filter: strings.Join(ports, " || ")},
	}
}

// room is a ring for the hits of so many bytes: two for each packet, in records of
// up to 128 bytes both together.
func (p *packets) room(bytes int64) int {
	const payload, record, most = 1400, 128, 128 << 20
	return int(min(bytes/payload*record, most))
}

// hit takes one of its hits.
func (p *packets) hit(t *tracer, h tracepoint.Hit) {
	if p == nil {
		return
	}
	switch uint64(h.ID) {
	case p.queue.ID:
		if l := p.named(p.queueName.String(h.Raw)); l != nil {
			p.flush(t, l)
			l.cut = &cut{at: h}
		}
	case p.transmit.ID:
		if l := p.named(p.transmitName.String(h.Raw)); l != nil {
			p.sent(l, h)
		}
	case p.retransmit.ID:
		port := p.retransmitPort.Int(h.Raw)
		for _, l := range p.links {
			if l.port == port && l.cut != nil {
				l.again = append(l.again, l.cut)
				l.cut = nil
			}
		}
	}
}

func (p *packets) named(device string) *link {
	for _, l := range p.links {
		if l.device == device {
			return l
		}
	}
	return nil
}

// sent: the device got one packet.
func (p *packets) sent(l *link, h tracepoint.Hit) {
	paged := p.paged.Int(h.Raw)
	linear := p.length.Int(h.Raw) - paged - p.transport.Int(h.Raw) - p.header
	if linear <= 0 && paged == 0 { // an acknowledgement, or the end
		return
	}
	if l.cut == nil { // it was in the queue before the watch began
		l.cut = &cut{at: h}
	}
	l.cut.packets++
	l.cut.linear += max(linear, 0)
	l.cut.paged += paged
	l.seen += max(linear, 0) + paged
}

// flush tells of a link's last segment.
func (p *packets) flush(t *tracer, l *link) {
	if l.cut != nil {
		p.tell(t, l.cut)
		l.cut = nil
	}
}

// tell makes the events of a segment: the packets that it became, what the device was
// told of, and the copy that put payload which was in pages into one piece, for a
// device that does not gather. TCP's payload is always in pages before
// (tcp_sendmsg_locked, net/ipv4/tcp.c).
func (p *packets) tell(t *tracer, c *cut) {
	if c.packets == 0 {
		return
	}
	t.tell(c.at, trace.Event{Kind: trace.Compute, Actor: trace.KernelCode, N: c.packets, Bytes: c.linear + c.paged, Detail: "tcp"})
	if c.linear > 0 && !p.gather {
		t.derive(c.at, trace.Event{Kind: trace.CPUCopy, Actor: trace.KernelCode, From: p.from, To: trace.SocketBuffer,
			Bytes: c.linear, Detail: "linearise"})
	}
	for _, part := range []struct {
		bytes  int64
		detail string
	}{{c.paged, "nic-send"}, {c.linear, "nic-send-linear"}} {
		if part.bytes > 0 {
			t.tell(c.at, trace.Event{Kind: trace.DeviceCommand, Actor: trace.KernelCode, From: trace.CPUPlace, To: trace.NICRing,
				N: c.packets, Bytes: part.bytes, Detail: part.detail})
		}
	}
}

// settle tells of what was sent once more: by itself, and it counts as nothing else.
// Of what TCP sends once more the device may have had one only, though, if the other
// was lost on the way there: when all is over, what the device was given beyond what
// arrived is all that it can have had twice.
func (p *packets) settle(t *tracer) {
	if p == nil {
		return
	}
	for _, l := range p.links {
		if t.ended {
			p.flush(t, l)
		}
		fresh := l.fresh()
		for _, c := range l.again {
			switch n := c.linear + c.paged; {
			case n == 0:
			case n <= fresh:
				fresh -= n
				p.tell(t, c)
			default:
				if fresh > 0 { // only a part had come
					p.tell(t, c.split(fresh))
					fresh = 0
				}
				l.repeated += c.linear + c.paged
				t.tell(c.at, trace.Event{Kind: trace.Compute, Actor: trace.KernelCode, N: c.packets, Bytes: c.linear + c.paged, Detail: "retransmit"})
			}
		}
		l.again = nil
	}
}

// split takes so many of a segment's bytes off, with their share of its packets.
func (c *cut) split(n int64) *cut {
	all := c.linear + c.paged
	part := &cut{at: c.at, packets: max(c.packets*n/all, 1), paged: min(n, c.paged)}
	part.linear = n - part.paged
	c.packets, c.paged, c.linear = max(c.packets-part.packets, 1), c.paged-part.paged, c.linear-part.linear
	return part
}

// fresh is how much of what TCP sent once more the device was given once only.
func (l *link) fresh() int64 {
	if l.arrived < 0 {
		return 0
	}
	said := l.repeated
	for _, c := range l.again {
		said += c.linear + c.paged
	}
	return said - (l.seen - l.arrived)
}

// arrived: so much came to the receiver of the i-th connection, in all.
func (t *tracer) arrived(i int, bytes int64) {
	if t != nil && t.packets != nil {
		t.packets.links[i].arrived = bytes
	}
}

var errNoPackets = errors.New("loopback has no device that could gather or not; a run over the lab network (--net veth) tells")
