package host

import (
	"sync"

	"golang.org/x/sys/unix"
)

// defaultPipe is the capacity of a fresh pipe: PIPE_DEF_BUFFERS (16) pages,
// include/linux/pipe_fs_i.h.
var defaultPipe = 16 * unix.Getpagesize()

// pipe is a pipe(2) and what it holds.
type pipe struct {
	r, w     int
	capacity int
	// wanted is the capacity that was asked for.
	wanted int
	// held counts the bytes that were spliced in and not out.
	held int64
	// rClosed and wClosed: the program closed the end. dead: one end really is
	// closed (its descriptor is -1), so the pipe cannot be used again.
	rClosed, wClosed, dead bool
}

// openPipe makes a pipe of want bytes' capacity, or as much as this user may
// have. Each syscall that belongs to that is made through do.
func openPipe(want, flags int, do func(call, func() (int, error)) error) (*pipe, error) {
	var fds [2]int
	err := do(callPipe, func() (int, error) { return 0, unix.Pipe2(fds[:], flags|unix.O_CLOEXEC) })
	if err != nil {
		return nil, err
	}
	p := &pipe{r: fds[0], w: fds[1], wanted: want}
	if want > defaultPipe {
		grow := func(size int) error {
			return do(callFcntl, func() (int, error) { return unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, size) })
		}
		if limit := pipeMaxSize(); grow(want) != nil && defaultPipe < limit && limit < want {
			// EPERM: above the limit for this user. Whatever is allowed will
			// do: splice(2) then moves less at a time.
			_ = grow(limit)
		}
	}
	// A user with many pipes gets smaller ones (pipe-user-pages-soft), so ask.
	// The question is the kernel value's, not the program's: it is not counted.
	size, err := unix.FcntlInt(uintptr(p.w), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		p.close()
		return nil, err
	}
	p.capacity = size
	return p, nil
}

func (p *pipe) close() {
	for _, fd := range []int{p.r, p.w} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
}

// pipePool keeps a few idle, empty pipes of the serving kernels.
var pipePool idlePipes

type idlePipes struct {
	mu   sync.Mutex
	idle []*pipe
}

// maxIdlePipes bounds the descriptors (two each) and the pipe pages that idle.
const maxIdlePipes = 16

// take finds an idle pipe that was opened for the same wish.
func (s *idlePipes) take(want int) *pipe {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.idle {
		if p.wanted == want || p.wanted <= defaultPipe && want <= defaultPipe {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			p.rClosed, p.wClosed = false, false
			return p
		}
	}
	return nil
}

// give takes an empty pipe back and says whether it did.
func (s *idlePipes) give(p *pipe) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.held != 0 || p.dead || len(s.idle) >= maxIdlePipes {
		return false
	}
	s.idle = append(s.idle, p)
	return true
}

// endHalfClosed makes the close of one end real before the other is used: a
// pooled pipe's ends stay open until both are closed.
func (p *pipe) endHalfClosed() {
	if p.dead || p.wClosed == p.rClosed {
		return
	}
	p.dead = true
	if p.wClosed {
		unix.Close(p.w)
		p.w = -1
	} else {
		unix.Close(p.r)
		p.r = -1
	}
}
