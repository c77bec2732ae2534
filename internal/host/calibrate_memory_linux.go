package host

import (
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// minorFault touches every page of a fresh mapping; ns of processor time by fault.
func minorFault(src *Source) (float64, error) {
	b, err := unix.Mmap(int(src.file.Fd()), 0, int(src.size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, os.NewSyscallError("mmap", err)
	}
	defer func() { _ = unix.Munmap(b) }()
	return faultAll(b, os.Getpagesize())
}

// faultAll reads a byte at every step and gives ns of processor time by fault.
func faultAll(b []byte, step int) (float64, error) {
	m := openMeter()
	defer m.close()
	before, sum := m.read(), byte(0)
	for i := 0; i < len(b); i += step {
		sum += b[i]
	}
	used := m.read().minus(before)
	runtime.KeepAlive(sum)
	if used.minorFaults == 0 {
		return 0, fmt.Errorf("fresh mappings of the file took no page fault")
	}
	return float64(used.cpu) / float64(used.minorFaults), nil
}

// lonelyPages is how many mappings of one page a round makes.
const lonelyPages = 128

// lonelyFault maps single pages, the file's pages in falling order so that no two
// mappings become one: a fault maps the pages around it within its mapping alone
// (do_fault_around, mm/memory.c).
func lonelyFault(src *Source) (float64, error) {
	page := os.Getpagesize()
	pages := min(lonelyPages, int(src.size)/page)
	var all [][]byte
	defer func() {
		for _, b := range all {
			_ = unix.Munmap(b)
		}
	}()
	for i := range pages {
		b, err := unix.Mmap(int(src.file.Fd()), int64((pages-1-i)*page), page, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return 0, os.NewSyscallError("mmap", err)
		}
		all = append(all, b)
	}
	m := openMeter()
	defer m.close()
	before, sum := m.read(), byte(0)
	for _, b := range all {
		sum += b[0]
	}
	used := m.read().minus(before)
	runtime.KeepAlive(sum)
	if used.minorFaults == 0 {
		return 0, fmt.Errorf("fresh mappings of the file took no page fault")
	}
	return float64(used.cpu) / float64(used.minorFaults), nil
}

// readOne is pread(2) of one byte, ns of processor time.
func readOne(src *Source) (float64, error) {
	const calls = 20_000
	var b [1]byte
	fd := int(src.file.Fd())
	if _, err := unix.Pread(fd, b[:], 0); err != nil { // in the page cache from here on
		return 0, os.NewSyscallError("pread", err)
	}
	began := threadCPU()
	for range calls {
		if _, err := unix.Pread(fd, b[:], 0); err != nil {
			return 0, os.NewSyscallError("pread", err)
		}
	}
	return float64(threadCPU()-began) / calls, nil
}

// pageReference hands 16 pages on, and 1, and tells what a page more takes.
func pageReference() (float64, error) {
	const many = 16
	one, err := handOn(1)
	if err != nil {
		return 0, err
	}
	all, err := handOn(many)
	if err != nil {
		return 0, err
	}
	return max(all-one, 0) / (many - 1), nil
}

// handOn fills a pipe with pages and has them referenced and released again and
// again: tee(2) into a second pipe, splice(2) from there to /dev/null. ns of
// processor time by turn.
func handOn(pages int) (float64, error) {
	const turns = 4_000
	full, err := newPipe()
	if err != nil {
		return 0, err
	}
	defer full.close()
	second, err := newPipe()
	if err != nil {
		return 0, err
	}
	defer second.close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	n := pages * os.Getpagesize()
	if _, err := full.write.Write(make([]byte, n)); err != nil {
		return 0, err
	}
	began := threadCPU()
	for range turns {
		if _, err := unix.Tee(int(full.read.Fd()), int(second.write.Fd()), n, 0); err != nil {
			return 0, os.NewSyscallError("tee", err)
		}
		if _, err := unix.Splice(int(second.read.Fd()), nil, int(null.Fd()), nil, n, 0); err != nil {
			return 0, os.NewSyscallError("splice", err)
		}
	}
	return float64(threadCPU()-began) / turns, nil
}

// copies measures how fast user code copies memory.
type copies struct{ small, large []byte }

const (
	// copiedAtLeast is how many bytes a round copies.
	copiedAtLeast = 64 << 20
	// largestCopy bounds the memory that a calibration takes.
	largestCopy = 256 << 20
)

func newCopies() *copies {
	private, last := CacheSizes()
	if private == 0 {
		private = 256 << 10
	}
	c := &copies{small: make([]byte, private/2)} // from one half of it to the other
	size := min(max(2*last, copiedAtLeast), largestCopy)
	// Not the collector's: it goes back to the kernel at once.
	if b, err := unix.Mmap(-1, 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS); err == nil {
		c.large = b
	}
	for _, b := range [][]byte{c.small, c.large} {
		for i := 0; i < len(b); i += os.Getpagesize() {
			b[i] = 1
		}
	}
	return c
}

func (c *copies) free() {
	if c.large != nil {
		_ = unix.Munmap(c.large)
	}
}

func (c *copies) within() (float64, error) { return copyRate(c.small) }

func (c *copies) beyond() (float64, error) {
	if c.large == nil {
		return 0, fmt.Errorf("there is no room in memory for a copy that no cache holds")
	}
	return copyRate(c.large)
}

// copyRate copies the first half to the second until enough is copied.
func copyRate(b []byte) (float64, error) {
	half := len(b) / 2
	copied := 0
	began := threadCPU()
	for copied < copiedAtLeast {
		copied += copy(b[half:], b[:half])
	}
	used := threadCPU() - began
	if used <= 0 {
		return 0, fmt.Errorf("the clock of processor time did not move")
	}
	return float64(copied) / (float64(used) / 1e9), nil
}
