//go:build unix

package main

import "syscall"

// descriptorLimit is how many descriptors this process may have, if the system
// bounds them (getrlimit(2), RLIMIT_NOFILE).
func descriptorLimit() (limit uint64, ok bool) {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0, false
	}
	return uint64(r.Cur), true
}
