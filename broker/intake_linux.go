package broker

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// parking is an intake whose buffer is taken from a pool when there is something
// to read, and goes back when it is empty: a connection that is silent holds
// none, and five thousand of them cost little.
type parking struct {
	conn net.Conn
	raw  syscall.RawConn
	buf  *[intakeBytes]byte // nil: empty
	r, w int                // buf[r:w] was read and not taken

	// take is the look that fill makes, with what it found: kept here, so that
	// a request allocates neither.
	take   func(fd uintptr) (done bool)
	got    int
	failed error
}

var intakeBuffers = sync.Pool{New: func() any { return new([intakeBytes]byte) }}

func newIntake(conn *net.TCPConn) (intake, error) {
	raw, err := conn.SyscallConn()
	p := &parking{conn: conn, raw: raw}
	p.take = p.look
	return p, err
}

func (p *parking) waiting() bool { return p.r < p.w }

func (p *parking) await() error {
	if p.waiting() {
		return nil
	}
	return p.fill()
}

func (p *parking) Read(b []byte) (int, error) {
	if !p.waiting() {
		if len(b) >= intakeBytes {
			return p.conn.Read(b)
		}
		if err := p.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.buf[p.r:p.w])
	if p.r += n; p.r == p.w {
		p.release()
	}
	return n, nil
}

func (p *parking) release() {
	intakeBuffers.Put(p.buf)
	p.buf, p.r, p.w = nil, 0, 0
}

// fill reads what there is, at least a byte. While there is nothing, the
// goroutine is parked by the poller and holds no buffer.
func (p *parking) fill() error {
	err := p.raw.Read(p.take)
	switch {
	case err != nil:
		return err
	case p.failed != nil:
		return os.NewSyscallError("read", p.failed)
	case p.got == 0:
		return io.EOF
	}
	return nil
}

// look reads once; done is false if there is nothing yet.
func (p *parking) look(fd uintptr) (done bool) {
	buf := intakeBuffers.Get().(*[intakeBytes]byte)
	for {
		if p.got, p.failed = unix.Read(int(fd), buf[:]); p.failed != unix.EINTR {
			break
		}
	}
	if p.got > 0 {
		p.buf, p.r, p.w = buf, 0, p.got
		return true
	}
	intakeBuffers.Put(buf)
	return p.failed != unix.EAGAIN
}
