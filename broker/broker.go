package broker

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/broker/group"
	"copyscope/broker/quota"
	"copyscope/broker/txn"
)

// nodeID is this broker's; a cluster has no other.
const nodeID = 1

// When Serve ends, connections get the farewell to finish an answer; then they
// are cut, and requests that are still worked on get the patience to notice.
const (
	farewell = 2 * time.Second
	patience = 2 * time.Second
)

// Where connections cannot be accepted, it is tried again after a pause: all of the
// processor would be taken otherwise, for as long as others keep the descriptors.
// Who can make that happen must not be able to fill the log with it.
const (
	acceptPause = 100 * time.Millisecond
	acceptTold  = time.Minute
)

// Broker serves one data directory, by one listener or two.
type Broker struct {
	cfg      Config
	log      *slog.Logger
	plain    *net.TCPListener // nil without one, as sealed
	sealed   *net.TCPListener // speaks TLS
	tls      *tls.Config      // of sealed
	dir      *dataDir
	topics   *catalogue
	groups   *group.Coordinator
	offsets  *stateStore // of groups
	txns     *txn.Coordinator
	limits   *quota.Limiter
	muted    atomic.Int64 // connections that wait for a quota
	inFlight *budget      // bytes of large requests
	served   atomic.Int64 // numbers trace.Served
	counted  *counters
	events   *events
	tuned    sync.Once // the congestion control is logged once

	// working ends when the broker does; handlers look at it.
	working context.Context
	endWork context.CancelFunc

	mu          sync.Mutex
	connections map[*connection]struct{}
	byAddress   map[netip.Addr]int // how many of them an address has
	throttled   throttledConnections
	refused     bool // the limit was hit since a connection last ended
	dismissed   bool // no connection is taken any more
	handlers    sync.WaitGroup

	closing sync.Once
	closed  error
}

// Open binds the addresses, locks the directory and recovers the topics in it,
// which reads all that is stored; the end of ctx ends it. From then on clients
// can connect; they are answered once [Broker.Serve] runs.
func Open(ctx context.Context, cfg Config) (*Broker, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	plain, sealed, err := openListeners(cfg)
	if err != nil {
		return nil, err
	}
	cfg.Security.warn(cfg.Log, plain, sealed)
	b := &Broker{cfg: cfg, log: cfg.Log, plain: plain, sealed: sealed, tls: tlsConfig(cfg)}
	dir, err := openDataDir(cfg)
	if err != nil {
		return nil, errors.Join(err, b.stopListening())
	}
	topics, err := openCatalogue(ctx, dir.path, cfg)
	if err != nil {
		return nil, errors.Join(err, b.stopListening(), dir.close())
	}
	b.dir, b.topics = dir, topics
	if b.groups, err = openGroups(ctx, b); err != nil {
		return nil, errors.Join(err, b.stopListening(), topics.close(), dir.close())
	}
	if b.txns, err = openTransactions(ctx, b); err != nil {
		b.groups.Close()
		return nil, errors.Join(err, b.stopListening(), topics.close(), dir.close())
	}
	b.limits = quota.NewLimiter(dir.quotas, cfg.Defaults.windows(propertyWindows, propertyWindowSeconds), cfg.Defaults.windows(propertyMutationWindows, propertyMutationWindowSeconds), time.Now)
	b.events = newEvents(cfg)
	b.inFlight, b.connections, b.counted = newBudget(int64(cfg.MaxInFlightBytes)), map[*connection]struct{}{}, newCounters()
	b.byAddress = map[netip.Addr]int{}
	b.working, b.endWork = context.WithCancel(context.Background())
	return b, nil
}

// Topics tells what is stored, by topic name.
func (b *Broker) Topics() []TopicInfo {
	var out []TopicInfo
	for _, t := range b.topics.all() {
		out = append(out, t.info())
	}
	return out
}

// Serve answers clients until ctx ends; then it ends the connections, forces
// the logs to the disk, closes everything and returns nil. An error means that
// the listener failed, that the logs could not be written out, or that a
// request did not end (see [Broker.Close]).
func (b *Broker) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		b.endWork()
		b.stopListening()
	})
	defer stop()
	// One listener that fails ends the others, so that Serve ends.
	ended := make(chan error)
	for _, l := range b.listeners() {
		go func() { ended <- b.accept(ctx, l) }()
	}
	var err error
	for range b.listeners() {
		err = errors.Join(err, <-ended)
		b.stopListening()
	}
	return errors.Join(err, b.Close())
}

