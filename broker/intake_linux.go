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
}

var intakeBuffers = sync.Pool{New: func() any { return new([intakeBytes]byte) }}

func newIntake(conn *net.TCPConn) (intake, error) {
	raw, err := conn.SyscallConn()
	return &parking{conn: conn, raw: raw}, err
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
	var n int
	var failed error
	err := p.raw.Read(func(fd uintptr) bool {
		buf := intakeBuffers.Get().(*[intakeBytes]byte)
		for {
			if n, failed = unix.Read(int(fd), buf[:]); failed != unix.EINTR {
				break
			}
		}
		if n > 0 {
			p.buf, p.r, p.w = buf, 0, n
			return true
		}
		intakeBuffers.Put(buf)
		return failed != unix.EAGAIN
	})
	switch {
	case err != nil:
		return err
	case failed != nil:
		return os.NewSyscallError("read", failed)
	case n == 0:
		return io.EOF
	}
	return nil
}
