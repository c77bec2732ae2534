package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// patience bounds every wait of these tests.
const patience = 10 * time.Second

// serveHub is a hub behind the guard, as the server has it, and its ws:// URL.
func serveHub(t *testing.T) (*Hub, string) {
	t.Helper()
	s := newServer(t, Config{Version: "test"})
	return s.hub, listen(t, s) + "/ws"
}

// listen serves on a loopback port and gives its ws:// address.
func listen(t *testing.T, s *Server) string {
	t.Helper()
	front := httptest.NewServer(s.Handler())
	t.Cleanup(func() { s.Close(); front.Close() })
	return "ws" + strings.TrimPrefix(front.URL, "http")
}

func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// dialNarrow connects with a small receive buffer, so that a reader that does
// not read is soon felt.
func dialNarrow(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	dialer := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if err == nil {
			err = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
		}
		return conn, err
	}}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func say(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, conn *websocket.Conn) Message {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(patience))
	_, text, err := conn.ReadMessage()
	if err != nil {
		t.Fatalf("no message: %v", err)
	}
	var m Message
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("message %s: %v", text, err)
	}
	if m.V != protocol {
		t.Fatalf("message %s: version %d", text, m.V)
	}
	return m
}

// hearError expects an error message and gives what it says.
func hearError(t *testing.T, conn *websocket.Conn, id string) Problem {
	t.Helper()
	m := hear(t, conn)
	var p Problem
	if err := m.Decode(&p); err != nil || m.Type != "error" || m.ID != id {
		t.Fatalf("got %s %q %s (%v), want an error for %q", m.Type, m.ID, m.Body, err, id)
	}
	if p.Code == "" || p.Message == "" || p.Remedy == "" {
		t.Errorf("an error must have code, message and remedy: %+v", p)
	}
	return p
}

// greet subscribes to the feed after seen and gives where it goes on.
func greet(t *testing.T, conn *websocket.Conn, server, feed string, seen int) (welcome, feedState) {
	t.Helper()
	say(t, conn, fmt.Sprintf(`{"v":1,"type":"hello","id":"h","body":{"server":%q,"resume":{%q:%d}}}`, server, feed, seen))
	m := hear(t, conn)
	var w welcome
	if err := m.Decode(&w); err != nil || m.Type != "welcome" || m.ID != "h" {
		t.Fatalf("got %s %s (%v), want welcome", m.Type, m.Body, err)
	}
	return w, w.Feeds[feed]
}

func publish(t *testing.T, f *Feed, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := f.publish("test.n", i); err != nil {
			t.Fatal(err)
		}
	}
}

func hearNumber(t *testing.T, conn *websocket.Conn, want int) {
	t.Helper()
	m := hear(t, conn)
	if m.Type != "test.n" || m.Seq != uint64(want) || string(m.Body) != fmt.Sprint(want) {
		t.Fatalf("got %s seq %d %s, want test.n %d", m.Type, m.Seq, m.Body, want)
	}
}

// Whatever a client sends wrongly gets one clear error, and the connection
// works on.
func TestBadMessagesGetAnErrorAndTheConnectionLivesOn(t *testing.T) {
	hub, url := serveHub(t)
	hub.Handle("test.echo", func(_ context.Context, c *Client, m Message) error {
		var text string
		if err := m.Decode(&text); err != nil {
			return err
		}
		return c.Send("test.echoed", m.ID, text)
	})
	hub.Handle("test.fails", func(context.Context, *Client, Message) error { return errors.New("the disk is full") })
	conn := dial(t, url)
	for _, c := range []struct{ name, text, id, code string }{
		{"no JSON", "\x00\xff<html>", "", "garbage"},
		{"an array", `[1,2]`, "", "garbage"},
		{"empty", ``, "", "garbage"},
		{"another version", `{"v":2,"type":"test.echo","id":"a","body":"x"}`, "a", "version"},
		{"no version", `{"type":"test.echo","id":"b"}`, "b", "version"},
		{"no type", `{"v":1,"id":"c"}`, "c", "type"},
		{"an unknown type", `{"v":1,"type":"no.such","id":"d"}`, "d", "type"},
		{"a body of another form", `{"v":1,"type":"test.echo","id":"e","body":{"x":1}}`, "e", "body"},
		{"a feed that is none", `{"v":1,"type":"hello","id":"f","body":{"resume":{"nowhere":0}}}`, "f", "feed"},
		{"a negative place", `{"v":1,"type":"hello","id":"g","body":{"resume":{"live":-1}}}`, "g", "body"},
		{"a request that fails", `{"v":1,"type":"test.fails","id":"h"}`, "h", "failed"},
	} {
		say(t, conn, c.text)
		if p := hearError(t, conn, c.id); p.Code != c.code {
			t.Errorf("%s: code %q (%s), want %q", c.name, p.Code, p.Message, c.code)
		}
	}
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	if p := hearError(t, conn, ""); p.Code != "garbage" {
		t.Errorf("a binary message: code %q", p.Code)
	}
	say(t, conn, `{"v":1,"type":"test.echo","id":"z","body":"still here"}`)
	if m := hear(t, conn); m.Type != "test.echoed" || m.ID != "z" || string(m.Body) != `"still here"` {
		t.Errorf("after the errors: %+v", m)
	}
}

