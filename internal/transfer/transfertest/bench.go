package transfertest

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"copyscope/internal/transfer"
)

// bench is an Env at work: the calls of its kernel, audited, repeated where the
// contract says that a caller repeats them, and fatal to the test otherwise.
type bench struct {
	t   *testing.T
	env Env
	k   *Audit
}

func openBench(t *testing.T, open func(t *testing.T) Env) *bench {
	t.Helper()
	env := open(t)
	return &bench{t: t, env: env, k: NewAudit(t, env.Kernel())}
}

// needs skips a test of what a path needs, where the kernel cannot run it.
func needs(t *testing.T, env Env, path string) {
	t.Helper()
	if l, limited := env.(Limits); limited && path != "" {
		if why := l.Lacks(path); why != "" {
			t.Skipf("%s: %s", path, why)
		}
	}
}

// pageSize is in bytes.
var pageSize = os.Getpagesize()

// retry repeats a call after EINTR, and after EAGAIN when fd is ready.
func (b *bench) retry(fd transfer.FD, d transfer.Direction, call func() (int, error)) (int, error) {
	b.t.Helper()
	for {
		n, err := call()
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			if err := b.k.Wait("wait", fd, d); err != nil && !errors.Is(err, syscall.EINTR) {
				b.t.Fatalf("wait after EAGAIN: %v", err)
			}
		default:
			return n, err
		}
	}
}

func (b *bench) must(what string, n int, err error) int {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return n
}

func (b *bench) alloc(n int) transfer.Mem {
	b.t.Helper()
	m, err := b.k.Alloc(n)
	b.must("alloc", 0, err)
	b.t.Cleanup(func() { b.k.Free(m) })
	return m
}

func (b *bench) mmap(fd transfer.FD, off int64, n int) transfer.Mem {
	b.t.Helper()
	var m transfer.Mem
	_, err := b.retry(fd, transfer.Readable, func() (_ int, err error) {
		m, err = b.k.Mmap("mmap", fd, off, n)
		return 0, err
	})
	b.must("mmap", 0, err)
	return m
}

func (b *bench) munmap(m transfer.Mem) {
	b.t.Helper()
	b.must("munmap", 0, b.k.Munmap("munmap", m))
}

func (b *bench) pipe(want int) transfer.PipeEnds {
	b.t.Helper()
	var p transfer.PipeEnds
	_, err := b.retry(b.env.Socket(), transfer.Writable, func() (_ int, err error) {
		p, err = b.k.Pipe("pipe", want)
		return 0, err
	})
	b.must("pipe", 0, err)
	b.t.Cleanup(func() { b.k.Close("pipe", p.Read); b.k.Close("pipe", p.Write) })
	return p
}

func (b *bench) read(fd transfer.FD, dst transfer.Mem, off *int64) int {
	b.t.Helper()
	n, err := b.retry(fd, transfer.Readable, func() (int, error) { return b.k.Read("read", fd, dst, off) })
	return b.must("read", n, err)
}

// readAll reads until dst is full or the file ends.
func (b *bench) readAll(fd transfer.FD, dst transfer.Mem, off *int64) (sum int) {
	b.t.Helper()
	for sum < dst.Len {
		n := b.read(fd, dst.Slice(sum, dst.Len-sum), off)
		if n == 0 {
			break
		}
		sum += n
	}
	return sum
}

func (b *bench) tryWrite(src transfer.Mem) (int, error) {
	b.t.Helper()
	out := b.env.Socket()
	return b.retry(out, transfer.Writable, func() (int, error) { return b.k.Write("write", out, src) })
}

func (b *bench) writeAll(src transfer.Mem) {
	b.t.Helper()
	for src.Len > 0 {
		n, err := b.tryWrite(src)
		b.must("write", n, err)
		src = src.Slice(n, src.Len-n)
	}
}

func (b *bench) trySendfile(fd transfer.FD, off *int64, n int) (int, error) {
	b.t.Helper()
	out := b.env.Socket()
	return b.retry(out, transfer.Writable, func() (int, error) { return b.k.Sendfile("sendfile", out, fd, off, n) })
}

// sendfileAll sends until n bytes are sent or the file ends.
func (b *bench) sendfileAll(fd transfer.FD, off *int64, n int) (sum int) {
	b.t.Helper()
	for sum < n {
		m, err := b.trySendfile(fd, off, n-sum)
		b.must("sendfile", m, err)
		if m == 0 {
			break
		}
		sum += m
	}
	return sum
}

func (b *bench) spliceIn(fd transfer.FD, off *int64, p transfer.PipeEnds, n int) int {
	b.t.Helper()
	m, err := b.retry(fd, transfer.Readable, func() (int, error) { return b.k.Splice("splice-in", fd, off, p.Write, n, false) })
	return b.must("splice from the file", m, err)
}

func (b *bench) trySpliceOut(p transfer.PipeEnds, n int, more bool) (int, error) {
	b.t.Helper()
	out := b.env.Socket()
	return b.retry(out, transfer.Writable, func() (int, error) { return b.k.Splice("splice-out", p.Read, nil, out, n, more) })
}

// spliceOutAll moves n bytes, which the pipe holds, to the socket.
func (b *bench) spliceOutAll(p transfer.PipeEnds, n int) {
	b.t.Helper()
	for n > 0 {
		m, err := b.trySpliceOut(p, n, false)
		b.must("splice to the socket", m, err)
		if m == 0 {
			b.t.Fatalf("splice to the socket gave 0 although the pipe holds %d bytes", n)
		}
		n -= m
	}
}

// position is the file's own position, found by reading the file to its end.
func (b *bench) position(fd transfer.FD, size int64) int64 {
	b.t.Helper()
	rest := b.alloc(int(size) + 1)
	return size - int64(b.readAll(fd, rest, nil))
}

// moveTo brings the position of a file that stands at 0 to pos.
func (b *bench) moveTo(fd transfer.FD, pos int64) {
	b.t.Helper()
	if pos == 0 {
		return
	}
	buf, err := b.k.Alloc(int(pos))
	b.must("alloc", 0, err)
	defer b.k.Free(buf)
	if n := b.readAll(fd, buf, nil); int64(n) != pos {
		b.t.Fatalf("read of %d bytes from the position ended after %d", pos, n)
	}
}

// untilGone repeats a sending call until it fails, as it must once the
// receiver has closed: a first call may still find room in a buffer.
func (b *bench) untilGone(call func() (int, error)) {
	b.t.Helper()
	b.env.CloseReceiver(b.t)
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if _, err := call(); err != nil {
			if !gone(err) {
				b.t.Fatalf("error %v (%[1]T) after the receiver closed; want EPIPE or ECONNRESET", err)
			}
			return
		}
	}
	b.t.Fatal("still no error 10 s after the receiver closed")
}

func gone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}

func wantErrno(t testing.TB, what string, err error, want syscall.Errno) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v (%T), want %v", what, err, err, want)
	}
}

func wantBytes[N int | int64](t testing.TB, what string, got, want N) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %d bytes, want %d", what, got, want)
	}
}
