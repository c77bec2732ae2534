package sim

import (
	"math"
	"math/bits"

	"copyscope/internal/trace"
	"copyscope/sim/pagecache"
)

// linux is what a current kernel does (6.18 unless a rule says otherwise).
type linux struct{ m *Machine }

// available follows filemap_get_pages (mm/filemap.c): a run of resident pages is
// used at once; a missing page starts a synchronous readahead, the marked page of
// a window an asynchronous one.
func (l linux) available(f *fileEnd, off, end int64) int64 {
	m := l.m
	i, last := off/PageBytes, (end-1)/PageBytes+1
	run := m.resident(f.file, i, last)
	if run == 0 {
		run = l.synchronousReadahead(f, i, last-i)
	} else {
		if i == f.marker() {
			l.asynchronousReadahead(f, last-i)
		}
		if mark := f.marker(); i < mark && mark < i+run {
			run = mark - i // the next round meets the mark
		}
		m.awaitPage(f.file, i)
		m.spend(cacheHit, m.costs.LookupTime*trace.Ns(run), 0, run, i*PageBytes)
	}
	return min((i+run)*PageBytes, end) - off
}

// accessed is folio_mark_accessed (mm/swap.c), which filemap_read and
// filemap_splice_read (mm/filemap.c) call for each page before they hand it on.
// A write calls it for none: FGP_WRITEBEGIN (include/linux/pagemap.h) is without
// FGP_ACCESSED.
func (l linux) accessed(f *file, from, to int64) {
	l.m.cache.Use(pagecache.File(f.id), from, to)
}

// marker is the page whose use starts the next readahead (PG_readahead), or -1.
func (f *fileEnd) marker() int64 {
	ra := &f.ra
	if ra.async == 0 {
		return -1
	}
	return ra.start + ra.size - ra.async
}

// maximum is ractl_max_pages: the device's readahead, or what is asked for, as
// far as the device takes that in one command (bdi->io_pages).
func (l linux) maximum(request int64) int64 {
	s := l.m.cfg.Settings
	most, io := s.ReadaheadBytes/PageBytes, s.RequestBytes/PageBytes
	if request > most && io > most {
		return min(request, io)
	}
	return most
}

// synchronousReadahead is page_cache_sync_ra (mm/readahead.c): page i is
// missing, and request pages from there on are wanted. It returns how many of
// them it brought in; the program has waited for them.
func (l linux) synchronousReadahead(f *fileEnd, i, request int64) int64 {
	ra, most := &f.ra, l.maximum(request)
	missing := l.m.missing(f.file, i, i+request)
	step := i - f.previous/PageBytes
	switch {
	case l.m.cfg.Settings.ReadaheadBytes < PageBytes: // readahead is off: page by page
		return l.readAsIs(f, i, 1)
	case i == 0 || request > most || step == 0 || step == 1:
		// The start of the file, an oversized read, or the next of a sequence.
		ra.start, ra.size = i, initialWindow(request, most)
		ra.async = ra.size / 2
		if ra.size > request {
			ra.async = ra.size - request
		}
	default:
		behind := l.m.cache.ResidentBefore(pagecache.File(f.id), i, most)
		if behind <= request { // no trace of a sequential reader
			return l.readAsIs(f, i, missing)
		}
		if behind == i { // cached from the file's start: a long run is likely
			behind *= 2
		}
		ra.start, ra.size, ra.async = i, min(behind+request, most), 1
	}
	ra.order = 0
	wanted := min(ra.size, missing)
	l.m.spend(cacheMiss, l.m.insertion(wanted), 0, wanted, i*PageBytes)
	l.readWindow(f, readaheadInitial, wanted, true)
	return wanted
}

// readAsIs reads n pages and leaves the readahead state as it was.
func (l linux) readAsIs(f *fileEnd, i, n int64) int64 {
	l.m.spend(cacheMiss, l.m.insertion(n), 0, n, i*PageBytes)
	l.m.readDisk(f.file, i, i+n, true)
	return n
}

// insertion is how long it takes to miss n pages and to put them into the page
// cache, empty as yet.
func (m *Machine) insertion(n int64) trace.Ns {
	return m.costs.LookupTime + m.costs.InsertTime*trace.Ns(n)
}

// asynchronousReadahead is page_cache_async_ra: the next window, larger than
// the last, without waiting; request pages are still asked for. Its folios may
// be four times as large as the last one's, and it ends where one of them does.
func (l linux) asynchronousReadahead(f *fileEnd, request int64) {
	ra := &f.ra
	ra.start += ra.size
	ra.size = max(ra.size, nextWindow(ra.size, l.maximum(request)))
	ra.order += 2
	end := ra.start + ra.size
	if aligned := end &^ (1<<ra.order - 1); aligned > ra.start {
		ra.size = aligned - ra.start
	}
	ra.async = ra.size
	ra.order = min(ra.order, int64(bits.Len64(uint64(ra.size))-1), maxFolioOrder)
	l.readWindow(f, readaheadAsync, 0, false)
}

// readWindow reads the readahead window, of which the first wanted pages were
// asked for, up to the end of the file.
func (l linux) readWindow(f *fileEnd, told form, wanted int64, wait bool) {
	m, ra := l.m, &f.ra
	from, to := ra.start, min(ra.start+ra.size, pages(0, f.size))
	if ahead := m.cache.Absent(pagecache.File(f.id), from, to) - wanted; ahead > 0 {
		m.spend(told, m.insertion(ahead), 0, ahead, (from+wanted)*PageBytes)
	}
	for from < to { // what is there already is not read again
		if have := m.resident(f.file, from, to); have > 0 {
			from += have
			continue
		}
		n := m.missing(f.file, from, to)
		m.readDisk(f.file, from, from+n, wait)
		from += n
	}
}

