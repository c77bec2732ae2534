package host

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// Write is net.Conn's. It makes the calls itself, on Go's poller, so that each
// one is seen: also those that find the socket full (EAGAIN).
func (b *Beneath) Write(p []byte) (written int, err error) {
	for written < len(p) {
		var n int
		var failed error
		outer := b.raw.Write(func(fd uintptr) bool {
			b.calls.Add(1)
			n, failed = unix.Write(int(fd), p[written:])
			return !errors.Is(failed, unix.EAGAIN)
		})
		switch {
		case outer != nil:
			return written, outer
		case errors.Is(failed, unix.EINTR):
			continue
		case failed != nil:
			return written, failed
		case n <= 0:
			return written, io.ErrUnexpectedEOF
		}
		written += n
		b.bytes.Add(int64(n))
	}
	return written, nil
}
