package load

import (
	"os"
	"os/exec"
	"syscall"
)

func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

// terminate ends the process by force, as Windows has no SIGTERM: its exit code
// says nothing then.
func terminate(p *os.Process) (forced bool) { return p.Kill() == nil }
