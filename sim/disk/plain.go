package disk

import "copyscope/internal/trace"

// Disk is a disk of which only two figures are known: the time from a command
// to its first byte, in which others move their data, and the rate in bytes per
// second. Its commands move their data one after the other.
type Disk struct {
	Latency trace.Ns
	Rate    int64
	free    trace.Ns
}

// Start is Drive's.
func (d *Disk) Start(at trace.Ns, _, n int64, _ bool) (begin, end trace.Ns) {
	begin = max(at+d.Latency, d.free)
	if n <= 0 {
		begin = max(at, d.free)
	}
	d.free = begin + span(max(n, 0), d.Rate)
	return begin, d.free
}

// Clone is Drive's.
func (d *Disk) Clone() Drive {
	c := *d
	return &c
}
