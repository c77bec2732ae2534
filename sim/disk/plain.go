// Package disk: a stand-in.
package disk

import "copyscope/internal/trace"

type Disk struct {
	Latency trace.Ns
	Rate    int64
	free    trace.Ns
}

func (d *Disk) Start(at trace.Ns, off, n int64, write bool) (begin, end trace.Ns) {
	begin = max(at+d.Latency, d.free)
	d.free = begin + trace.Ns(n/d.Rate*1e9+n%d.Rate*1e9/d.Rate)
	return begin, d.free
}
