//go:build !linux

package broker

import (
	"net"
	"syscall"
)

// sendMore sends the bytes: without MSG_MORE a response costs a packet more.
func sendMore(conn *net.TCPConn, b []byte) error {
	_, err := conn.Write(b)
	return err
}

// peerLeft cannot look without reading: a client that leaves while its request
// waits is noticed when it is answered.
func peerLeft(*net.TCPConn) bool { return false }

// tuneLoopback leaves the socket as it is.
func tuneLoopback(syscall.Conn) (inForce string, err error) { return "the host's default", nil }
