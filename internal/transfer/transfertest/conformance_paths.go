package transfertest

import (
	"errors"
	"syscall"

	"copyscope/internal/transfer"
)

// pathClauses are the contract of the calls that not every program makes: path
// is one that makes them.
var pathClauses = []struct {
	name, path string
	hold       func(b *bench)
}{
	{"read/from a socket", "relay-copy", readSocket},
	{"splice/from a socket", "relay-splice", spliceSocket},
	{"tee/the first pipe keeps what it gives", "tee", teeKeeps},
	{"tee/no more than the second pipe holds", "tee", teeBounded},
	{"tee/a closed pipe", "tee", teeClosed},
	{"open/a position of its own", "direct", directPosition},
	{"open/the end of the file", "direct", directEnd},
	{"open/unaligned reads", "direct", directUnaligned},
	{"send/a buffer by reference", "msg-zerocopy", lendBuffer},
	{"send/the receiver is gone", "msg-zerocopy", lendGone},
	{"completion/in the order of the sends", "msg-zerocopy", completionOrder},
	{"enter/a read and a send", "io-uring", ringBoth},
	{"enter/at an offset and by position", "io-uring", ringOffsets},
	{"enter/a short read cancels what is linked", "io-uring", ringShort},
	{"enter/a send by reference", "io-uring", ringLends},
	{"enter/the receiver is gone", "io-uring", ringGone},
	{"enter/a closed ring", "io-uring", ringClosed},
	{"encrypt/records", "tls", encryptRecords},
	{"encrypt/too little room", "tls", encryptNoRoom},
	{"compress/members in a row", "compress", compressMembers},
	{"compress/too little room", "compress", compressNoRoom},
	{"setsockopt/the kernel makes records", "ktls", kernelRecords},
}

func (b *bench) feed(from, n int) transfer.FD {
	b.t.Helper()
	return b.env.(Feeding).Feed(b.t, int64(from), int64(n))
}

func readSocket(b *bench) {
	fd, buf := b.feed(7, 2*pageSize+1), b.alloc(pageSize)
	for done := 0; done < 2*pageSize+1; {
		n := b.read(fd, buf, nil)
		if n == 0 {
			b.t.Fatalf("the stream ended after %d bytes", done)
		}
		b.writeAll(buf.Slice(0, n))
		b.env.Arrived(b.t, int64(7+done), int64(n))
		done += n
	}
	wantBytes(b.t, "read after the peer's end", b.read(fd, buf, nil), 0)
	b.env.Ended(b.t)
}

func spliceSocket(b *bench) {
	fd, p := b.feed(7, 2*pageSize+1), b.pipe(1)
	for done := 0; done < 2*pageSize+1; {
		n := b.spliceIn(fd, nil, p, pageSize)
		if n == 0 {
			b.t.Fatalf("the stream ended after %d bytes", done)
		}
		b.spliceOutAll(p, n)
		b.env.Arrived(b.t, int64(7+done), int64(n))
		done += n
	}
	wantBytes(b.t, "splice after the peer's end", b.spliceIn(fd, nil, p, pageSize), 0)
	b.env.Ended(b.t)
}

func (b *bench) tee(p1, p2 transfer.PipeEnds, n int) int {
	b.t.Helper()
	m, err := b.retry(p1.Read, transfer.Readable, func() (int, error) { return b.k.Tee("tee", p1.Read, p2.Write, n) })
	return b.must("tee", m, err)
}

func teeKeeps(b *bench) {
	fd, p1, p2 := b.env.File(b.t, int64(3*pageSize)), b.pipe(1), b.pipe(1)
	off := int64(5)
	n := b.spliceIn(fd, &off, p1, 2*pageSize)
	wantBytes(b.t, "tee of all", b.tee(p1, p2, n+pageSize), n)
	b.spliceOutAll(p2, n)
	b.env.Arrived(b.t, 5, int64(n))
	wantBytes(b.t, "tee of a part", b.tee(p1, p2, 11), 11)
	b.spliceOutAll(p1, n)
	b.env.Arrived(b.t, 5, int64(n))
	b.spliceOutAll(p2, 11)
	b.env.Arrived(b.t, 5, 11)
	b.env.Ended(b.t)
}

