package host

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// errnoOf is the errno for what Go's files, connections and poller say.
func errnoOf(err error) error {
	var n syscall.Errno
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return syscall.ETIMEDOUT
	case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrClosed):
		return syscall.EBADF
	case errors.As(err, &n):
		return peerErrno(n)
	}
	return syscall.EIO
}
