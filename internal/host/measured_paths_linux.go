package host

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"copyscope/internal/transfer"
)

// The calls that only some programs make.

// Lend lends a connected, blocking socket to the programs, besides the one that
// the kernel was made for. It stays open and the caller's.
func (m *Measured) Lend(socket int) transfer.FD {
	m.sockets[transfer.FD(socket)] = true
	return transfer.FD(socket)
}

func (m *Measured) Tee(l transfer.Label, in, out transfer.FD, n int) (int, error) {
	from, to := m.pipes[in], m.pipes[out]
	if from == nil || to == nil {
		return 0, syscall.EBADF
	}
	n, err := m.witness.watch(record{call: callTee, line: l, asked: n, offset: from.offset()}, func() (int, error) {
		n, err := unix.Tee(int(in), int(out), n, 0)
		return int(n), err
	})
	if n > 0 {
		m.witness.last().pages = to.share(from, int64(n))
	}
	return n, err
}

// OpenDirect opens the file by its descriptor's name: the source has no other.
func (m *Measured) OpenDirect(l transfer.Label, in transfer.FD) (fd transfer.FD, err error) {
	if m.files[in] == nil {
		return 0, syscall.EBADF
	}
	name := fmt.Sprintf("/proc/self/fd/%d", in)
	_, err = m.witness.watch(record{call: callOpenat, line: l}, func() (int, error) {
		n, err := unix.Open(name, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
		fd = transfer.FD(n)
		return 0, err
	})
	if err != nil {
		return 0, err
	}
	m.files[fd], m.owned[fd] = &position{direct: true}, func() {}
	m.witness.direct = true
	return fd, nil
}

func (m *Measured) EnableZerocopy(l transfer.Label, out transfer.FD) error {
	if err := m.known(out); err != nil {
		return err
	}
	return m.setsockopt(l, func() error { return unix.SetsockoptInt(int(out), unix.SOL_SOCKET, unix.SO_ZEROCOPY, 1) })
}

func (m *Measured) setsockopt(l transfer.Label, set func() error) error {
	_, err := m.witness.watch(record{call: callSetsockopt, line: l}, func() (int, error) { return 0, set() })
	return err
}

func (m *Measured) SendZerocopy(l transfer.Label, out transfer.FD, src transfer.Mem) (int, error) {
	b, err := m.mem.bytes(src)
	if err := m.known(out); err != nil {
		return 0, err
	}
	if err != nil {
		return 0, err
	}
	r := record{call: callSendto, line: l, asked: len(b), offset: m.mem.offset(src), mapped: m.mem.isMapping(src)}
	n, err := m.witness.watch(r, func() (int, error) {
		n, _, errno := unix.Syscall6(unix.SYS_SENDTO, uintptr(out), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)),
			unix.MSG_ZEROCOPY|unix.MSG_NOSIGNAL, 0, 0)
		if errno != 0 {
			return 0, errno
		}
		return int(n), nil
	})
	if n > 0 {
		m.witness.last().pages = pagesIn(int64(src.Off), int64(n))
		m.lent.put(n)
	}
	m.handed(out, n)
	return n, err
}

func (m *Measured) Completed(l transfer.Label, out transfer.FD) (c transfer.Completion, err error) {
	if err := m.known(out); err != nil {
		return c, err
	}
	m.polled[0] = unix.PollFd{Fd: int32(out)} // POLLERR is told unasked
	_, err = m.witness.watch(record{call: callPoll, line: l}, func() (int, error) { return unix.Poll(m.polled[:], -1) })
	if err != nil {
		return c, err
	}
	_, err = m.witness.watch(record{call: callRecvmsg, line: l}, func() (int, error) { return m.notices.receive(int(out)) })
	if errors.Is(err, syscall.EAGAIN) {
		return c, hungUp(int(out))
	}
	if err != nil {
		return c, err
	}
	if c, err = m.notices.completion(); err != nil {
		return c, err
	}
	if n := m.lent.take(int(c.To - c.From + 1)); c.Copied {
		m.witness.last().copied = n
	}
	return c, nil
}

// hungUp is why a socket reported an error and has no completion.
func hungUp(socket int) error {
	if n, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && n != 0 {
		return syscall.Errno(n)
	}
	return syscall.EPIPE
}

// notices receive from a socket's error queue.
type notices struct {
	msg     unix.Msghdr
	control [128]byte
}

