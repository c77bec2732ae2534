//go:build !linux

package host

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"copyscope/internal/transfer"
)

// Serving is the portable copy path: read and write through user memory, by
// Go's own files and connections. The calls that make other paths possible
// return ENOSYS.
type Serving struct {
	transfer.Refusing // all but read and write

	conn  *net.TCPConn
	files []*os.File // by FD less 1; the socket is FD 0
	mem   memory
	count tally
}

var _ transfer.Kernel = (*Serving)(nil)

// NewServing makes the kernel for one connection, which stays the caller's.
func NewServing(conn *net.TCPConn) (*Serving, error) { return &Serving{conn: conn}, nil }

// Socket is the connection's descriptor.
func (s *Serving) Socket() transfer.FD { return 0 }

// File lends an open file to the transfers until the next Reset. The file
// stays open and the caller's.
func (s *Serving) File(f *os.File) transfer.FD {
	s.files = append(s.files, f)
	return transfer.FD(len(s.files))
}

// Reset forgets the files and the counts: the next response begins.
func (s *Serving) Reset() { s.files, s.count = s.files[:0], tally{} }

// Summary tells what was done since the last Reset.
func (s *Serving) Summary() Summary { return s.count.summary() }

func (s *Serving) file(fd transfer.FD) (*os.File, error) {
	if fd < 1 || int(fd) > len(s.files) || s.files[fd-1] == nil {
		return nil, syscall.EBADF
	}
	return s.files[fd-1], nil
}

func (s *Serving) Alloc(n int) (transfer.Mem, error) { return s.mem.alloc(n) }
func (s *Serving) Free(m transfer.Mem)               { s.mem.free(m) }

func (s *Serving) Read(_ transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (n int, err error) {
	f, err := s.file(in)
	if err != nil {
		return 0, err
	}
	b, err := s.mem.bytes(dst)
	if err != nil {
		return 0, err
	}
	if off == nil {
		s.count.calls[callRead]++
		n, err = f.Read(b)
	} else {
		s.count.calls[callPread]++
		n, err = f.ReadAt(b, *off)
		*off += int64(n)
	}
	if n > 0 || errors.Is(err, io.EOF) {
		return n, nil
	}
	return 0, errnoOf(err)
}

func (s *Serving) Write(_ transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	if out != s.Socket() {
		return 0, syscall.EBADF
	}
	b, err := s.mem.bytes(src)
	if err != nil {
		return 0, err
	}
	s.count.calls[callWrite]++
	n, err := s.conn.Write(b)
	s.count.bytes += int64(n)
	if n > 0 {
		return n, nil // the next call meets the error again
	}
	return 0, errnoOf(err)
}

// Close ends a descriptor; file and connection stay open for their owners.
func (s *Serving) Close(_ transfer.Label, fd transfer.FD) error {
	if _, err := s.file(fd); err != nil {
		return err
	}
	s.files[fd-1] = nil
	return nil
}

// Wait returns at once: Go's own Read and Write wait inside.
func (s *Serving) Wait(transfer.Label, transfer.FD, transfer.Direction) error { return nil }

func (s *Serving) Touch(_ transfer.Label, m transfer.Mem) error {
	b, err := s.mem.bytes(m)
	if err != nil {
		return err
	}
	return touch(b)
}
