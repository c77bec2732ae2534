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

// openings is how often each page is opened and closed again.
const openings = 50

// settled is the number of goroutines when it no longer falls, and the heap in use.
func settled(most int) (goroutines int, heap uint64) {
	for range 100 {
		runtime.GC()
		if goroutines = runtime.NumGoroutine(); goroutines <= most {
			break
		}
		time.Sleep(30 * time.Millisecond)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return goroutines, m.HeapInuse
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
	connect := func(path, hello string) {
		t.Helper()
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.WriteMessage(websocket.TextMessage, []byte(hello)); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := conn.ReadMessage(); err != nil {
			t.Fatal(err)
		}
		conn.Close() // without a word, as a page that is closed
	}
	all := s.pagesOf()
	round := func(times int) {
		for range times {
			for _, path := range all {
				open(path)
			}
			connect("/ws", `{"v":1,"type":"hello","body":{}}`)
			connect("/ws", `{"v":1,"type":"scope.run","id":"r","body":{"lane":"a","scenario":"sendfile,size=16MiB"}}`)
			connect(s.room.AudiencePath()+"/ws", `{"v":1,"type":"talk.hello","body":{}}`)
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
}
