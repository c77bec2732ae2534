package host

import (
	"net"
	"sync/atomic"
	"syscall"
)

// Beneath is a TCP connection under a layer that seals what is written, such as
// crypto/tls: it counts the write(2) calls that the layer's writes come to.
type Beneath struct {
	*net.TCPConn
	raw   syscall.RawConn
	calls atomic.Int64
	bytes atomic.Int64
}

// NewBeneath makes the connection to be given to the layer.
func NewBeneath(conn *net.TCPConn) (*Beneath, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Beneath{TCPConn: conn, raw: raw}, nil
}

// Written tells the write(2) calls so far, failed ones included, and the bytes
// that the socket took.
func (b *Beneath) Written() (calls, bytes int64) { return b.calls.Load(), b.bytes.Load() }
