package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// allocated is how many bytes were allocated while something was done.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A trace that is small on the wire and large in memory is refused before it is.
func TestTracesThatGrowAreRefused(t *testing.T) {
	s := newServer(t, Config{})
	head := `{"path":"x","side":"real","bytes":1,"base":"measured","events":[`
	many := head + strings.Repeat("{},", 4<<20) + "{}]}" // 12 MiB become a gigabyte of events
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(head))
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 256 {
		if _, err := z.Write(blank); err != nil {
			t.Fatal(err)
		}
	}
	z.Write([]byte("]}"))
	z.Close()
	for _, path := range []string{"/scope/export?format=csv", "/scope/import?name=x"} {
		for what, text := range map[string]string{"unpack it first": packed.String(), fmt.Sprintf("more than %d events", traceEvents): many} {
			w, r := httptest.NewRecorder(), httptest.NewRequest("POST", path, strings.NewReader(text))
			r.Host = "127.0.0.1:8080"
			took := allocated(func() { s.Handler().ServeHTTP(w, r) })
			if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), what) {
				t.Errorf("%s: %d %.300s; want it to say %q", path, w.Code, w.Body, what)
			}
			if took > 400<<20 {
				t.Errorf("%s: %d MiB were allocated for %d MiB that were sent", path, took>>20, len(text)>>20)
			}
		}
	}
}

// A message that is small on the wire is read no further than any other.
func TestMessagesThatGrowAreCutOff(t *testing.T) {
	hub, url := serveHub(t)
	dialer := websocket.Dialer{EnableCompression: true}
	conn, _, err := dialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.EnableWriteCompression(true)
	w, err := conn.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	went := make(chan struct{})
	took := allocated(func() {
		go func() {
			defer close(went)
			blank := bytes.Repeat([]byte(" "), 1<<20)
			for range 256 {
				if _, err := w.Write(blank); err != nil {
					return // it was let go
				}
			}
			w.Close()
		}()
		conn.SetReadDeadline(time.Now().Add(patience))
		_, _, err = conn.ReadMessage()
		<-went
	})
	var closed *websocket.CloseError
	if !errors.As(err, &closed) || closed.Code != websocket.CloseMessageTooBig {
		t.Errorf("got %v, want close 1009", err)
	}
	if took > 64<<20 {
		t.Errorf("%d MiB were allocated", took>>20)
	}
	for end := time.Now().Add(patience); connected(hub) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it still has its place")
		}
	}
}
