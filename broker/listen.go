package broker

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// listen binds the address, and says what to do if that fails.
func listen(address string) (*net.TCPListener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l.(*net.TCPListener), nil
	}
	var remedy string
	switch unknown := new(net.DNSError); {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = "the port is in use: end the program that holds it, or take another port (0 takes a free one)"
	case errors.Is(err, os.ErrPermission):
		remedy = "ports below 1024 need privilege: take a higher one"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.As(err, &unknown):
		remedy = "no interface of this host has that address: try 127.0.0.1"
	default:
		remedy = "give host:port, such as 127.0.0.1:9092"
	}
	return nil, fmt.Errorf("listen for Kafka clients on %q: %w; %s", address, err, remedy)
}

// reachable is where a client that came in on conn is told to connect.
func (b *Broker) reachable(conn net.Conn) endpoint {
	if b.cfg.Advertised != "" {
		e, _ := parseEndpoint(b.cfg.Advertised) // checked at Open
		return e
	}
	at := b.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		at = conn.LocalAddr().(*net.TCPAddr)
	}
	return endpoint{at.IP.String(), int32(at.Port)}
}
