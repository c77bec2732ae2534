package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/wire"
	"copyscope/internal/host"
)

// connection answers one client's requests, one after the other.
type connection struct {
	b      *Broker
	conn   net.Conn
	in     intake
	kernel kernel
	auth   *authentication // nil on a listener without SASL

	seen     seen
	use      use    // of the request that is answered
	id, name string // what the client called itself last, and how others are told

	readUntil, writeUntil time.Time // the deadlines in force

	mu      sync.Mutex
	leaving bool // no further request is read
}

// request is one frame: its header, and what follows it.
type request struct {
	wire.RequestHeader
	body []byte
	size int // bytes, of header and body
}

func newConnection(b *Broker, conn *net.TCPConn) (*connection, error) {
	kernel, err := host.NewServing(conn)
	if err != nil {
		return nil, err
	}
	if at, ok := conn.RemoteAddr().(*net.TCPAddr); ok && at.IP.IsLoopback() {
		inForce, err := tuneLoopback(conn)
		b.tuned.Do(func() {
			if err != nil {
				b.log.Warn("congestion control of loopback connections could not be set", "in_force", inForce, "error", err)
				return
			}
			b.log.Info("congestion control of loopback connections", "in_force", inForce)
		})
	}
	in, err := newIntake(conn)
	auth := newAuthentication(b.cfg.SASL, b)
	return &connection{b: b, conn: conn, in: in, kernel: kernel, auth: auth}, err
}

