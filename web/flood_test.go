package web_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Ten thousand ask for a websocket, many at once: as many as may be are in, each of
// the others is told to come again, and who was there before notices nothing.
func TestFloodOfConnections(t *testing.T) {
	base, _ := serveHostile(t)
	address := "ws" + strings.TrimPrefix(base, "http") + "/ws"
	first, _, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	var let, refused, other atomic.Int64
	var conns sync.Map
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			dialer := websocket.Dialer{ReadBufferSize: 256, WriteBufferSize: 256}
			for range 10_000 / 16 {
				conn, r, err := dialer.Dial(address, nil)
				switch {
				case err == nil:
					let.Add(1)
					conns.Store(conn, true)
				case r != nil && r.StatusCode == http.StatusServiceUnavailable && r.Header.Get("Retry-After") != "":
					refused.Add(1)
				default:
					other.Add(1)
				}
			}
		})
	}
	answered := func() time.Duration {
		t.Helper()
		began := time.Now()
		if err := first.WriteMessage(websocket.TextMessage, []byte(`{"v":1,"type":"ping","id":"p"}`)); err != nil {
			t.Fatal(err)
		}
		first.SetReadDeadline(began.Add(patience))
		if _, _, err := first.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	slowest := time.Duration(0)
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for flooded := true; flooded; {
		slowest = max(slowest, answered())
		select {
		case <-done:
			flooded = false
		case <-time.After(100 * time.Millisecond):
		}
	}
	if r, err := http.Get(base + "/models"); err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("a page meanwhile: %v, %v", r, err)
	}
	t.Logf("%d in, %d refused, the slowest answer to who was there took %v", let.Load(), refused.Load(), slowest)
	if other.Load() > 0 || refused.Load() < 9000 || slowest > 5*time.Second {
		t.Errorf("%d in, %d refused, %d neither; an answer took %v", let.Load(), refused.Load(), other.Load(), slowest)
	}
	conns.Range(func(conn, _ any) bool {
		conn.(*websocket.Conn).Close()
		return true
	})
	// There is room again.
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		conn, _, err := websocket.DefaultDialer.Dial(address, nil)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after the flood: %v", err)
		}
	}
}
