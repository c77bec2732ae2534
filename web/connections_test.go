package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"copyscope/internal/trace"
)

// hurried serves pages whose connections have little time, on a loopback port.
func hurried(t *testing.T, config Config, times connectionTimes) (s *Server, addr string) {
	t.Helper()
	s = newServer(t, config)
	s.times = times
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := s.HTTPServer()
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return s, listener.Addr().String()
}

// open connects and says something.
func open(t *testing.T, addr, words string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := io.WriteString(conn, words); err != nil {
		t.Fatal(err)
	}
	return conn
}

// Whoever begins a request and does not go on keeps its connection for a while, not
// for ever (slowloris).
func TestSlowRequestsAreLetGo(t *testing.T) {
	little := connectionTimes{head: 200 * time.Millisecond, body: 200 * time.Millisecond, answer: patience, idle: 200 * time.Millisecond}
	for what, words := range map[string]string{
		"no word":         "",
		"half a head":     "GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
		"half a form":     "POST /talk/start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ndeck=zero",
		"half JSON":       "POST /talk/restore HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{",
		"half a chunk":    "POST /talk/restore HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{",
		"an unread body":  "POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nx",
		"nothing further": "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			_, addr := hurried(t, Config{}, little)
			conn := open(t, addr, words)
			conn.SetReadDeadline(time.Now().Add(patience))
			if _, err := io.Copy(io.Discard, conn); err != nil {
				t.Errorf("still connected after %v: %v", patience, err)
			}
		})
	}
}

// A body that has arrived leaves its handler all the time that an answer has.
func TestABodyThatArrivedIsNotHurried(t *testing.T) {
	s, addr := hurried(t, Config{}, connectionTimes{head: patience, body: 200 * time.Millisecond, answer: patience, idle: patience})
	s.mux.HandleFunc("POST /test/long", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		select {
		case <-r.Context().Done():
			http.Error(w, "the reader has gone", http.StatusBadRequest)
		case <-time.After(time.Second): // longer than a body may take
		}
	})
	r, err := http.Post("http://"+addr+"/test/long", "text/plain", strings.NewReader("all of it"))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Errorf("answered %v, %v", r, err)
	}
}

// Whoever does not read its answer is not written to without end.
func TestSlowReadersAreLetGo(t *testing.T) {
	ended := make(chan error, 1)
	_, addr := hurried(t, Config{Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		line := []byte(strings.Repeat("x", 1<<16))
		for {
			if _, err := w.Write(line); err != nil {
				ended <- err
				return
			}
		}
	})}, connectionTimes{head: patience, body: patience, answer: 300 * time.Millisecond, idle: patience})
	open(t, addr, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	select {
	case <-ended:
	case <-time.After(patience):
		t.Error("still written to")
	}
}

// The head of a request is bounded.
func TestLongHeadsAreRefused(t *testing.T) {
	_, addr := hurried(t, Config{}, usualTimes)
	conn := open(t, addr, fmt.Sprintf("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 2*headBytes)))
	conn.SetReadDeadline(time.Now().Add(patience))
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answered %v, %v", r, err)
	}
}

// A websocket outlives the times of a request.
func TestAWebsocketIsNotHurried(t *testing.T) {
	_, addr := hurried(t, Config{Version: "test"}, connectionTimes{head: 200 * time.Millisecond, body: 200 * time.Millisecond, answer: 200 * time.Millisecond, idle: 200 * time.Millisecond})
	conn := dial(t, "ws://"+addr+"/ws")
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	<-ctx.Done() // longer than any of them
	say(t, conn, `{"v":1,"type":"ping","id":"p"}`)
	if m := hear(t, conn); m.Type != "pong" {
		t.Errorf("heard %+v", m)
	}
}

// However many send traces at a time, and however slowly, two are held at once: the
// others wait for their turn.
func TestTracesAreTakenTwoAtATime(t *testing.T) {
	s, addr := hurried(t, Config{}, usualTimes)
	text, err := json.Marshal(&trace.Run{Path: "x", Side: trace.Real, Payload: 4096, Base: trace.Measured,
		Events: []trace.Event{{Seq: 1, Kind: trace.CPUCopy, Actor: trace.KernelCode, Bytes: 4096, Provenance: trace.Derived, Endpoint: trace.Sender, Phase: trace.Transfer}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/scope/export?format=csv", "/scope/import?name=x"} {
		begin := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n", path, len(text))
		var slow []net.Conn
		for range 2 {
			slow = append(slow, open(t, addr, begin+string(text[:10])))
		}
		taken := func() bool {
			s.scope.imports.mu.Lock()
			defer s.scope.imports.mu.Unlock()
			return s.scope.imports.free == 0
		}
		for end := time.Now().Add(patience); !taken(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: two that are slow have not taken the turns", path)
			}
		}
		third := open(t, addr, begin+string(text))
		third.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
		if n, err := third.Read(make([]byte, 1)); n > 0 || err == nil {
			t.Errorf("%s: a third is answered at once", path)
		}
		if _, err := slow[0].Write(text[10:]); err != nil {
			t.Fatal(err)
		}
		third.SetReadDeadline(time.Now().Add(patience))
		if r, err := http.ReadResponse(bufio.NewReader(third), nil); err != nil || r.StatusCode != http.StatusOK {
			t.Errorf("%s: the third was answered %v, %v", path, r, err)
		}
		for _, c := range slow {
			c.Close()
		}
		for end := time.Now().Add(patience); taken(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: the turns are not given back", path)
			}
		}
	}
}
