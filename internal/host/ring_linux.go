package host

import (
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// ring is an io_uring(7) by its bare syscalls: a queue of submissions and one of
// completions, in memory that the kernel shares. It serves the thread that made
// it.
//
// Layouts and numbers are those of include/uapi/linux/io_uring.h; they never
// change.
type ring struct {
	fd     int
	queues []byte // both queues' heads, tails and completions
	slots  []byte // the submissions themselves

	sqTail, cqHead, cqTail *uint32
	sqMask, cqMask         uint32
	sqArray                []uint32
	sqes                   []sqe
	cqes                   []cqe

	results []transfer.RingResult
	left    int // results and notifications that have not come
	timeout ringWait
}

// ringParams is struct io_uring_params.
type ringParams struct {
	sqEntries, cqEntries, flags, sqThreadCPU, sqThreadIdle, features, wqFD uint32
	_                                                                      [3]uint32
	sq                                                                     struct {
		head, tail, mask, entries, flags, dropped, array, _ uint32
		_                                                   uint64
	}
	cq struct {
		head, tail, mask, entries, overflow, cqes, flags, _ uint32
		_                                                   uint64
	}
}

// sqe is struct io_uring_sqe.
type sqe struct {
	opcode, flags      uint8
	ioprio             uint16
	fd                 int32
	off, addr          uint64
	len, opFlags       uint32
	userData           uint64
	bufIndex, personal uint16
	spliceFD           int32
	addr3              uint64
	_                  uint64
}

// cqe is struct io_uring_cqe.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// ringWait is struct io_uring_getevents_arg with its time-out.
type ringWait struct {
	sigmask           uint64
	sigmaskSize, minW uint32
	ts                uint64
	timeout           struct{ sec, nsec int64 }
}

const (
	ringOffQueues = 0          // IORING_OFF_SQ_RING
	ringOffSlots  = 0x10000000 // IORING_OFF_SQES

	ringFeatSingleMmap = 1 << 0
	// One thread submits, and what is left to do for a completion is done when
	// that thread waits, not whenever a packet comes.
	ringSetup = 1<<12 | 1<<13 // IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN

	ringEnterGetEvents, ringEnterExtArg = 1 << 0, 1 << 3

	opRead, opSend, opSendZC = 22, 26, 47
	sqeLink                  = 1 << 2
	sendZCReportUsage        = 1 << 3
	cqeMore, cqeNotif        = 1 << 1, 1 << 3
	notifCopied              = 1 << 31 // IORING_NOTIF_USAGE_ZC_COPIED

	// ringPatience is how long a call waits for notifications that a failed send
	// will not have.
	ringPatienceNs = 100e6
)

// setupRing is io_uring_setup(2). The queues are mapped by attach.
func setupRing(entries int, p *ringParams) (fd int, err error) {
	if entries < 1 || entries > 4096 {
		return -1, syscall.EINVAL
	}
	n, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(p)), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(n), nil
}

// attachRing maps the queues of a ring that was set up.
func attachRing(fd int, p *ringParams) (r *ring, err error) {
	if p.features&ringFeatSingleMmap == 0 {
		return nil, syscall.ENOSYS // before Linux 5.4
	}
	size := max(p.sq.array+4*p.sqEntries, p.cq.cqes+uint32(unsafe.Sizeof(cqe{}))*p.cqEntries)
	r = &ring{fd: fd}
	if r.queues, err = mapRing(fd, ringOffQueues, int(size)); err != nil {
		return nil, err
	}
	if r.slots, err = mapRing(fd, ringOffSlots, int(p.sqEntries)*int(unsafe.Sizeof(sqe{}))); err != nil {
		r.detach()
		return nil, err
	}
	word := func(off uint32) *uint32 { return (*uint32)(unsafe.Pointer(&r.queues[off])) }
	r.sqTail, r.cqHead, r.cqTail = word(p.sq.tail), word(p.cq.head), word(p.cq.tail)
	r.sqMask, r.cqMask = *word(p.sq.mask), *word(p.cq.mask)
	r.sqArray = unsafe.Slice(word(p.sq.array), p.sqEntries)
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.slots[0])), p.sqEntries)
	r.cqes = unsafe.Slice((*cqe)(unsafe.Pointer(&r.queues[p.cq.cqes])), p.cqEntries)
	r.results = make([]transfer.RingResult, p.sqEntries)
	r.timeout.timeout.nsec = ringPatienceNs
	return r, nil
}

func mapRing(fd int, off int64, n int) ([]byte, error) {
	page := os.Getpagesize()
	return unix.Mmap(fd, off, (n+page-1)/page*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
}

func (r *ring) detach() {
	for _, m := range [][]byte{r.queues, r.slots} {
		if m != nil {
			_ = unix.Munmap(m)
		}
	}
}

// put fills the next submission. b stays in use until the operation is done.
func (r *ring) put(i int, op transfer.RingOp, b []byte) {
	s := sqe{fd: int32(op.FD), addr: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), len: uint32(len(b)), userData: uint64(i)}
	switch op.Kind {
	case transfer.RingRead:
		s.opcode, s.off = opRead, uint64(op.Off)
	case transfer.RingSend:
		s.opcode, s.opFlags = opSend, unix.MSG_WAITALL|unix.MSG_NOSIGNAL
	case transfer.RingSendZerocopy:
		s.opcode, s.opFlags, s.ioprio = opSendZC, unix.MSG_WAITALL|unix.MSG_NOSIGNAL, sendZCReportUsage
		r.left++ // its notification
		r.timeout.ts = uint64(uintptr(unsafe.Pointer(&r.timeout.timeout)))
	}
	if op.Link {
		s.flags = sqeLink
	}
	r.left++
	r.results[i] = transfer.RingResult{}
	at := (*r.sqTail + uint32(i)) & r.sqMask
	r.sqes[at], r.sqArray[at] = s, at
}

// publish shows the kernel n submissions that were put, or with a negative n
// takes them back.
func (r *ring) publish(n int) { atomic.AddUint32(r.sqTail, uint32(n)) }

// enter is io_uring_enter(2): submits n operations that were published, and
// waits for whatever has not come.
func (r *ring) enter(n int) (submitted int, err error) {
	flags, arg, size := uintptr(ringEnterGetEvents), uintptr(0), uintptr(0)
	if r.timeout.ts != 0 {
		flags |= ringEnterExtArg
		arg, size = uintptr(unsafe.Pointer(&r.timeout)), unsafe.Offsetof(r.timeout.timeout)
	}
	done, _, errno := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), uintptr(n), uintptr(r.left), flags, arg, size)
	if errno != 0 {
		return 0, errno
	}
	return int(done), nil
}

// reap takes the completions that have come and tells each of them.
func (r *ring) reap(tell func(i int, c *cqe)) {
	head := *r.cqHead
	for tail := atomic.LoadUint32(r.cqTail); head != tail; head++ {
		c := r.cqes[head&r.cqMask]
		i := int(c.userData)
		r.left--
		tell(i, &c)
	}
	atomic.StoreUint32(r.cqHead, head)
}

// begin forgets an earlier submission.
func (r *ring) begin() { r.left, r.timeout.ts = 0, 0 }