func teeBounded(b *bench) {
	large := min(32*pageSize, pipeMaxSize())
	fd, p1, p2 := b.env.File(b.t, int64(large)), b.pipe(large), b.pipe(1)
	off, held := int64(0), 0
	for held < large { // a full pipe, however it gets full
		n := b.spliceIn(fd, &off, p1, large-held)
		if n == 0 {
			break
		}
		held += n
	}
	n := b.tee(p1, p2, held)
	if n < 1 || n > p2.Capacity {
		b.t.Errorf("tee moved %d bytes into an empty pipe of %d", n, p2.Capacity)
	}
	b.spliceOutAll(p2, n)
	b.env.Arrived(b.t, 0, int64(n))
	b.spliceOutAll(p1, held)
	b.env.Arrived(b.t, 0, int64(held))
	b.env.Ended(b.t)
}

func teeClosed(b *bench) {
	p1 := b.pipe(1)
	p2, err := b.k.Pipe("pipe", 1)
	b.must("pipe", 0, err)
	b.must("close", 0, b.k.Close("pipe", p2.Read))
	b.must("close", 0, b.k.Close("pipe", p2.Write))
	_, err = b.k.Tee("tee", p1.Read, p2.Write, 1)
	wantErrno(b.t, "tee into a closed pipe", err, syscall.EBADF)
	_, err = b.k.Tee("tee", p2.Read, p1.Write, 1)
	wantErrno(b.t, "tee from a closed pipe", err, syscall.EBADF)
}

func (b *bench) openDirect(fd transfer.FD) transfer.FD {
	b.t.Helper()
	direct, err := b.k.OpenDirect("open", fd)
	b.must("open with O_DIRECT", 0, err)
	b.t.Cleanup(func() { b.k.Close("open", direct) })
	return direct
}

func directPosition(b *bench) {
	size := int64(4 * transfer.DirectAlign)
	fd := b.env.File(b.t, size)
	b.moveTo(fd, 100)
	direct, buf := b.openDirect(fd), b.alloc(2*transfer.DirectAlign)
	wantBytes(b.t, "read by position", b.read(direct, buf, nil), 2*transfer.DirectAlign)
	b.writeAll(buf)
	b.env.Arrived(b.t, 0, 2*transfer.DirectAlign)
	off := int64(3 * transfer.DirectAlign)
	wantBytes(b.t, "read at an offset", b.read(direct, buf.Slice(transfer.DirectAlign, transfer.DirectAlign), &off), transfer.DirectAlign)
	b.writeAll(buf.Slice(transfer.DirectAlign, transfer.DirectAlign))
	b.env.Arrived(b.t, 3*transfer.DirectAlign, transfer.DirectAlign)
	b.env.Ended(b.t)
	wantBytes(b.t, "position of the file itself", b.position(fd, size), 100)
}

func directEnd(b *bench) {
	size := int64(transfer.DirectAlign + 10)
	direct, buf := b.openDirect(b.env.File(b.t, size)), b.alloc(2*transfer.DirectAlign)
	wantBytes(b.t, "read over the end", b.read(direct, buf, nil), int(size))
	b.writeAll(buf.Slice(0, int(size)))
	b.env.Arrived(b.t, 0, size)
	off := int64(2 * transfer.DirectAlign)
	wantBytes(b.t, "read beyond the end", b.read(direct, buf, &off), 0)
	b.env.Ended(b.t)
}

func directUnaligned(b *bench) {
	direct, buf := b.openDirect(b.env.File(b.t, 4*transfer.DirectAlign)), b.alloc(2*transfer.DirectAlign)
	off := int64(7)
	_, err := b.k.Read("read", direct, buf, &off)
	wantErrno(b.t, "read at an unaligned offset", err, syscall.EINVAL)
	off = 0
	_, err = b.k.Read("read", direct, buf.Slice(0, 100), &off)
	wantErrno(b.t, "read of an unaligned length", err, syscall.EINVAL)
	_, err = b.k.Read("read", direct, buf.Slice(1, transfer.DirectAlign), &off)
	wantErrno(b.t, "read into unaligned memory", err, syscall.EINVAL)
	wantBytes(b.t, "offset after failed reads", off, 0)
}

// filled is a buffer with the first n bytes of a new file.
func (b *bench) filled(n int) transfer.Mem {
	b.t.Helper()
	buf := b.alloc(n)
	wantBytes(b.t, "read", b.readAll(b.env.File(b.t, int64(n)), buf, nil), n)
	return buf
}

func (b *bench) enableZerocopy() {
	b.t.Helper()
	b.must("setsockopt SO_ZEROCOPY", 0, b.k.EnableZerocopy("setsockopt", b.env.Socket()))
}

