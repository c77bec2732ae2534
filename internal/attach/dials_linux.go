package attach

import (
	"net"
	"slices"

	"copyscope/internal/tracepoint"
)

// pointState is passed when a TCP socket changes its state (since Linux 4.16).
const pointState = "sock:inet_sock_set_state"

// opensTCP lets through what connect(2) does first: the state becomes TCP_SYN_SENT, 2
// (include/net/tcp_states.h), of a socket of IPPROTO_TCP, 6.
const opensTCP = "newstate == 2 && protocol == 6"

// dials tells where the connections lead that the watched processes open themselves. A
// proxy asks its backend within a millisecond and closes: by the time that anybody reads
// the tables of sockets the connection is not there any more. The address that
// connect(2) gets is in user memory; the kernel tells of it, in the same thread, before
// the call returns.
type dials struct {
	point         *tracepoint.Event
	port, address tracepoint.Field
	asked         map[int32]*End // by the thread that is in the call
}

// newDials is nil where the kernel has no such tracepoint.
func newDials() *dials {
	points, err := tracepoint.LoadAll(pointState)
	if err != nil {
		return nil
	}
	d := &dials{point: points[pointState], asked: map[int32]*End{}}
	if d.port, err = d.point.Field("dport"); err != nil {
		return nil
	}
	// Of IPv4 too, as ::ffff:a.b.c.d.
	if d.address, err = d.point.Field("daddr_v6"); err != nil {
		return nil
	}
	return d
}

// wanted are the events that are to be seen.
func (d *dials) wanted() []tracepoint.Wanted {
	if d == nil {
		return nil
	}
	return []tracepoint.Wanted{{Event: d.point, Filter: opensTCP}}
}

// hit takes a record, if it is one of these.
func (d *dials) hit(h tracepoint.Hit) bool {
	if d == nil || uint64(h.ID) != d.point.ID {
		return false
	}
	address := slices.Clone(d.address.Bytes(h.Raw)) // the raw data is the reader's
	if len(address) == net.IPv6len {
		e := socketLine{protocol: "tcp", remote: address, remotePort: uint64(d.port.Int(h.Raw))}.end(false)
		e.Local = "" // it gets a port after this
		d.asked[h.Thread] = &e
	}
	return true
}

// of is where the connection leads that a thread opened by the call which has returned;
// nil if it opened none.
func (d *dials) of(thread int32) *End {
	if d == nil {
		return nil
	}
	e := d.asked[thread]
	delete(d.asked, thread)
	return e
}

// forget forgets what was told of calls that nobody saw return.
func (d *dials) forget() {
	if d != nil {
		clear(d.asked)
	}
}
