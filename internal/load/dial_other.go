//go:build !linux

package load

import (
	"context"
	"net"
)

// dialTCP connects. Which congestion control is in force is not told here.
func dialTCP(ctx context.Context, address string) (conn *net.TCPConn, congestion string, err error) {
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, "", err
	}
	return c.(*net.TCPConn), "", nil
}

// gulper leaves the socket as it is.
func gulper(*net.TCPConn) func(n int) { return nil }
