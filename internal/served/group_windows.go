package served

import (
	"os/exec"
	"syscall"
)

// ownGroup keeps a console's Ctrl-C from the server.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