func (b *bench) tryLend(src transfer.Mem) (int, error) {
	b.t.Helper()
	out := b.env.Socket()
	return b.retry(out, transfer.Writable, func() (int, error) { return b.k.SendZerocopy("send", out, src) })
}

func (b *bench) completed() (c transfer.Completion, err error) {
	b.t.Helper()
	out := b.env.Socket()
	_, err = b.retry(out, transfer.Writable, func() (int, error) {
		c, err = b.k.Completed("completion", out)
		return 0, err
	})
	return c, err
}

func lendBuffer(b *bench) {
	b.enableZerocopy()
	b.enableZerocopy() // twice does no harm
	buf := b.filled(2*pageSize + 1)
	for rest := buf; rest.Len > 0; {
		n, err := b.tryLend(rest)
		b.must("send", n, err)
		_, err = b.completed()
		b.must("completion", 0, err)
		rest = rest.Slice(n, rest.Len-n)
	}
	b.env.Arrived(b.t, 0, int64(buf.Len))
	b.env.Ended(b.t)
	b.noCompletions()
}

// noCompletions: every send by reference has had its completion.
func (b *bench) noCompletions() {
	b.t.Helper()
	if n := b.k.open["completion 0"]; n != 0 {
		b.t.Errorf("%d completions are missing", n)
	}
}

func lendGone(b *bench) {
	b.enableZerocopy()
	buf := b.filled(pageSize)
	b.untilGone(func() (int, error) {
		n, err := b.tryLend(buf)
		if err == nil {
			_, err = b.completed()
		}
		return n, err
	})
}

func completionOrder(b *bench) {
	b.enableZerocopy()
	buf := b.filled(3 * pageSize)
	for i := range 3 {
		n, err := b.tryLend(buf.Slice(i*pageSize, pageSize))
		wantBytes(b.t, "send", b.must("send", n, err), pageSize)
	}
	for next := uint32(0); next < 3; {
		c, err := b.completed()
		b.must("completion", 0, err)
		if c.From != next || c.To < c.From || c.To > 2 {
			b.t.Fatalf("the completion is for sends %d to %d, want the %d-th first", c.From, c.To, next)
		}
		next = c.To + 1
	}
	b.env.Arrived(b.t, 0, int64(3*pageSize))
	b.env.Ended(b.t)
}

func (b *bench) ring() transfer.FD {
	b.t.Helper()
	fd, err := b.k.OpenRing("setup", 2)
	b.must("setup", 0, err)
	b.t.Cleanup(func() { b.k.Close("setup", fd) })
	return fd
}

func (b *bench) enter(ring transfer.FD, ops ...transfer.RingOp) (done []transfer.RingResult) {
	b.t.Helper()
	_, err := b.retry(ring, transfer.Writable, func() (_ int, err error) {
		done, err = b.k.Enter("enter", ring, ops)
		return 0, err
	})
	b.must("enter", 0, err)
	return done
}

func ringBoth(b *bench) {
	ring, fd, buf := b.ring(), b.env.File(b.t, int64(2*pageSize)), b.alloc(pageSize)
	for i := range 2 {
		done := b.enter(ring, transfer.RingOp{Kind: transfer.RingRead, FD: fd, Mem: buf, Off: int64(i * pageSize), Link: true},
			transfer.RingOp{Kind: transfer.RingSend, FD: b.env.Socket(), Mem: buf})
		wantBytes(b.t, "read", b.must("read", done[0].N, done[0].Err), pageSize)
		wantBytes(b.t, "send", b.must("send", done[1].N, done[1].Err), pageSize)
		b.env.Arrived(b.t, int64(i*pageSize), int64(pageSize))
	}
	b.env.Ended(b.t)
}

func ringOffsets(b *bench) {
	size := int64(2 * pageSize)
	ring, fd, buf := b.ring(), b.env.File(b.t, size), b.alloc(pageSize)
	b.enter(ring, transfer.RingOp{Kind: transfer.RingRead, FD: fd, Mem: buf, Off: 9})
	b.writeAll(buf)
	b.env.Arrived(b.t, 9, int64(pageSize))
	b.enter(ring, transfer.RingOp{Kind: transfer.RingRead, FD: fd, Mem: buf.Slice(0, 20), Off: -1})
	b.writeAll(buf.Slice(0, 20))
	b.env.Arrived(b.t, 0, 20)
	b.env.Ended(b.t)
	wantBytes(b.t, "position after reads at an offset and by position", b.position(fd, size), 20)
}

