package host

import (
	"errors"

	"golang.org/x/sys/unix"
)

// coldLanes bound how many transfers wait for a disk at a time. A call that
// reads what is not in the page cache blocks its thread, whatever the poller
// says; without a bound, as many threads as there are lagging readers would wait,
// and the disk's queue would make each of them slower. Readers of what is cached
// take no lane.
var coldLanes = make(chan struct{}, 8)

// disk runs a call that reads so many bytes of a file from the offset on, in a
// lane if the last of them is not cached: what a lagging reader wants next is
// not, and what was just written is. The socket does not block, so a lane is
// held for as long as the disk takes, not the reader.
func (s *Serving) disk(fd int, off *int64, n int, call func() error) error {
	if off == nil || n <= 0 || s.cached(fd, *off+int64(n)-1) {
		return call()
	}
	coldLanes <- struct{}{}
	defer func() { <-coldLanes }()
	return call()
}

// cached says whether a byte can be read without waiting (preadv2(2),
// RWF_NOWAIT). It is, too, where that cannot be asked: at the end of the file,
// or in a file system that does not know the flag.
func (s *Serving) cached(fd int, at int64) bool {
	s.count.calls[callPreadv2]++
	_, err := unix.Preadv2(fd, s.probe[:], at, unix.RWF_NOWAIT)
	return !errors.Is(err, unix.EAGAIN)
}