func TestOversizedMessageClosesWithAReason(t *testing.T) {
	hub, url := serveHub(t)
	hub.Handle("test.size", func(_ context.Context, c *Client, m Message) error {
		return c.Send("test.sized", m.ID, len(m.Body))
	})
	conn := dial(t, url)
	frame := func(bytes int) string {
		shell := `{"v":1,"type":"test.size","id":"x","body":""}`
		return strings.Replace(shell, `""`, `"`+strings.Repeat("a", bytes-len(shell))+`"`, 1)
	}
	say(t, conn, frame(maxInbound))
	if m := hear(t, conn); m.Type != "test.sized" {
		t.Fatalf("a message of exactly the limit: %+v", m)
	}
	other := dial(t, url)
	say(t, conn, frame(2*maxInbound))
	conn.SetReadDeadline(time.Now().Add(patience))
	_, _, err := conn.ReadMessage()
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.CloseMessageTooBig || !strings.Contains(closed.Text, fmt.Sprint(maxInbound)) {
		t.Errorf("got %v, want close 1009 that names the limit", err)
	}
	say(t, other, frame(100))
	if m := hear(t, other); m.Type != "test.sized" {
		t.Errorf("another client must not notice: %+v", m)
	}
}

func TestResumeGoesOnAfterTheLastMessageSeen(t *testing.T) {
	hub, url := serveHub(t)
	feed := hub.Feed("test")
	publish(t, feed, 1, 5)

	conn := dial(t, url)
	w, state := greet(t, conn, "", "test", 0)
	if state != (feedState{From: 0, To: 5, Lost: 0}) || w.Version != "test" || w.Server == "" {
		t.Errorf("welcome %+v, feed %+v", w, state)
	}
	for i := 1; i <= 5; i++ {
		hearNumber(t, conn, i)
	}
	publish(t, feed, 6, 6)
	hearNumber(t, conn, 6)
	conn.Close()

	publish(t, feed, 7, 9)
	back := dial(t, url)
	if _, state := greet(t, back, w.Server, "test", 6); state != (feedState{From: 6, To: 9, Lost: 0}) {
		t.Errorf("resumed at %+v", state)
	}
	for i := 7; i <= 9; i++ {
		hearNumber(t, back, i)
	}

	restarted := dial(t, url)
	if _, state := greet(t, restarted, "another run of the server", "test", 700); state.From != 0 {
		t.Errorf("numbers of another run of the server must not count here: %+v", state)
	}
	hearNumber(t, restarted, 1)
}

func TestResumeSaysWhatIsGone(t *testing.T) {
	hub, url := serveHub(t)
	feed := hub.Feed("test")
	publish(t, feed, 1, feedDepth+10)
	conn := dial(t, url)
	w, state := greet(t, conn, "", "test", 3)
	if state.Lost != 7 {
		t.Errorf("after 3 of %d with room for %d: %d lost, want 7", feedDepth+10, feedDepth, state.Lost)
	}
	m := hear(t, conn)
	var b behind
	if err := m.Decode(&b); err != nil || m.Type != "behind" || b != (behind{Feed: "test", Lost: 7}) {
		t.Fatalf("got %s %s, want behind by 7", m.Type, m.Body)
	}
	for i := 11; i <= feedDepth+10; i++ {
		hearNumber(t, conn, i)
	}
	if w.Server != hub.id {
		t.Errorf("server id %q", w.Server)
	}
}

