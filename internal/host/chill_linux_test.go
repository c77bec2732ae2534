package host

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// posix_fadvise only advises: a page that is mapped stays, and the call says
// nothing of that. A cold run must notice.
func TestChillProvesThatThePagesAreGone(t *testing.T) {
	ctx := context.Background()
	src, err := NewSource(ctx, t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	held, err := unix.Mmap(int(src.file.Fd()), 0, 1<<20, unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	err = chill(ctx, src.file, 1<<20, src.place)
	if err == nil || !strings.Contains(err.Error(), "of 256 pages of the source stay in the page cache") && unix.Getpagesize() == 4096 {
		t.Errorf("chill of a file whose pages are held: %v", err)
	}
	if err := unix.Munmap(held); err != nil {
		t.Fatal(err)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(src.file.Fd()), &fs); err != nil {
		t.Fatal(err)
	}
	if fs.Type == unix.TMPFS_MAGIC || fs.Type == unix.RAMFS_MAGIC {
		t.Skip("the temporary directory is on a memory file system, which cannot be cold; set TMPDIR to a directory on a disk")
	}
	if err := chill(ctx, src.file, 1<<20, src.place); err != nil {
		t.Errorf("chill of a file whose pages are free: %v", err)
	}
	if n, err := resident(src.file, 1<<20); n != 0 || err != nil {
		t.Errorf("%d pages are left (%v)", n, err)
	}
}

// fdatasync cannot be interrupted; who waits for it can.
func TestCancelledChillDoesNotWait(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	forever := make(chan struct{})
	defer close(forever)
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := within(ctx, func() error { <-forever; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ended with %v", err)
	}

	src, err := NewSource(context.Background(), t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := chill(ctx, src.file, 1<<20, src.place); !errors.Is(err, context.Canceled) || err.Error() != context.Canceled.Error() {
		t.Errorf("a cancelled chill: %v", err)
	}
	if err := within(context.Background(), func() error { return unix.EIO }); err != unix.EIO {
		t.Errorf("a failure became %v", err)
	}
}
