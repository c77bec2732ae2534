package host

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"copyscope/internal/transfer"
)

// ServingSealed is the serving kernel of a connection whose bytes are sealed in
// user space, as TLS does: the file is read by real pread64(2) calls, and what
// the program writes goes through the layer, whose own write(2) calls beneath
// it are counted. The calls that would pass user memory by return ENOSYS.
//
// One ServingSealed serves one connection, one transfer at a time, from one
// goroutine.
type ServingSealed struct {
	transfer.Refusing // all but read and write

	conn        net.Conn
	beneath     *Beneath
	files       []*os.File // by FD less 1; the socket is FD 0
	mem         memory
	count       tally
	reads       diskReads
	calls, sent int64 // of beneath, at the last Reset
}

var _ transfer.Kernel = (*ServingSealed)(nil)

// NewServingSealed makes the kernel for the connection, which writes to
// beneath. Both stay the caller's.
func NewServingSealed(conn net.Conn, beneath *Beneath) *ServingSealed {
	s := &ServingSealed{conn: conn, beneath: beneath}
	s.reads = newDiskReads(beneath.raw, &s.count)
	return s
}

// Socket is the connection's descriptor.
func (s *ServingSealed) Socket() transfer.FD { return 0 }

// File lends an open file to the transfers until the next Reset. The file
// stays open and the caller's.
func (s *ServingSealed) File(f *os.File) transfer.FD {
	s.files = append(s.files, f)
	return transfer.FD(len(s.files))
}

// Reset forgets the files and the counts: the next response begins.
func (s *ServingSealed) Reset() {
	clear(s.files)
	s.files, s.count = s.files[:0], tally{}
	s.calls, s.sent = s.beneath.Written()
}

// Summary tells what was done since the last Reset. Its bytes are those that
// the socket took: sealed, so more than the payload.
func (s *ServingSealed) Summary() Summary {
	calls, sent := s.beneath.Written()
	t := s.count
	t.calls[callWrite], t.bytes = calls-s.calls, sent-s.sent
	return t.summary()
}

func (s *ServingSealed) file(fd transfer.FD) (*os.File, error) {
	if fd < 1 || int(fd) > len(s.files) || s.files[fd-1] == nil {
		return nil, syscall.EBADF
	}
	return s.files[fd-1], nil
}

func (s *ServingSealed) Alloc(n int) (transfer.Mem, error) { return s.mem.alloc(n) }
func (s *ServingSealed) Free(m transfer.Mem)               { s.mem.free(m) }

func (s *ServingSealed) Read(_ transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (n int, err error) {
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
		err = s.reads.disk(f, off, len(b), func() (err error) {
			s.count.calls[callPread]++
			if n, err = readAt(f, b, *off); n > 0 {
				*off += int64(n)
			}
			return err
		})
	}
	if n > 0 || err == nil || errors.Is(err, io.EOF) {
		return max(n, 0), nil
	}
	return 0, errnoOf(err)
}

// Write seals all of src and hands it to the socket. It waits inside: a layer
// cannot go on with a part of what it sealed.
func (s *ServingSealed) Write(_ transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	if out != s.Socket() {
		return 0, syscall.EBADF
	}
	b, err := s.mem.bytes(src)
	if err != nil {
		return 0, err
	}
	n, err := s.conn.Write(b)
	if n > 0 {
		return n, nil // the next call meets the error again
	}
	return 0, errnoOf(err)
}

// Close ends a descriptor; file and connection stay open for their owners.
func (s *ServingSealed) Close(_ transfer.Label, fd transfer.FD) error {
	if _, err := s.file(fd); err != nil {
		return err
	}
	s.files[fd-1] = nil
	return nil
}

// Wait returns at once: Write waits inside.
func (s *ServingSealed) Wait(transfer.Label, transfer.FD, transfer.Direction) error { return nil }

func (s *ServingSealed) Touch(_ transfer.Label, m transfer.Mem) error {
	b, err := s.mem.bytes(m)
	if err != nil {
		return err
	}
	return touch(b)
}