// stopListening closes the listeners. It may be called more than once.
func (b *Broker) stopListening() (err error) {
	for _, l := range b.listeners() {
		if failed := l.Close(); failed != nil && !errors.Is(failed, net.ErrClosed) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// accept takes connections until the listener is closed.
func (b *Broker) accept(ctx context.Context, by *net.TCPListener) error {
	var told time.Time
	for {
		conn, err := by.AcceptTCP()
		switch {
		case err == nil:
			b.admit(conn, by)
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept on %s: the broker was closed", by.Addr())
		default:
			// Out of descriptors or memory: others may end soon. Everything
			// else ends the listener and comes again as ErrClosed.
			if told.IsZero() || time.Since(told) > acceptTold {
				told = time.Now()
				b.log.Warn("accept failed; it is tried again, and told again after a while", "address", by.Addr(), "error", err, "again", acceptTold)
			}
			pause(ctx, acceptPause)
		}
	}
}

// admit starts a connection, or closes it if there are too many, or too many of its
// address, or if those come too fast.
func (b *Broker) admit(conn *net.TCPConn, by *net.TCPListener) {
	if b.throttled.throttles(conn, b.limits) {
		return
	}
	start := newConnection
	if by == b.sealed {
		start = newTLSConnection
	}
	c, err := start(b, conn)
	if err != nil {
		b.log.Warn("connection refused", "peer", conn.RemoteAddr(), "error", err)
		conn.Close()
		return
	}
	if !b.register(c) {
		conn.Close()
		return
	}
	go func() {
		defer b.handlers.Done()
		if c.handshake(b.working) {
			c.serve(b.working)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.connections, c)
		b.count(addressOf(conn), -1)
		b.refused = false
	}()
}

// register takes the connection in, if there is room.
func (b *Broker) register(c *connection) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dismissed {
		return false
	}
	if len(b.connections) >= b.cfg.MaxConnections {
		if !b.refused {
			b.log.Warn("too many connections; new ones are closed until others end", "limit", b.cfg.MaxConnections, "peer", c.peer())
		}
		b.refused = true
		return false
	}
	ip := addressOf(c.conn)
	if most, limited := b.cfg.connectionsOf(ip); limited && b.byAddress[ip] >= most {
		if !b.refused {
			b.log.Warn("too many connections of one address; new ones are closed until others end", "address", ip, "limit", most)
		}
		b.refused = true
		return false
	}
	b.connections[c] = struct{}{}
	b.count(ip, 1)
	c.seen.began(c)
	b.handlers.Add(1)
	return true
}

// dismiss ends all connections: the silent ones at once, the others when their
// answer is sent or the farewell is over. It returns how many it could not end
// in time, and a channel that is closed when they have ended too.
func (b *Broker) dismiss() (left int, ended <-chan struct{}) {
	each := func(f func(*connection)) {
		b.mu.Lock()
		defer b.mu.Unlock()
		for c := range b.connections {
			f(c)
		}
	}
	b.mu.Lock()
	b.dismissed = true
	b.mu.Unlock()
	b.endWork()
	each((*connection).stopReading)
	cut := time.AfterFunc(farewell, func() { each(func(c *connection) { c.conn.Close() }) })
	defer cut.Stop()
	all := make(chan struct{})
	go func() {
		b.handlers.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(farewell + patience):
		b.mu.Lock()
		defer b.mu.Unlock()
		left = len(b.connections)
	}
	return left, all
}

// Close ends a broker that does not serve (any more). It is safe to call it
// more than once.
//
// It waits a few seconds, not longer, for requests that are worked on. If one
// does not end, the logs and the directory's lock stay as they are until it
// does or the process ends, as it might still write; the error says so.
func (b *Broker) Close() error {
	b.closing.Do(func() {
		b.closed = b.stopListening()
		b.groups.Close() // answers those who wait for their group
		b.txns.Close()
		left, ended := b.dismiss()
		b.events.flush()
		if left == 0 {
			b.closed = errors.Join(b.closed, b.topics.close(), b.dir.close())
			return
		}
		b.closed = errors.Join(b.closed, fmt.Errorf("%d requests did not end within %v; data directory %q stays locked until they do or the program ends", left, farewell+patience, b.dir.path))
		go func() {
			<-ended
			if err := errors.Join(b.topics.close(), b.dir.close()); err != nil {
				b.log.Error("the logs could not be closed", "error", err)
			}
		}()
	})
	return b.closed
}
