//go:build !linux

package load

import (
	"net"

	"copyscope/internal/host"
)

// ServeSendfile needs Linux.
func ServeSendfile(net.Listener, []string, int) error { return host.ErrNeedsLinux }
