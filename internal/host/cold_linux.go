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
// lane if they are not cached.
func (s *Serving) disk(fd int, off *int64, n int, call func() error) error {
	if s.enterLane(fd, off, n) {
		defer leaveLane()
	}
	return call()
}

// enterLane takes a lane if the last of the bytes is not cached: what a lagging
// reader wants next is not, and what was just written is. The socket does not
// block, so a lane is held for as long as the disk takes, not the reader.
func (s *Serving) enterLane(fd int, off *int64, n int) (taken bool) {
	if off == nil || n <= 0 || s.cached(fd, *off+int64(n)-1) {
		return false
	}
	coldLanes <- struct{}{}
	return true
}

func leaveLane() { <-coldLanes }

// cached says whether a byte can be read without waiting (preadv2(2),
// RWF_NOWAIT). It is, too, where that cannot be asked: at the end of the file,
// or in a file system that does not know the flag.
func (s *Serving) cached(fd int, at int64) bool {
	s.count.calls[callPreadv2]++
	_, err := unix.Preadv2(fd, s.probe[:], at, unix.RWF_NOWAIT)
	return !errors.Is(err, unix.EAGAIN)
}
