package host

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// resident counts the pages of the file's first size bytes that are in the
// page cache, by mincore(2).
func resident(f *os.File, size int64) (pages int64, err error) {
	return residentWithin(f, 0, size)
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
func chill(ctx context.Context, f *os.File, size int64, place string) error {
	err := within(ctx, func() error { return synced(f) })
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("write the source to the disk before a cold run: %w", err)
	}
	fd := int(f.Fd())
	var left int64
	for try := range 10 {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if try > 0 {
			freeLentPages()
			time.Sleep(time.Duration(try) * 5 * time.Millisecond)
		}
		if err := unix.Fadvise(fd, 0, 0, unix.FADV_DONTNEED); err != nil {
			return os.NewSyscallError("posix_fadvise", err)
		}
		if left, err = resident(f, size); err != nil || left == 0 {
			return err
		}
	}
	return fmt.Errorf("cold run: %d of %d pages of the source stay in the page cache after posix_fadvise(POSIX_FADV_DONTNEED); "+
		"a memory file system such as tmpfs cannot be cold, so name a directory on a disk, for example with %s", left, pagesIn(0, size), place)
}

// synced waits until the file's bytes are on the disk. No signal ends that.
func synced(f *os.File) error {
	conn, err := f.SyscallConn() // keeps the descriptor until fdatasync is done, closed or not
	if err != nil {
		return err
	}
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = unix.Fdatasync(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// within runs f, which cannot be stopped, and waits for it no longer than ctx
// lasts.
func within(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// freeLentPages lets each processor free the packets that it has put aside. A
// packet that an earlier run lent pages to is freed on the processor that made
// it, and only when that next receives one (skb_attempt_defer_free,
// net/core/skbuff.c; net_rx_action, net/core/dev.c); until then its pages
// cannot be dropped. So each processor sends itself a datagram. It is a help
// and no promise: whether pages are gone is looked at afterwards.
func freeLentPages() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread's processors are changed
		var may unix.CPUSet
		socket, err := ownDatagrams()
		if err != nil || unix.SchedGetaffinity(0, &may) != nil {
			return
		}
		defer unix.Close(socket)
		for cpu := range len(may) * int(unsafe.Sizeof(may[0])) * 8 {
			var one unix.CPUSet
			if one.Set(cpu); may.IsSet(cpu) && unix.SchedSetaffinity(0, &one) == nil {
				_, _ = unix.Write(socket, []byte{0})
			}
		}
	}()
	<-done
}

// ownDatagrams is a UDP socket that is connected to itself.
func ownDatagrams() (socket int, err error) {
	if socket, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	err = unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		var own unix.Sockaddr
		if own, err = unix.Getsockname(socket); err == nil {
			err = unix.Connect(socket, own)
		}
	}
	if err != nil {
		unix.Close(socket)
		return -1, err
	}
	return socket, nil
}