// mapped: mmap(2) only enters the mapping; pages come with faults.
func (linux) mapped(*mapping) {}

// entered: a new entry has its accessed bit set, whether a fault was for that
// page or for its neighbour (filemap_map_pages, set_pte_range; not so on arm64,
// arch_wants_old_prefaulted_pte).
func (l linux) entered(mp *mapping, from, to int64) {
	mp.mapped.Insert(0, from, to)
	l.m.cache.Touch(pagecache.File(mp.end.id), from, to)
}

// unmapped: what was reached through the mapping counts as used when it goes
// (zap_present_folio_ptes, mm/memory.c).
func (l linux) unmapped(mp *mapping) {
	for p, end := mp.off/PageBytes, pages(0, mp.off+mp.n); p < end; {
		n := mp.mapped.Resident(0, p, end)
		l.m.cache.Unmap(pagecache.File(mp.end.id), p, p+n)
		p += n + mp.mapped.Missing(0, p+n, end)
	}
}

// faultAroundPages is how many pages a minor fault maps at the most, in an
// aligned group (fault_around_bytes, mm/memory.c).
const faultAroundPages = 16

// touched takes the faults of a range: each maps the resident pages of the
// group around it (filemap_map_pages), but for the page that the next readahead
// waits for, whose own fault starts it. A missing page is a major fault with a
// read around it (do_sync_mmap_readahead); when that is done, the fault is taken
// up again and maps its group as well.
func (l linux) touched(mp *mapping, off, n int64, user bool) {
	m, f := l.m, mp.end
	minorFault, majorFault := faultMinorKernel, faultMajorKernel
	if user {
		minorFault, majorFault = faultMinorUser, faultMajorUser
	}
	minor := int64(0)
	for i, end := off/PageBytes, (off+n-1)/PageBytes+1; i < end; {
		if have := mp.mapped.Resident(0, i, end); have > 0 {
			m.cache.Touch(pagecache.File(f.id), i, i+have)
			i += have
			continue
		}
		switch {
		case m.resident(f.file, i, i+1) == 0 || m.underWay(f.file, i) != nil:
			l.faults(minorFault, minor, i)
			minor = 0
			l.faults(majorFault, 1, i)
			l.readAround(f, i)
		case i == f.marker():
			l.asynchronousReadahead(f, l.m.cfg.Settings.ReadaheadBytes/PageBytes)
			minor++
		default:
			minor++
		}
		l.mapAround(mp, i)
	}
	l.faults(minorFault, minor, off/PageBytes)
}

// mapAround enters page i and its resident neighbours into the page table. The
// group is aligned in the file here, in the address space there, which is the
// same for a mapping that begins with the file.
func (l linux) mapAround(mp *mapping, i int64) {
	f := mp.end
	l.entered(mp, i, i+1)
	group := i &^ (faultAroundPages - 1)
	first, last := max(group, mp.off/PageBytes), min(group+faultAroundPages, pages(0, mp.off+mp.n))
	for p := first; p < last; {
		n := l.m.resident(f.file, p, last)
		if n == 0 {
			p++
			continue
		}
		from, stop := p, p+n
		for ; p < stop; p++ {
			if p == f.marker() || l.m.underWay(f.file, p) != nil {
				l.entered(mp, from, p)
				from = p + 1
			}
		}
		l.entered(mp, from, stop)
	}
}

func (l linux) faults(f form, n, page int64) {
	if n > 0 {
		l.m.spend(f, l.m.costs.FaultTime*trace.Ns(n), 0, n, page*PageBytes)
	}
}

// readAround is do_sync_mmap_readahead: a window centred on the page.
func (l linux) readAround(f *fileEnd, i int64) {
	m, ra, most := l.m, &f.ra, l.m.cfg.Settings.ReadaheadBytes/PageBytes
	if m.resident(f.file, i, i+1) == 0 {
		ra.start, ra.size, ra.async, ra.order = max(i-most/2, 0), max(most, 1), most/4, 0
		m.spend(cacheMiss, m.insertion(1), 0, 1, i*PageBytes)
		l.readWindow(f, readaheadAround, 1, true)
	}
	m.awaitPage(f.file, i)
}

// maxFolioOrder is MAX_PAGECACHE_ORDER on x86-64 (include/linux/pagemap.h): a
// folio of 2 MiB.
const maxFolioOrder = 9

// callBytes is MAX_RW_COUNT (include/linux/fs.h): 2 GiB less a page.
func (linux) callBytes() int64 { return math.MaxInt32 &^ (PageBytes - 1) }

// pieceBytes: tcp_sendmsg fills one segmentation unit at a time.
func (linux) pieceBytes() int64 { return segmentBytes }

// internalPipeBytes: sendfile's own pipe has 16 slots of a page or part of one.
func (linux) internalPipeBytes(off int64) int64 { return 16*PageBytes - off%PageBytes }

// references: one for each page.
func (linux) references(off, n int64) int64 { return pages(off, n) }

// pipeSlots is pipe_set_size (fs/pipe.c): rounded up to a power of two, at most
// fs.pipe-max-size for who has no privilege; a refused size leaves the program
// with the largest allowed one.
func (l linux) pipeSlots(want int64) int64 {
	slots := int64(1)
	for slots*PageBytes < want {
		slots *= 2
	}
	if !l.m.cfg.Settings.PipeUnlimited {
		slots = min(slots, l.m.cfg.Settings.PipeMaxBytes/PageBytes)
	}
	return slots
}
