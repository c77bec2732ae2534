package copyprofile

import (
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/memdev"
)

// What a call did follows from what it returned, its flags and what its descriptors
// stand for.
func TestRules(t *testing.T) {
	file, direct := descriptor{kind: fileKind}, descriptor{kind: fileKind, flags: unix.O_DIRECT}
	socket, pipe, gone := descriptor{kind: socketKind}, descriptor{kind: pipeKind}, descriptor{kind: goneKind}
	null, zero := descriptor{kind: otherKind, does: memdev.Kind{Discards: true}}, descriptor{kind: otherKind, does: memdev.Kind{Discards: true, Zeroes: true}}
	copied, lent, nothing := effect{copied: 100}, effect{lent: 100}, effect{}
	for _, c := range []struct {
		id      int64
		in, out descriptor
		flags   int64
		want    effect
	}{
		{id: unix.SYS_READ, in: file, want: copied}, {id: unix.SYS_READ, in: gone, want: copied}, {id: unix.SYS_PREAD64, in: direct, want: nothing},
		{id: unix.SYS_WRITEV, out: socket, want: copied}, {id: unix.SYS_PWRITE64, out: direct, want: nothing},
		{id: unix.SYS_WRITE, out: null, want: nothing}, {id: unix.SYS_READ, in: zero, want: nothing}, {id: unix.SYS_WRITEV, out: zero, want: nothing}, {id: unix.SYS_READ, in: descriptor{kind: otherKind}, want: copied},
		{id: unix.SYS_SENDTO, out: socket, want: copied}, {id: unix.SYS_SENDMSG, out: socket, flags: unix.MSG_ZEROCOPY | unix.MSG_NOSIGNAL, want: lent},
		{id: unix.SYS_RECVFROM, in: socket, want: copied}, {id: unix.SYS_RECVMSG, in: socket, flags: unix.MSG_TRUNC, want: nothing},
		{id: unix.SYS_SENDFILE, in: file, out: socket, want: lent}, {id: unix.SYS_SENDFILE, in: file, out: gone, want: lent}, {id: unix.SYS_SENDFILE, in: file, out: file, want: copied},
		{id: unix.SYS_SPLICE, in: file, out: pipe, want: lent}, {id: unix.SYS_SPLICE, in: pipe, out: socket, want: lent}, {id: unix.SYS_SPLICE, in: pipe, out: file, want: copied},
		{id: unix.SYS_TEE, in: pipe, out: pipe, want: lent},
		{id: unix.SYS_VMSPLICE, out: descriptor{kind: pipeKind, flags: unix.O_WRONLY}, want: lent}, {id: unix.SYS_VMSPLICE, out: descriptor{kind: pipeKind, flags: unix.O_RDONLY}, want: copied},
		{id: unix.SYS_COPY_FILE_RANGE, in: file, out: file, want: nothing}, {id: unix.SYS_IO_URING_ENTER, want: nothing},
	} {
		call := calls[c.id]
		if got := call.effect(done{bytes: 100, flags: c.flags, in: c.in, out: c.out}); got != c.want {
			t.Errorf("%s from %+v to %+v with flags %#x: %+v, want %+v", call.name, c.in, c.out, c.flags, got, c.want)
		}
		for _, bytes := range []int64{0, -int64(unix.EAGAIN)} {
			if got := call.effect(done{bytes: bytes, flags: c.flags, in: c.in, out: c.out}); got != nothing {
				t.Errorf("%s returned %d: %+v, want nothing", call.name, bytes, got)
			}
		}
	}
}
