package load

import (
	"context"
	"net"
)

// ListenBare binds a free port of loopback for a bare server, with the same
// congestion control as everything here.
func ListenBare(ctx context.Context) (net.Listener, error) {
	c := net.ListenConfig{Control: tune}
	return c.Listen(ctx, "tcp", "127.0.0.1:0")
}
