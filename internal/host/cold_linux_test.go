package host_test

import (
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// While all lanes are taken, what is cached is sent as ever, and what is not
// waits for a lane.
func TestColdReadersDoNotHoldUpHotOnes(t *testing.T) {
	giveBack := host.TakeColdLanes()
	given := false
	defer func() {
		if !given {
			giveBack()
		}
	}()
	hot, _ := randomFile(t, 1<<20)
	cold, _ := randomFile(t, 1<<20)
	evict(t, cold)
	other, _ := randomFile(t, 1<<20) // asking reads ahead, so another one is asked
	evict(t, other)
	if _, err := unix.Preadv2(int(other.Fd()), [][]byte{make([]byte, 1)}, 1<<20-1, unix.RWF_NOWAIT); err != unix.EAGAIN {
		t.Skipf("SKIPPED: the file system of %s keeps files in memory (preadv2 gives %v); set TMPDIR to a disk", other.Name(), err)
	}
	for _, path := range []string{"read-write", "sendfile", "splice"} {
		if got := sendAll(t, path, hot); !arrives(got, 10*time.Second) {
			t.Fatalf("%s: cached bytes did not arrive while the lanes are taken", path)
		}
	}
	waits := sendAll(t, "sendfile", cold)
	if arrives(waits, 100*time.Millisecond) {
		t.Error("bytes that are not cached were sent without a lane")
	}
	giveBack()
	given = true
	if !arrives(waits, 10*time.Second) {
		t.Error("they did not arrive when the lanes were free again")
	}
}

// evict takes a file out of the page cache.
func evict(t *testing.T, f *os.File) {
	t.Helper()
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		t.Fatal(err)
	}
}

// sendAll sends a file of 1 MiB; the channel is closed when all of it arrived.
func sendAll(t *testing.T, path string, f *os.File) <-chan struct{} {
	t.Helper()
	send, recv := tcpPair(t)
	s, err := host.NewServing(send)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := transfer.Lookup(path)
	all := make(chan struct{})
	go func() {
		if n, err := io.CopyN(io.Discard, recv, 1<<20); err == nil && n == 1<<20 {
			close(all)
		}
	}()
	go func() {
		if _, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 1 << 20, Chunk: 1 << 20}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}()
	return all
}

func arrives(all <-chan struct{}, within time.Duration) bool {
	select {
	case <-all:
		return true
	case <-time.After(within):
		return false
	}
}