// A client that does not read must not hold up publishing or other clients;
// once it reads again it learns how much it has lost.
func TestSlowClientLosesMessagesAndHoldsUpNobody(t *testing.T) {
	hub, url := serveHub(t)
	feed := hub.Feed("test")
	slow, quick := dialNarrow(t, url), dial(t, url)
	greet(t, slow, "", "test", 0)
	greet(t, quick, "", "test", 0)

	// Four times what the feed keeps; the socket's buffers hold far less.
	const each = 64 << 10
	const messages = 4 * feedBytes / each
	started := time.Now()
	done := make(chan int)
	go func() {
		received := 0
		for {
			quick.SetReadDeadline(time.Now().Add(patience))
			_, text, err := quick.ReadMessage()
			var m Message
			if err != nil || json.Unmarshal(text, &m) != nil || m.Seq == messages {
				done <- received
				return
			}
			received++
		}
	}()
	filler := strings.Repeat("x", each)
	for i := 1; i <= messages; i++ {
		if err := feed.publish("test.n", filler); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("published %d messages of %d KiB in %v beside a client that reads nothing", messages, each>>10, time.Since(started))
	if n := <-done; n == 0 {
		t.Error("the quick client got nothing")
	}

	var lost, got uint64
	for {
		m := hear(t, slow)
		if m.Type == "behind" {
			var b behind
			if err := m.Decode(&b); err != nil {
				t.Fatal(err)
			}
			lost += b.Lost
			continue
		}
		got++
		if m.Seq == messages {
			break
		}
	}
	if lost == 0 || lost+got != messages {
		t.Errorf("the slow client got %d messages and was told of %d lost ones; together they must be %d", got, lost, messages)
	}
}

// Answers to a client that does not read hold up only the goroutine that makes
// them, and that goroutine ends when the client goes.
func TestAnswersWaitForASlowClient(t *testing.T) {
	hub, url := serveHub(t)
	ended := make(chan error, 1)
	hub.Handle("test.flood", func(_ context.Context, c *Client, m Message) error {
		filler := strings.Repeat("x", 1<<20)
		for {
			if err := c.Send("test.part", m.ID, filler+fmt.Sprint(time.Now().UnixNano())); err != nil {
				ended <- err
				return err
			}
		}
	})
	hub.Handle("test.ping", func(_ context.Context, c *Client, m Message) error { return c.Send("test.pong", m.ID, nil) })
	slow, quick := dial(t, url), dial(t, url)
	say(t, slow, `{"v":1,"type":"test.flood","id":"f"}`)
	for i := range 20 {
		say(t, quick, fmt.Sprintf(`{"v":1,"type":"test.ping","id":"%d"}`, i))
		if m := hear(t, quick); m.Type != "test.pong" {
			t.Fatalf("got %+v", m)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the flood ended while its client was there: %v", err)
	default:
	}
	slow.Close()
	select {
	case <-ended:
	case <-time.After(patience + writeWait):
		t.Error("the flood goes on although its client has left")
	}
}

func TestRequestsAreBoundedAndCancelled(t *testing.T) {
	hub, url := serveHub(t)
	hub.Handle("test.wait", func(ctx context.Context, c *Client, m Message) error {
		if err := c.Send("test.began", m.ID, nil); err != nil {
			return err
		}
		<-ctx.Done()
		return errors.New("cancelled")
	})
	hub.Handle("test.cancel", func(_ context.Context, c *Client, m Message) error {
		var id string
		if err := m.Decode(&id); err != nil {
			return err
		}
		return c.Send("test.cancelled", m.ID, c.Cancel(id))
	})
	conn := dial(t, url)
	for i := range maxRequests - 1 {
		say(t, conn, fmt.Sprintf(`{"v":1,"type":"test.wait","id":"%d"}`, i))
		if m := hear(t, conn); m.Type != "test.began" {
			t.Fatalf("got %+v", m)
		}
	}
	say(t, conn, `{"v":1,"type":"test.wait","id":"0"}`)
	if p := hearError(t, conn, "0"); p.Code != "id" {
		t.Errorf("an id that is in use: code %q", p.Code)
	}
	say(t, conn, `{"v":1,"type":"test.wait"}`)
	hear(t, conn)
	say(t, conn, `{"v":1,"type":"test.wait","id":"more"}`)
	if p := hearError(t, conn, "more"); p.Code != "busy" {
		t.Errorf("beyond the limit: code %q", p.Code)
	}
	hub.mu.Lock()
	for c := range hub.clients {
		c.Cancel("3")
	}
	hub.mu.Unlock()
	if p := hearError(t, conn, "3"); p.Message != "cancelled" {
		t.Errorf("cancelled: %+v", p)
	}
	// The answer is sent before the request is counted out.
	deadline := time.Now().Add(patience)
	for {
		say(t, conn, `{"v":1,"type":"test.cancel","id":"c","body":"no such request"}`)
		m := hear(t, conn)
		if m.Type == "test.cancelled" {
			if string(m.Body) != "false" {
				t.Errorf("cancelling what is not there: %s", m.Body)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the place of a cancelled request is not free again: %s", m.Body)
		}
	}
}

func TestTooManyClients(t *testing.T) {
	hub, url := serveHub(t)
	for range maxClients {
		dial(t, url)
	}
	_, resp, err := websocket.DefaultDialer.Dial(url, nil)
	if err == nil || resp == nil || resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Fatalf("client %d: %v, %+v; want 503 with Retry-After", maxClients+1, err, resp)
	}
	hub.mu.Lock()
	n := len(hub.clients)
	hub.mu.Unlock()
	if n != maxClients {
		t.Errorf("%d clients are counted", n)
	}
}

// An id is free as soon as its error is heard: the page may use it again at once.
func TestIDIsFreeWhenItsErrorIsHeard(t *testing.T) {
	hub, url := serveHub(t)
	hub.Handle("test.refuse", func(context.Context, *Client, Message) error {
		return Problem{"field", "no such thing", "ask for another"}
	})
	conn := dial(t, url)
	for range 2000 {
		say(t, conn, `{"v":1,"type":"test.refuse","id":"r1"}`)
		if p := hearError(t, conn, "r1"); p.Code != "field" {
			t.Fatalf("%+v, want the request's own error", p)
		}
	}
}
