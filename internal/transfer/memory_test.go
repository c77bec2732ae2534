package transfer_test

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
)

// memory is the smallest kernel that obeys the contract: real bytes, no
// operating system, no model. It keeps the conformance table and the programs
// honest before any other kernel does.
type memory struct {
	transfer.Refusing

	blocking bool
	defect   string // what it does wrong on purpose; see TestTableFinds
	file     []byte
	original []byte
	position int64
	mems     [][]byte // nil after Free or Munmap
	mapped   map[int]int64
	pipes    map[transfer.FD]*pipe
	room     int // bytes that the socket buffer still takes
	gone     bool
	sinks    map[transfer.FD]*sink
	calls    int

	fed       map[transfer.FD]*[]byte // what comes through sockets to read from
	direct    map[transfer.FD]*int64  // descriptors of their own, with their positions
	rings     map[transfer.FD]bool
	lent      int // sends by reference so far
	completed int // of them
	sealed    bool
	reshaped  string // by which path; see plain
}

// sink is a receiver.
type sink struct {
	wire     []byte // what it got
	asserted int    // plain bytes of it that Arrived has seen
}

type pipe struct {
	slots    [][]byte
	capacity int // slots
}

const (
	fileFD   transfer.FD = 3
	socketFD transfer.FD = 4
	secondFD transfer.FD = 5
	socketB              = 50_000 // bytes in the socket buffer
)

func newMemory(blocking bool, defect string) *memory {
	return &memory{blocking: blocking, defect: defect, mapped: map[int]int64{}, pipes: map[transfer.FD]*pipe{}, room: socketB,
		sinks: map[transfer.FD]*sink{socketFD: {}}, fed: map[transfer.FD]*[]byte{}, direct: map[transfer.FD]*int64{}, rings: map[transfer.FD]bool{}}
}

var page = os.Getpagesize()

func (m *memory) Alloc(n int) (transfer.Mem, error) {
	m.mems = append(m.mems, make([]byte, n))
	return transfer.Mem{Handle: len(m.mems) - 1, Len: n}, nil
}

func (m *memory) Free(r transfer.Mem) { m.mems[r.Handle] = nil }

// rest is the file from off, or from the position, on.
func (m *memory) rest(off *int64) []byte {
	at := m.position
	if off != nil {
		at = *off
	}
	return m.file[min(at, int64(len(m.file))):]
}

func (m *memory) move(off *int64, n int) {
	if off == nil || m.defect == "offset moves position" {
		m.position += int64(n)
	}
	if off != nil {
		*off += int64(n)
	}
}

func (m *memory) Read(_ transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	b := m.mems[dst.Handle][dst.Off : dst.Off+dst.Len]
	if src := m.fed[in]; src != nil {
		n := copy(b, *src)
		*src = (*src)[n:]
		return n, nil
	}
	if position := m.direct[in]; position != nil {
		if off == nil {
			off = position
		}
		if *off%transfer.DirectAlign != 0 || dst.Off%transfer.DirectAlign != 0 || dst.Len%transfer.DirectAlign != 0 {
			return 0, syscall.EINVAL
		}
	}
	n := copy(b, m.rest(off))
	m.move(off, n)
	return n, nil
}

// send puts bytes on the wire, as many as there is room for.
func (m *memory) send(out transfer.FD, b []byte) (int, error) {
	m.calls++
	switch {
	case m.gone && out == socketFD:
		return 0, syscall.EPIPE
	case m.blocking:
		m.room = len(b)
	case m.room == 0:
		return 0, syscall.EAGAIN
	}
	n := min(len(b), m.room)
	m.room -= n
	s := m.sinks[out]
	if m.sealed {
		s.wire = append(s.wire, seal(b[:n])...)
		return n, nil
	}
	s.wire = append(s.wire, b[:n]...)
	if m.defect == "sends a byte twice" && m.calls == 3 && n > 0 {
		s.wire = append(s.wire, b[n-1])
	}
	if m.defect == "counts too many" && n > 1 {
		s.wire = s.wire[:len(s.wire)-1]
	}
	return n, nil
}

// memory gives the bytes of a range, or false where a mapping has lost them.
func (m *memory) bytes(r transfer.Mem) ([]byte, bool) {
	off, mapping := m.mapped[r.Handle]
	if !mapping {
		return m.mems[r.Handle][r.Off : r.Off+r.Len], true
	}
	from, to := int(off)+r.Off, int(off)+r.Off+r.Len
	size := len(m.file)
	if pages := (size + page - 1) / page * page; to > pages && m.defect != "no SIGBUS" {
		return nil, false
	}
	return m.original[from:min(to, len(m.original))], true
}

func (m *memory) Write(_ transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	b, ok := m.bytes(src)
	if !ok {
		return 0, syscall.EFAULT
	}
	return m.send(out, b)
}

func (m *memory) Mmap(_ transfer.Label, _ transfer.FD, off int64, n int) (transfer.Mem, error) {
	if off%int64(page) != 0 && m.defect != "unaligned mmap" {
		return transfer.Mem{}, syscall.EINVAL
	}
	r, _ := m.Alloc(n)
	m.mapped[r.Handle] = off
	return r, nil
}

