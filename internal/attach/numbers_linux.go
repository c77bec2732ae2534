package attach

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// numbers are the calls' numbers, the frequent ones first (see filter). Those that
// not every processor has are in legacyNumbers.
var numbers = append([]numbered{
	{"read", unix.SYS_READ}, {"write", unix.SYS_WRITE}, {"pread64", unix.SYS_PREAD64}, {"recvfrom", unix.SYS_RECVFROM},
	{"sendto", unix.SYS_SENDTO}, {"writev", unix.SYS_WRITEV}, {"sendmsg", unix.SYS_SENDMSG}, {"recvmsg", unix.SYS_RECVMSG},
	{"sendfile", unix.SYS_SENDFILE}, {"splice", unix.SYS_SPLICE}, {"close", unix.SYS_CLOSE}, {"openat", unix.SYS_OPENAT},
	{"accept4", unix.SYS_ACCEPT4}, {"pwrite64", unix.SYS_PWRITE64}, {"readv", unix.SYS_READV}, {"mmap", unix.SYS_MMAP},
	{"munmap", unix.SYS_MUNMAP}, {"io_uring_enter", unix.SYS_IO_URING_ENTER}, {"preadv", unix.SYS_PREADV},
	{"pwritev", unix.SYS_PWRITEV}, {"preadv2", unix.SYS_PREADV2}, {"pwritev2", unix.SYS_PWRITEV2},
	{"sendmmsg", unix.SYS_SENDMMSG}, {"copy_file_range", unix.SYS_COPY_FILE_RANGE}, {"tee", unix.SYS_TEE},
	{"vmsplice", unix.SYS_VMSPLICE}, {"accept", unix.SYS_ACCEPT}, {"socket", unix.SYS_SOCKET}, {"connect", unix.SYS_CONNECT}, {"dup", unix.SYS_DUP},
	{"dup3", unix.SYS_DUP3}, {"fcntl", unix.SYS_FCNTL}, {"openat2", unix.SYS_OPENAT2}, {"close_range", unix.SYS_CLOSE_RANGE},
}, legacyNumbers...)

type numbered struct {
	name string
	id   int64
}

// nameOf has the calls' names by their numbers.
var nameOf = func() map[int64]string {
	out := map[int64]string{}
	for _, n := range numbers {
		out[n.id] = n.name
	}
	return out
}()

// moveOf and entryAlone say what the calls do, by their numbers.
var moveOf, entryAlone = func() (map[int64]move, map[int64]bool) {
	moves, alone := map[int64]move{}, map[int64]bool{}
	for _, n := range numbers {
		moves[n.id] = syscallsByName[n.name].move
		alone[n.id] = syscallsByName[n.name].entryAlone
	}
	return moves, alone
}()

// filter lets the watched calls through: of returns, those that somebody waits for. The
// kernel tries it from its left, at each call of any kind that a watched thread makes:
// the most frequent of ours stand first, and the numbers are halved after them, so that
// futex(2) and its like are turned away by some ten comparisons.
func filter(returns bool) string {
	const first = 4
	var ids []int64
	var parts []string
	for _, n := range numbers {
		if returns && syscallsByName[n.name].entryAlone {
			continue
		}
		if ids = append(ids, n.id); len(ids) <= first {
			parts = append(parts, fmt.Sprintf("id == %d", n.id))
		}
	}
	slices.Sort(ids)
	return strings.Join(append(parts, oneOf(ids)), " || ")
}

// oneOf is true of some numbers, which are in order.
func oneOf(ids []int64) string {
	n := len(ids)
	switch {
	case n == 1:
		return fmt.Sprintf("id == %d", ids[0])
	case ids[n-1]-ids[0] == int64(n-1):
		return fmt.Sprintf("(id >= %d && id <= %d)", ids[0], ids[n-1])
	}
	from := ids[n/2]
	return fmt.Sprintf("((id < %d && %s) || (id >= %d && %s))", from, oneOf(ids[:n/2]), from, oneOf(ids[n/2:]))
}
