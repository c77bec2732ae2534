package broker

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

// mostHeld bounds the connections that are held before they are closed; they cost
// a descriptor.
const mostHeld = 1000

// addressOf is the peer's address without its port, as quotas name it.
func addressOf(conn net.Conn) netip.Addr {
	at, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return at.AddrPort().Addr().Unmap().WithZone("")
}

// throttledConnections are those that come faster than their address may connect.
// As with Kafka each is closed when it would have been allowed, and nothing is read
// from it (SocketServer.throttledSockets, KIP-612).
type throttledConnections struct{ held atomic.Int64 }

// throttles says whether the connection came too fast; then it is dealt with.
func (t *throttledConnections) throttles(conn net.Conn, limits *quota.Limiter) bool {
	if !limits.Active() {
		return false
	}
	wait := limits.Connect(addressOf(conn).String())
	if wait <= 0 {
		return false
	}
	limits.Waited(quota.ConnectionCreationRate, wait)
	if t.held.Add(1) > mostHeld {
		t.held.Add(-1)
		conn.Close()
		return true
	}
	time.AfterFunc(wait, func() {
		defer t.held.Add(-1)
		conn.Close()
	})
	return true
}

// connectionsOf is how many connections an address may have (Kafka:
// max.connections.per.ip, max.connections.per.ip.overrides); false is no limit.
func (c Config) connectionsOf(ip netip.Addr) (most int, limited bool) {
	if most, ok := c.MaxConnectionsByIP[ip]; ok {
		return most, true
	}
	return c.MaxConnectionsPerIP, c.MaxConnectionsPerIP > 0
}

// count counts the connections of an address; a negative n takes some away. The
// caller has the lock.
func (b *Broker) count(ip netip.Addr, n int) {
	if b.byAddress[ip] += n; b.byAddress[ip] <= 0 {
		delete(b.byAddress, ip)
	}
}

// describeAddressLimits tells them under Kafka's names.
func (c Config) describeAddressLimits(tell func(name, value string, kind kmsg.ConfigType, doc string)) {
	perIP := c.MaxConnectionsPerIP
	if perIP == 0 {
		perIP = math.MaxInt32 // Kafka's default
	}
	tell("max.connections.per.ip", strconv.Itoa(perIP), kmsg.ConfigTypeInt, "How many connections an address may have at a time.")
	var own []string
	for ip, most := range c.MaxConnectionsByIP {
		own = append(own, fmt.Sprintf("%s:%d", ip, most))
	}
	slices.Sort(own)
	tell("max.connections.per.ip.overrides", strings.Join(own, ","), kmsg.ConfigTypeString, "The addresses that may have another number.")
}
