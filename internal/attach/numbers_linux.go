package attach

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// numbers are the calls' numbers, the frequent ones first: a filter in the kernel is
// tried from its left. Those that not every processor has are in legacyNumbers.
var numbers = append([]numbered{
	{"read", unix.SYS_READ}, {"write", unix.SYS_WRITE}, {"pread64", unix.SYS_PREAD64}, {"recvfrom", unix.SYS_RECVFROM},
	{"sendto", unix.SYS_SENDTO}, {"writev", unix.SYS_WRITEV}, {"sendmsg", unix.SYS_SENDMSG}, {"recvmsg", unix.SYS_RECVMSG},
	{"sendfile", unix.SYS_SENDFILE}, {"splice", unix.SYS_SPLICE}, {"close", unix.SYS_CLOSE}, {"openat", unix.SYS_OPENAT},
	{"accept4", unix.SYS_ACCEPT4}, {"pwrite64", unix.SYS_PWRITE64}, {"readv", unix.SYS_READV}, {"mmap", unix.SYS_MMAP},
	{"munmap", unix.SYS_MUNMAP}, {"io_uring_enter", unix.SYS_IO_URING_ENTER}, {"preadv", unix.SYS_PREADV},
	{"pwritev", unix.SYS_PWRITEV}, {"preadv2", unix.SYS_PREADV2}, {"pwritev2", unix.SYS_PWRITEV2},
	{"sendmmsg", unix.SYS_SENDMMSG}, {"copy_file_range", unix.SYS_COPY_FILE_RANGE}, {"tee", unix.SYS_TEE},
	{"vmsplice", unix.SYS_VMSPLICE}, {"accept", unix.SYS_ACCEPT}, {"socket", unix.SYS_SOCKET}, {"dup", unix.SYS_DUP},
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

// filter lets the watched calls through: of returns, those that somebody waits for.
func filter(returns bool) string {
	var parts []string
	for _, n := range numbers {
		if !returns || !syscallsByName[n.name].entryAlone {
			parts = append(parts, fmt.Sprintf("id == %d", n.id))
		}
	}
	return strings.Join(parts, " || ")
}
