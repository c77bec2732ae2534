package importer

import "fmt"

// errnos are the errors that transfers meet (include/uapi/asm-generic/errno-base.h and
// errno.h), and those of a call that is restarted (include/linux/errno.h).
var errnos = map[int64]string{1: "EPERM", 2: "ENOENT", 3: "ESRCH", 4: "EINTR", 5: "EIO", 9: "EBADF", 10: "ECHILD", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES",
	14: "EFAULT", 16: "EBUSY", 17: "EEXIST", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 24: "EMFILE", 25: "ENOTTY", 27: "EFBIG", 28: "ENOSPC", 29: "ESPIPE",
	32: "EPIPE", 34: "ERANGE", 38: "ENOSYS", 61: "ENODATA", 62: "ETIME", 88: "ENOTSOCK", 95: "EOPNOTSUPP", 98: "EADDRINUSE", 103: "ECONNABORTED",
	104: "ECONNRESET", 105: "ENOBUFS", 107: "ENOTCONN", 110: "ETIMEDOUT", 111: "ECONNREFUSED", 115: "EINPROGRESS",
	512: "ERESTARTSYS", 513: "ERESTARTNOINTR", 514: "ERESTARTNOHAND", 516: "ERESTARTRESTARTBLOCK"}

// ErrnoName is an error's name by its number, as strace prints it; E1234 for one that
// transfers do not meet.
func ErrnoName(n int64) string {
	if name := errnos[n]; name != "" {
		return name
	}
	return fmt.Sprintf("E%d", n)
}
