package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestCloseSaysGoodbye(t *testing.T) {
	hub, url := serveHub(t)
	conn := dial(t, url)
	greeted := dial(t, url)
	hub.Feed("test")
	greet(t, greeted, "", "test", 0)
	went := make(chan time.Duration)
	go func() {
		began := time.Now()
		hub.Close()
		went <- time.Since(began)
	}()
	for _, c := range []*websocket.Conn{conn, greeted} {
		c.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("got %v, want close 1001", err)
		}
	}
	if d := <-went; d > 3*time.Second {
		t.Errorf("closing took %v", d)
	}
	if _, resp, err := websocket.DefaultDialer.Dial(url, nil); err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("after Close: %v, %+v", err, resp)
	}
}

// A page that keeps talking and takes no notice of the goodbye must not keep
// the server.
func TestCloseLetsGoOfAClientThatKeepsTalking(t *testing.T) {
	hub, url := serveHub(t)
	conn := dial(t, url)
	conn.SetCloseHandler(func(int, string) error { return nil }) // no answer to the goodbye
	over := make(chan struct{})
	t.Cleanup(func() {
		conn.Close()
		<-over
	})
	go func() {
		defer close(over)
		for conn.WriteMessage(websocket.TextMessage, []byte("nonsense")) == nil {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	hearError(t, conn, "")
	began := time.Now()
	hub.Close()
	if d := time.Since(began); d > closeWait+time.Second {
		t.Errorf("closing took %v beside a client that keeps talking", d)
	}
	if n := connected(hub); n != 0 {
		t.Errorf("%d clients are left after Close", n)
	}
}

// A request that is deaf to its context is not waited for without end; one
// that needs a moment to end is.
func TestCloseWaitsForRequestsWithABound(t *testing.T) {
	hub, url := serveHub(t)
	began, deaf, ended := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
	hub.Handle("test.deaf", func(context.Context, *Client, Message) error {
		began <- struct{}{}
		<-deaf
		return nil
	})
	hub.Handle("test.tidy", func(ctx context.Context, _ *Client, _ Message) error {
		began <- struct{}{}
		<-ctx.Done()
		time.Sleep(closeWait / 2) // longer than the connection takes to end
		close(ended)
		return nil
	})
	t.Cleanup(func() { close(deaf) })
	conn := dial(t, url)
	go func() { // answers the goodbye
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	say(t, conn, `{"v":1,"type":"test.deaf","id":"d"}`)
	say(t, conn, `{"v":1,"type":"test.tidy","id":"t"}`)
	<-began
	<-began
	start := time.Now()
	hub.Close()
	if d := time.Since(start); d > closeWait+time.Second {
		t.Errorf("closing took %v beside a request that does not end", d)
	}
	select {
	case <-ended:
	default:
		t.Error("Close did not wait for the request that was ending")
	}
}

// Whoever writes but never reads holds its place no longer than one write may
// take and the leave-taking.
func TestClientThatNeverReadsIsLetGo(t *testing.T) {
	hub, url := serveHub(t)
	hub.writeWait = 100 * time.Millisecond
	hub.Handle("test.flood", func(_ context.Context, c *Client, m Message) error {
		filler := make([]byte, 1<<20)
		for {
			rand.Read(filler) // does not compress
			if err := c.Send("test.part", m.ID, filler); err != nil {
				return err
			}
		}
	})
	conn := dialNarrow(t, url)
	say(t, conn, `{"v":1,"type":"test.flood","id":"f"}`)
	began := time.Now()
	go func() {
		for conn.WriteMessage(websocket.TextMessage, []byte("nonsense")) == nil {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	for connected(hub) > 0 {
		if time.Since(began) > drainWait+3*time.Second {
			t.Fatal("a client that never reads still has its place")
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func connected(h *Hub) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.clients)
}

func TestPanickingRequestGetsAnErrorAndTheConnectionLivesOn(t *testing.T) {
	var log lockedBuffer
	s := newServer(t, Config{Version: "test", Log: slog.New(slog.NewTextHandler(&log, nil))})
	s.hub.Handle("test.panics", func(context.Context, *Client, Message) error { panic("no such thing") })
	s.hub.Handle("test.ping", func(_ context.Context, c *Client, m Message) error { return c.Send("test.pong", m.ID, nil) })
	conn := dial(t, listen(t, s)+"/ws")
	for range maxRequests + 1 { // each gives its place back
		say(t, conn, `{"v":1,"type":"test.panics","id":"p"}`)
		if p := hearError(t, conn, "p"); p.Code == "id" {
			continue // the answer is sent before the request is counted out
		} else if p.Code != "failed" || strings.Contains(p.Message, "no such thing") {
			t.Fatalf("got %+v, want code failed without the panic's text", p)
		}
	}
	say(t, conn, `{"v":1,"type":"test.ping","id":"q"}`)
	if m := hear(t, conn); m.Type != "test.pong" || m.ID != "q" {
		t.Errorf("after the panic: %+v", m)
	}
	for _, part := range []string{"test.panics", "no such thing", "socket_end_test.go"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log does not name %q: %s", part, log.String())
		}
	}
}

// lockedBuffer collects what a server logs.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
