package broker

import (
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// ConnectionInfo is what is known of an open connection.
type ConnectionInfo struct {
	// Conn is for who asks the kernel about it; it may end meanwhile.
	Conn net.Conn
	// Peer is the client's address, Protocol Kafka's security.protocol.
	Peer, Protocol string
	// Principal is who the client is: by SASL User:name, by its certificate
	// User: and the subject, else User:ANONYMOUS.
	Principal string
	Since     time.Time
	// ClientID is what the client called itself in its last request; Software and
	// Version what it said of its software, if it did. Both are the client's words.
	ClientID, Software, Version string
	// API is the last request, as Kafka names it.
	API      string
	Requests int64
	// Throttles is how often the client was told to wait for a quota, ThrottledUntil
	// when that last ends or ended.
	Throttles      int64
	ThrottledUntil time.Time
	// Path is the transfer program of the last region that was sent, Regions and
	// Bytes what all sent: bytes of records.
	Path           string
	Regions, Bytes int64
}

// seen is what a connection tells of itself while it serves.
type seen struct {
	mu   sync.Mutex
	info ConnectionInfo
	key  int16 // of the last request
}

func (s *seen) began(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Conn, s.info.Peer, s.info.Protocol, s.info.Since = c.conn, c.peer(), c.protocol(), time.Now()
	s.info.Principal = anonymous
}

func (s *seen) identified(principal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Principal = principal
}

func (s *seen) principal() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info.Principal
}

func (s *seen) request(clientID string, key int16) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Requests++
	s.key = key
	if s.info.ClientID != clientID {
		s.info.ClientID = strings.Clone(clientID)
	}
}

func (s *seen) software(name, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Software, s.info.Version = strings.Clone(name), strings.Clone(version)
}

func (s *seen) throttled(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Throttles++
	s.info.ThrottledUntil = until
}

func (s *seen) sent(path string, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.info.Path = path
	s.info.Regions++
	s.info.Bytes += bytes
}

// ConnectionInfos tells of the open connections, oldest first.
func (b *Broker) ConnectionInfos() []ConnectionInfo {
	b.mu.Lock()
	open := make([]*connection, 0, len(b.connections))
	for c := range b.connections {
		open = append(open, c)
	}
	b.mu.Unlock()
	all := make([]ConnectionInfo, len(open))
	for i, c := range open {
		c.seen.mu.Lock()
		all[i] = c.seen.info
		if all[i].Requests > 0 {
			all[i].API = apiName(c.seen.key)
		}
		c.seen.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b ConnectionInfo) int {
		if by := a.Since.Compare(b.Since); by != 0 {
			return by
		}
		return strings.Compare(a.Peer, b.Peer)
	})
	return all
}
