package broker

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"copyscope/broker/repeatlog"
	"copyscope/broker/vfs"
	"copyscope/internal/trace"
)

// Config is what a broker is opened with. The limits' zero values stand for
// the defaults below.
type Config struct {
	// Listen is the host:port of the plaintext listener, TLSListen that of the
	// one that speaks TLS; port 0 takes a free one, empty is no such listener.
	// One of them is needed.
	Listen, TLSListen string
	// Advertised is the host:port that clients of the plaintext listener are told
	// to connect to, TLSAdvertised that for clients of the other. Empty is the
	// address really bound, or, if that is a wildcard, the address at which the
	// asking client reached this broker.
	Advertised, TLSAdvertised string
	// Certificate is what the TLS listener shows ([LoadCertificate]).
	Certificate *tls.Certificate
	// Security is how clients say who they are.
	Security
	// Dir is the data directory. It is made if it is missing.
	Dir string
	// Files is where the directory is, and Now what time it is for the logs; nil
	// stands for the operating system's. The directory's lock is always a file of
	// the operating system.
	Files vfs.FS
	Now   func() time.Time
	// Log may be nil: nothing is logged.
	Log *slog.Logger
	// EventsPerSecond is how many fetches, and how many appends, are told one by
	// one in a second; beyond it they are told in sums (see [trace.Served]).
	EventsPerSecond int
	// OnServed gets a summary for each partition's region that was sent, OnAppended
	// one for each batch that was to be appended: one by one from the connection's
	// goroutine, and sums from one of their own, at most a second later. They must
	// not block. They may be nil.
	OnServed   func(trace.Served)
	OnAppended func(trace.Appended)

	// MaxFrameBytes bounds a produce request (Kafka: socket.request.max.bytes);
	// other requests are bounded by 1 MiB, or by this if it is less.
	MaxFrameBytes int
	// MaxInFlightBytes bounds the bytes of all large requests that are read or
	// worked on at a time (Kafka: queued.max.request.bytes): a connection waits,
	// without reading, until there is room for its next. It is at least
	// MaxFrameBytes.
	MaxInFlightBytes int
	// MaxConnections bounds the connections at a time.
	MaxConnections int
	// MaxConnectionsPerIP bounds those of one address (Kafka: max.connections.per.ip),
	// zero is no limit; MaxConnectionsByIP those of addresses that have a limit of
	// their own (max.connections.per.ip.overrides), zero is none at all.
	MaxConnectionsPerIP int
	MaxConnectionsByIP  map[netip.Addr]int
	// MaxPartitions bounds the partitions of all topics together.
	MaxPartitions int
	// MaxIdle is how long a connection may be silent, or a reader may keep one
	// response waiting (Kafka: connections.max.idle.ms).
	MaxIdle time.Duration

	// Defaults are what topics get that say nothing else.
	Defaults Defaults
}

// DefaultMaxConnections is [Config.MaxConnections] where it is zero,
// DefaultMaxFrameBytes [Config.MaxFrameBytes].
const (
	DefaultMaxConnections = 10000
	DefaultMaxFrameBytes  = 100 << 20
)

const (
	defaultMaxInFlight     = 256 << 20
	defaultMaxPartitions   = 20000
	defaultMaxIdle         = 10 * time.Minute
	defaultEventsPerSecond = 100

	// smallFrameBytes bounds every request but produce: decoded, its arrays
	// take many times the bytes of the frame.
	smallFrameBytes = 1 << 20
)

// withDefaults fills in what was left zero, and checks the rest.
func (c Config) withDefaults() (Config, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	c.Log = repeatlog.New(c.Log)
	if c.Files == nil {
		c.Files = vfs.OS
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.OnServed == nil {
		c.OnServed = func(trace.Served) {}
	}
	if c.OnAppended == nil {
		c.OnAppended = func(trace.Appended) {}
	}
	if c.MaxFrameBytes <= 0 {
		c.MaxFrameBytes = DefaultMaxFrameBytes
	}
	if c.MaxInFlightBytes <= 0 {
		c.MaxInFlightBytes = max(defaultMaxInFlight, c.MaxFrameBytes)
	}
	if c.MaxInFlightBytes < c.MaxFrameBytes {
		return c, fmt.Errorf("queued.max.request.bytes %d is less than one request of at most %d (socket.request.max.bytes); allow as much, or smaller requests", c.MaxInFlightBytes, c.MaxFrameBytes)
	}
	if c.MaxConnections <= 0 {
		c.MaxConnections = DefaultMaxConnections
	}
	if c.MaxPartitions <= 0 {
		c.MaxPartitions = defaultMaxPartitions
	}
	if c.EventsPerSecond <= 0 {
		c.EventsPerSecond = defaultEventsPerSecond
	}
	if c.MaxIdle <= 0 {
		c.MaxIdle = defaultMaxIdle
	}
	if c.MaxAuthentication <= 0 {
		c.MaxAuthentication = defaultMaxAuthentication
	}
	if c.Dir == "" {
		return c, fmt.Errorf("the broker needs a data directory")
	}
	if c.Listen == "" && c.TLSListen == "" {
		return c, fmt.Errorf("the broker needs an address to listen on, such as 127.0.0.1:9092")
	}
	if c.TLSListen != "" && c.Certificate == nil {
		return c, fmt.Errorf("the TLS listener %q needs a certificate and its key", c.TLSListen)
	}
	if err := c.Security.Check(c.Listen != "", c.TLSListen != ""); err != nil {
		return c, err
	}
	for _, address := range []string{c.Advertised, c.TLSAdvertised} {
		if address == "" {
			continue
		}
		if _, err := parseEndpoint(address); err != nil {
			return c, fmt.Errorf("advertised address %q: %w; give the host:port that clients can reach", address, err)
		}
	}
	return c, nil
}

// endpoint is a host and port as clients are told them.
type endpoint struct {
	host string
	port int32
}

func parseEndpoint(address string) (endpoint, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return endpoint{}, fmt.Errorf("port %q is not a number from 1 to 65535", port)
	}
	if host == "" {
		return endpoint{}, fmt.Errorf("the host is empty")
	}
	return endpoint{host, int32(n)}, nil
}
