package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// tryPath runs a path end to end, and says why it cannot be, or "".
func tryPath(p transfer.Program) (why string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	page := int64(os.Getpagesize())
	out, err := Run(ctx, Options{Program: p, Size: 2*page + 1, Chunk: page})
	var at *transfer.Error
	var errno syscall.Errno
	switch {
	case err == nil && out.Intact():
		return ""
	case err == nil:
		return fmt.Sprintf("%d bytes were sent, and the receiver got %d others", out.Sent, out.Received)
	case errors.As(err, &at) && errors.As(err, &errno):
		return fmt.Sprintf("%s: %s (%s)%s", at.Line, unix.ErrnoName(errno), errno.Error(), remedyFor(p.Path, errno))
	}
	return err.Error()
}

// remedyFor is what to do about an errno that a path met, or "".
func remedyFor(path string, errno syscall.Errno) string {
	switch {
	case path == "ktls" && errno == syscall.ENOENT:
		return "; the kernel has no TLS of its own: sudo modprobe tls, if it has the module"
	case path == "io-uring" && errno == syscall.EPERM:
		return "; io_uring is switched off: sudo sysctl -w kernel.io_uring_disabled=0, or the container's seccomp profile forbids it"
	case path == "io-uring" && errno == syscall.ENOSYS:
		return "; the kernel has no io_uring"
	case path == "direct" && errno == syscall.EINVAL:
		return "; the temporary directory's file system has no O_DIRECT: name a directory on a disk, for example with TMPDIR"
	case path == "msg-zerocopy" && errno == syscall.ENOBUFS:
		return "; more memory would be pinned than this user may: ulimit -l, or net.core.optmem_max"
	}
	return ""
}
