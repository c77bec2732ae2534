//go:build !linux

package load

import (
	"context"
	"net"
)

// ListenBare binds a free port of loopback for a bare server.
func ListenBare(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	return c.Listen(ctx, "tcp", "127.0.0.1:0")
}
