package transfertest

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
)

// Conformance holds a kernel to the contract of [transfer.Kernel]: each of its
// calls, then every program on it.
func Conformance(t *testing.T, open func(t *testing.T) Env) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) { c.hold(openBench(t, open)) })
	}
	for _, c := range pathClauses {
		t.Run(c.name, func(t *testing.T) {
			b := openBench(t, open)
			needs(t, b.env, c.path)
			c.hold(b)
		})
	}
	t.Run("programs", func(t *testing.T) { programs(t, open) })
}

// clauses are the contract, one case for each thing it promises.
var clauses = []struct {
	name string
	hold func(b *bench)
}{
	{"read/from the position", readPosition},
	{"read/at an offset", readOffset},
	{"read/end of file", readEnd},
	{"write/a buffer", writeBuffer},
	{"write/a mapping", writeMapping},
	{"write/more than the socket buffer holds", writeMuch},
	{"write/a mapping of a truncated file", writeTruncated},
	{"write/the receiver is gone", writeGone},
	{"mmap/an unaligned offset", mmapUnaligned},
	{"mmap/from a page in the middle", mmapMiddle},
	{"sendfile/from the position", sendfilePosition},
	{"sendfile/at an offset", sendfileOffset},
	{"sendfile/end of file", sendfileEnd},
	{"sendfile/more than the socket buffer holds", sendfileMuch},
	{"sendfile/the receiver is gone", sendfileGone},
	{"pipe/capacity", pipeCapacity},
	{"splice/no more than the pipe holds", spliceBounded},
	{"splice/no more than is in the pipe", spliceOutBounded},
	{"splice/from the position", splicePosition},
	{"splice/in parts", spliceParts},
	{"splice/end of file", spliceEnd},
	{"splice/the receiver is gone", spliceGone},
	{"close/the descriptor is gone", closeGone},
	{"wait/returns when ready", waitReady},
	{"wait/returns when the receiver is gone", waitGone},
	{"touch/a buffer and a mapping", touchMemory},
	{"touch/a mapping of a truncated file", touchTruncated},
}

func readPosition(b *bench) {
	size := int64(3*pageSize + 100)
	fd, buf := b.env.File(b.t, size), b.alloc(pageSize+1)
	for done := int64(0); done < size; {
		n := b.read(fd, buf, nil)
		if n == 0 {
			b.t.Fatalf("read gave 0 at %d of %d bytes", done, size)
		}
		b.writeAll(buf.Slice(0, n))
		b.env.Arrived(b.t, done, int64(n))
		done += int64(n)
	}
	wantBytes(b.t, "read at the end", b.read(fd, buf, nil), 0)
	b.env.Ended(b.t)
}

func readOffset(b *bench) {
	size := int64(3*pageSize + 100)
	fd, buf := b.env.File(b.t, size), b.alloc(pageSize)
	off := int64(pageSize - 7)
	n := b.readAll(fd, buf, &off)
	wantBytes(b.t, "read at an offset", n, pageSize)
	b.writeAll(buf)
	b.env.Arrived(b.t, int64(pageSize-7), int64(n))

	// Into the middle of a buffer, from the middle of a page.
	off = 5
	n = b.readAll(fd, buf.Slice(100, 50), &off)
	wantBytes(b.t, "read into a part of a buffer", n, 50)
	b.writeAll(buf.Slice(100, 50))
	b.env.Arrived(b.t, 5, 50)
	b.env.Ended(b.t)
	wantBytes(b.t, "position after reads at offsets", b.position(fd, size), 0)
}

func readEnd(b *bench) {
	size := int64(pageSize + 10)
	fd, buf := b.env.File(b.t, size), b.alloc(2*pageSize)
	off := int64(pageSize - 10)
	n := b.readAll(fd, buf, &off)
	wantBytes(b.t, "read over the end", n, 20)
	b.writeAll(buf.Slice(0, n))
	b.env.Arrived(b.t, int64(pageSize-10), 20)
	wantBytes(b.t, "read at the end", b.read(fd, buf, &off), 0)
	off = size + int64(pageSize)
	wantBytes(b.t, "read beyond the end", b.read(fd, buf, &off), 0)
}

func writeBuffer(b *bench) {
	size := int64(2*pageSize + 1)
	fd, buf := b.env.File(b.t, size), b.alloc(2*pageSize+1)
	wantBytes(b.t, "read", b.readAll(fd, buf, nil), int(size))
	b.writeAll(buf)
	b.env.Arrived(b.t, 0, size)
	// The bytes stay in the buffer, and parts of it can be sent in any order.
	b.writeAll(buf.Slice(pageSize, 11))
	b.writeAll(buf.Slice(3, 1))
	b.env.Arrived(b.t, int64(pageSize), 11)
	b.env.Arrived(b.t, 3, 1)
	b.env.Ended(b.t)
}

