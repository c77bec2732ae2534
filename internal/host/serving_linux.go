package host

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// Serving is the real kernel on Go's poller. The socket stays non-blocking:
// calls return EAGAIN to the program, whose Wait parks the goroutine, so a slow
// reader costs no thread. A read of a file that is not in the page cache does
// block a thread, as it does for every program.
//
// One Serving serves one connection, one transfer at a time, from one
// goroutine.
type Serving struct {
	transfer.Refusing // the calls that no program with Serves makes

	conn  *net.TCPConn
	raw   syscall.RawConn
	ends  []end // by FD; the socket is ends[0]
	mem   memory
	count tally
	reads diskReads

	// sending is the sendfile(2) that send makes. Both stay here, so that a
	// call, of which the hottest path makes one for each response, allocates
	// nothing.
	sending sending
	send    func(socket uintptr) bool
}

var _ transfer.Kernel = (*Serving)(nil)

// end is what an FD stands for.
type end struct {
	socket bool
	file   *os.File // held so that it is not finalised under a transfer
	pipe   *pipe
	write  bool // the write end of pipe
	gone   bool
}

// NewServing makes the kernel for one connection, which stays the caller's.
func NewServing(conn *net.TCPConn) (*Serving, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", conn.RemoteAddr(), err)
	}
	s := &Serving{conn: conn, raw: raw, ends: []end{{socket: true}}}
	s.reads = newDiskReads(raw, &s.count)
	s.send = func(socket uintptr) bool { s.sendfile(int(socket)); return true }
	return s, nil
}

// sending is a sendfile(2) from a file to the socket: its arguments and what
// became of it.
type sending struct {
	file *os.File
	off  *int64
	n    int
	sent int
	err  error
}

func (s *Serving) sendfile(out int) {
	c := &s.sending
	s.count.calls[callSendfile]++
	c.sent, c.err = unix.Sendfile(out, int(c.file.Fd()), c.off, c.n)
}

// Socket is the connection's descriptor.
func (s *Serving) Socket() transfer.FD { return 0 }

// File lends an open file to the transfers until the next Reset. The file
// stays open and the caller's.
func (s *Serving) File(f *os.File) transfer.FD {
	return s.open(end{file: f})
}

// Reset forgets the files and the counts: the next response begins.
func (s *Serving) Reset() {
	for fd := range s.ends[1:] {
		s.drop(&s.ends[fd+1])
	}
	s.ends = s.ends[:1]
	s.count = tally{}
}

// Summary tells what was done since the last Reset.
func (s *Serving) Summary() Summary { return s.count.summary() }

func (s *Serving) open(e end) transfer.FD {
	s.ends = append(s.ends, e)
	return transfer.FD(len(s.ends) - 1)
}

func (s *Serving) end(fd transfer.FD) (*end, error) {
	if fd < 0 || int(fd) >= len(s.ends) || s.ends[fd].gone {
		return nil, syscall.EBADF
	}
	return &s.ends[fd], nil
}

// with calls f with the system's descriptor behind e. The socket's is borrowed
// from the poller, which keeps it open meanwhile and knows the deadlines.
func (s *Serving) with(e *end, d transfer.Direction, f func(fd int) error) error {
	var err error
	once := func(fd uintptr) bool { err = f(int(fd)); return true }
	switch {
	case e.socket && d == transfer.Readable:
		if outer := s.raw.Read(once); outer != nil {
			return errnoOf(outer)
		}
		return err
	case e.socket:
		if outer := s.raw.Write(once); outer != nil {
			return errnoOf(outer)
		}
		return err
	case e.pipe != nil && e.write:
		return f(e.pipe.w)
	case e.pipe != nil:
		return f(e.pipe.r)
	}
	return f(int(e.file.Fd()))
}

func (s *Serving) Alloc(n int) (transfer.Mem, error) { return s.mem.alloc(n) }
func (s *Serving) Free(m transfer.Mem)               { s.mem.free(m) }

