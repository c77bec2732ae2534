package host

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/tracepoint"
)

// The tracepoints by which packets are seen: TCP gives the device's queue a segment,
// the device gets it as one packet or as those that software cut it into, and TCP
// says that it was sent once more. A veth device has no queue (IFF_NO_QUEUE,
// drivers/net/veth.c), so that one follows the other on the same processor, and
// nothing else of the device comes in between: interrupts leave it to a softirq, and
// those are off.
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
	for name, to := range map[string]*tracepoint.Field{"len": &f.length, "data_len": &f.paged, "transport_offset": &f.transport} {
		if *to, err = f.transmit.Field(name); err != nil {
			return nil, err
		}
	}
	return f, nil
})

// packetFormats are the tracepoints and what is read of their hits.
type packetFormats struct {
	queue, transmit, retransmit *tracepoint.Event
	// length is that of the packet with its Ethernet header, paged what of it lies in
	// pages, transport where the TCP header begins: the rest is in one piece.
	length, paged, transport tracepoint.Field
}

// packetsTraced says why this process cannot see packets, or nothing.
func packetsTraced() error {
	if err := traced(); err != nil {
		return err
	}
	_, err := packetPoints()
	return err
}

// packets follows what a device of the lab network is given.
type packets struct {
	*packetFormats
	device string
	// ports are those of the connections' senders.
	ports []int
	// header is TCP's, with the options that each packet of the connection has.
	header int64
	gather bool
	from   trace.Place // where the payload is before a copy for the device
	cut    map[int]*cut
}

// cut is one segment, as the packets that a processor makes of it.
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
	p := &packets{packetFormats: formats, device: o.Net.Device(), gather: o.Net.SG(), header: tcpHeaderBytes, from: trace.SocketBuffer, cut: map[int]*cut{}}
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
	for _, c := range w.receivers() {
		at, err := unix.Getsockname(c.send)
		if err != nil {
			return nil, os.NewSyscallError("getsockname", err)
		}
		if in, ok := at.(*unix.SockaddrInet4); ok {
			p.ports = append(p.ports, in.Port)
		}
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
	name := fmt.Sprintf("name == %q", p.device)
	again := ""
	for i, port := range p.ports {
		if i > 0 {
			again += " || "
		}
		again += fmt.Sprintf("sport == %d", port)
	}
	return []tracepoint.Wanted{
		{Event: p.queue, Filter: name},
		{Event: p.transmit, Filter: name + fmt.Sprintf(" && protocol == %d", unix.ETH_P_IP)},
		{Event: p.retransmit, Filter: again},
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
		p.flush(t, h.CPU, false)
		p.cut[h.CPU] = &cut{at: h}
	case p.transmit.ID:
		c := p.cut[h.CPU]
		if c == nil { // it was in the queue before the watch began
			c = &cut{at: h}
			p.cut[h.CPU] = c
		}
		paged := p.paged.Int(h.Raw)
		linear := p.length.Int(h.Raw) - paged - p.transport.Int(h.Raw) - p.header
		if linear <= 0 && paged == 0 { // an acknowledgement, or the end
			return
		}
		c.packets++
		c.linear += max(linear, 0)
		c.paged += paged
	case p.retransmit.ID:
		p.flush(t, h.CPU, true)
	}
}

// flush makes the events of a processor's last segment: the packets that it became,
// what the device was told of, and the copy that put payload which was in pages into
// one piece, for a device that does not gather. TCP's payload is always in pages
// before (tcp_sendmsg_locked, net/ipv4/tcp.c). What is sent once more is told by
// itself, and counts as nothing else.
func (p *packets) flush(t *tracer, cpu int, again bool) {
	c := p.cut[cpu]
	delete(p.cut, cpu)
	if c == nil || c.packets == 0 {
		return
	}
	made := trace.Event{Kind: trace.Compute, Actor: trace.KernelCode, N: c.packets, Bytes: c.linear + c.paged, Detail: "tcp"}
	if again {
		made.Detail = "retransmit"
		t.tell(c.at, made)
		return
	}
	t.tell(c.at, made)
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

// end tells the rest, when no more will come.
func (p *packets) end(t *tracer) {
	if p == nil {
		return
	}
	for cpu := range p.cut {
		p.flush(t, cpu, false)
	}
}

var errNoPackets = errors.New("loopback has no device that could gather or not; a run over the lab network (--net veth) tells")
