//go:build unix

package load

import (
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// terminate asks the process to end; it is not forced.
func terminate(p *os.Process) (forced bool) {
	_ = p.Signal(syscall.SIGTERM)
	return false
}
