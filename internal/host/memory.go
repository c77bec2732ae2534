package host

import (
	"encoding/binary"
	"math/bits"
	"runtime/debug"
	"sync"
	"syscall"

	"copyscope/internal/transfer"
)

// maxBuffer bounds one user buffer, in bytes: make would end the process where
// malloc(3) returns NULL.
const maxBuffer = 1 << 30

// memory is the table of a kernel's user buffers and mappings.
type memory struct {
	next   int
	ranges map[int]userRange
}

type userRange struct {
	bytes  []byte
	mapped bool
	pooled *[]byte // where bytes came from, if from buffers
	at     int64   // file offset of bytes[0], as far as known
}

// bytes is the memory behind m, or EFAULT if there is none.
func (t *memory) bytes(m transfer.Mem) ([]byte, error) {
	r, ok := t.ranges[m.Handle]
	if !ok || m.Off < 0 || m.Len < 0 || m.Off+m.Len > len(r.bytes) {
		return nil, syscall.EFAULT
	}
	return r.bytes[m.Off : m.Off+m.Len], nil
}

// isMapping says whether m is in a mapping of a file.
func (t *memory) isMapping(m transfer.Mem) bool { return t.ranges[m.Handle].mapped }

// holds notes that m now holds the file's bytes from off on.
func (t *memory) holds(m transfer.Mem, off int64) {
	if r, ok := t.ranges[m.Handle]; ok {
		r.at = off - int64(m.Off)
		t.ranges[m.Handle] = r
	}
}

// offset is the file offset of m's first byte.
func (t *memory) offset(m transfer.Mem) int64 { return t.ranges[m.Handle].at + int64(m.Off) }

func (t *memory) add(r userRange) transfer.Mem {
	if t.ranges == nil {
		t.ranges = map[int]userRange{}
	}
	t.next++
	t.ranges[t.next] = r
	return transfer.Mem{Handle: t.next, Len: len(r.bytes)}
}

// alloc takes a buffer of n bytes from the pool. Its pages are in memory: Go
// heap that was written before.
func (t *memory) alloc(n int) (transfer.Mem, error) {
	if n <= 0 {
		return transfer.Mem{}, syscall.EINVAL
	}
	if n > maxBuffer {
		return transfer.Mem{}, syscall.ENOMEM
	}
	p := takeBuffer(n)
	return t.add(userRange{bytes: (*p)[:n], pooled: p}), nil
}

// free gives a buffer back to the pool.
func (t *memory) free(m transfer.Mem) {
	if r, ok := t.ranges[m.Handle]; ok && r.pooled != nil {
		delete(t.ranges, m.Handle)
		giveBuffer(r.pooled)
	}
}

// take removes a whole mapping from the table, for munmap(2).
func (t *memory) take(m transfer.Mem) ([]byte, error) {
	r, ok := t.ranges[m.Handle]
	if !ok || !r.mapped {
		return nil, syscall.EINVAL
	}
	delete(t.ranges, m.Handle)
	return r.bytes, nil
}

// buffers holds idle user buffers by the power of two that is their size.
var buffers [bits.UintSize]sync.Pool

func takeBuffer(n int) *[]byte {
	class := bits.Len(uint(n - 1))
	if p, ok := buffers[class].Get().(*[]byte); ok {
		return p
	}
	b := make([]byte, 1<<class)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1 // brings the page in now, so that no transfer pays for it
	}
	return &b
}

func giveBuffer(p *[]byte) { buffers[bits.Len(uint(len(*p)-1))].Put(p) }

// touch reads every byte of b. A page that is gone from the file under a
// mapping raises SIGBUS; that becomes EFAULT.
func touch(b []byte) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			err = syscall.EFAULT
		}
	}()
	// In pieces: between calls the runtime can stop the goroutine, which
	// matters where its preemption signal is blocked.
	const piece = 1 << 20
	for ; len(b) > piece; b = b[piece:] {
		touchPiece(b[:piece])
	}
	touchPiece(b)
	return nil
}

// touchPiece returns what it read, and is not inlined, so that the compiler
// cannot drop the reads.
//
//go:noinline
func touchPiece(b []byte) (x uint64) {
	for ; len(b) >= 8; b = b[8:] {
		x ^= binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		x ^= uint64(c)
	}
	return x
}
