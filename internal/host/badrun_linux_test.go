package host_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

func TestRunMeetsAFileThatShrinks(t *testing.T) {
	for path, want := range map[string]error{
		"read-write": transfer.ErrShrunk, "sendfile": transfer.ErrShrunk, "splice": transfer.ErrShrunk,
		"mmap-write": syscall.EFAULT,
	} {
		for _, touch := range []bool{false, true} {
			p, _ := transfer.Lookup(path)
			if touch && !p.UserMemory {
				continue
			}
			src := newSource(t, 8<<20)
			shrunk := false
			out, err := host.Run(context.Background(), host.Options{Program: p, Size: 8 << 20, Chunk: 64 << 10, Source: src, Touch: touch,
				Progress: func(sent int64) {
					if sent >= 1<<20 && !shrunk {
						shrunk = true
						src.Truncate(1<<20 + 100)
					}
				}})
			if !errors.Is(err, want) {
				t.Errorf("%s, touch %v: %v, want %v", path, touch, err, want)
			}
			if out == nil || out.Sent < 1<<20 || out.Sent > 2<<20 {
				t.Errorf("%s, touch %v: outcome %+v, want about 1 MiB sent", path, touch, out)
			}
			if _, err := host.Run(context.Background(), host.Options{Program: p, Size: 8 << 20, Chunk: 64 << 10, Source: src}); err == nil {
				t.Errorf("%s: a truncated source was used again", path)
			}
		}
	}
}

// A fault in one call must end the run with the program's error, whatever the
// program was doing, and must not hang the reader.
type broken struct{ transfer.Kernel }

func (broken) Sendfile(transfer.Label, transfer.FD, transfer.FD, *int64, int) (int, error) {
	return 0, syscall.EIO
}

func TestRunReportsAnInjectedFault(t *testing.T) {
	p, _ := transfer.Lookup("sendfile")
	_, err := host.Run(context.Background(), host.Options{Program: p, Size: 1 << 20, Chunk: 4096, Dir: t.TempDir(),
		Fault: func(k transfer.Kernel) transfer.Kernel { return broken{k} }})
	var at *transfer.Error
	if !errors.As(err, &at) || at.Line != "sendfile" || !errors.Is(err, syscall.EIO) {
		t.Errorf("%v, want EIO at sendfile", err)
	}
}

func TestRunEndsSoonWhenCancelled(t *testing.T) {
	for _, p := range available(t) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(context.Background())
		var at time.Time
		_, err := host.Run(ctx, host.Options{Program: p, Size: 256 << 20, Chunk: 4096, Dir: dir, Progress: func(sent int64) {
			if at.IsZero() {
				at = time.Now()
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", p.Path, err)
		}
		if d := time.Since(at); d > time.Second {
			t.Errorf("%s: took %v to end", p.Path, d)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s left %v", p.Path, left)
		}
	}
}

func TestSourceThatCannotBeMade(t *testing.T) {
	dir := t.TempDir()
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	tooLarge := int64(st.Bavail)*st.Bsize + 1<<40
	_, err := host.NewSource(context.Background(), dir, tooLarge)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), dir) {
		t.Errorf("full disk: %v", err)
	}

	_, err = host.NewSource(context.Background(), filepath.Join(dir, "missing"), 4096)
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing directory: %v", err)
	}

	if os.Geteuid() != 0 { // root may write everywhere
		os.Chmod(dir, 0o500)
		if _, err = host.NewSource(context.Background(), dir, 4096); !errors.Is(err, os.ErrPermission) {
			t.Errorf("unwritable directory: %v", err)
		}
		os.Chmod(dir, 0o700)
	}

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = host.NewSource(ctx, dir, 64<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestColdRunReadsTheDisk(t *testing.T) {
	if fs := host.ReadFacts(t.TempDir()).Filesystem; fs == "tmpfs" || fs == "ramfs" {
		t.Skipf("the temporary directory is on %s, which has no disk; set TMPDIR to a directory on one", fs)
	}
	const size = 16 << 20
	src := newSource(t, size)
	for _, p := range available(t) {
		if p.Source == transfer.FromSocket {
			continue // its peer reads the file
		}
		cached := -1
		out, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Cold: true,
			Fault: lookingAt(func(file int) { cached = cachedPages(t, file, size) })})
		if cached != 0 || out.ResidentBefore != 0 || !out.Intact() {
			t.Errorf("%s began with %d pages in the page cache: %+v", p.Path, cached, out)
		}
		c := run.CountsAt(len(run.Events))
		if got := c.Count(trace.DiskReadBytes); got.Value < size || got.Value > 2*size {
			t.Errorf("%s: %v bytes read from the disk, want about %d", p.Path, got.Value, size)
		}
		traced := c.Count(trace.PageCacheInsertions).Known()
		if got := c.Count(trace.DMATransfers); got.Known() != traced || !traced && got.Reason == "" || traced && got.Value == 0 {
			t.Errorf("%s: DMA transfers %+v, want some where the kernel tells them, else unavailable with a reason", p.Path, got)
		}
		if got := c.Count(trace.PageCacheInsertions); traced && p.Path != "direct" && got.Value*4096 != size {
			t.Errorf("%s: %v pages came into the page cache, want those of %d bytes", p.Path, got.Value, size)
		}
	}
}

