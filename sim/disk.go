package sim

import "copyscope/internal/trace"

// wordBytes is what the CPU carries at a time without DMA: the 16-bit data
// register of an ATA device.
const wordBytes = 2

// readDisk brings the pages [from, to) of the file into the page cache. With
// wait the program sleeps until they are there; else the disk goes on beside
// the CPU.
func (m *Machine) readDisk(from, to int64, wait bool) {
	off := from * PageBytes
	n := (to - from) * PageBytes // a file's last block is read whole
	if m.cfg.Model == Textbook {
		n = min(to*PageBytes, m.file.made) - off
	}
	m.cpu(trace.Event{Kind: trace.DeviceCommand, From: trace.CPUPlace, To: trace.DiskPlace, Bytes: n, Offset: off, Detail: "disk-read"}, m.costs.CommandTime)
	m.cache.insert(from, to)
	if !m.cfg.DMA {
		// Nothing will interrupt: the CPU asks the disk's status until it is ready.
		m.cpu(trace.Event{Kind: trace.Compute, From: trace.DiskPlace, To: trace.CPUPlace, Detail: "poll"}, m.costs.DiskLatency)
		m.cpu(trace.Event{Kind: trace.PIO, From: trace.DiskPlace, To: trace.PageCache, Bytes: n, Offset: off,
			N: (n + wordBytes - 1) / wordBytes, Detail: "pio"}, m.costs.PIORate.time(n))
		return
	}
	begin, end := m.disk.start(m.now+m.costs.DiskLatency, m.costs.DiskRate.time(n))
	m.emitAt(begin, trace.Event{Dur: end - begin, Kind: trace.DMA, Actor: trace.DiskDMA,
		From: trace.DiskPlace, To: trace.PageCache, Bytes: n, Offset: off})
	arrived := false
	m.devices.push(completion{at: end, interrupt: "disk-done", actor: trace.Disk, from: trace.DiskPlace,
		done: func() { arrived = true; m.inflight.remove(from, to) }})
	m.inflight.add(from, to)
	if wait {
		m.sleep("disk", func() bool { return arrived })
	}
}

// inflight holds the page runs that a disk command was given for but that have
// not arrived yet.
type inflight []pageRun

func (f *inflight) add(from, to int64) { *f = append(*f, pageRun{from, to}) }

func (f *inflight) remove(from, to int64) {
	for i, r := range *f {
		if r == (pageRun{from, to}) {
			*f = append((*f)[:i], (*f)[i+1:]...)
			return
		}
	}
}

// covers says whether the page is still on its way.
func (f inflight) covers(page int64) bool {
	for _, r := range f {
		if r.from <= page && page < r.to {
			return true
		}
	}
	return false
}