func (m *memory) Munmap(_ transfer.Label, r transfer.Mem) error {
	delete(m.mapped, r.Handle)
	m.Free(r)
	return nil
}

func (m *memory) Sendfile(_ transfer.Label, out, _ transfer.FD, off *int64, n int) (int, error) {
	b := m.rest(off)
	if len(b) == 0 {
		return 0, nil
	}
	sent, err := m.send(out, b[:min(n, len(b))])
	m.move(off, sent)
	return sent, err
}

func (m *memory) Pipe(_ transfer.Label, want int) (transfer.PipeEnds, error) {
	p := &pipe{capacity: 16}
	for p.capacity*page < want {
		p.capacity *= 2
	}
	r := m.number()
	m.pipes[r], m.pipes[r+1] = p, p
	return transfer.PipeEnds{Read: r, Write: r + 1, Capacity: p.capacity * page}, nil
}

func (m *memory) Splice(_ transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, _ bool) (int, error) {
	if in == fileFD || m.fed[in] != nil {
		return m.spliceIn(in, off, m.pipes[out], n)
	}
	p := m.pipes[in]
	if p == nil {
		return 0, syscall.EBADF
	}
	sum := 0
	for n > 0 && len(p.slots) > 0 {
		k, err := m.send(out, p.slots[0][:min(n, len(p.slots[0]))])
		if err != nil {
			if sum > 0 {
				break
			}
			return 0, err
		}
		if p.slots[0] = p.slots[0][k:]; len(p.slots[0]) == 0 {
			p.slots = p.slots[1:]
		}
		n, sum = n-k, sum+k
	}
	return sum, nil
}

func (m *memory) spliceIn(in transfer.FD, off *int64, p *pipe, n int) (sum int, err error) {
	if p == nil {
		return 0, syscall.EBADF
	}
	for n > 0 && (len(p.slots) < p.capacity || m.defect == "bottomless pipe") {
		b := m.next(in, off, n)
		if len(b) == 0 {
			break
		}
		p.slots = append(p.slots, b)
		n, sum = n-len(b), sum+len(b)
	}
	return sum, nil
}

// next takes the next page, or part of one, of at most n bytes.
func (m *memory) next(in transfer.FD, off *int64, n int) []byte {
	if src := m.fed[in]; src != nil {
		b := (*src)[:min(n, len(*src), page)]
		*src = (*src)[len(b):]
		return b
	}
	at := m.position
	if off != nil {
		at = *off
	}
	b := m.rest(off)
	b = b[:min(n, len(b), page-int(at)%page)]
	m.move(off, len(b))
	return b
}

func (m *memory) Close(_ transfer.Label, fd transfer.FD) error {
	if m.pipes[fd] == nil && m.direct[fd] == nil && !m.rings[fd] {
		return syscall.EBADF
	}
	if m.defect != "close does nothing" {
		delete(m.pipes, fd)
		delete(m.direct, fd)
		delete(m.rings, fd)
	}
	return nil
}

func (m *memory) Wait(_ transfer.Label, _ transfer.FD, d transfer.Direction) error {
	if d == transfer.Writable {
		m.room = socketB
	}
	return nil
}

func (m *memory) Touch(_ transfer.Label, r transfer.Mem) error {
	if _, ok := m.bytes(r); !ok {
		return syscall.EFAULT
	}
	return nil
}

// The environment.

func (m *memory) Kernel() transfer.Kernel { return m }
func (m *memory) Socket() transfer.FD     { return socketFD }

func (m *memory) File(_ testing.TB, size int64) transfer.FD {
	m.original = make([]byte, size)
	for i := range m.original { // no period near a power of two
		m.original[i] = byte(i % 251)
	}
	m.file, m.position = m.original, 0
	return fileFD
}

func (m *memory) Truncate(_ testing.TB, size int64) { m.file = m.original[:size] }

func (m *memory) Arrived(t testing.TB, from, n int64) {
	t.Helper()
	m.arrived(t, m.sinks[socketFD], from, n)
}

func (m *memory) arrived(t testing.TB, s *sink, from, n int64) {
	t.Helper()
	got := m.plain(s)[s.asserted:]
	if int64(len(got)) < n {
		t.Fatalf("%d bytes arrived, want %d", len(got), n)
	}
	if !bytes.Equal(got[:n], m.original[from:from+n]) {
		t.Fatalf("what arrived is not the file's [%d, %d+%[1]d)", from, n)
	}
	s.asserted += int(n)
}

func (m *memory) Ended(t testing.TB) {
	t.Helper()
	for _, s := range m.sinks {
		if extra := len(m.plain(s)) - s.asserted; extra != 0 {
			t.Errorf("%d bytes too many arrived", extra)
		}
	}
}

func (m *memory) CloseReceiver(testing.TB) { m.gone = true }

var _ transfertest.Env = (*memory)(nil)

func openMemory(blocking bool, defect string) func(*testing.T) transfertest.Env {
	return func(*testing.T) transfertest.Env { return newMemory(blocking, defect) }
}

func TestPrograms(t *testing.T) {
	for name, blocking := range map[string]bool{"blocking": true, "non-blocking": false} {
		t.Run(name, func(t *testing.T) {
			transfertest.Conformance(t, openMemory(blocking, ""))
			transfertest.Faults(t, openMemory(blocking, ""))
		})
	}
}
