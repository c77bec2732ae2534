//go:build !linux

package claim

import (
	"context"
	"os"
	"os/exec"

	"copyscope/internal/host"
)

func endGently(p *os.Process) error { return p.Kill() }

func startOn(cmd *exec.Cmd, _ int) error { return cmd.Start() }

func work(context.Context, string, []byte, func(done, total int64)) (any, error) {
	return nil, host.ErrNeedsLinux
}