// serve answers requests until the client leaves, breaks the protocol or is
// silent for too long, or until ctx ends.
func (c *connection) serve(ctx context.Context) {
	defer c.conn.Close()
	defer func() {
		if p := recover(); p != nil {
			c.b.log.Error("connection closed: the broker met a bug in itself", "peer", c.peer(), "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c.auth.begins()
	for {
		if err := c.one(ctx); err != nil {
			c.logEnd(ctx, err)
			return
		}
		c.mute(ctx)
	}
}

// one reads and answers a request.
func (c *connection) one(ctx context.Context) error {
	c.use = use{}
	if !c.idleArmed(c.readBy()) {
		return io.EOF
	}
	if err := c.in.await(); err != nil { // a silent connection holds no buffer
		return err
	}
	if c.auth.pending() && c.auth.state == wantsToken {
		return c.token(ctx)
	}
	buf := takeFrame()
	defer func() { giveFrame(buf) }()
	var room int64
	defer func() { c.b.inFlight.leave(room) }()
	body, err := wire.ReadFrame(c.in, buf, func(key int16, size int) (err error) {
		room, err = c.admit(ctx, key, size)
		return err
	})
	if err != nil {
		return err
	}
	buf = body
	h, rest, err := wire.CutHeader(body)
	if err != nil {
		return err
	}
	return c.answer(ctx, request{h, rest, len(body)})
}

// admit holds a request to its limit and, if it is large, waits until there is
// room for it: then room is what it takes of the bytes in flight.
//
// Who has room must send: at least slowestRate, after a grace. Otherwise a few
// that claim much and send nothing would keep all others waiting.
func (c *connection) admit(ctx context.Context, key int16, size int) (room int64, err error) {
	most := min(smallFrameBytes, c.b.cfg.MaxFrameBytes)
	if key == int16(kmsg.Produce) {
		most = c.b.cfg.MaxFrameBytes
	}
	if c.auth.pending() {
		most = min(most, authenticationFrameBytes)
	}
	if looksLikeTLS(size) {
		return 0, errTLSOnPlaintext
	}
	if size > most {
		return 0, fmt.Errorf("%w: size %d, at most %d bytes are allowed for API key %d (is the peer a Kafka client?)", wire.ErrFrame, size, most, key)
	}
	if size <= freeFrameBytes {
		return 0, nil
	}
	if err := c.b.inFlight.enter(ctx, int64(size)); err != nil {
		return 0, err
	}
	grace := slowestGrace + time.Duration(size)*time.Second/slowestRate
	if !c.armed(time.Now().Add(min(grace, c.b.cfg.MaxIdle))) {
		c.b.inFlight.leave(int64(size))
		return 0, io.EOF
	}
	return int64(size), nil
}

const (
	// freeFrameBytes: what is smaller is not counted; the limit of connections
	// bounds it.
	freeFrameBytes = 64 << 10
	slowestGrace   = 10 * time.Second
	slowestRate    = 1 << 20 // bytes a second
)

// answer finds the API and lets it answer.
func (c *connection) answer(ctx context.Context, r request) error {
	api, ok := apis[r.Key]
	c.seen.request(r.ClientID, r.Key)
	if err := c.auth.admits(r.Key); err != nil {
		return errors.Join(c.outOfOrder(r), err)
	}
	switch {
	case !ok:
		return fmt.Errorf("%w: API key %d (%s) is not served here", wire.ErrFrame, r.Key, kmsg.NameForKey(r.Key))
	case r.Version >= api.min && r.Version <= api.max:
		began := time.Now()
		c.uses(r, began)
		defer func() { c.b.counted.requests[r.Key].served(r.Version, time.Since(began)) }()
		return api.serve(c, ctx, r)
	case r.Key == int16(kmsg.ApiVersions):
		return c.respond(r, unknownApiVersions())
	}
	return fmt.Errorf("%w: %s version %d, served are %d to %d", wire.ErrFrame, kmsg.NameForKey(r.Key), r.Version, api.min, api.max)
}

// respond sends a whole response.
func (c *connection) respond(r request, resp kmsg.Response) error {
	c.b.counted.answered(r.Key, resp)
	c.chargeTime()
	c.tellThrottle(resp)
	buf := takeFrame()
	defer func() { giveFrame(buf) }()
	buf, err := wire.AppendResponse(buf[:0], r.Correlation, resp)
	if err != nil {
		return err
	}
	if err := c.writeBy(c.takenBy()); err != nil {
		return err
	}
	_, err = c.conn.Write(buf)
	return err
}

// inForce says whether a deadline may stay as it is: it comes hardly sooner than
// the one that is asked for, which is not worth setting it for each request.
func (c *connection) inForce(now, until time.Time) bool {
	early := until.Sub(now)
	return early >= 0 && early < c.b.cfg.MaxIdle/100
}

// takenBy is when the client must have taken an answer. One that is yet to
// authenticate has its time for that and, as a refusal comes late, a second more.
func (c *connection) takenBy() time.Time {
	now := time.Now()
	by := now.Add(c.b.cfg.MaxIdle)
	if !c.auth.pending() {
		return by
	}
	if soon := now.Add(time.Second); c.auth.until.Before(soon) {
		return soon
	}
	return c.auth.until
}

// writeBy sets how long the client may leave an answer unread.
func (c *connection) writeBy(until time.Time) error {
	if c.inForce(c.writeUntil, until) {
		return nil
	}
	c.writeUntil = until
	return c.conn.SetWriteDeadline(until)
}

// idleArmed is armed for the time between requests.
func (c *connection) idleArmed(until time.Time) bool {
	if c.inForce(c.readUntil, until) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return !c.leaving
	}
	return c.armed(until)
}

// armed sets how long the connection may be silent, unless it is leaving.
func (c *connection) armed(until time.Time) bool {
	c.readUntil = until
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.leaving && c.conn.SetReadDeadline(until) == nil
}

// stopReading lets the connection end after the answer that it works on.
func (c *connection) stopReading() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaving = true
	c.conn.SetReadDeadline(longAgo) // ends a read that waits
}

// logEnd says why the connection ends, as loud as it is unusual.
func (c *connection) logEnd(ctx context.Context, err error) {
	switch {
	case errors.Is(err, io.EOF), ctx.Err() != nil, errors.Is(err, net.ErrClosed):
	case errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNRESET):
		c.b.log.Info("connection closed: the client left before its answer was sent", "peer", c.peer(), "error", err)
	case c.auth.pending() && (errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)):
		c.b.log.Warn("connection closed: the client did not authenticate in time", "peer", c.peer(), "limit", c.b.cfg.MaxAuthentication)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT): // the latter by a program that sends
		c.b.log.Info("connection closed: it was silent, or did not read, for too long", "peer", c.peer(), "limit", c.b.cfg.MaxIdle)
	default:
		c.b.log.Warn("connection closed", "peer", c.peer(), "error", err)
	}
}

func (c *connection) peer() string { return c.conn.RemoteAddr().String() }

// clientName is how others are told of the client: the printable characters of
// what it calls itself, and its address. What is not printable (controls, line
// separators, overrides of the writing direction) could change how the rest of
// a page or a terminal reads.
func (c *connection) clientName(id string) string {
	if c.name == "" || c.id != id {
		c.id, c.name = id, c.nameOf(id)
	}
	return c.name
}

func (c *connection) nameOf(id string) string {
	const longest = 64 // bytes
	name := make([]byte, 0, longest)
	for _, r := range id {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			continue
		}
		if len(name)+utf8.RuneLen(r) > longest {
			break
		}
		name = utf8.AppendRune(name, r)
	}
	if len(name) == 0 {
		return c.peer()
	}
	return string(name) + "@" + c.peer()
}

// frames holds idle buffers for requests and responses. What is larger than
// keptFrame is left to the garbage collector.
var frames = sync.Pool{New: func() any { b := make([]byte, 0, 16<<10); return &b }}

const keptFrame = 2 << 20

func takeFrame() []byte { return *frames.Get().(*[]byte) }

func giveFrame(b []byte) {
	if cap(b) <= keptFrame {
		b = b[:0]
		frames.Put(&b)
	}
}
