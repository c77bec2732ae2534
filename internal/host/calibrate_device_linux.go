package host

import (
	"fmt"
	"os"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// echo is a connection over loopback, both ends in one thread.
type echo struct {
	wire *connection
	err  error
}

func openEcho() *echo {
	l, err := openLoopback()
	return &echo{l, err}
}

func (e *echo) close() {
	if e.wire != nil {
		e.wire.close()
	}
}

func (e *echo) byte() (float64, error) {
	const turns = 2_000
	return e.turns(turns, 1)
}

func (e *echo) bulk() (float64, error) {
	const turns, size = 200, 64 << 10
	ns, err := e.turns(turns, size)
	if err != nil {
		return 0, err
	}
	return size / (ns / 1e9), nil
}

// turns writes and reads size bytes so often; ns of processor time by turn.
func (e *echo) turns(turns, size int) (float64, error) {
	if e.err != nil {
		return 0, e.err
	}
	b := make([]byte, size)
	began := threadCPU()
	for range turns {
		if _, err := unix.Write(e.wire.send, b); err != nil {
			return 0, os.NewSyscallError("write", err)
		}
		for left := size; left > 0; {
			n, err := unix.Read(e.wire.recv, b[:left])
			if err != nil {
				return 0, os.NewSyscallError("read", err)
			}
			left -= n
		}
	}
	used := threadCPU() - began
	if used <= 0 {
		return 0, fmt.Errorf("the clock of processor time did not move")
	}
	return float64(used) / float64(turns), nil
}

// rawDisk reads a source past the page cache: single pages far from each other,
// and large pieces one after the other.
type rawDisk struct {
	fd     int
	err    error
	whole  []byte // the mapping that buf is part of
	buf    []byte
	pieces int64
	at     int64
}

const (
	diskSmall = 4 << 10
	diskLarge = 8 << 20
	hugePage  = 2 << 20 // of x86-64 and arm64 with pages of 4 KiB
	// readsARound is how many reads a round makes; their median is its sample.
	readsARound = 8
)

func openDisk(src *Source) *rawDisk {
	d := &rawDisk{fd: -1, pieces: src.size / diskLarge}
	if d.pieces == 0 {
		d.err = fmt.Errorf("the file has %d bytes; %d or more are needed", src.size, diskLarge)
		return d
	}
	if d.err = src.file.Sync(); d.err != nil {
		return d
	}
	fd, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", src.file.Fd()), unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		d.err = fmt.Errorf("open with O_DIRECT: %w", err)
		return d
	}
	d.fd = fd
	// In few pieces, as the folios of a page cache are that was read ahead: a request
	// takes so many pieces of memory (max_segments), and each of them costs.
	d.whole, err = unix.Mmap(-1, 0, diskLarge+hugePage, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	if err != nil {
		d.err = os.NewSyscallError("mmap", err)
		return d
	}
	skip := -uintptr(unsafe.Pointer(&d.whole[0])) % hugePage
	d.buf = d.whole[skip : skip+diskLarge]
	_ = unix.Madvise(d.buf, unix.MADV_HUGEPAGE) // without it, the pages are small and the disk seems slower
	clear(d.buf)
	return d
}

func (d *rawDisk) close() {
	if d.fd >= 0 {
		unix.Close(d.fd)
	}
	if d.whole != nil {
		_ = unix.Munmap(d.whole)
	}
}

// latency is the median of some short reads, in ns.
func (d *rawDisk) latency() (float64, error) {
	// 37 is prime: every piece once, none after its neighbour.
	return d.timed(diskSmall, func(i int64) int64 { return i * 37 % d.pieces * diskLarge })
}

// rate is the bytes per second that large reads have beyond short ones.
func (d *rawDisk) rate() (float64, error) {
	short, err := d.latency()
	if err != nil {
		return 0, err
	}
	long, err := d.timed(diskLarge, func(i int64) int64 { return i % d.pieces * diskLarge })
	if err != nil {
		return 0, err
	}
	return (diskLarge - diskSmall) / (max(long-short, float64(time.Microsecond)) / 1e9), nil
}

func (d *rawDisk) timed(n int, at func(i int64) int64) (float64, error) {
	if d.err != nil {
		return 0, d.err
	}
	var times []time.Duration
	for range readsARound {
		d.at++
		began := time.Now()
		if _, err := unix.Pread(d.fd, d.buf[:n], at(d.at)); err != nil {
			return 0, fmt.Errorf("read with O_DIRECT: %w", err)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	return float64(times[len(times)/2]), nil
}
