//go:build !linux

package broker

import "net"

// cork does nothing: without it a response costs a packet more.
func cork(net.Conn, bool) error { return nil }

// tuneLoopback leaves the connection as it is.
func tuneLoopback(*net.TCPConn) (inForce string, err error) { return "the host's default", nil }
