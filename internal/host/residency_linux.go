package host

import (
	"fmt"
	"io"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// resident counts the pages of the file's first size bytes that are in the
// page cache, by mincore(2).
func resident(f *os.File, size int64) (pages int64, err error) {
	const window = 1 << 30
	for off := int64(0); off < size; off += window {
		n, err := residentIn(f, off, min(window, size-off))
		if err != nil {
			return 0, err
		}
		pages += n
	}
	return pages, nil
}

func residentIn(f *os.File, off, n int64) (pages int64, err error) {
	m, err := unix.Mmap(int(f.Fd()), off, int(n), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return 0, os.NewSyscallError("mmap", err)
	}
	defer unix.Munmap(m)
	vec := make([]byte, pagesIn(off, n))
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(n), uintptr(unsafe.Pointer(&vec[0])))
	if errno != 0 {
		return 0, os.NewSyscallError("mincore", errno)
	}
	for _, v := range vec {
		pages += int64(v & 1)
	}
	return pages, nil
}

// warm brings the whole file into the page cache and returns how many of its
// pages are there then.
func warm(f *os.File, size int64) (int64, error) {
	n, err := resident(f, size)
	if err != nil || n == pagesIn(0, size) {
		return n, err
	}
	if _, err := io.Copy(io.Discard, io.NewSectionReader(f, 0, size)); err != nil {
		return 0, fmt.Errorf("read the source into the page cache: %w", err)
	}
	return resident(f, size)
}

// chill drops the file's pages from the page cache, and proves it: posix_fadvise
// only advises.
func chill(f *os.File, size int64) error {
	fd := int(f.Fd())
	if err := unix.Fdatasync(fd); err != nil {
		return fmt.Errorf("write the source to the disk before a cold run: %w", err)
	}
	var left int64
	for try := range 10 {
		// Pages on another processor's list of recently added ones stay the
		// first time.
		time.Sleep(time.Duration(try) * 10 * time.Millisecond)
		if err := unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED); err != nil {
			return os.NewSyscallError("posix_fadvise", err)
		}
		var err error
		if left, err = resident(f, size); err != nil || left == 0 {
			return err
		}
	}
	return fmt.Errorf("cold run: %d of %d pages of the source stay in the page cache after posix_fadvise(POSIX_FADV_DONTNEED); "+
		"a memory file system such as tmpfs cannot be cold, so name a directory on a disk, for example with TMPDIR", left, pagesIn(0, size))
}
