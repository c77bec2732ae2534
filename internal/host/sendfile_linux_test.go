package host_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The output of sendfile may be any file (since Linux 2.6.33); its input may not be a
// socket.
func TestSendfileWritesToAnyFileAndReadsNoSocket(t *testing.T) {
	in, _ := randomFile(t, 10_000)
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	at := int64(0)
	if n, err := unix.Sendfile(int(out.Fd()), int(in.Fd()), &at, 10_000); n != 10_000 || err != nil {
		t.Errorf("to a file: %d bytes, %v; want all", n, err)
	}
	sockets, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sockets[0])
	defer unix.Close(sockets[1])
	if _, err := unix.Write(sockets[0], []byte("bytes")); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Sendfile(int(out.Fd()), sockets[1], nil, 5); err == nil {
		t.Errorf("from a socket: %d bytes, want an error", n)
	}
}
