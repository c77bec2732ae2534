package copyprofile

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// call is a syscall that moves payload: which of its arguments are descriptors, and how
// what it did follows from what it returned.
type call struct {
	name string
	// in and out are the arguments with the descriptors that bytes come from and go
	// to, or none.
	in, out int
	// flags is the argument with them, or none.
	flags int
	rule  func(c done) effect
}

const none = -1

// done is a call that has returned.
type done struct {
	bytes   int64 // returned, at least 1
	flags   int64
	in, out descriptor
}

// calls are the syscalls of a profile, with their arguments as in their man pages
// (syscalls(2), section 2).
var calls = map[int64]call{
	unix.SYS_READ: {"read", 0, none, none, toUser}, unix.SYS_READV: {"readv", 0, none, none, toUser},
	unix.SYS_PREAD64: {"pread64", 0, none, none, toUser}, unix.SYS_PREADV: {"preadv", 0, none, none, toUser}, unix.SYS_PREADV2: {"preadv2", 0, none, none, toUser},
	unix.SYS_RECVFROM: {"recvfrom", 0, none, 3, received}, unix.SYS_RECVMSG: {"recvmsg", 0, none, 2, received},
	unix.SYS_WRITE: {"write", none, 0, none, fromUser}, unix.SYS_WRITEV: {"writev", none, 0, none, fromUser},
	unix.SYS_PWRITE64: {"pwrite64", none, 0, none, fromUser}, unix.SYS_PWRITEV: {"pwritev", none, 0, none, fromUser}, unix.SYS_PWRITEV2: {"pwritev2", none, 0, none, fromUser},
	unix.SYS_SENDTO: {"sendto", none, 0, 3, sent}, unix.SYS_SENDMSG: {"sendmsg", none, 0, 2, sent},
	unix.SYS_SENDFILE: {"sendfile", 1, 0, none, within}, unix.SYS_SPLICE: {"splice", 0, 2, none, within}, unix.SYS_TEE: {"tee", 0, 1, none, within},
	unix.SYS_VMSPLICE: {"vmsplice", none, 0, none, spliced},
	// What these moved, and how, their results do not tell.
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", 0, 2, none, untold}, unix.SYS_SENDMMSG: {"sendmmsg", none, 0, none, untold},
	unix.SYS_RECVMMSG: {"recvmmsg", 0, none, none, untold}, unix.SYS_IO_URING_ENTER: {"io_uring_enter", none, none, none, untold},
}

// ends are the calls after which a descriptor is another one, or none, and the argument
// that it is.
var ends = map[int64]int{unix.SYS_CLOSE: 0, unix.SYS_DUP3: 1, dup2: 1}

// filters let through what a profile sees of entries and of returns.
func filters() (entries, returns string) {
	var moving, ending []string
	for id := range calls {
		moving = append(moving, fmt.Sprintf("id == %d", id))
	}
	for id := range ends {
		ending = append(ending, fmt.Sprintf("id == %d", id))
	}
	return strings.Join(append(ending, moving...), " || "), strings.Join(moving, " || ")
}

// effect is what the call did, by the rule.
func (c call) effect(d done) effect {
	if d.bytes <= 0 {
		return effect{}
	}
	return c.rule(d)
}

// toUser: the kernel copied into user memory (copy_to_iter), unless the disk wrote there
// itself (O_DIRECT, open(2)), or the buffer was cleared (zero(4)).
func toUser(d done) effect {
	if d.in.direct() || d.in.does.Zeroes {
		return effect{}
	}
	return effect{copied: d.bytes}
}

// fromUser: the kernel copied out of user memory, unless the disk did, or nobody looks at
// it (null(4)).
func fromUser(d done) effect {
	if d.out.direct() || d.out.does.Discards {
		return effect{}
	}
	return effect{copied: d.bytes}
}

// received: as toUser, but with MSG_TRUNC a stream's bytes are thrown away (tcp(7)).
func received(d done) effect {
	if d.flags&unix.MSG_TRUNC != 0 {
		return effect{}
	}
	return effect{copied: d.bytes}
}

// sent: with MSG_ZEROCOPY user memory is lent
// (Documentation/networking/msg_zerocopy.rst).
func sent(d done) effect {
	if d.flags&unix.MSG_ZEROCOPY != 0 {
		return effect{lent: d.bytes}
	}
	return effect{copied: d.bytes}
}

// within: references to pages went from one to the other; only a regular file at the end
// takes copies into its own pages (iter_file_splice_write, fs/splice.c).
func within(d done) effect {
	if d.out.kind == fileKind {
		return effect{copied: d.bytes}
	}
	return effect{lent: d.bytes}
}

// spliced: into a pipe user memory is lent, out of one it is copied to
// (vmsplice_to_user, fs/splice.c).
func spliced(d done) effect {
	if d.out.flags&unix.O_ACCMODE == unix.O_RDONLY {
		return effect{copied: d.bytes}
	}
	return effect{lent: d.bytes}
}

func untold(done) effect { return effect{} }

// untoldBecause says why.
var untoldBecause = map[string]string{
	"io_uring_enter":  "what its operations moved is not told by the call",
	"copy_file_range": "whether the file system copied or shared blocks is not told by the call",
	"sendmmsg":        "it tells messages, not bytes",
	"recvmmsg":        "it tells messages, not bytes",
}
