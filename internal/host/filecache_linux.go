package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// LookAtFile asks how much of a file is on the disk and in the page cache, in at
// most so many cells. It reads nothing of the file, and so changes nothing:
// cachestat(2) walks the page cache's index alone. Where the kernel lacks it,
// mincore(2) tells of a mapping, which faults nothing in.
//
// Its error is the file's: it is gone, say. That the page cache cannot be asked is
// told in the result.
func LookAtFile(path string, cells int) (p FilePages, err error) {
	f, err := os.Open(path)
	if err != nil {
		return p, err
	}
	defer f.Close()
	var s unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &s); err != nil {
		return p, os.NewSyscallError("fstat", err)
	}
	const block = 512 // st_blocks' unit, whatever the file system's (stat(3type))
	p = FilePages{Size: s.Size, Allocated: s.Blocks * block, Page: int64(os.Getpagesize()), Pages: pagesIn(0, s.Size), Dirty: -1, Evicted: -1}
	p.Tool = "cachestat"
	if p.Pages == 0 || cells < 1 {
		p.Dirty, p.Evicted = 0, 0
		return p, nil
	}
	err = p.fill(cells, func(off, n int64) (CachedCell, int64, error) { return cacheStat(f, off, n) })
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP) {
		p.Tool = "mincore"
		err = p.fill(cells, byMincore(f))
		p.Dirty, p.Evicted = -1, -1
	}
	if err != nil {
		p.Tool, p.Reason, p.Cells, p.Cached = "", err.Error(), nil, 0
	}
	return p, nil
}

// fill asks for each cell.
func (p *FilePages) fill(cells int, ask func(off, n int64) (CachedCell, int64, error)) error {
	n := min(int64(cells), p.Pages)
	p.Cells, p.Cached, p.Dirty, p.Evicted = make([]CachedCell, 0, n), 0, 0, 0
	for i := range n {
		first, next := i*p.Pages/n, (i+1)*p.Pages/n
		c, evicted, err := ask(first*p.Page, min(next*p.Page, p.Size)-first*p.Page)
		if err != nil {
			return err
		}
		c.Pages = next - first
		c.Cached = min(c.Cached, c.Pages) // a large folio may reach beyond the file's end
		p.Cells = append(p.Cells, c)
		p.Cached, p.Dirty, p.Evicted = p.Cached+c.Cached, p.Dirty+c.Dirty, p.Evicted+evicted
	}
	return nil
}

// cacheStat is cachestat(2) of a part of a file.
func cacheStat(f *os.File, off, n int64) (c CachedCell, evicted int64, err error) {
	var s unix.Cachestat_t
	if err := unix.Cachestat(uint(f.Fd()), &unix.CachestatRange{Off: uint64(off), Len: uint64(n)}, &s, 0); err != nil {
		return c, 0, fmt.Errorf("cachestat(2): %w", err)
	}
	return CachedCell{Cached: int64(s.Cache), Dirty: int64(s.Dirty + s.Writeback)}, int64(s.Evicted), nil
}

// byMincore asks mincore(2), which knows neither dirty nor evicted pages.
func byMincore(f *os.File) func(off, n int64) (CachedCell, int64, error) {
	return func(off, n int64) (CachedCell, int64, error) {
		cached, err := residentWithin(f, off, n)
		return CachedCell{Cached: cached}, 0, err
	}
}

// residentWithin is residentIn in windows, so that no mapping is large.
func residentWithin(f *os.File, off, n int64) (pages int64, err error) {
	const window = 1 << 30
	for end := off + n; off < end; off += window {
		in, err := residentIn(f, off, min(window, end-off))
		if err != nil {
			return 0, err
		}
		pages += in
	}
	return pages, nil
}