func writeMapping(b *bench) {
	size := int64(2*pageSize + 100)
	fd := b.env.File(b.t, size)
	m := b.mmap(fd, 0, int(size))
	b.writeAll(m)
	b.env.Arrived(b.t, 0, size)
	b.writeAll(m.Slice(pageSize-1, 2))
	b.env.Arrived(b.t, int64(pageSize-1), 2)
	b.munmap(m)
	b.env.Ended(b.t)
	wantBytes(b.t, "position after mmap", b.position(fd, size), 0)
}

// much is more than socket buffers hold by default
// (net.ipv4.tcp_wmem and tcp_rmem), in bytes.
const much = 12 << 20

func writeMuch(b *bench) {
	fd := b.env.File(b.t, much)
	m := b.mmap(fd, 0, much)
	b.writeAll(m)
	b.env.Arrived(b.t, 0, much)
	b.munmap(m)
	b.env.Ended(b.t)
}

func writeTruncated(b *bench) {
	fd := b.env.File(b.t, int64(4*pageSize))
	m := b.mmap(fd, 0, 4*pageSize)
	b.writeAll(m.Slice(0, pageSize))
	b.env.Arrived(b.t, 0, int64(pageSize))
	b.env.Truncate(b.t, int64(2*pageSize))
	_, err := b.tryWrite(m.Slice(2*pageSize, pageSize))
	wantErrno(b.t, "write from beyond the file's new end", err, syscall.EFAULT)
	// What is left of the file can still be sent.
	b.writeAll(m.Slice(pageSize, pageSize))
	b.env.Arrived(b.t, int64(pageSize), int64(pageSize))
	b.munmap(m)
	b.env.Ended(b.t)
}

func writeGone(b *bench) {
	fd, buf := b.env.File(b.t, int64(pageSize)), b.alloc(pageSize)
	b.readAll(fd, buf, nil)
	b.untilGone(func() (int, error) { return b.tryWrite(buf) })
}

func mmapUnaligned(b *bench) {
	fd := b.env.File(b.t, int64(2*pageSize))
	for _, off := range []int64{1, int64(pageSize) - 1, int64(pageSize) + 512} {
		if m, err := b.k.Mmap("mmap", fd, off, 100); err == nil {
			b.munmap(m)
			b.t.Errorf("mmap at the unaligned offset %d succeeded", off)
		} else {
			wantErrno(b.t, "mmap at an unaligned offset", err, syscall.EINVAL)
		}
	}
}

func mmapMiddle(b *bench) {
	fd := b.env.File(b.t, int64(3*pageSize+9))
	m := b.mmap(fd, int64(pageSize), 2*pageSize+9)
	second := b.mmap(fd, int64(2*pageSize), pageSize)
	b.writeAll(m)
	b.env.Arrived(b.t, int64(pageSize), int64(2*pageSize+9))
	b.munmap(m)
	b.writeAll(second.Slice(17, 100)) // a mapping of its own, still there
	b.env.Arrived(b.t, int64(2*pageSize+17), 100)
	b.munmap(second)
	b.env.Ended(b.t)
}

func sendfilePosition(b *bench) {
	size := int64(3*pageSize + 100)
	fd := b.env.File(b.t, size)
	wantBytes(b.t, "sendfile", b.sendfileAll(fd, nil, pageSize+3), pageSize+3)
	wantBytes(b.t, "sendfile", b.sendfileAll(fd, nil, 10), 10)
	b.env.Arrived(b.t, 0, int64(pageSize+13))
	b.env.Ended(b.t)
	wantBytes(b.t, "position after sendfile", b.position(fd, size), int64(pageSize+13))
}

func sendfileOffset(b *bench) {
	size := int64(3*pageSize + 100)
	fd := b.env.File(b.t, size)
	off := int64(pageSize - 1)
	wantBytes(b.t, "sendfile", b.sendfileAll(fd, &off, pageSize+2), pageSize+2)
	b.env.Arrived(b.t, int64(pageSize-1), int64(pageSize+2))
	off = 3
	wantBytes(b.t, "sendfile", b.sendfileAll(fd, &off, 1), 1)
	b.env.Arrived(b.t, 3, 1)
	b.env.Ended(b.t)
	wantBytes(b.t, "position after sendfile at offsets", b.position(fd, size), 0)
}

