package host_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
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
	mustBeCold(t, other, 1<<20-1)
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

// Who waits for a lane is not served any longer than its connection: the
// deadline ends the wait, and so does closing, which does not wait for a lane.
func TestWaitForALaneEndsWithTheConnection(t *testing.T) {
	defer host.TakeColdLanes()()
	ends := map[string]struct {
		end  func(*net.TCPConn) error
		want error
	}{
		"deadline": {func(c *net.TCPConn) error { return c.SetWriteDeadline(time.Now()) }, syscall.ETIMEDOUT},
		"close":    {func(c *net.TCPConn) error { return c.Close() }, syscall.EBADF},
	}
	for _, path := range []string{"read-write", "read-write sealed", "sendfile", "splice"} {
		path, sealed := strings.CutSuffix(path, " sealed")
		for name, c := range ends {
			t.Run(fmt.Sprintf("%s, sealed %v, %s", path, sealed, name), func(t *testing.T) {
				f, _ := randomFile(t, 1<<20)
				mustBeCold(t, f, 1<<19)
				evict(t, f)
				send, _ := tcpPair(t)
				plain, err := host.NewServing(send)
				s := lender(plain)
				if sealed {
					var beneath *host.Beneath
					beneath, err = host.NewBeneath(send)
					s = host.NewServingSealed(masked{beneath}, beneath)
				}
				if err != nil {
					t.Fatal(err)
				}
				p, _ := transfer.Lookup(path)
				sent := make(chan error, 1)
				go func() {
					_, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 1 << 20, Chunk: 1 << 20})
					sent <- err
				}()
				select {
				case err := <-sent:
					t.Fatalf("it did not wait: %v", err)
				case <-time.After(50 * time.Millisecond):
				}
				ended := make(chan error, 1)
				go func() { ended <- c.end(send) }()
				for _, what := range []struct {
					name string
					done chan error
					want error
				}{{"the end of the connection", ended, nil}, {"the transfer", sent, c.want}} {
					select {
					case err := <-what.done:
						if !errors.Is(err, what.want) {
							t.Errorf("%s: %v, want %v", what.name, err, what.want)
						}
					case <-time.After(10 * time.Second):
						t.Fatalf("%s waits for a lane", what.name)
					}
				}
			})
		}
	}
}

// lender is a serving kernel.
type lender interface {
	transfer.Kernel
	File(*os.File) transfer.FD
	Socket() transfer.FD
}

// What is cached in parts waits for a lane, whichever part is missing. To ask for a
// page with RWF_NOWAIT is to have it read; now and then the disk is quicker than the
// answer, which then is that it is cached. So one of three must wait.
func TestPartlyCachedTakesALane(t *testing.T) {
	for name, at := range map[string]int64{"first": 0, "middle": 1 << 19, "last": 1<<20 - 1} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				f := partlyCached(t, at)
				giveBack := host.TakeColdLanes()
				all := sendAll(t, "sendfile", f)
				waits := !arrives(all, 100*time.Millisecond)
				giveBack()
				if !waits {
					continue
				}
				if !arrives(all, 10*time.Second) {
					t.Error("it did not arrive when the lanes were free again")
				}
				return
			}
			t.Error("it was sent without a lane, three times")
		})
	}
}

// partlyCached is a file of 1 MiB of which all is cached but the 64 KiB around a
// byte.
func partlyCached(t *testing.T, at int64) *os.File {
	t.Helper()
	f, _ := randomFile(t, 1<<20)
	mustBeCold(t, f, at)
	// No read-ahead: only what is read is cached.
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_RANDOM); err != nil {
		t.Fatal(err)
	}
	evict(t, f)
	const piece = 64 << 10
	for off := int64(0); off < 1<<20; off += piece {
		if off == at/piece*piece {
			continue
		}
		if _, err := f.ReadAt(make([]byte, piece), off); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// mustBeCold skips the test where evicting a file does nothing.
func mustBeCold(t *testing.T, f *os.File, at int64) {
	t.Helper()
	evict(t, f)
	if _, err := unix.Preadv2(int(f.Fd()), [][]byte{make([]byte, 1)}, at, unix.RWF_NOWAIT); err != unix.EAGAIN {
		t.Skipf("SKIPPED: the file system of %s keeps files in memory (preadv2 gives %v); set TMPDIR to a disk", f.Name(), err)
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
	all, sent := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { // the file stays open until nobody sends it any more
		select {
		case <-sent:
		case <-time.After(10 * time.Second):
		}
	})
	go func() {
		if n, err := io.CopyN(io.Discard, recv, 1<<20); err == nil && n == 1<<20 {
			close(all)
		}
	}()
	go func() {
		defer close(sent)
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
