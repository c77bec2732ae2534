package broker

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"copyscope/broker/wire"
	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// handshakeTime is how long a client may take over its TLS handshake, if it may be
// silent for as long.
const handshakeTime = 10 * time.Second

// whyCopied is told with each transfer over TLS whose topic has another path.
const whyCopied = "TLS: the records are sealed in user space, so they pass through it"

// LoadCertificate reads a certificate chain and its private key from PEM files,
// which may be the same file.
func LoadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	chain, err := os.ReadFile(certFile)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate: %w; name a PEM file that can be read", err)
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, fmt.Errorf("TLS key: %w; name a PEM file that can be read", err)
	}
	c, err := ParseCertificate(chain, key)
	if err != nil {
		return nil, fmt.Errorf("TLS certificate %s with key %s: %w", certFile, keyFile, err)
	}
	return c, nil
}

// ParseCertificate is LoadCertificate for what was read already.
func ParseCertificate(chain, key []byte) (*tls.Certificate, error) {
	for rest := key; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.HasPrefix(block.Type, "ENCRYPTED ") || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the private key is encrypted, which is not served; decrypt it (openssl pkey) into a file that only this user can read")
		}
	}
	c, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%w; give a PEM certificate chain, leaf first, and its own unencrypted PEM key", err)
	}
	return &c, nil
}

// tlsConfig is one for all connections, so that sessions can be resumed.
func tlsConfig(cfg Config) *tls.Config {
	if cfg.Certificate == nil {
		return nil
	}
	// Kafka's own floor (ssl.enabled.protocols: TLSv1.2, TLSv1.3).
	return &tls.Config{Certificates: []tls.Certificate{*cfg.Certificate}, MinVersion: tls.VersionTLS12, CipherSuites: ciphers(), ClientAuth: cfg.ClientAuth.tls(), ClientCAs: cfg.ClientCAs}
}

// ciphers are those of TLS 1.2 with forward secrecy and authenticated encryption
// (RFC 7525, 4.2; those of 1.3 all are so). Go's own choice still has CBC's, for
// clients older than Java 8 and OpenSSL 1.0.1.
func ciphers() (ids []uint16) {
	for _, suite := range tls.CipherSuites() {
		if strings.HasPrefix(suite.Name, "TLS_ECDHE_") && !strings.Contains(suite.Name, "_CBC_") {
			ids = append(ids, suite.ID)
		}
	}
	return ids
}

// newTLSConnection is newConnection for the TLS listener. The kernel seals, so
// only the copying path serves it.
func newTLSConnection(b *Broker, conn *net.TCPConn) (*connection, error) {
	beneath, err := host.NewBeneath(conn)
	if err != nil {
		return nil, err
	}
	sealed := tls.Server(beneath, b.tls)
	c, err := newConnection(b, conn)
	if err != nil {
		return nil, err
	}
	c.conn, c.in, c.kernel = sealed, newBuffered(sealed), host.NewServingSealed(sealed, beneath)
	c.auth = newAuthentication(b.cfg.TLSSASL, b)
	return c, nil
}

// kernel is what a connection's transfers run on.
type kernel interface {
	transfer.Kernel
	Socket() transfer.FD
	File(*os.File) transfer.FD
	Reset()
	Summary() host.Summary
}

// handshake makes the connection ready for requests. False: it failed, and the
// connection is closed.
func (c *connection) handshake(ctx context.Context) bool {
	sealed, ok := c.conn.(*tls.Conn)
	if !ok {
		return true
	}
	limit := min(handshakeTime, c.b.cfg.MaxIdle)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := sealed.HandshakeContext(ctx)
	if err == nil {
		if principal := certified(sealed.ConnectionState()); principal != anonymous && c.auth == nil {
			c.identified(principal)
		}
		return true
	}
	c.conn.Close()
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		c.b.log.Warn("connection closed: the peer does not speak TLS, and this is the TLS listener; set security.protocol=SSL at the client, or use the plaintext listener",
			"peer", c.peer(), "listener", c.conn.LocalAddr(), "first_bytes", fmt.Sprintf("%x", record.RecordHeader))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		c.b.log.Warn("connection closed: the TLS handshake took too long", "peer", c.peer(), "limit", limit)
	case errors.Is(err, io.EOF), ctx.Err() != nil:
	default:
		c.b.log.Warn("connection closed: the TLS handshake failed", "peer", c.peer(), "error", err)
	}
	return false
}

// errTLSOnPlaintext ends a connection that begins as TLS does.
var errTLSOnPlaintext = fmt.Errorf("%w: the peer speaks TLS (it sent a ClientHello), and this is the plaintext listener; set security.protocol=PLAINTEXT at the client, or use the TLS listener (--kafka-tls-listen)", wire.ErrFrame)

// looksLikeTLS says whether the first bytes of a frame, its size, are those of
// a TLS record with a handshake (RFC 8446, 5.1: type 22, version 3.x).
func looksLikeTLS(size int) bool { return size>>16 == 0x1603 }

// servable is the program that serves the connection's fetches of a topic that
// has the configured one, and why it is another.
func (c *connection) servable(configured transfer.Program) (p transfer.Program, why string) {
	if _, ok := c.conn.(*tls.Conn); !ok || configured.Path == copyingPath.Path {
		return configured, ""
	}
	return copyingPath, whyCopied
}

// protocol is the connection's security protocol by Kafka's name.
func (c *connection) protocol() string {
	_, sealed := c.conn.(*tls.Conn)
	return protocolName(sealed, c.auth != nil)
}

// protocolName is a security protocol by Kafka's name (SecurityProtocol.java).
func protocolName(sealed, authenticates bool) string {
	name := "PLAINTEXT"
	if sealed {
		name = "SSL"
	}
	if authenticates {
		return "SASL_" + name
	}
	return name
}

var copyingPath = func() transfer.Program {
	p, ok := transfer.Lookup("read-write")
	if !ok {
		panic("there is no program read-write")
	}
	return p
}()

// plainTCP is the connection beneath, whose options can be set.
func plainTCP(conn net.Conn) *net.TCPConn {
	switch conn := conn.(type) {
	case *net.TCPConn:
		return conn
	case *tls.Conn:
		return plainTCP(conn.NetConn())
	case *host.Beneath:
		return conn.TCPConn
	}
	return nil
}
