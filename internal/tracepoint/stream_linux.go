package tracepoint

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Stream empties the rings and calls f for each hit, by their time, over all
// processors and over all calls of Stream. It is for long watches: nothing is kept,
// and a hit's raw data may be used during the call of f alone. It and [Reader.Hits]
// each take what the other then does not see.
//
// The rings are emptied one after the other, so a hit that was made meanwhile may
// come before one that is still in a ring: such hits are kept back for the next call.
// The last call passes all, after [Reader.End].
func (r *Reader) Stream(last bool, f func(Hit)) error {
	horizon := Monotonic()
	for i := range r.pipes {
		if err := r.eachPage(i, func(page []byte) { r.keep(i, page) }); err != nil {
			return err
		}
	}
	s := &r.stream
	// The rings are in order, so this is little work: their runs are merged.
	slices.SortStableFunc(s.hits, func(a, b kept) int { return cmp.Compare(a.at, b.at) })
	n := len(s.hits)
	if !last {
		n, _ = slices.BinarySearchFunc(s.hits, horizon, func(h kept, t int64) int { return cmp.Compare(h.at, t) })
	}
	for _, k := range s.hits[:n] {
		raw := s.data[k.from : k.from+k.size]
		f(Hit{At: k.at, Thread: int32(r.thread.Int(raw)), CPU: r.cpus[k.ring], ID: binary.NativeEndian.Uint16(raw), Raw: raw})
	}
	s.forget(n)
	return nil
}

// Wait returns when a ring has something in it, or after so long.
func (r *Reader) Wait(longest time.Duration) error {
	fds := make([]unix.PollFd, len(r.pipes))
	for i, pipe := range r.pipes {
		fds[i] = unix.PollFd{Fd: int32(pipe), Events: unix.POLLIN}
	}
	_, err := unix.Poll(fds, int(longest.Milliseconds()))
	if errors.Is(err, unix.EINTR) {
		return nil
	}
	return err
}

// kept is a hit whose data lies in the stream's memory.
type kept struct {
	at         int64
	from, size int32
	ring       int32
}

// stream is what Stream has read and not passed on.
type stream struct {
	hits []kept
	data []byte
}

func (r *Reader) keep(ring int, page []byte) {
	s := &r.stream
	eachRecord(page, func(at int64, data []byte) {
		if len(data) < 8 {
			return
		}
		s.hits = append(s.hits, kept{at, int32(len(s.data)), int32(len(data)), int32(ring)})
		s.data = append(s.data, data...)
	})
}

// forget drops the first n hits, and uses their memory again.
func (s *stream) forget(n int) {
	rest := s.hits[n:]
	var data []byte
	for i, k := range rest {
		from := len(data)
		data = append(data, s.data[k.from:k.from+k.size]...)
		rest[i].from = int32(from)
	}
	s.data = append(s.data[:0], data...)
	s.hits = append(s.hits[:0], rest...)
}

// Monotonic is CLOCK_MONOTONIC in ns, the clock of the hits (clock_gettime(2)); it
// cannot fail.
func Monotonic() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano()
}
