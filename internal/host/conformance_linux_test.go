package host_test

import (
	"bytes"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
)

func TestServingConforms(t *testing.T) {
	transfertest.Conformance(t, openServing)
}

func TestServingMeetsFaults(t *testing.T) {
	transfertest.Faults(t, openServing)
}

func TestMeasuredConforms(t *testing.T) {
	transfertest.Conformance(t, openMeasured)
}

func TestMeasuredMeetsFaults(t *testing.T) {
	transfertest.Faults(t, openMeasured)
}

// realKernel is what both kernels of this package offer.
type realKernel interface {
	transfer.Kernel
	File(*os.File) transfer.FD
	Socket() transfer.FD
}

// realEnv is a real kernel with a TCP connection over loopback.
type realEnv struct {
	kernel realKernel
	finish func() error // ends the stream at the sender

	recv *net.TCPConn
	over chan struct{} // closed when the receiver has seen the end
	mu   sync.Mutex
	more *sync.Cond
	got  []byte
	end  bool

	latest  *os.File
	content []byte
}

func openServing(t *testing.T) transfertest.Env {
	send, recv := tcpPair(t)
	k, err := host.NewServing(send)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Reset)
	return newRealEnv(k, recv, send.CloseWrite)
}

func openMeasured(t *testing.T) transfertest.Env {
	send, recv := tcpPair(t)
	socket, err := send.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	fd := int(socket.Fd())
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	k, err := host.NewMeasured(fd, trace.NewCounter(0, trace.Measured, nil), host.MeasuredOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.End)
	return newRealEnv(k, recv, func() error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

func newRealEnv(k realKernel, recv *net.TCPConn, finish func() error) *realEnv {
	e := &realEnv{kernel: k, recv: recv, finish: finish, over: make(chan struct{})}
	e.more = sync.NewCond(&e.mu)
	go e.receive()
	return e
}

func (e *realEnv) receive() {
	defer close(e.over)
	buf := make([]byte, 64<<10)
	for {
		n, err := e.recv.Read(buf)
		e.mu.Lock()
		e.got = append(e.got, buf[:n]...)
		e.end = err != nil
		e.more.Broadcast()
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (e *realEnv) Kernel() transfer.Kernel { return e.kernel }
func (e *realEnv) Socket() transfer.FD     { return e.kernel.Socket() }

func (e *realEnv) File(t testing.TB, size int64) transfer.FD {
	f, content := randomFile(t, int(size))
	e.latest, e.content = f, content
	return e.kernel.File(f)
}

func (e *realEnv) Truncate(t testing.TB, size int64) {
	if err := e.latest.Truncate(size); err != nil {
		t.Fatal(err)
	}
}

func (e *realEnv) Arrived(t testing.TB, from, n int64) {
	t.Helper()
	watchdog := time.AfterFunc(20*time.Second, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.end = true
		e.more.Broadcast()
	})
	defer watchdog.Stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	for int64(len(e.got)) < n && !e.end {
		e.more.Wait()
	}
	if int64(len(e.got)) < n {
		t.Fatalf("%d bytes arrived, want %d", len(e.got), n)
	}
	if !bytes.Equal(e.got[:n], e.content[from:from+n]) {
		t.Fatalf("the next %d bytes are not the file's from %d on", n, from)
	}
	e.got = e.got[n:]
}

func (e *realEnv) Ended(t testing.TB) {
	t.Helper()
	if err := e.finish(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-e.over:
	case <-time.After(20 * time.Second):
		t.Fatal("the receiver did not see the end")
	}
	if len(e.got) > 0 {
		t.Fatalf("%d bytes more arrived than were sent", len(e.got))
	}
}

func (e *realEnv) CloseReceiver(t testing.TB) {
	e.recv.SetLinger(0)
	e.recv.Close()
	<-e.over // the descriptor is closed when nobody reads from it any more
}
