package sim

// wordBytes is what the CPU carries at a time without DMA: the 16-bit data
// register of an ATA device.
const wordBytes = 2

// request is a disk command under way for the pages [from, to).
type request struct {
	file     *file
	from, to int64
	direct   bool // into the program's memory, past the page cache
	write    bool
	flusher  bool // it is the flusher's
	done     bool
	waiting  waiters
}

// request makes one, of a block of them: a cold run makes one for each chunk.
func (m *Machine) request(r request) *request {
	const block = 64
	if len(m.requests) == 0 {
		m.requests = make([]request, block)
		m.waiters = make([]*Thread, block)
	}
	out := &m.requests[0]
	r.waiting = m.waiters[:0:1] // nearly always one thread waits
	m.requests, m.waiters = m.requests[1:], m.waiters[1:]
	*out = r
	return out
}

// diskRead gives the disk a command for n bytes from off on. The thread goes on
// beside it, if the disk has DMA.
func (m *Machine) diskRead(f *file, off, n int64, direct bool) *request {
	r := m.request(request{file: f, from: off / PageBytes, to: pages(0, off+n), direct: direct})
	m.spend(commandDisk, m.costs.CommandTime, n, 0, off)
	dma, pio := dmaFromDisk, pioFromDisk
	if direct {
		dma, pio = dmaFromDiskToUser, pioFromDiskToUser
	}
	if !m.cfg.DMA {
		m.carryFromDisk(r, pio, off, n)
		return r
	}
	begin, end := m.disk.Start(m.now, f.base+off, n, false)
	m.of(f.id).tell(dma, begin, end-begin, 0, n, m.pieces(off, n), off)
	if !direct {
		m.inflight = append(m.inflight, r)
	}
	m.complete(completion{timed: timed{at: end}, interrupt: diskDone, request: r})
	return r
}

// carryFromDisk lets the CPU carry what a command brings. The disk interrupts for
// each block that is in its buffer: 16 sectors of 512 bytes, as READ MULTIPLE is
// set up (ATA/ATAPI-6, the PIO data-in protocol; ata_sff_hsm_move,
// drivers/ata/libata-sff.c); they are told as one event, before the bytes. In the
// articles it interrupts once.
func (m *Machine) carryFromDisk(r *request, pio form, off, n int64) {
	const block = 16 * 512
	ready := m.request(request{file: r.file})
	times := int64(1)
	if m.cfg.Model == Linux {
		times = (n + block - 1) / block
	}
	m.complete(completion{timed: timed{at: m.now + m.costs.DiskLatency}, interrupt: diskReady, times: times, request: ready})
	m.await(ready)
	m.of(r.file.id).spend(pio, m.costs.PIORate.time(n), n, (n+wordBytes-1)/wordBytes, off)
	r.done = true
}

// diskReads gives the disk as many commands for n bytes from off on as its
// largest one makes necessary. With wait the thread sleeps until all are done: a
// flash drive may end the last one first.
func (m *Machine) diskReads(f *file, off, n int64, direct, wait bool) {
	most := n
	if m.cfg.Model == Linux {
		most = m.cfg.Settings.RequestBytes / PageBytes * PageBytes
	}
	var some [4]*request
	under := some[:0]
	for n > 0 {
		piece := min(n, most)
		under = append(under, m.diskRead(f, off, piece, direct))
		off, n = off+piece, n-piece
	}
	if wait {
		for _, r := range under {
			m.await(r)
		}
	}
}

// pieces is how many pieces of memory one DMA transfer of the file's bytes fills
// or collects: each page is one (scatter-gather list, struct scatterlist,
// include/linux/scatterlist.h). The textbook's buffers lie in one piece.
func (m *Machine) pieces(off, n int64) int64 {
	if m.cfg.Model == Textbook {
		return 0
	}
	return pages(off, n)
}

// arrived: the disk has done a request.
func (m *Machine) arrived(r *request) {
	r.done = true
	for i, f := range m.inflight {
		if f == r {
			m.inflight = append(m.inflight[:i], m.inflight[i+1:]...)
			break
		}
	}
	m.wake(&r.waiting)
	if r.flusher {
		m.written(r)
	}
}

// await lets the thread sleep until a request is done.
func (m *Machine) await(r *request) {
	m.sleep(waitDisk, &r.waiting, func() bool { return r.done })
}

// readDisk brings the pages [from, to) of the file into the page cache. With wait
// the thread sleeps until they are there; else the disk goes on beside it.
func (m *Machine) readDisk(f *file, from, to int64, wait bool) {
	n := (to - from) * PageBytes // a file's last block is read whole
	if m.cfg.Model == Textbook {
		n = min(to*PageBytes, max(f.made, f.size)) - from*PageBytes
	}
	m.insert(f, from, to)
	m.diskReads(f, from*PageBytes, n, false, wait)
}

// underWay is the request that brings the page, or nil.
func (m *Machine) underWay(f *file, page int64) *request {
	for _, r := range m.inflight {
		if r.file == f && r.from <= page && page < r.to {
			return r
		}
	}
	return nil
}

// awaitPage lets the thread sleep until a page is there whose request is under
// way.
func (m *Machine) awaitPage(f *file, page int64) {
	if r := m.underWay(f, page); r != nil {
		m.await(r)
	}
}
