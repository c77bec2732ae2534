package host

import "syscall"

// wsaeConnAborted is WSAECONNABORTED (winsock2.h), which package syscall does
// not name.
const wsaeConnAborted syscall.Errno = 10053

// peerErrno gives Winsock's numbers for a peer that is gone the names that the
// transfer programs know.
func peerErrno(n syscall.Errno) error {
	switch n {
	case syscall.WSAECONNRESET, wsaeConnAborted:
		return syscall.ECONNRESET
	}
	return n
}
