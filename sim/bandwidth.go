package sim

import "copyscope/internal/trace"

// copyTime is how long the running processor copies n bytes. Others that copy
// at the moment, and devices that move bytes, leave it a share of what the memory
// carries; less than a tenth of it for all copies together is never left.
func (m *Machine) copyTime(n int64) trace.Ns { return m.shared(m.costs.CopyRate.time(n), n) }

// shared is how long a copy of n bytes takes that would take so long alone.
func (m *Machine) shared(alone trace.Ns, n int64) trace.Ns {
	if m.costs.MemoryRate == 0 {
		return alone
	}
	rest := m.costs.MemoryRate
	if m.card.sends.free > m.now {
		rest -= m.costs.NICRate
	}
	if len(m.inflight) > 0 {
		rest -= m.costs.DiskRate
	}
	copying := Rate(1)
	for i := range m.cpus {
		p := &m.cpus[i]
		if p.copying && p.thread != nil && p.thread != m.running && p.now > m.now {
			copying++
		}
	}
	const each = 2 // a copy reads and writes
	share := max(rest, m.costs.MemoryRate/10) / copying / each
	return max(alone, share.time(n))
}