func sendfileEnd(b *bench) {
	size := int64(pageSize + 10)
	fd := b.env.File(b.t, size)
	off := int64(pageSize)
	wantBytes(b.t, "sendfile over the end", b.sendfileAll(fd, &off, pageSize), 10)
	b.env.Arrived(b.t, int64(pageSize), 10)
	for _, beyond := range []int64{size, size + 1, size + int64(pageSize)} {
		off = beyond
		n, err := b.trySendfile(fd, &off, 100)
		b.must("sendfile beyond the end", n, err)
		wantBytes(b.t, "sendfile beyond the end", n, 0)
	}
	b.env.Truncate(b.t, 5)
	off = 5
	n, err := b.trySendfile(fd, &off, 100)
	b.must("sendfile beyond the new end", n, err)
	wantBytes(b.t, "sendfile beyond the new end", n, 0)
	b.env.Ended(b.t)
}

func sendfileMuch(b *bench) {
	fd := b.env.File(b.t, much)
	off := int64(0)
	wantBytes(b.t, "sendfile", b.sendfileAll(fd, &off, much), much)
	b.env.Arrived(b.t, 0, much)
	b.env.Ended(b.t)
}

func sendfileGone(b *bench) {
	fd := b.env.File(b.t, int64(pageSize))
	b.untilGone(func() (int, error) {
		off := int64(0)
		return b.trySendfile(fd, &off, pageSize)
	})
}

func pipeCapacity(b *bench) {
	usual := 16 * pageSize // pipe(7), "Pipe capacity"
	for _, want := range []int{1, pageSize, usual} {
		wantBytes(b.t, "capacity of a usual pipe", b.pipe(want).Capacity, usual)
	}
	large := min(2*usual, pipeMaxSize())
	if got := b.pipe(large).Capacity; got < large {
		b.t.Errorf("a pipe of %d bytes was asked for, which needs no privilege; got %d", large, got)
	}
	if got := b.pipe(64 << 20).Capacity; got < usual {
		b.t.Errorf("a pipe of 64 MiB was asked for; got %d bytes, less than the usual %d", got, usual)
	}
}

// pipeMaxSize is the largest pipe that needs no privilege, in bytes: 1 MiB by
// default, pipe(7).
func pipeMaxSize() int {
	text, err := os.ReadFile("/proc/sys/fs/pipe-max-size")
	if err != nil {
		return 1 << 20 // no Linux host: what a model must offer
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 1 << 20
	}
	return n
}

func spliceBounded(b *bench) {
	fd := b.env.File(b.t, int64(40*pageSize))
	for _, start := range []int64{0, 100, int64(pageSize) - 1} {
		p := b.pipe(1)
		off := start
		n := b.spliceIn(fd, &off, p, 40*pageSize)
		// A slot holds a page or a part of one: the lead of an unaligned
		// offset costs a slot that is not full.
		most := p.Capacity - int(start)%pageSize
		if n < 1 || n > most {
			b.t.Errorf("splice from offset %d into an empty pipe moved %d bytes, want 1 to %d", start, n, most)
		}
		b.spliceOutAll(p, n)
		b.env.Arrived(b.t, start, int64(n))
	}
	b.env.Ended(b.t)
	wantBytes(b.t, "position after splice at offsets", b.position(fd, int64(40*pageSize)), 0)
}

func spliceOutBounded(b *bench) {
	fd, p := b.env.File(b.t, int64(4*pageSize)), b.pipe(1)
	off := int64(0)
	n := b.spliceIn(fd, &off, p, 3*pageSize)
	sum := 0
	for sum < n {
		m, err := b.trySpliceOut(p, 100*pageSize, true)
		b.must("splice to the socket", m, err)
		if m == 0 || sum+m > n {
			b.t.Fatalf("splice to the socket moved %d bytes; the pipe held %d", m, n-sum)
		}
		sum += m
	}
	b.env.Arrived(b.t, 0, int64(n))
	b.env.Ended(b.t)
}

func splicePosition(b *bench) {
	size := int64(3 * pageSize)
	fd, p := b.env.File(b.t, size), b.pipe(1)
	n := b.spliceIn(fd, nil, p, pageSize+5)
	b.spliceOutAll(p, n)
	b.env.Arrived(b.t, 0, int64(n))
	b.env.Ended(b.t)
	wantBytes(b.t, "position after splice", b.position(fd, size), int64(n))
}

