package web_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// openings is how often each page is opened and closed again, sockets how many
// websockets come and go besides, longRuns how many readers have a run that is kept.
const (
	openings = 50
	sockets  = 1000
	longRuns = 6
)

// settled is the number of goroutines when it no longer falls, and the bytes that are
// in use of the heap.
func settled(most int) (goroutines int, heap uint64) {
	for range 100 {
		runtime.GC()
		if goroutines = runtime.NumGoroutine(); goroutines <= most {
			break
		}
		time.Sleep(30 * time.Millisecond)
	}
	runtime.GC() // what pools hold goes the second time
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return goroutines, m.HeapAlloc
}

// Pages that were opened and closed leave nothing behind: no goroutine, no memory.
func TestPagesLeaveNothingBehind(t *testing.T) {
	base, s := serveHostile(t)
	client := &http.Client{Transport: &http.Transport{}}
	open := func(path string) {
		t.Helper()
		r, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
	}
	// connect says something, and leaves once it has heard a kind of message.
	connect := func(path, hello, heard string) {
		t.Helper()
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(patience))
		for {
			_, text, err := conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), `"type":"`+heard) {
				break
			}
		}
		conn.Close() // without a word, as a page that is closed
	}
	all := s.pagesOf()
	round := func(times int) {
		for range times {
			for _, path := range all {
				open(path)
			}
			connect("/ws", `{"v":1,"type":"hello","body":{}}`, "welcome")
			connect("/ws", `{"v":1,"type":"scope.run","id":"r","body":{"lane":"a","scenario":"sendfile,size=16MiB"}}`, "")
			connect(s.room.AudiencePath()+"/ws", `{"v":1,"type":"talk.hello","body":{}}`, "")
		}
		client.CloseIdleConnections()
	}
	round(3) // what is made once is made
	before, heap := settled(0)
	round(openings)
	after, heapAfter := settled(before)
	t.Logf("%d pages, %d times: goroutines %d → %d, heap %d KiB → %d KiB", len(all), openings, before, after, heap>>10, heapAfter>>10)
	if after > before+5 {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines, %d before:\n%.6000s", after, before, stacks[:runtime.Stack(stacks, true)])
	}
	if most := heap + heap/2 + 8<<20; heapAfter > most {
		t.Errorf("%d bytes of heap, %d before", heapAfter, heap)
	}

	// What is kept of a socket must not add up, be it a name in a list.
	for _, c := range []struct {
		path, hello, heard string
		times, each        int // bytes of the heap that each may leave
	}{
		{"/ws", `{"v":1,"type":"hello","body":{}}`, "welcome", sockets, 200},
		{s.room.AudiencePath() + "/ws", `{"v":1,"type":"talk.hello","body":{}}`, "talk.welcome", sockets, 200},
		{"/ws", `{"v":1,"type":"scope.run","id":"r","body":{"lane":"a","scenario":"read-write,size=16MiB,chunk=4KiB"}}`, "scope.kept", longRuns, 64 << 10},
	} {
		connect(c.path, c.hello, c.heard)
		before, heap := settled(before)
		for range c.times {
			connect(c.path, c.hello, c.heard)
		}
		most := heap + uint64(c.times*c.each) + 512<<10
		after, heapAfter := settled(before)
		for end := time.Now().Add(patience); heapAfter > most && time.Now().Before(end); after, heapAfter = settled(before) {
			time.Sleep(50 * time.Millisecond) // a line that ends is held for a moment, to take its leave
		}
		t.Logf("%s %s, %d times: goroutines %d → %d, heap %d KiB → %d KiB", c.path, c.heard, c.times, before, after, heap>>10, heapAfter>>10)
		if after > before+5 || heapAfter > most {
			t.Errorf("%s, %d times until %s: %d goroutines and %d bytes of heap, before %d and %d", c.path, c.times, c.heard, after, heapAfter, before, heap)
		}
	}
}
