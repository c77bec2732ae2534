package sim

import "math"

// system is what the operating-system models answer differently.
type system interface {
	// available makes the first of the file's bytes [off, end), which are some,
	// available in the page cache, and returns how many can be used at once.
	available(f *fileEnd, off, end int64) int64
	// accessed tells the page cache that a call has used the pages [from, to).
	accessed(f *file, from, to int64)
	// mapped is what mmap(2) does beyond entering the mapping.
	mapped(mp *mapping)
	// entered puts the pages [from, to) into the program's page table, which has
	// used them.
	entered(mp *mapping, from, to int64)
	// unmapped is what munmap(2) does beyond removing it.
	unmapped(mp *mapping)
	// touched makes a range of a mapping accessible: it takes the page faults.
	touched(mp *mapping, off, n int64, user bool)
	// callBytes is the most that one read, write or sendfile moves.
	callBytes() int64
	// pieceBytes is how much a write hands to the protocol at a time.
	pieceBytes() int64
	// internalPipeBytes is how much of the file from off on sendfile moves at a
	// time.
	internalPipeBytes(off int64) int64
	// references is how many page references a range needs.
	references(off, n int64) int64
	// pipeSlots is the capacity that a pipe gets, in pages.
	pipeSlots(want int64) int64
}

// textbook is the story of the introductory articles: whole ranges at a time,
// a mapping that is filled when it is made, no readahead, no scheduler, and
// buffers that hold what they must.
type textbook struct{ m *Machine }

func (t textbook) available(f *fileEnd, off, end int64) int64 {
	t.load(f.file, off, end-off)
	return end - off
}

// load brings in what is missing of a range.
func (t textbook) load(f *file, off, n int64) {
	m := t.m
	i, end := off/PageBytes, (off+n-1)/PageBytes+1
	for i < end {
		if hit := m.resident(f, i, end); hit > 0 {
			m.spend(cacheHit, m.costs.LookupTime, 0, hit, i*PageBytes)
			i += hit
			continue
		}
		miss := m.missing(f, i, end)
		m.spend(cacheMiss, m.costs.LookupTime, 0, miss, i*PageBytes)
		m.readDisk(f, i, i+miss, true)
		i += miss
	}
}

// mapped: in the articles mmap(2) itself makes the disk fill the kernel's
// buffer, which is then shared. (Linux does so only with MAP_POPULATE.)
func (t textbook) mapped(mp *mapping) { t.load(mp.end.file, mp.off, min(mp.n, mp.end.size-mp.off)) }

// accessed: the articles' cache drops what came first.
func (textbook) accessed(*file, int64, int64) {}

func (textbook) entered(mp *mapping, from, to int64) { mp.mapped.Insert(0, from, to) }

func (textbook) unmapped(*mapping)                    {}
func (textbook) touched(*mapping, int64, int64, bool) {}
func (textbook) callBytes() int64                     { return math.MaxInt64 }
func (textbook) pieceBytes() int64                    { return math.MaxInt64 }
func (textbook) internalPipeBytes(int64) int64        { return math.MaxInt64 }
func (textbook) pipeSlots(want int64) int64           { return pages(0, want) + 1 }

// references: one descriptor, an address and a length, whatever it spans.
func (textbook) references(int64, int64) int64 { return 1 }