func (q *notices) receive(socket int) (int, error) {
	q.msg = unix.Msghdr{Control: &q.control[0]}
	q.msg.SetControllen(len(q.control))
	n, _, errno := unix.Syscall(unix.SYS_RECVMSG, uintptr(socket), uintptr(unsafe.Pointer(&q.msg)), unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// completion reads what was received: a control message with a struct
// sock_extended_err (Documentation/networking/msg_zerocopy.rst).
func (q *notices) completion() (c transfer.Completion, err error) {
	head := int(unsafe.Sizeof(unix.Cmsghdr{}))
	if int(q.msg.Controllen) < unix.CmsgSpace(16) {
		return c, syscall.EIO
	}
	e := q.control[head:] // errno, then origin, type, code, pad, info, data
	if e[4] != unix.SO_EE_ORIGIN_ZEROCOPY {
		return c, syscall.EIO
	}
	c.From, c.To = binary.NativeEndian.Uint32(e[8:]), binary.NativeEndian.Uint32(e[12:])
	c.Copied = e[6] == unix.SO_EE_CODE_ZEROCOPY_COPIED
	return c, nil
}

// lentSizes remember how many bytes each send by reference took, oldest first,
// until its completion.
type lentSizes struct {
	sizes []int
	first int
}

func (s *lentSizes) put(n int) {
	if s.first == len(s.sizes) {
		s.sizes, s.first = s.sizes[:0], 0
	}
	s.sizes = append(s.sizes, n)
}

// take forgets the oldest n sends and returns how many bytes they took.
func (s *lentSizes) take(n int) (bytes int) {
	for ; n > 0 && s.first < len(s.sizes); n-- {
		bytes += s.sizes[s.first]
		s.first++
	}
	return bytes
}

func (m *Measured) OpenRing(l transfer.Label, entries int) (fd transfer.FD, err error) {
	p := ringParams{flags: ringSetup}
	set := func() (int, error) {
		n, err := setupRing(entries, &p)
		fd = transfer.FD(n)
		return 0, err
	}
	_, err = m.witness.watch(record{call: callRingSetup, line: l}, set)
	if errors.Is(err, syscall.EINVAL) { // before Linux 6.1
		p = ringParams{}
		_, err = m.witness.watch(record{call: callRingSetup, line: l}, set)
	}
	if err != nil {
		return 0, err
	}
	// Mapping the queues is set-up, while mmap(2) otherwise counts as the
	// transfer's: so it is done apart.
	var r *ring
	m.witness.apart(func() { r, err = attachRing(int(fd), &p) })
	if err != nil {
		unix.Close(int(fd))
		return 0, err
	}
	m.rings[fd], m.owned[fd] = r, r.detach
	return fd, nil
}

func (m *Measured) Enter(l transfer.Label, fd transfer.FD, ops []transfer.RingOp) ([]transfer.RingResult, error) {
	r := m.rings[fd]
	if r == nil {
		return nil, syscall.EBADF
	}
	if len(ops) == 0 || len(ops) > len(r.sqes) {
		return nil, syscall.EINVAL
	}
	r.begin()
	for i, op := range ops {
		b, err := m.mem.bytes(op.Mem)
		if err := m.known(op.FD); err != nil {
			return nil, err
		}
		if err != nil {
			return nil, err
		}
		r.put(i, op, b)
	}
	r.publish(len(ops))
	for n := len(ops); ; {
		submitted, err := m.witness.watch(record{call: callRingEnter, line: l}, func() (int, error) { return r.enter(n) })
		if err != nil && n == len(ops) {
			r.publish(-n) // nothing was submitted
			return nil, err
		}
		n -= submitted
		m.reap(r, ops)
		if r.left <= 0 {
			return r.results[:len(ops)], nil
		}
	}
}

// reap books what the completions tell on the record of the call that brought
// them.
func (m *Measured) reap(r *ring, ops []transfer.RingOp) {
	last := m.witness.last()
	r.reap(func(i int, c *cqe) {
		op, result := ops[i], &r.results[i]
		switch {
		case c.flags&cqeNotif != 0:
			if result.Copied = uint32(c.res)&notifCopied != 0; result.Copied {
				last.copied += result.N
			}
			return
		case c.res < 0:
			result.Err = syscall.Errno(-c.res)
		default:
			result.N = int(c.res)
		}
		if op.Kind == transfer.RingSendZerocopy && c.flags&cqeMore == 0 {
			r.left-- // a send that did nothing has no notification
		}
		m.booked(last, op, result.N)
	})
}

// booked notes on a record what one operation moved.
func (m *Measured) booked(last *record, op transfer.RingOp, n int) {
	if n <= 0 {
		return
	}
	if op.Kind == transfer.RingRead {
		off := &op.Off
		if op.Off < 0 {
			off = nil
		}
		last.offset, last.read = m.start(op.FD, off), n
		m.mem.holds(op.Mem, last.offset)
		m.move(op.FD, off, n)
		return
	}
	if last.sent = n; last.read == 0 {
		last.offset = m.mem.offset(op.Mem)
	}
	if op.Kind == transfer.RingSendZerocopy {
		last.pages = pagesIn(int64(op.Mem.Off), int64(n))
	}
	m.handed(op.FD, n)
}

func (m *Measured) EnableTLS(l transfer.Label, out transfer.FD) error {
	if err := m.known(out); err != nil || m.sealed[out] {
		return err
	}
	keys := m.tls()
	err := m.setsockopt(l, func() error { return unix.SetsockoptString(int(out), unix.IPPROTO_TCP, unix.TCP_ULP, "tls") })
	if err != nil {
		return err
	}
	info := keys.cryptoInfo()
	if err := m.setsockopt(l, func() error { return unix.SetsockoptString(int(out), unix.SOL_TLS, tlsTX, string(info[:])) }); err != nil {
		return err
	}
	m.sealed[out] = true
	return nil
}

// From include/uapi/linux/tls.h.
const (
	tlsTX              = 1
	tlsVersion13       = 0x0304
	tlsCipherAESGCM128 = 51
)

// cryptoInfo is struct tls12_crypto_info_aes_gcm_128, which TLS 1.3 uses as well:
// version(2) cipher(2) iv(8) key(16) salt(4) sequence(8); salt and iv are the two
// parts of the nonces' start.
func (k *tlsKeys) cryptoInfo() (info [40]byte) {
	binary.NativeEndian.PutUint16(info[0:], tlsVersion13)
	binary.NativeEndian.PutUint16(info[2:], tlsCipherAESGCM128)
	copy(info[4:12], k.iv[4:])
	copy(info[12:28], k.key[:])
	copy(info[28:32], k.iv[:4])
	return info
}

// tls are the connection's keys. Making them is none of the transfer.
func (m *Measured) tls() *tlsKeys {
	if m.seal.keys == nil {
		m.witness.apart(func() { m.seal.keys = newTLSKeys() })
	}
	return m.seal.keys
}

func (m *Measured) Encrypt(l transfer.Label, src, dst transfer.Mem) (int, error) {
	m.tls()
	return m.compute(l, "encrypt", src, dst, transfer.TLSBound, func(to, from []byte) (int, error) { return m.seal.seal(to, from), nil })
}

func (m *Measured) Compress(l transfer.Label, src, dst transfer.Mem) (int, error) {
	if m.squeeze == nil {
		m.witness.apart(func() {
			m.squeeze = newSqueezer()
			// Brings its tables and its window into memory, which is none of the
			// transfer either.
			text := make([]byte, 8*writePiece)
			fillText(text, 0)
			_, _ = m.squeeze.squeeze(make([]byte, transfer.CompressBound(len(text))), text)
		})
	}
	return m.compute(l, "compress", src, dst, transfer.CompressBound, m.squeeze.squeeze)
}

// compute makes other bytes of src in dst, in user code.
func (m *Measured) compute(l transfer.Label, detail string, src, dst transfer.Mem, bound func(int) int, f func(to, from []byte) (int, error)) (int, error) {
	from, err := m.mem.bytes(src)
	if err != nil {
		return 0, err
	}
	to, err := m.mem.bytes(dst)
	if err != nil {
		return 0, err
	}
	if len(from) == 0 || len(to) < bound(len(from)) {
		return 0, syscall.EINVAL
	}
	r := record{call: noCall, line: l, detail: detail, asked: len(from), offset: m.mem.offset(src)}
	made := 0
	_, err = m.witness.watch(r, func() (int, error) {
		if made, err = f(to, from); err != nil {
			return 0, syscall.EINVAL
		}
		return len(from), nil
	})
	m.mem.holds(dst, m.mem.offset(src))
	return made, err
}
