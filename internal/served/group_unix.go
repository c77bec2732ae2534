//go:build unix

package served

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C from the server: who started it ends it, when
// its figures are read.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
