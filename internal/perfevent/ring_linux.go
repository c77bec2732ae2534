package perfevent

import (
	"encoding/binary"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ring is the memory through which the kernel hands over records
// (Documentation/userspace-api/perf_ring_buffer.rst): a page that says how far each
// side is, and a power of two of pages of data.
type ring struct {
	memory []byte
	page   *unix.PerfEventMmapPage
	data   []byte
	copied []byte
}

// mapRing maps the ring of an event. EPERM means that it is more than the user may
// lock (kernel.perf_event_mlock_kb).
func mapRing(fd, bytes int) (*ring, error) {
	page := os.Getpagesize()
	memory, err := unix.Mmap(fd, 0, page+bytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return &ring{memory: memory, page: (*unix.PerfEventMmapPage)(unsafe.Pointer(&memory[0])), data: memory[page:]}, nil
}

func (r *ring) unmap() { _ = unix.Munmap(r.memory) }

// take takes all records out. What it returns is good until it is called again.
func (r *ring) take() []byte {
	head, tail := atomic.LoadUint64(&r.page.Data_head), r.page.Data_tail
	size := uint64(len(r.data))
	n := min(head-tail, size)
	from := tail & (size - 1)
	r.copied = append(r.copied[:0], r.data[from:min(from+n, size)]...)
	r.copied = append(r.copied, r.data[:n-uint64(len(r.copied))]...)
	atomic.StoreUint64(&r.page.Data_tail, head)
	return r.copied
}

// eachRecord calls f with each record of what a ring had. A record begins with its
// type, of 4 bytes, some flags and its size, of 2 bytes each (struct
// perf_event_header, include/uapi/linux/perf_event.h).
func eachRecord(b []byte, f func(kind uint32, misc uint16, body []byte)) {
	for len(b) >= 8 {
		size := int(binary.NativeEndian.Uint16(b[6:]))
		if size < 8 || size > len(b) {
			return
		}
		f(binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint16(b[4:]), b[8:size])
		b = b[size:]
	}
}
