package host

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Measured is the real kernel with blocking calls on a locked thread. Around
// each call stands the witness, and events go to a [trace.Recorder].
//
// Everything happens on the thread that called NewMeasured, from one
// goroutine, until End.
type Measured struct {
	socket  int
	files   map[transfer.FD]*position
	pipes   map[transfer.FD]*pipeContents
	mem     memory
	witness *witness
	unlock  func()

	sockets map[transfer.FD]bool // lent besides socket
	rings   map[transfer.FD]*ring
	owned   map[transfer.FD]func() // descriptors that Close closes, and what else it gives back
	sealed  map[transfer.FD]bool   // sockets whose records the kernel makes
	seal    sealer
	squeeze *squeezer
	lent    lentSizes
	notices notices
	polled  [1]unix.PollFd

	byRead   bool
	sent     int64 // bytes handed to the socket, or read
	progress func(sent int64)
	// report is how many bytes the next progress report is due at.
	report, step, size int64
}

var _ transfer.Kernel = (*Measured)(nil)

// MeasuredOptions say how closely a measured kernel looks.
type MeasuredOptions struct {
	// Calls is how many calls are expected. Beyond a few thousand the witness
	// reads the thread's usage only at every so many calls, to stay cheap. The
	// totals are exact all the same.
	Calls int64
	// Disk tells what the thread read from devices per call, for cold runs;
	// otherwise there is one figure at the end.
	Disk bool
	// Start is the time that events count from; zero means now.
	Start time.Time
	// Progress is told, at about every 64th of Size and at its end, how many
	// bytes were handed to the socket. It runs on the measuring thread, between
	// calls; what it uses is not counted, how long it takes is told as a pause.
	Progress func(sent int64)
	Size     int64
	// ByRead tells the progress of what was read: the program has no socket, or
	// sends other bytes.
	ByRead bool
	// Endpoint is whose events these are; empty means the sender's.
	Endpoint trace.Endpoint
}

// position follows a file's own position, so that events can tell offsets.
type position struct {
	at     int64
	direct bool // reads go past the page cache
}

// NewMeasured makes the kernel for a connected, blocking socket, which stays
// the caller's, or for none: -1. It locks the goroutine to its thread until End.
func NewMeasured(socket int, rec trace.Recorder, o MeasuredOptions) (*Measured, error) {
	unlock, err := lockThread()
	if err != nil {
		return nil, err
	}
	m := &Measured{socket: socket, files: map[transfer.FD]*position{}, pipes: map[transfer.FD]*pipeContents{}, unlock: unlock,
		sockets: map[transfer.FD]bool{}, rings: map[transfer.FD]*ring{}, owned: map[transfer.FD]func(){}, sealed: map[transfer.FD]bool{},
		byRead: o.ByRead, progress: o.Progress, size: o.Size, step: max(o.Size/64, 1), report: 1}
	m.witness = newWitness(rec, o)
	return m, nil
}

// End emits what is not emitted yet and gives the thread back.
func (m *Measured) End() {
	m.witness.close()
	m.unlock()
}

// Socket is the socket's descriptor.
func (m *Measured) Socket() transfer.FD { return transfer.FD(m.socket) }

// File lends an open file to the programs. It stays open and the caller's.
func (m *Measured) File(f *os.File) transfer.FD {
	fd := transfer.FD(f.Fd())
	at, _ := unix.Seek(int(fd), 0, unix.SEEK_CUR)
	m.files[fd] = &position{at: at}
	return fd
}

// start is the file offset that a call with off begins at.
func (m *Measured) start(fd transfer.FD, off *int64) int64 {
	if off != nil {
		return *off
	}
	if p := m.files[fd]; p != nil {
		return p.at
	}
	return 0
}

// move follows the file's position after a call with off.
func (m *Measured) move(fd transfer.FD, off *int64, n int) {
	if p := m.files[fd]; p != nil && off == nil && n > 0 {
		p.at += int64(n)
	}
}

// handed tells the progress of what the socket took.
func (m *Measured) handed(out transfer.FD, n int) {
	if out == m.Socket() && !m.byRead {
		m.advance(n)
	}
}

func (m *Measured) advance(n int) {
	if n <= 0 {
		return
	}
	m.sent += int64(n)
	if m.progress != nil && (m.sent >= m.report || m.sent == m.size) {
		m.report = m.sent + m.step
		m.witness.pause(func() { m.progress(m.sent) })
	}
}

// known says EBADF for what is no open descriptor of this kernel; the system
// might have given its number to somebody else.
func (m *Measured) known(fds ...transfer.FD) error {
	for _, fd := range fds {
		if fd < 0 || fd != m.Socket() && m.files[fd] == nil && m.pipes[fd] == nil && !m.sockets[fd] && m.rings[fd] == nil {
			return syscall.EBADF
		}
	}
	return nil
}

// Alloc makes the program's own memory; what that costs is not the transfer's.
func (m *Measured) Alloc(n int) (b transfer.Mem, err error) {
	m.witness.apart(func() { b, err = m.mem.alloc(n) })
	return b, err
}

func (m *Measured) Free(b transfer.Mem) { m.mem.free(b) }

