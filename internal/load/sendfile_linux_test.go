package load

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A segment whose last batch is not whole, as one that is being written, ends
// the connection: sendfile(2) sends nothing there, for ever.
func TestBareSendfileOfATornSegment(t *testing.T) {
	b := buildBatch(5, 200, 1).bytes
	path := filepath.Join(t.TempDir(), "00000000000000000000.log")
	if err := os.WriteFile(path, b[:len(b)-10], 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := ListenBare(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go ServeSendfile(l, []string{path}, 1<<20)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write(fetchFrame("t", []int32{0}, 1, 1, 1<<20)); err != nil {
		t.Fatal(err)
	}
	in := newStream(conn)
	if _, err = in.next(); err == nil {
		err = in.fetched(func(int32) int64 { return 0 }, nil, func(fetchedPartition) {})
	}
	if timeout, ok := err.(net.Error); err == nil || ok && timeout.Timeout() {
		t.Errorf("the answer ended with %v, want that the server closes the connection", err)
	}
}
