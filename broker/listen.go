package broker

import (
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	"copyscope/internal/host"
)

// listen binds the address, and says what to do if that fails.
func listen(address string) (*net.TCPListener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		tcp := l.(*net.TCPListener)
		if tcp.Addr().(*net.TCPAddr).IP.IsLoopback() {
			tuneLoopback(tcp) // the first connection tells what is in force
		}
		return tcp, nil
	}
	return nil, fmt.Errorf("listen for Kafka clients on %q: %w; %s", address, err, host.ListenRemedy(address, "127.0.0.1:9092", err))
}

// openListeners binds what is configured: all of it or, with an error, nothing.
func openListeners(cfg Config) (plain, sealed *net.TCPListener, err error) {
	if cfg.Listen != "" {
		if plain, err = listen(cfg.Listen); err != nil {
			return nil, nil, err
		}
	}
	if cfg.TLSListen != "" {
		if sealed, err = listen(cfg.TLSListen); err != nil {
			if plain != nil {
				plain.Close()
			}
			return nil, nil, err
		}
	}
	return plain, sealed, nil
}

// listeners are those that are bound.
func (b *Broker) listeners() (all []*net.TCPListener) {
	for _, l := range []*net.TCPListener{b.plain, b.sealed} {
		if l != nil {
			all = append(all, l)
		}
	}
	return all
}

// Addr is the address really bound: the plaintext one if there is one.
func (b *Broker) Addr() net.Addr { return b.listeners()[0].Addr() }

// PlainAddr and TLSAddr are the listeners' addresses, nil without such a one.
func (b *Broker) PlainAddr() net.Addr { return addrOf(b.plain) }
func (b *Broker) TLSAddr() net.Addr   { return addrOf(b.sealed) }

// Protocols are the listeners' security protocols by Kafka's names.
func (b *Broker) Protocols() (plain, sealed string) {
	return protocolName(false, len(b.cfg.SASL) > 0), protocolName(true, len(b.cfg.TLSSASL) > 0)
}

// Anonymous says whether clients of the plaintext and of the TLS listener need not
// say who they are, neither by SASL nor by a certificate.
func (b *Broker) Anonymous() (plain, sealed bool) {
	return len(b.cfg.SASL) == 0, len(b.cfg.TLSSASL) == 0 && b.cfg.ClientAuth != ClientAuthRequired
}

func addrOf(l *net.TCPListener) net.Addr {
	if l == nil {
		return nil
	}
	return l.Addr()
}

func addressText(a net.Addr) string {
	if a == nil {
		return ""
	}
	return a.String()
}

// listenersText is what Kafka calls listeners: those of the two that there are,
// each with its protocol.
func (s Security) listenersText(plain, sealed string) string {
	var all []string
	if plain != "" {
		all = append(all, protocolName(false, len(s.SASL) > 0)+"://"+plain)
	}
	if sealed != "" {
		all = append(all, protocolName(true, len(s.TLSSASL) > 0)+"://"+sealed)
	}
	return strings.Join(all, ",")
}

// reachable is where a client that came in on conn is told to connect: to the
// listener by which it came, as others may be closed to it.
func (b *Broker) reachable(conn net.Conn) endpoint {
	advertised, by := b.cfg.Advertised, b.plain
	if _, ok := conn.(*tls.Conn); ok {
		advertised, by = b.cfg.TLSAdvertised, b.sealed
	}
	if advertised != "" {
		e, _ := parseEndpoint(advertised) // checked at Open
		return e
	}
	at := by.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		at = conn.LocalAddr().(*net.TCPAddr)
	}
	return endpoint{at.IP.String(), int32(at.Port)}
}

// Connections are those that are open, in no order, for who asks the kernel
// about them. They may end meanwhile.
func (b *Broker) Connections() []net.Conn {
	b.mu.Lock()
	defer b.mu.Unlock()
	open := make([]net.Conn, 0, len(b.connections))
	for c := range b.connections {
		open = append(open, c.conn)
	}
	return open
}