func (m *Measured) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	b, err := m.mem.bytes(dst)
	if err := m.known(in); err != nil {
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	r := record{call: callRead, line: l, asked: len(b), offset: m.start(in, off), fromSocket: m.sockets[in]}
	if p := m.files[in]; p != nil {
		r.direct = p.direct
	}
	if off != nil {
		r.call = callPread
	}
	n, err := m.witness.watch(r, func() (int, error) {
		if off == nil {
			return unix.Read(int(in), b)
		}
		return unix.Pread(int(in), b, *off)
	})
	if n > 0 {
		m.mem.holds(dst, r.offset)
		if off != nil {
			*off += int64(n)
		}
	}
	m.move(in, off, n)
	if m.byRead {
		m.advance(n)
	}
	return n, err
}

func (m *Measured) Write(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	b, err := m.mem.bytes(src)
	if err := m.known(out); err != nil {
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	r := record{call: callWrite, line: l, asked: len(b), offset: m.mem.offset(src), mapped: m.mem.isMapping(src)}
	n, err := m.witness.watch(r, func() (int, error) { return unix.Write(int(out), b) })
	m.handed(out, n)
	return n, err
}

func (m *Measured) Sendfile(l transfer.Label, out, in transfer.FD, off *int64, n int) (int, error) {
	if err := m.known(out, in); err != nil {
		return 0, err
	}
	r := record{call: callSendfile, line: l, asked: n, offset: m.start(in, off)}
	sent, err := m.witness.watch(r, func() (int, error) { return unix.Sendfile(int(out), int(in), off, n) })
	m.move(in, off, sent)
	m.handed(out, sent)
	return sent, err
}

func (m *Measured) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	if err := m.known(out, in); err != nil {
		return 0, err
	}
	r := record{call: callSplice, line: l, asked: n, offset: m.start(in, off), fromSocket: m.sockets[in]}
	from, to := m.pipes[in], m.pipes[out]
	if from != nil {
		r.fromPipe = true
		r.offset = from.offset()
	}
	n, err := m.witness.watch(r, func() (int, error) {
		n, err := unix.Splice(int(in), off, int(out), nil, n, spliceFlags(more))
		return int(n), err
	})
	if to != nil && n > 0 {
		m.witness.last().pages = to.put(r.offset, int64(n))
	}
	if from != nil && n > 0 {
		m.witness.last().pages = from.take(int64(n))
	}
	m.move(in, off, n)
	m.handed(out, n)
	return n, err
}

func (m *Measured) Mmap(l transfer.Label, in transfer.FD, off int64, n int) (mem transfer.Mem, err error) {
	if err := m.known(in); err != nil {
		return mem, err
	}
	var b []byte
	_, err = m.witness.watch(record{call: callMmap, line: l, asked: n, offset: off}, func() (_ int, err error) {
		b, err = unix.Mmap(int(in), off, n, unix.PROT_READ, unix.MAP_SHARED)
		return 0, err
	})
	if err != nil {
		return mem, err
	}
	m.witness.last().memory = uintptr(unsafe.Pointer(&b[0]))
	return m.mem.add(userRange{bytes: b, mapped: true, at: off}), nil
}

func (m *Measured) Munmap(l transfer.Label, mem transfer.Mem) error {
	b, err := m.mem.take(mem)
	if err != nil {
		return err
	}
	_, err = m.witness.watch(record{call: callMunmap, line: l, asked: len(b), memory: uintptr(unsafe.Pointer(&b[0]))}, func() (int, error) { return 0, unix.Munmap(b) })
	return err
}

func (m *Measured) Pipe(l transfer.Label, want int) (transfer.PipeEnds, error) {
	p, err := openPipe(want, 0, func(c call, f func() (int, error)) error {
		_, err := m.witness.watch(record{call: c, line: l}, f)
		return err
	})
	if err != nil {
		return transfer.PipeEnds{}, err
	}
	ends := transfer.PipeEnds{Read: transfer.FD(p.r), Write: transfer.FD(p.w), Capacity: p.capacity}
	m.witness.apart(func() {
		both := newPipeContents(p.capacity)
		m.pipes[ends.Read], m.pipes[ends.Write] = both, both
		m.owned[ends.Read], m.owned[ends.Write] = func() {}, func() {}
	})
	return ends, nil
}

// Close closes what the program opened. The sockets and the files are lent: for
// them it only forgets the descriptor, their owners close them.
func (m *Measured) Close(l transfer.Label, fd transfer.FD) error {
	giveBack, owned := m.owned[fd]
	if err := m.known(fd); err != nil && !owned {
		return err
	}
	delete(m.pipes, fd)
	delete(m.files, fd)
	delete(m.sockets, fd)
	delete(m.rings, fd)
	delete(m.owned, fd)
	if !owned {
		return nil
	}
	m.witness.apart(giveBack)
	_, err := m.witness.watch(record{call: callClose, line: l}, func() (int, error) { return 0, unix.Close(int(fd)) })
	return err
}

func (m *Measured) Wait(l transfer.Label, fd transfer.FD, d transfer.Direction) error {
	if err := m.known(fd); err != nil {
		return err
	}
	_, err := m.witness.watch(record{call: callPoll, line: l}, func() (int, error) { return 1, pollOne(int(fd), d, -1) })
	return err
}

func (m *Measured) Touch(l transfer.Label, mem transfer.Mem) error {
	b, err := m.mem.bytes(mem)
	if err != nil {
		return err
	}
	r := record{call: noCall, line: l, detail: "touch", asked: len(b), offset: m.mem.offset(mem), mapped: m.mem.isMapping(mem)}
	_, err = m.witness.watch(r, func() (int, error) { return len(b), touch(b) })
	return err
}