func (s *Serving) Read(_ transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (n int, err error) {
	e, err := s.end(in)
	if err != nil {
		return 0, err
	}
	b, err := s.mem.bytes(dst)
	if err != nil {
		return 0, err
	}
	read := func() error {
		return s.with(e, transfer.Readable, func(fd int) (err error) {
			n, err = s.read(fd, b, off)
			return err
		})
	}
	if e.file != nil {
		err = s.reads.disk(e.file, off, len(b), read)
	} else {
		err = read()
	}
	return max(n, 0), err
}

func (s *Serving) read(fd int, b []byte, off *int64) (n int, err error) {
	if off == nil {
		s.count.calls[callRead]++
		return unix.Read(fd, b)
	}
	s.count.calls[callPread]++
	if n, err = unix.Pread(fd, b, *off); n > 0 {
		*off += int64(n)
	}
	return n, err
}

func (s *Serving) Write(_ transfer.Label, out transfer.FD, src transfer.Mem) (n int, err error) {
	e, err := s.end(out)
	if err != nil {
		return 0, err
	}
	b, err := s.mem.bytes(src)
	if err != nil {
		return 0, err
	}
	err = s.with(e, transfer.Writable, func(fd int) (err error) {
		s.count.calls[callWrite]++
		n, err = unix.Write(fd, b)
		return err
	})
	return s.handed(e, n), err
}

// handed counts what the socket took.
func (s *Serving) handed(e *end, n int) int {
	if n <= 0 {
		return 0
	}
	if e.socket {
		s.count.bytes += int64(n)
	}
	return n
}

func (s *Serving) Sendfile(_ transfer.Label, out, in transfer.FD, off *int64, n int) (sent int, err error) {
	o, err := s.end(out)
	if err != nil {
		return 0, err
	}
	i, err := s.end(in)
	if err != nil {
		return 0, err
	}
	if !o.socket || i.file == nil {
		return 0, syscall.EINVAL // sendfile(2): what is sent must be a file
	}
	taken, err := s.reads.enterLane(int(i.file.Fd()), off, n)
	if err != nil {
		return 0, err
	}
	if taken {
		defer leaveLane()
	}
	s.sending = sending{file: i.file, off: off, n: n}
	if outer := s.raw.Write(s.send); outer != nil {
		s.sending = sending{}
		return 0, errnoOf(outer)
	}
	done := s.sending
	s.sending = sending{}
	return s.handed(o, done.sent), done.err
}

func (s *Serving) Splice(_ transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (moved int, err error) {
	o, err := s.end(out)
	if err != nil {
		return 0, err
	}
	i, err := s.end(in)
	if err != nil {
		return 0, err
	}
	for _, e := range []*end{i, o} {
		if e.pipe != nil {
			e.pipe.endHalfClosed()
		}
	}
	splice := func() error {
		return s.with(o, transfer.Writable, func(ofd int) error {
			return s.with(i, transfer.Readable, func(ifd int) error {
				s.count.calls[callSplice]++
				m, err := unix.Splice(ifd, off, ofd, nil, n, spliceFlags(more))
				moved = max(int(m), 0)
				return err
			})
		})
	}
	if i.file != nil {
		err = s.reads.disk(i.file, off, n, splice)
	} else {
		err = splice()
	}
	if o.pipe != nil {
		o.pipe.held += int64(moved)
	}
	if i.pipe != nil {
		i.pipe.held -= int64(moved)
	}
	return s.handed(o, moved), err
}

func spliceFlags(more bool) int {
	if more {
		return unix.SPLICE_F_MOVE | unix.SPLICE_F_MORE
	}
	return unix.SPLICE_F_MOVE
}

func (s *Serving) Mmap(_ transfer.Label, in transfer.FD, off int64, n int) (m transfer.Mem, err error) {
	e, err := s.end(in)
	if err != nil {
		return m, err
	}
	err = s.with(e, transfer.Readable, func(fd int) error {
		s.count.calls[callMmap]++
		b, err := unix.Mmap(fd, off, n, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return err
		}
		m = s.mem.add(userRange{bytes: b, mapped: true})
		return nil
	})
	return m, err
}

func (s *Serving) Munmap(_ transfer.Label, m transfer.Mem) error {
	b, err := s.mem.take(m)
	if err != nil {
		return err
	}
	s.count.calls[callMunmap]++
	return unix.Munmap(b)
}

// Pipe takes an idle pipe from the pool, or opens one. Its ends are
// non-blocking, as the socket is.
func (s *Serving) Pipe(_ transfer.Label, want int) (transfer.PipeEnds, error) {
	p := pipePool.take(want)
	if p == nil {
		var err error
		p, err = openPipe(want, unix.O_NONBLOCK, func(c call, f func() (int, error)) error {
			s.count.calls[c]++
			_, err := f()
			return err
		})
		if err != nil {
			return transfer.PipeEnds{}, err
		}
	}
	return transfer.PipeEnds{Read: s.open(end{pipe: p}), Write: s.open(end{pipe: p, write: true}), Capacity: p.capacity}, nil
}

// Close ends a descriptor. A borrowed file and the socket stay open for their
// owners; an empty pipe goes back to the pool.
func (s *Serving) Close(_ transfer.Label, fd transfer.FD) error {
	e, err := s.end(fd)
	if err != nil {
		return err
	}
	s.drop(e)
	return nil
}

func (s *Serving) drop(e *end) {
	if e.gone {
		return
	}
	e.gone = true
	p := e.pipe
	if p == nil {
		return
	}
	if e.write {
		p.wClosed = true
	} else {
		p.rClosed = true
	}
	if p.rClosed && p.wClosed && !pipePool.give(p) {
		s.count.calls[callClose] += 2
		p.close()
	}
}

// Wait parks the goroutine until the socket is ready or the connection's
// deadline has passed (ETIMEDOUT).
func (s *Serving) Wait(_ transfer.Label, fd transfer.FD, d transfer.Direction) error {
	e, err := s.end(fd)
	switch {
	case err != nil:
		return err
	case e.file != nil:
		return nil // poll(2): a regular file is always ready
	case e.pipe != nil:
		return s.with(e, d, func(fd int) error { return s.poll(fd, d, -1) })
	}
	// The poller is edge-triggered and forgets the edge that may have come
	// since EAGAIN, so each look is a poll(2) of its own.
	ready := func(fd uintptr) bool {
		err = s.poll(int(fd), d, 0)
		return !errors.Is(err, syscall.EAGAIN)
	}
	park := s.raw.Write
	if d == transfer.Readable {
		park = s.raw.Read
	}
	if outer := park(ready); outer != nil {
		return errnoOf(outer)
	}
	return err
}

// poll is poll(2) for one descriptor; EAGAIN if it is not ready in time.
func (s *Serving) poll(fd int, d transfer.Direction, timeoutMs int) error {
	s.count.calls[callPoll]++
	return pollOne(fd, d, timeoutMs)
}

func pollOne(fd int, d transfer.Direction, timeoutMs int) error {
	events := int16(unix.POLLOUT)
	if d == transfer.Readable {
		events = unix.POLLIN
	}
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: events}}, timeoutMs)
	if err == nil && n == 0 {
		return syscall.EAGAIN
	}
	return err
}

func (s *Serving) Touch(_ transfer.Label, m transfer.Mem) error {
	b, err := s.mem.bytes(m)
	if err != nil {
		return err
	}
	return touch(b)
}
