package host_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// faultAround is how much of a cached file one fault maps: fault_around_bytes,
// mm/memory.c, 64 KiB unless the host was told otherwise.
const faultAround = 64 << 10

// A mapping of a cached file takes a fault for each 64 KiB, on file systems
// with large folios as on those without: the source is written so that no folio
// is larger.
func TestMappingTakesAFaultPer64KiB(t *testing.T) {
	if os.Getpagesize() != 4096 {
		t.Skipf("pages have %d bytes; fault-around is known for 4096", os.Getpagesize())
	}
	const size, want = 64 << 20, 64 << 20 / faultAround
	p, _ := transfer.Lookup("mmap-write")
	_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 1 << 20, Source: newSource(t, size)})
	c := run.CountsAt(len(run.Events))
	if got := c.Count(trace.PageFaults); got.Value < want*0.98 || got.Value > want*1.05 {
		t.Errorf("%v faults of a cached mapping of %d bytes, want about %d", got.Value, size, want)
	}
	if got := c.Count(trace.MajorFaults); got.Value != 0 {
		t.Errorf("%v major faults of a cached mapping", got.Value)
	}
}

// What can go wrong with a mapping goes wrong here: behind the end of a file that was
// cut short lie zeros up to the end of the page, and beyond it SIGBUS for user code;
// what somebody writes is seen at once; a mapping that nobody takes away keeps its
// file, deleted or not.
func TestMappingsHaveTheirDangers(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, bytes.Repeat([]byte("x"), 3*os.Getpagesize()), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(int(f.Fd()), 0, 3*os.Getpagesize(), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(m)
	if _, err := f.WriteAt([]byte("new"), 0); err != nil || string(m[:3]) != "new" {
		t.Errorf("the mapping shows %q after a write of new (%v)", m[:3], err)
	}
	if err := f.Truncate(5); err != nil {
		t.Fatal(err)
	}
	if string(m[:8]) != "newxx\x00\x00\x00" {
		t.Errorf("around the end of the file lies %q, want zeros behind it", m[:8])
	}
	beyond := func() (got byte, fault any) {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		defer func() { fault = recover() }()
		return m[2*os.Getpagesize()], nil
	}
	if got, fault := beyond(); fault == nil {
		t.Errorf("a byte beyond the last page is %d, want SIGBUS", got)
	}
	if err := errors.Join(f.Close(), os.Remove(name)); err != nil {
		t.Fatal(err)
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil || !strings.Contains(string(maps), name+" (deleted)") || string(m[:3]) != "new" {
		t.Errorf("the mapping of the deleted file shows %q and is not among the process's (%v)", m[:3], err)
	}
}
