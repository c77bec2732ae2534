//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"copyscope/internal/ownnet"
)

// dirVariable names the run's directory to the process in the namespace, and
// says by being there that it is in one.
const dirVariable = "COPYSCOPE_SERVERS_DIR"

func inside() bool { return os.Getenv(dirVariable) != "" }

// reenter runs this program once more, in a new network namespace. The
// namespace ends with the last process in it.
func reenter(ctx context.Context, dir string, o options) error {
	if os.Geteuid() != 0 {
		if o.ci {
			return errors.New("a network namespace and tracing need root, and this user is not; run it as root")
		}
		fmt.Println("SKIPPED: a network namespace and tracing need root, and this user is not; run it as root: sudo go run ./servers")
		return nil
	}
	return ownnet.Reenter(ctx, dirVariable+"="+dir)
}

// tcpBuffer is the size in bytes that a TCP socket of the namespace may queue:
// more than any row sends at once, so that a send never ends short.
const tcpBuffer = 512 << 20

// ownNetwork brings up the loopback of the namespace and sets its TCP: Reno does
// not pace, as bbr does, and is the one that every namespace may choose.
func ownNetwork() error {
	return errors.Join(ownnet.Up(),
		ownnet.SetTCP("tcp_congestion_control", "reno"),
		ownnet.SetTCP("tcp_wmem", fmt.Sprintf("4096 %d %d", tcpBuffer, tcpBuffer)),
		ownnet.SetTCP("tcp_rmem", fmt.Sprintf("4096 %d %d", tcpBuffer, tcpBuffer)))
}
