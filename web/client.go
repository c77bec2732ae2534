package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/locale"
)

// Times of a connection.
const (
	writeWait  = 10 * time.Second // for one message to leave
	pingEvery  = 25 * time.Second
	pongWait   = 60 * time.Second // without any sign of life
	drainWait  = time.Second      // for an ending connection to take its leave
	drainLimit = 8 << 20          // bytes of it that are read before the line is cut
)

// answerQueue is how many answers wait for a slow client before the goroutine
// that makes them has to wait too; feedBatch how many feed messages are sent
// before answers get their turn again.
const (
	answerQueue = 16
	feedBatch   = 32
)

// compressFrom is the size in bytes from which a message is compressed, and
// compressLevel how hard: a run's events become half as large as at level 1, for
// twice the time.
const (
	compressFrom  = 4 << 10
	compressLevel = 6
)

// Client is one connection.
type Client struct {
	hub    *Hub
	reader *locale.Translator // for problems
	ctx    context.Context
	cancel context.CancelFunc

	// framed: the page stands within one of another site (embed.go).
	framed bool

	answers chan []byte
	woken   chan struct{} // a feed has grown, or a feed was subscribed

	mu      sync.Mutex
	seen    map[string]uint64 // feeds followed → last sequence number sent
	running map[string]context.CancelFunc
	ending  []byte // the close frame to send, if not a plain one
}

func newClient(h *Hub, lang locale.Lang) *Client {
	ctx, cancel := context.WithCancel(h.ctx)
	return &Client{
		hub: h, reader: locale.New(lang), ctx: ctx, cancel: cancel,
		answers: make(chan []byte, answerQueue), woken: make(chan struct{}, 1),
		seen: map[string]uint64{}, running: map[string]context.CancelFunc{},
	}
}

// Send gives the client a message, usually the answer to the request with the
// id. It waits while the client is slow, which holds up nobody but the caller,
// and fails once the client has left.
func (c *Client) Send(kind, id string, body any) error {
	frame, err := encode(0, kind, id, body)
	if err != nil {
		return err
	}
	select {
	case c.answers <- frame:
		return nil
	case <-c.ctx.Done():
		return fmt.Errorf("message %q: the client has left", kind)
	}
}

// Offer gives the client a message that it can do without, such as how far a
// run is. It never waits: a client that is behind does not get it.
func (c *Client) Offer(kind, id string, body any) {
	frame, err := encode(0, kind, id, body)
	if err != nil {
		c.hub.log.Error("websocket message", "type", kind, "err", err)
		return
	}
	select {
	case c.answers <- frame:
	default:
	}
}

// Cancel ends the context of the client's running request with the id, and
// says whether there was one.
func (c *Client) Cancel(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	stop := c.running[id]
	if stop != nil {
		stop()
	}
	return stop != nil
}

// poke makes the writer look at the feeds.
func (c *Client) poke() {
	select {
	case c.woken <- struct{}{}:
	default: // it will look anyway
	}
}

// follow subscribes to a feed, going on after the sequence number seen.
func (c *Client) follow(feed string, seen uint64) {
	c.mu.Lock()
	c.seen[feed] = seen
	c.mu.Unlock()
	c.poke()
}

// serve runs the connection until it ends.
func (c *Client) serve(conn *websocket.Conn) {
	defer conn.Close()
	// Whatever the other side does, it is let go soon after the end: one that
	// never reads holds the writer, one that never stops writing the reader.
	letGo := context.AfterFunc(c.ctx, func() { time.AfterFunc(drainWait, func() { conn.Close() }) })
	defer letGo()
	var writer sync.WaitGroup
	writer.Go(func() { c.write(conn) })
	c.read(conn)
	c.cancel()
	writer.Wait()
}

func (c *Client) read(conn *websocket.Conn) {
	alive := func(string) error { return conn.SetReadDeadline(time.Now().Add(pongWait)) }
	conn.SetPongHandler(alive)
	for {
		if c.ctx.Err() == nil {
			alive("")
		}
		kind, r, err := conn.NextReader()
		if err != nil {
			return
		}
		text, err := io.ReadAll(io.LimitReader(r, maxInbound+1))
		if err != nil {
			return
		}
		if len(text) > maxInbound {
			c.end(websocket.CloseMessageTooBig, fmt.Sprintf("a message may have %d bytes at the most", maxInbound))
			// Reading on lets the close frame arrive; cutting the line now could
			// discard it.
			conn.SetReadDeadline(time.Now().Add(drainWait))
			io.CopyN(io.Discard, r, drainLimit)
			return
		}
		if c.ctx.Err() != nil {
			// It is read, so that the line is not reset before the close frame
			// has arrived, but nobody answers any more.
			continue
		}
		if kind != websocket.TextMessage {
			c.fail("", Problem{"garbage", "binary messages are not understood", "send JSON as text"})
			continue
		}
		c.dispatch(text)
	}
}