// cachedPages asks mincore(2) on its own, not through the package.
func cachedPages(t *testing.T, file int, size int64) (n int) {
	t.Helper()
	m, err := unix.Mmap(file, 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Error(err)
		return -1
	}
	defer unix.Munmap(m)
	vec := make([]byte, int(size)/os.Getpagesize())
	if _, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(size), uintptr(unsafe.Pointer(&vec[0]))); errno != 0 {
		t.Error(errno)
		return -1
	}
	for _, v := range vec {
		n += int(v & 1)
	}
	return n
}

// What the disk brought in after all is told of a warm run too, on whichever
// path: the pages were there when the run was prepared, and were dropped.
func TestEvictedRunReadsTheDisk(t *testing.T) {
	if fs := host.ReadFacts(t.TempDir()).Filesystem; fs == "tmpfs" || fs == "ramfs" {
		t.Skipf("the temporary directory is on %s, which has no disk; set TMPDIR to a directory on one", fs)
	}
	const size = 8 << 20
	for _, p := range available(t) {
		if p.Source == transfer.FromSocket {
			continue // its peer reads the file
		}
		src := newSource(t, size)
		_, run := measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src, Fault: lookingAt(func(file int) {
			if err := unix.Fsync(file); err != nil {
				t.Error(err)
			}
			if err := unix.Fadvise(file, 0, 0, unix.FADV_DONTNEED); err != nil {
				t.Error(err)
			}
		})})
		if got := run.CountsAt(len(run.Events)).Count(trace.DiskReadBytes); got.Value < size || got.Value > 2*size {
			t.Errorf("%s: %v bytes read from the disk, want about %d", p.Path, got.Value, size)
		}
		copied := false
		for _, e := range run.Events {
			copied = copied || e.Kind == trace.CPUCopy || e.Kind == trace.Descriptor
			// The reads of direct each go to the disk; what the kernel tells has its own time.
			if copied && e.Kind == trace.DMA && e.Provenance == trace.Derived && p.Path != "direct" {
				t.Errorf("%s: event %d brings bytes in from the disk after some were moved on", p.Path, e.Seq)
			}
		}
	}
}

func TestColdRunNeedsADisk(t *testing.T) {
	const memory = "/dev/shm"
	if fs := host.ReadFacts(memory).Filesystem; fs != "tmpfs" {
		t.Skipf("%s is on %q; this needs a tmpfs there", memory, fs)
	}
	p, _ := transfer.Lookup("sendfile")
	_, err := host.Run(context.Background(), host.Options{Program: p, Size: 1 << 20, Chunk: 64 << 10, Dir: memory, Cold: true})
	if err == nil || !strings.Contains(err.Error(), "name a directory on a disk, for example with --dir") {
		t.Errorf("a cold run on tmpfs: %v", err)
	}
}

func TestChunkBeyondTheBufferLimit(t *testing.T) {
	p, _ := transfer.Lookup("read-write")
	dir := t.TempDir()
	_, err := host.Run(context.Background(), host.Options{Program: p, Size: 1<<30 + 4096, Chunk: 1<<30 + 1, Dir: dir})
	if err == nil {
		t.Fatal("a chunk beyond the limit was taken")
	}
	for _, part := range []string{"chunk 1,073,741,825", "at most 1.0 GiB;", "smaller --chunk"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
	// A chunk is no larger than the file is.
	if _, err = host.Run(context.Background(), host.Options{Program: p, Size: 4096, Chunk: 1 << 40, Dir: dir}); err != nil {
		t.Errorf("a small file by a huge chunk: %v", err)
	}
}

func TestEventsAreInOrderAndCarryTheirCall(t *testing.T) {
	src := newSource(t, 4<<20)
	for _, p := range available(t) {
		_, run := measure(t, host.Options{Program: p, Size: 4 << 20, Chunk: 100_000, Source: src})
		calls := 0
		for i, e := range run.Events {
			if i > 0 && e.At < run.Events[i-1].At {
				t.Fatalf("%s: event %d at %d comes after one at %d", p.Path, e.Seq, e.At, run.Events[i-1].At)
			}
			if e.Provenance == "" || e.Dur < 0 {
				t.Fatalf("%s: %+v", p.Path, e)
			}
			if e.Kind == trace.Syscall {
				calls++
				if e.Call != calls || e.Line == "" {
					t.Fatalf("%s: call %d is told as %+v", p.Path, calls, e)
				}
			}
		}
	}
}
