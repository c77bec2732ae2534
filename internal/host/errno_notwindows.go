//go:build !windows

package host

import "syscall"

// peerErrno: Unix numbers are the names that the transfer programs know.
func peerErrno(n syscall.Errno) error { return n }
