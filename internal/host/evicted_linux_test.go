package host

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Pages that were paged out as DAMON does it (reclaim_pages, mm/vmscan.c), and read
// again, are told to who has no tracepoints.
func TestPagesReadAgainAreTold(t *testing.T) {
	before := takenBack()
	if !before.tellsRefaults {
		t.Skip("SKIPPED: this kernel's /proc/vmstat has no workingset_refault_file (Linux 5.9)")
	}
	const pages, page = 2048, 4096
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, make([]byte, pages*page), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // what is dirty stays
		t.Fatal(err)
	}
	m, err := unix.Mmap(int(f.Fd()), 0, pages*page, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(m)
	touch(m)
	if err := unix.Madvise(m, unix.MADV_PAGEOUT); err != nil {
		t.Fatal(err)
	}
	left, err := resident(f, pages*page)
	if err != nil {
		t.Fatal(err)
	}
	if left == pages {
		t.Skip("SKIPPED: MADV_PAGEOUT took nothing back of a file on this file system")
	}
	touch(m)
	if n := takenBack().refaults - before.refaults + int64(runtime.NumCPU())*untold; n < pages-left {
		t.Errorf("%d pages were taken back and read again, at most %d are told", pages-left, n)
	}
	if n := evictable(3)(); n > 3 {
		t.Errorf("%d of 3 pages", n)
	}
}