// dispatch starts the handler of a message.
func (c *Client) dispatch(text []byte) {
	m, err := decodeMessage(text)
	if err != nil {
		c.fail(m.ID, err)
		return
	}
	h := c.hub.handler(m.Type)
	if h == nil {
		c.fail(m.ID, Problem{"type", fmt.Sprintf("message type %q is not known here", m.Type), "see docs/websocket.md for the types"})
		return
	}
	if c.framed && !framedTypes[m.Type] {
		c.fail(m.ID, Problem{"framed", "a page within another site's asks for no " + m.Type, "open it by itself"})
		return
	}
	ctx, cancel := context.WithCancel(c.ctx)
	key, err := c.begin(m.ID, cancel)
	if err != nil {
		cancel()
		c.fail(m.ID, err)
		return
	}
	c.hub.done.Go(func() {
		err := c.answer(ctx, h, m)
		// Before the page hears of the error: it may use the id again at once.
		c.finish(key, cancel)
		if err != nil {
			c.fail(m.ID, err)
		}
	})
}

// answer runs a handler. A fault in one request must not end the process, which
// serves others.
func (c *Client) answer(ctx context.Context, h HandlerFunc, m Message) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			c.hub.log.Error("a websocket request panicked", "type", m.Type, "panic", fault, "stack", string(debug.Stack()))
			err = Problem{"failed", "this request ran into a fault of the server", "try another one; the server's log has the details"}
		}
	}()
	return h(ctx, c, m)
}

// begin counts a request in; its key is the id, or something no client chose.
func (c *Client) begin(id string, cancel context.CancelFunc) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.running) >= maxRequests {
		return "", Problem{"busy", fmt.Sprintf("%d requests of this page are under way, which is the limit", maxRequests), "wait for one to end or cancel it"}
	}
	if id == "" {
		for n := 0; ; n++ {
			id = fmt.Sprintf("\x00%d", n)
			if c.running[id] == nil {
				break
			}
		}
	}
	if c.running[id] != nil {
		return "", Problem{"id", fmt.Sprintf("request %q is still under way", id), "choose another id"}
	}
	c.running[id] = cancel
	return id, nil
}

func (c *Client) finish(key string, cancel context.CancelFunc) {
	cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, key)
}

// fail tells the client what went wrong.
func (c *Client) fail(id string, err error) {
	var p Problem
	if !errors.As(err, &p) {
		p = Problem{"failed", err.Error(), "change the request, or try again"}
	}
	c.Send("error", id, p.in(c.reader))
}

// end closes the connection with a reason.
func (c *Client) end(code int, reason string) {
	c.mu.Lock()
	c.ending = websocket.FormatCloseMessage(code, reason)
	c.mu.Unlock()
	c.cancel()
}

// write is the only writer of the connection.
func (c *Client) write(conn *websocket.Conn) {
	defer c.cancel()
	if err := conn.SetCompressionLevel(compressLevel); err != nil {
		c.hub.log.Error("websocket compression", "level", compressLevel, "err", err)
	}
	defer func() {
		c.mu.Lock()
		ending := c.ending
		c.mu.Unlock()
		if ending == nil {
			ending = websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
		}
		conn.WriteControl(websocket.CloseMessage, ending, time.Now().Add(time.Second))
		// The reader waits for the other side's close frame, not for ever.
		conn.SetReadDeadline(time.Now().Add(drainWait))
	}()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case <-c.ctx.Done():
			return
		case frame := <-c.answers:
			err = c.put(conn, frame)
		case <-c.woken:
			// Answers first: a welcome comes before the feeds that it announces.
			if err = c.putAnswers(conn); err == nil {
				err = c.putFeeds(conn)
			}
		case <-ping.C:
			err = conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.hub.writeWait))
		}
		if err != nil {
			return
		}
	}
}

func (c *Client) put(conn *websocket.Conn, frame []byte) error {
	conn.EnableWriteCompression(len(frame) >= compressFrom)
	if err := conn.SetWriteDeadline(time.Now().Add(c.hub.writeWait)); err != nil {
		return err
	}
	return conn.WriteMessage(websocket.TextMessage, frame)
}

// putAnswers sends the answers that wait.
func (c *Client) putAnswers(conn *websocket.Conn) error {
	for {
		select {
		case frame := <-c.answers:
			if err := c.put(conn, frame); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// putFeeds sends some of what the client has not seen of each feed it follows.
func (c *Client) putFeeds(conn *websocket.Conn) error {
	c.mu.Lock()
	follows := maps.Clone(c.seen)
	c.mu.Unlock()
	for name, seen := range follows {
		frames, upTo, lost := c.hub.Feed(name).since(seen, feedBatch)
		if lost > 0 {
			told, err := encode(0, "behind", "", behind{Feed: name, Lost: lost})
			if err != nil {
				return err
			}
			frames = append([][]byte{told}, frames...)
		}
		for _, frame := range frames {
			if err := c.put(conn, frame); err != nil {
				return err
			}
		}
		if upTo > seen {
			c.advance(name, seen, upTo)
			c.poke() // there may be more
		}
	}
	return nil
}

// advance notes what was sent, unless the client has asked for another place
// in the feed meanwhile.
func (c *Client) advance(feed string, from, to uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[feed] == from {
		c.seen[feed] = to
	}
}

// behind is the body that tells a client what it has lost of a feed.
type behind struct {
	Feed string `json:"feed"`
	Lost uint64 `json:"lost"`
}
