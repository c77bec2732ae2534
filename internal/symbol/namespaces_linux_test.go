package symbol_test

import "syscall"

// namespaces lets a command run in new ones, whose mounts stay theirs.
func namespaces(flags uintptr) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: flags &^ syscall.CLONE_NEWNS, Unshareflags: flags & syscall.CLONE_NEWNS}
}
