package broker_test

import (
	"testing"
	"time"
)

// The open connections can be asked for, as long as they are open.
func TestConnectionsAreThoseThatAreOpen(t *testing.T) {
	b := start(t, t.TempDir())
	if n := len(b.Connections()); n != 0 {
		t.Errorf("%d connections before any client", n)
	}
	cl := client(t, b.addr)
	if err := cl.Ping(deadline(t)); err != nil {
		t.Fatal(err)
	}
	open := b.Connections()
	if len(open) == 0 {
		t.Fatal("no connection although a client is connected")
	}
	for _, c := range open {
		if got := c.LocalAddr().String(); got != b.addr {
			t.Errorf("a connection to %s, want %s", got, b.addr)
		}
	}
	cl.Close()
	for end := time.Now().Add(5 * time.Second); len(b.Connections()) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections after the client left", len(b.Connections()))
		}
	}
}
