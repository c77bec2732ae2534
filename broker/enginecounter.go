package broker

import (
	"sync/atomic"

	"copyscope/broker/log"
)

// EngineStats are of one append engine: the batches of producers that it stored, not
// what the coordinators wrote themselves.
type EngineStats struct {
	Engine         string // write or mmap
	Batches, Bytes int64
	SyscallsByName map[string]int64
}

// engineCounter counts them.
type engineCounter struct {
	batches, bytes                    atomic.Int64
	pwrite, fallocate, mmaps, munmaps atomic.Int64
}

// everyEngine has those of all systems: a topic's config may come from another one.
var everyEngine = []string{"write", engineMmap}

func newEngineCounters() map[string]*engineCounter {
	all := map[string]*engineCounter{}
	for _, engine := range everyEngine {
		all[engine] = &engineCounter{}
	}
	return all
}

// appended counts a batch that was stored, and the calls that stored it.
func (c *engineCounter) appended(bytes int64, calls log.Calls) {
	c.batches.Add(1)
	c.bytes.Add(bytes)
	c.pwrite.Add(calls.Pwrite)
	if calls.Fallocate|calls.Mmap|calls.Munmap != 0 {
		c.fallocate.Add(calls.Fallocate)
		c.mmaps.Add(calls.Mmap)
		c.munmaps.Add(calls.Munmap)
	}
}

// engineStats are those of the engines that stored something, in their order.
func (c *counters) engineStats() (all []EngineStats) {
	for _, engine := range everyEngine {
		n := c.engines[engine]
		if batches := n.batches.Load(); batches > 0 {
			all = append(all, EngineStats{Engine: engine, Batches: batches, Bytes: n.bytes.Load(),
				SyscallsByName: callsOf(log.Calls{Pwrite: n.pwrite.Load(), Fallocate: n.fallocate.Load(), Mmap: n.mmaps.Load(), Munmap: n.munmaps.Load()})})
		}
	}
	return all
}
