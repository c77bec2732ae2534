package broker

import (
	"log/slog"
	"sync"
	"time"
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
}

// begin sets how much there is to do.
func (p *recoveryProgress) begin(log *slog.Logger, partitions int) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log, p.began, p.next, p.of = log, now, now.Add(recoveryQuiet), partitions
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

// opened counts a partition that is ready.
func (p *recoveryProgress) opened() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
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

// end tells how long it took, if anything was told before.
func (p *recoveryProgress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told {
		p.log.Info("the stored records are recovered", "partitions", p.of, "bytes_read", p.bytes, "took", time.Since(p.began).Round(time.Millisecond))
	}
}
