//go:build !linux

package broker

import "net"

func newIntake(conn *net.TCPConn) (intake, error) { return newBuffered(conn), nil }
