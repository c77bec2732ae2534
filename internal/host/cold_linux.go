package host

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// coldLanes bound how many transfers wait for a disk at a time. A call that
// reads what is not in the page cache blocks its thread, whatever the poller
// says; without a bound, as many threads as there are lagging readers would wait,
// and the disk's queue would make each of them slower. Readers of what is cached
// take no lane.
var coldLanes = make(chan struct{}, 8)

// laneLook is how often who waits for a lane looks whether its connection is
// still to be served.
const laneLook = 250 * time.Millisecond

// diskReads are a connection's reads of files.
type diskReads struct {
	raw   syscall.RawConn
	count *tally
	probe [1][]byte // of one byte, see cachedAt
}

func newDiskReads(conn syscall.RawConn, count *tally) diskReads {
	return diskReads{conn, count, [1][]byte{make([]byte, 1)}}
}

// disk runs a call that reads so many bytes of a file from the offset on, in a
// lane if they are not cached. It must not be called with the socket borrowed
// (syscall.RawConn): closing a connection waits until it is given back, so that one
// that waits for a lane could not be closed.
func (d *diskReads) disk(f *os.File, off *int64, n int, call func() error) error {
	taken, err := d.enterLane(int(f.Fd()), off, n)
	if err != nil {
		return err
	}
	if taken {
		defer leaveLane()
	}
	return call()
}

// enterLane takes a lane if not all of the bytes seem to be cached. The socket
// does not block, so a lane is held for as long as the disk takes, not the
// reader. ETIMEDOUT if the connection's write deadline passes before there is a
// lane, EBADF if the connection is closed.
func (d *diskReads) enterLane(fd int, off *int64, n int) (taken bool, err error) {
	if off == nil || n <= 0 || d.cached(fd, *off, int64(n)) {
		return false, nil
	}
	select {
	case coldLanes <- struct{}{}:
		return true, nil
	default:
	}
	look := time.NewTicker(laneLook)
	defer look.Stop()
	for {
		select {
		case coldLanes <- struct{}{}:
			return true, nil
		case <-look.C:
			if err := d.raw.Write(func(uintptr) bool { return true }); err != nil {
				return false, errnoOf(err)
			}
		}
	}
}

func leaveLane() { <-coldLanes }

// cached says whether bytes can be read without waiting, as far as the first,
// the middle and the last of them tell: the first is missing to a reader that
// lags, and the last to one that the kernel has read ahead for. Bytes of one
// page are asked for once, so small regions cost one call.
func (d *diskReads) cached(fd int, off, n int64) bool {
	page, asked := int64(os.Getpagesize()), int64(-1)
	for _, at := range [...]int64{off, off + n/2, off + n - 1} {
		if at/page == asked {
			continue
		}
		asked = at / page
		if !d.cachedAt(fd, at) {
			return false
		}
	}
	return true
}

// cachedAt asks for one byte (preadv2(2), RWF_NOWAIT). It counts as cached, too,
// where that cannot be asked: at the end of the file, or in a file system that
// does not know the flag.
func (d *diskReads) cachedAt(fd int, at int64) bool {
	d.count.calls[callPreadv2]++
	_, err := unix.Preadv2(fd, d.probe[:], at, unix.RWF_NOWAIT)
	return !errors.Is(err, syscall.EAGAIN)
}