func ringShort(b *bench) {
	ring, fd, buf := b.ring(), b.env.File(b.t, 10), b.alloc(pageSize)
	for off, want := range map[int64]int{0: 10, 10: 0} {
		done := b.enter(ring, transfer.RingOp{Kind: transfer.RingRead, FD: fd, Mem: buf, Off: off, Link: true},
			transfer.RingOp{Kind: transfer.RingSend, FD: b.env.Socket(), Mem: buf})
		wantBytes(b.t, "read over the end", b.must("read", done[0].N, done[0].Err), want)
		wantErrno(b.t, "the linked send", done[1].Err, syscall.ECANCELED)
	}
	b.env.Ended(b.t)
}

func ringLends(b *bench) {
	ring, buf := b.ring(), b.filled(2*pageSize+1)
	for rest := buf; rest.Len > 0; {
		done := b.enter(ring, transfer.RingOp{Kind: transfer.RingSendZerocopy, FD: b.env.Socket(), Mem: rest})
		n := b.must("send", done[0].N, done[0].Err)
		rest = rest.Slice(n, rest.Len-n)
	}
	b.env.Arrived(b.t, 0, int64(buf.Len))
	b.env.Ended(b.t)
}

func ringGone(b *bench) {
	ring, buf := b.ring(), b.filled(pageSize)
	for _, kind := range []transfer.RingOpKind{transfer.RingSend, transfer.RingSendZerocopy} {
		b.untilGone(func() (int, error) {
			done := b.enter(ring, transfer.RingOp{Kind: kind, FD: b.env.Socket(), Mem: buf})
			if errors.Is(done[0].Err, syscall.EAGAIN) {
				return 0, nil
			}
			return done[0].N, done[0].Err
		})
	}
}

func ringClosed(b *bench) {
	buf := b.filled(10)
	ring, err := b.k.OpenRing("setup", 2)
	b.must("setup", 0, err)
	b.must("close", 0, b.k.Close("setup", ring))
	_, err = b.k.Enter("enter", ring, []transfer.RingOp{{Kind: transfer.RingSend, FD: b.env.Socket(), Mem: buf}})
	wantErrno(b.t, "enter of a closed ring", err, syscall.EBADF)
	b.env.Ended(b.t)
}

func (b *bench) reshaped(path string) { b.env.(Reshaping).Reshaped(b.t, path) }

func encryptRecords(b *bench) {
	b.reshaped("tls")
	n := transfer.TLSRecordBytes + 100
	src, dst := b.filled(n), b.alloc(transfer.TLSBound(n))
	for _, part := range []transfer.Mem{src.Slice(0, 1), src.Slice(1, n-1)} {
		m, err := b.k.Encrypt("encrypt", part, dst)
		wantBytes(b.t, "records", b.must("encrypt", m, err), transfer.TLSBound(part.Len))
		b.writeAll(dst.Slice(0, m))
	}
	b.env.Arrived(b.t, 0, int64(n))
	b.env.Ended(b.t)
}

func encryptNoRoom(b *bench) {
	src, dst := b.filled(100), b.alloc(transfer.TLSBound(100)-1)
	_, err := b.k.Encrypt("encrypt", src, dst)
	wantErrno(b.t, "encrypt into too little room", err, syscall.EINVAL)
}

func compressMembers(b *bench) {
	b.reshaped("compress")
	n := 3*pageSize + 1
	src, dst := b.filled(n), b.alloc(transfer.CompressBound(n))
	for _, part := range []transfer.Mem{src.Slice(0, 1), src.Slice(1, n-1)} {
		m, err := b.k.Compress("compress", part, dst)
		b.writeAll(dst.Slice(0, b.must("compress", m, err)))
	}
	b.env.Arrived(b.t, 0, int64(n))
	b.env.Ended(b.t)
}

func compressNoRoom(b *bench) {
	src, dst := b.filled(100), b.alloc(transfer.CompressBound(100)-1)
	_, err := b.k.Compress("compress", src, dst)
	wantErrno(b.t, "compress into too little room", err, syscall.EINVAL)
}

func kernelRecords(b *bench) {
	b.reshaped("ktls")
	buf := b.filled(2 * pageSize)
	b.must("setsockopt TLS", 0, b.k.EnableTLS("setsockopt", b.env.Socket()))
	b.must("setsockopt TLS again", 0, b.k.EnableTLS("setsockopt", b.env.Socket()))
	b.writeAll(buf)
	b.env.Arrived(b.t, 0, int64(2*pageSize))
	b.env.Ended(b.t)
}
