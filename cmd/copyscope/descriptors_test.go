package main

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// Whoever opens connections without end waits; what the broker needs is left to it.
func TestPageConnectionsAreBounded(t *testing.T) {
	f := pagesFlags{http: "127.0.0.1:0"}
	listener, err := f.listen(1 << 30) // a broker that may need all
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, leastPageConnections+1)
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range leastPageConnections + 1 {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	var first net.Conn
	for range leastPageConnections {
		select {
		case c := <-accepted:
			first = c
			defer c.Close()
		case <-time.After(10 * time.Second):
			t.Fatal("a connection within the bound is not taken")
		}
	}
	select {
	case <-accepted:
		t.Errorf("more than %d connections are taken", leastPageConnections)
	case <-time.After(300 * time.Millisecond):
	}
	first.Close()
	select {
	case c := <-accepted:
		c.Close()
	case <-time.After(10 * time.Second):
		t.Error("there is no room once one is closed")
	}
}

// The broker's part comes first, and the pages take no more than they have use for.
func TestPagesLeaveDescriptorsToTheBroker(t *testing.T) {
	for _, c := range []struct {
		have         uint64
		broker, want int
	}{
		{1 << 63, 0, 16_384}, {1 << 63, 18_500, 16_384}, {16_384 + 18_500, 18_500, 16_384},
		{20_000, 0, 16_384}, {20_000, 9500, 10_500}, {20_000, 18_500, 1500}, {1024, 18_500, 1024}, {1024, 0, 1024},
	} {
		if got := pageShare(c.have, c.broker); got != c.want {
			t.Errorf("of %d descriptors, %d of them the broker's, pages take %d, want %d", c.have, c.broker, got, c.want)
		}
	}
}

// A client that begins a request and does not go on is let go by what serve really
// serves with.
func TestServeLetsGoOfSlowClients(t *testing.T) {
	t.Parallel() // it waits for 10 s
	s := start(t, "--no-broker")
	addr := strings.TrimPrefix(s.ready["web"], "http://")
	for what, words := range map[string]string{
		"half a head": "GET / HTTP/1.1\r\nHost: " + addr + "\r\nX-Half: ",
		"half a body": "POST /talk/restore HTTP/1.1\r\nHost: " + addr + "\r\nContent-Length: 100\r\n\r\n{",
	} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, words); err != nil {
			t.Fatal(err)
		}
		conn.SetReadDeadline(time.Now().Add(60 * time.Second))
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%s: still connected: %v", what, err)
		}
	}
	s.end(t)
}
