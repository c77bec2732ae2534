package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"copyscope/internal/locale"
)

// Limits of the websocket.
const (
	maxClients  = 256
	maxInbound  = 64 << 10 // bytes of one message from a client
	maxRequests = 8        // requests of one client that may be under way at once
)

// HandlerFunc answers one message of a client. It runs on a goroutine of its
// own and may take its time; ctx ends when the client leaves, when it cancels
// the request (Client.Cancel) or when the server closes. An error that it
// returns is sent to the client under the request's id.
type HandlerFunc func(ctx context.Context, c *Client, m Message) error

// Hub knows the clients, the feeds that they follow and who answers which
// message type.
type Hub struct {
	log     *slog.Logger
	version string
	// id tells this run of the server from another one, whose feeds count anew.
	id string

	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup // connections and the requests under way on them

	writeWait time.Duration // for one message to leave

	upgrader websocket.Upgrader

	mu       sync.Mutex
	clients  map[*Client]struct{}
	handlers map[string]HandlerFunc
	feeds    map[string]*Feed
	closed   bool
}

// NewHub makes a hub without feeds and with the handlers for hello and ping.
func NewHub(log *slog.Logger, version string) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hub{
		log: log, version: version, id: rand.Text(), ctx: ctx, cancel: cancel, writeWait: writeWait,
		upgrader: websocket.Upgrader{
			HandshakeTimeout:  10 * time.Second,
			EnableCompression: true,
			// The guard has compared Origin and Host already.
			CheckOrigin: func(*http.Request) bool { return true },
		},
		clients: map[*Client]struct{}{}, handlers: map[string]HandlerFunc{}, feeds: map[string]*Feed{},
	}
	h.Handle("hello", hello)
	h.Handle("ping", func(_ context.Context, c *Client, m Message) error { return c.Send("pong", m.ID, struct{}{}) })
	return h
}

// Handle registers who answers a message type. Registering twice panics.
func (h *Hub) Handle(kind string, f HandlerFunc) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.handlers[kind] != nil {
		panic(fmt.Sprintf("web: message type %q has two handlers", kind))
	}
	h.handlers[kind] = f
}

// Feed makes the feed of a name, or gives the one that there is. Its messages
// have types that begin with the name and a dot.
func (h *Hub) Feed(name string) *Feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := h.feeds[name]
	if f == nil {
		f = &Feed{changed: h.wake}
		h.feeds[name] = f
	}
	return f
}

// wake tells every client that a feed has grown.
func (h *Hub) wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		c.poke()
	}
}

// ServeHTTP makes a websocket of the request and serves it until it ends.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this address speaks websocket only; docs/websocket.md draws its frames", http.StatusUpgradeRequired)
		return
	}
	c := newClient(h, locale.Match(r.Header.Get("Accept-Language"), cookie(r, "lang"), ""))
	c.framed = embedded(r)
	if err := h.add(c); err != nil {
		w.Header().Set("Retry-After", "10")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer h.done.Done()
	defer h.remove(c)
	conn, err := h.upgrader.Upgrade(w, r, nil)
	if err != nil { // Upgrade has answered the request
		h.log.Debug("websocket upgrade", "remote", r.RemoteAddr, "err", err)
		return
	}
	c.serve(conn)
}

func (h *Hub) add(c *Client) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return fmt.Errorf("the server is closing")
	}
	if len(h.clients) >= maxClients {
		return fmt.Errorf("%d pages are connected, which is the limit: close some or try again later", maxClients)
	}
	h.clients[c] = struct{}{}
	h.done.Add(1)
	return nil
}

func (h *Hub) remove(c *Client) {
	c.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.clients, c)
}

// handler is who answers a message type, or nil.
func (h *Hub) handler(kind string) HandlerFunc {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.handlers[kind]
}

// closeWait is how long Close waits: the time in which a connection takes its
// leave, and some more.
const closeWait = drainWait + time.Second

// Close ends every connection with a close frame and every request, and waits
// until they are gone, though not for ever: a request may be deaf to its
// context.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel()
	gone := make(chan struct{})
	go func() {
		h.done.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-time.After(closeWait):
		h.log.Warn("requests of pages are still under way at the end", "waited", closeWait)
	}
}

// lookup gives the feed of a name, or nil.
func (h *Hub) lookup(name string) *Feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.feeds[name]
}
