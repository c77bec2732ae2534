package load

import (
	"context"
	"crypto/tls"
	"net"
)

// duplex is a connection whose sending half can be closed alone.
type duplex interface {
	net.Conn
	CloseWrite() error
}

// dial connects, over TLS if secure is not nil. congestion is the congestion
// control in force at this end; gulps is what a reader tells before each read how
// many bytes it waits for, and may be nil.
func dial(ctx context.Context, address string, secure *tls.Config) (conn duplex, gulps func(n int), congestion string, err error) {
	plain, congestion, err := dialTCP(ctx, address)
	if err != nil {
		return nil, nil, "", err
	}
	if secure == nil {
		return plain, gulper(plain), congestion, nil
	}
	// Part of what a reader waits for may be in TLS's own buffer, so the socket
	// must not wait for all of it.
	over := tls.Client(plain, secure)
	if err := over.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, nil, "", err
	}
	return over, nil, congestion, nil
}

// Dial connects to a server under load as the raw client does: with cubic where
// this user may set it, over TLS if secure is not nil. gulps, which may be nil, is
// to be told before each read how many bytes are still to come, so that the reader
// is not woken for every packet.
func Dial(ctx context.Context, address string, secure *tls.Config, t *Tally) (conn net.Conn, gulps func(n int), err error) {
	conn, gulps, t.congestion, err = dial(ctx, address, secure)
	return conn, gulps, err
}
