package sim

import (
	"math"

	"copyscope/internal/trace"
	"copyscope/sim/pagecache"
)

// flusher is the kernel's write-back (mm/page-writeback.c,
// fs/fs-writeback.c): dirty pages go to the disk when they are old, or when
// there are too many of them. Idleness has no part in it.
type flusher struct {
	armed   bool    // its timer runs
	busy    int     // its writes under way
	settled waiters // who waits for fewer dirty pages
}

// dirtied notes pages that a program has changed, and holds the program back if
// there are too many of them (balance_dirty_pages).
func (m *Machine) dirtied(f *file, from, to int64) {
	m.cache.MarkDirty(pagecache.File(f.id), from, to, int64(m.now))
	if m.cfg.Model == Textbook {
		return
	}
	m.wakeFlusher()
	s := m.cfg.Settings
	if m.cache.DirtyPages()*PageBytes > s.DirtyBytes {
		m.sleep(waitThrottle, &m.flusher.settled, func() bool { return m.cache.DirtyPages()*PageBytes <= s.DirtyBytes })
	}
}

// wakeFlusher starts what is due, and the timer for what will be.
func (m *Machine) wakeFlusher() {
	w, s := &m.flusher, m.cfg.Settings
	if w.busy == 0 && m.cache.DirtyPages()*PageBytes > s.DirtyBackgroundBytes {
		m.flushSome(func() bool { return m.cache.DirtyPages()*PageBytes <= s.DirtyBackgroundBytes })
	}
	if !w.armed && m.cache.DirtyPages() > 0 {
		w.armed = true
		m.complete(completion{timed: timed{at: m.now + m.untilFlush()}, interrupt: none, timer: true, do: func() {
			w.armed = false
			if w.busy == 0 {
				m.flushSome(func() bool {
					_, at, ok := m.cache.OldestDirty()
					return !ok || trace.Ns(at) > m.now-s.DirtyExpire
				})
			}
			m.wakeFlusher()
		}})
	}
}

// untilFlush is the time to the round of the flusher that has something to do:
// pages that become dirty until then are younger than the oldest now.
func (m *Machine) untilFlush() trace.Ns {
	s := m.cfg.Settings
	_, at, _ := m.cache.OldestDirty()
	rest := s.DirtyExpire - (m.now - trace.Ns(at))
	rounds := max(rest-1, 0)/s.WritebackInterval + 1
	return min(rounds, math.MaxInt64/2/s.WritebackInterval) * s.WritebackInterval
}

// flushSome writes the oldest dirty pages back until enough are.
func (m *Machine) flushSome(enough func() bool) {
	for !enough() {
		r, _, ok := m.cache.OldestDirty()
		if !ok {
			return
		}
		r.To = min(r.To, r.From+m.cfg.Settings.RequestBytes/PageBytes)
		m.writeBack(m.files[r.File], r.From, r.To, false)
	}
}

// writeBack gives the disk a command to write the pages [from, to). They are
// clean from now on: what is written meanwhile makes them dirty again, as under
// PG_writeback. A thread that asks for it pays for it; else a kernel thread
// does, beside.
func (m *Machine) writeBack(f *file, from, to int64, paid bool) *request {
	n := min(to*PageBytes, pages(0, f.size)*PageBytes) - from*PageBytes
	r := m.request(request{file: f, from: from, to: to, write: true})
	m.cache.Clean(pagecache.File(f.id), from, to)
	before := m.beside
	m.beside = before || !paid
	defer func() { m.beside = before }()
	if paid {
		m.spend(writeback, m.costs.LookupTime*trace.Ns(to-from), 0, to-from, from*PageBytes)
		m.spend(commandDiskWrite, m.costs.CommandTime, n, 0, from*PageBytes)
	} else {
		m.tell(writeback, m.now, 0, 0, 0, to-from, from*PageBytes)
		m.tell(commandDiskWrite, m.now, 0, 0, n, 0, from*PageBytes)
		m.flusher.busy++
		r.flusher = true
	}
	if !m.cfg.DMA {
		m.carryToDisk(r, n, paid)
		return r
	}
	begin, end := m.disk.Start(m.now, f.base+from*PageBytes, n, true)
	m.of(f.id).tell(dmaToDisk, begin, end-begin, 0, n, m.pieces(from*PageBytes, n), from*PageBytes)
	m.complete(completion{timed: timed{at: end}, interrupt: diskDone, request: r})
	return r
}

// carryToDisk lets a processor carry the words of a write-back. Nothing will
// interrupt: it is done when they are there. What the flusher writes takes the
// time of the processor that interrupts go to.
func (m *Machine) carryToDisk(r *request, n int64, paid bool) {
	cost, words, off := m.costs.PIORate.time(n), (n+wordBytes-1)/wordBytes, r.from*PageBytes
	if paid {
		m.of(r.file.id).spend(pioToDisk, cost, n, words, off)
		r.done = true
		return
	}
	m.complete(completion{timed: timed{at: m.now}, interrupt: none, do: func() {
		m.of(r.file.id).tell(pioToDisk, m.now, cost, cost, n, words, off)
		m.now += cost
		// Threads on other processors are not there yet.
		m.complete(completion{timed: timed{at: m.now}, interrupt: none, request: r})
	}})
}

// written: the disk has a write-back of the flusher.
func (m *Machine) written(r *request) {
	m.flusher.busy--
	if m.cache.DirtyPages()*PageBytes <= m.cfg.Settings.DirtyBytes {
		m.wake(&m.flusher.settled)
	}
	m.wakeFlusher()
}

// sync writes a file's dirty pages of a range back and waits for them, and then
// for the disk's own cache (REQ_PREFLUSH, block/blk-flush.c).
func (m *Machine) sync(f *file, from, to int64) {
	var last []*request
	for _, r := range m.cache.DirtyRuns(pagecache.File(f.id), 0) {
		for at, end := max(r.From, from), min(r.To, to); at < end; {
			stop := min(end, at+m.cfg.Settings.RequestBytes/PageBytes)
			last = append(last, m.writeBack(f, at, stop, true))
			at = stop
		}
	}
	for _, r := range last {
		m.sleep(waitFlush, &r.waiting, func() bool { return r.done })
	}
	m.spend(commandFlush, m.costs.CommandTime, 0, 0, 0)
	_, end := m.disk.Start(m.now, f.base, 0, true)
	r := m.request(request{file: f, write: true})
	m.complete(completion{timed: timed{at: max(end, m.now+m.costs.FlushTime)}, interrupt: diskDone, request: r})
	m.sleep(waitFlush, &r.waiting, func() bool { return r.done })
}