func spliceParts(b *bench) {
	fd, p := b.env.File(b.t, int64(4*pageSize)), b.pipe(1)
	off := int64(10)
	n := b.spliceIn(fd, &off, p, 2*pageSize)
	b.spliceOutAll(p, 7) // the rest stays in the pipe
	n += b.spliceIn(fd, &off, p, pageSize)
	b.spliceOutAll(p, n-7)
	b.env.Arrived(b.t, 10, int64(n))
	b.env.Ended(b.t)
}

func spliceEnd(b *bench) {
	size := int64(pageSize + 10)
	fd, p := b.env.File(b.t, size), b.pipe(1)
	off := int64(pageSize)
	n := b.spliceIn(fd, &off, p, pageSize)
	wantBytes(b.t, "splice over the end", n, 10)
	b.spliceOutAll(p, n)
	b.env.Arrived(b.t, int64(pageSize), 10)
	wantBytes(b.t, "splice at the end", b.spliceIn(fd, &off, p, pageSize), 0)
	off = size + int64(pageSize)
	wantBytes(b.t, "splice beyond the end", b.spliceIn(fd, &off, p, pageSize), 0)
	b.env.Ended(b.t)
}

func spliceGone(b *bench) {
	fd, p := b.env.File(b.t, int64(pageSize)), b.pipe(1)
	held := 0
	b.untilGone(func() (int, error) {
		if held == 0 {
			off := int64(0)
			held = b.spliceIn(fd, &off, p, pageSize)
		}
		n, err := b.trySpliceOut(p, held, false)
		held -= n
		return n, err
	})
}

func closeGone(b *bench) {
	fd := b.env.File(b.t, int64(pageSize))
	p, err := b.k.Pipe("pipe", 1)
	b.must("pipe", 0, err)
	b.must("close", 0, b.k.Close("pipe", p.Read))
	b.must("close", 0, b.k.Close("pipe", p.Write))
	off := int64(0)
	_, err = b.k.Splice("splice-in", fd, &off, p.Write, pageSize, false)
	wantErrno(b.t, "splice into a closed pipe", err, syscall.EBADF)
	_, err = b.k.Splice("splice-out", p.Read, nil, b.env.Socket(), pageSize, false)
	wantErrno(b.t, "splice out of a closed pipe", err, syscall.EBADF)
	wantBytes(b.t, "offset after failed calls", off, 0)
}

func waitReady(b *bench) {
	fd := b.env.File(b.t, int64(pageSize))
	b.must("wait for the socket", 0, b.k.Wait("wait", b.env.Socket(), transfer.Writable))
	b.must("wait for a file, which always is ready", 0, b.k.Wait("wait", fd, transfer.Readable))
	// Waiting neither moves nor sends anything.
	wantBytes(b.t, "sendfile after wait", b.sendfileAll(fd, nil, pageSize), pageSize)
	b.env.Arrived(b.t, 0, int64(pageSize))
	b.env.Ended(b.t)
}

func waitGone(b *bench) {
	b.env.CloseReceiver(b.t)
	b.must("wait for a socket whose receiver is gone", 0, b.k.Wait("wait", b.env.Socket(), transfer.Writable))
}

func touchMemory(b *bench) {
	size := int64(2*pageSize + 5)
	fd, buf := b.env.File(b.t, size), b.alloc(int(size))
	b.must("touch of a fresh buffer", 0, b.k.Touch("touch", buf))
	b.readAll(fd, buf, nil)
	b.must("touch of a part of a buffer", 0, b.k.Touch("touch", buf.Slice(3, pageSize)))
	m := b.mmap(fd, 0, int(size))
	b.must("touch of a mapping", 0, b.k.Touch("touch", m))
	b.writeAll(buf) // unchanged by being touched
	b.writeAll(m)
	b.env.Arrived(b.t, 0, size)
	b.env.Arrived(b.t, 0, size)
	b.munmap(m)
	b.env.Ended(b.t)
}

func touchTruncated(b *bench) {
	fd := b.env.File(b.t, int64(4*pageSize))
	m := b.mmap(fd, 0, 4*pageSize)
	b.must("touch", 0, b.k.Touch("touch", m.Slice(0, pageSize)))
	b.env.Truncate(b.t, int64(pageSize))
	wantErrno(b.t, "touch beyond the file's new end", b.k.Touch("touch", m.Slice(2*pageSize, 10)), syscall.EFAULT)
	b.must("touch of what is left", 0, b.k.Touch("touch", m.Slice(0, pageSize)))
	b.munmap(m)
}
