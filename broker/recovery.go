package broker

import (
	"log/slog"
	"sync"
	"time"

	"copyscope/broker/log"
)

// A recovery that is over sooner is not worth a line; one that lasts tells how
// far it is.
const (
	recoveryQuiet = time.Second
	recoveryEvery = 5 * time.Second
)

// recoveryProgress tells how far the recovery at start is: it reads all that is
// stored. Several goroutines recover. A nil one tells nothing.
type recoveryProgress struct {
	mu          sync.Mutex
	log         *slog.Logger
	began, next time.Time
	done, of    int // partitions
	bytes       int64
	told        bool
	// unclean: the last stop was, so the end is told even if it is there soon.
	unclean bool
	found   recovered
}

// recovered sums up what the recovery of partitions came upon.
type recovered struct {
	partitions, segments int
	offline              int
	cut                  int64 // bytes
}

// begin sets how much there is to do, and whether it is because the last stop was not
// clean.
func (p *recoveryProgress) begin(log *slog.Logger, partitions int, unclean bool) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log, p.began, p.next, p.of, p.unclean = log, now, now.Add(recoveryQuiet), partitions, unclean
}

// read counts bytes that were read.
func (p *recoveryProgress) read(n int) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes += int64(n)
	p.tell()
}

// opened counts a partition that was opened, or could not be.
func (p *recoveryProgress) opened(r log.Recovery, err error) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	if err != nil {
		p.found.offline++
	} else if r.Segments > 0 {
		p.found.partitions++
	}
	p.found.segments += r.Segments
	p.found.cut += r.Cut
	p.tell()
}

func (p *recoveryProgress) tell() {
	if p.log == nil {
		return // it has not begun
	}
	if now := time.Now(); now.After(p.next) {
		p.next, p.told = now.Add(recoveryEvery), true
		p.log.Info("recovering the stored records: each batch is read and its checksum compared", "partitions_done", p.done, "partitions", p.of, "bytes_read", p.bytes)
	}
}

// end tells of an unclean stop what came of it, and how long it took; of any other one
// that, if anything was told before.
func (p *recoveryProgress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := time.Since(p.began).Round(time.Millisecond)
	switch f := p.found; {
	case p.unclean:
		p.log.Warn("the last stop was not clean: what the logs' ends hold was read and checked",
			"partitions", p.of, "partitions_read", f.partitions, "segments_read", f.segments, "bytes_read", p.bytes, "cut_bytes", f.cut, "partitions_offline", f.offline, "took", took)
	case p.told:
		p.log.Info("the stored records are recovered", "partitions", p.of, "bytes_read", p.bytes, "took", took)
	}
}
