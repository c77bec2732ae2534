package host_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"os"
	"slices"
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
	sink   *sink
	second *sink                    // if it was asked for
	lent   transfer.FD              // its sender's end
	lacks  func(path string) string // why the kernel cannot run a path, or ""

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
	return &realEnv{kernel: k, sink: newSink(recv, send.CloseWrite), lacks: func(path string) string {
		if p, _ := transfer.Lookup(path); !p.Serves {
			return "the broker's fetch path does not use it"
		}
		return ""
	}}
}

func openMeasured(t *testing.T) transfertest.Env {
	fd, s := blockingPair(t)
	k, err := host.NewMeasured(fd, trace.NewCounter(0, trace.Measured, nil), host.MeasuredOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.End)
	return &realEnv{kernel: k, sink: s, lacks: func(path string) string {
		_, why := host.Available(path)
		return why
	}}
}

// blockingPair is a connection whose sender's end is a blocking descriptor.
func blockingPair(t testing.TB) (fd int, s *sink) {
	t.Helper()
	send, recv := tcpPair(t)
	fd = blocking(t, send)
	return fd, newSink(recv, func() error { return unix.Shutdown(fd, unix.SHUT_WR) })
}

func blocking(t testing.TB, c *net.TCPConn) (fd int) {
	t.Helper()
	socket, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	fd = int(socket.Fd())
	if err := unix.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
	return fd
}

// sink is a receiver, which always reads.
type sink struct {
	recv   *net.TCPConn
	finish func() error // ends the stream at the sender

	over   chan struct{} // closed when the receiver has seen the end
	mu     sync.Mutex
	more   *sync.Cond
	unpack func(io.Reader) io.Reader
	got    []byte
	end    bool
}

func newSink(recv *net.TCPConn, finish func() error) *sink {
	s := &sink{recv: recv, finish: finish, over: make(chan struct{})}
	s.more = sync.NewCond(&s.mu)
	go s.receive()
	return s
}

func (s *sink) receive() {
	defer close(s.over)
	buf := make([]byte, 64<<10)
	n, err := s.recv.Read(buf) // by then it is known what comes
	s.mu.Lock()
	stream := io.Reader(s.recv)
	if s.unpack != nil && err == nil {
		stream, n = s.unpack(io.MultiReader(bytes.NewReader(slices.Clone(buf[:n])), s.recv)), 0
	}
	s.mu.Unlock()
	for {
		s.mu.Lock()
		s.got = append(s.got, buf[:n]...)
		s.end = err != nil
		s.more.Broadcast()
		s.mu.Unlock()
		if err != nil {
			io.Copy(io.Discard, s.recv)
			return
		}
		n, err = stream.Read(buf)
	}
}

// arrived waits for the next bytes and wants them to be these.
func (s *sink) arrived(t testing.TB, want []byte) {
	t.Helper()
	watchdog := time.AfterFunc(20*time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.end = true
		s.more.Broadcast()
	})
	defer watchdog.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.got) < len(want) && !s.end {
		s.more.Wait()
	}
	if len(s.got) < len(want) {
		t.Fatalf("%d bytes arrived, want %d", len(s.got), len(want))
	}
	if !bytes.Equal(s.got[:len(want)], want) {
		t.Fatalf("the next %d bytes are not the file's", len(want))
	}
	s.got = s.got[len(want):]
}

func (s *sink) ended(t testing.TB) {
	t.Helper()
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.over:
	case <-time.After(20 * time.Second):
		t.Fatal("the receiver did not see the end")
	}
	if len(s.got) > 0 {
		t.Fatalf("%d bytes more arrived than were sent", len(s.got))
	}
}

func (e *realEnv) Kernel() transfer.Kernel  { return e.kernel }
func (e *realEnv) Socket() transfer.FD      { return e.kernel.Socket() }
func (e *realEnv) Lacks(path string) string { return e.lacks(path) }

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
	e.sink.arrived(t, e.content[from:from+n])
}

func (e *realEnv) Ended(t testing.TB) {
	t.Helper()
	e.sink.ended(t)
	if e.second != nil {
		e.second.ended(t)
	}
}

func (e *realEnv) CloseReceiver(t testing.TB) {
	e.sink.recv.SetLinger(0)
	e.sink.recv.Close()
	<-e.sink.over // the descriptor is closed when nobody reads from it any more
}

// Second makes the other connection when it is asked for first.
func (e *realEnv) Second(t testing.TB) transfer.FD {
	t.Helper()
	if e.second == nil {
		var fd int
		fd, e.second = blockingPair(t)
		e.lent = e.kernel.(*host.Measured).Lend(fd)
	}
	return e.lent
}

func (e *realEnv) ArrivedSecond(t testing.TB, from, n int64) {
	t.Helper()
	e.second.arrived(t, e.content[from:from+n])
}

func (e *realEnv) Feed(t testing.TB, from, n int64) transfer.FD {
	t.Helper()
	e.File(t, from+n)
	b := e.content[from:]
	peer, own := tcpPair(t)
	fd := blocking(t, own)
	const atOnce = 16 << 10
	first := b[:min(len(b), atOnce)]
	if _, err := peer.Write(first); err != nil {
		t.Fatal(err)
	}
	go func() {
		peer.Write(b[len(first):])
		peer.CloseWrite()
	}()
	for deadline := time.Now().Add(10 * time.Second); ; {
		queued, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%d of %d bytes can be read, %v", queued, len(first), err)
		}
		if queued >= len(first) {
			return e.kernel.(*host.Measured).Lend(fd)
		}
	}
}

func (e *realEnv) Reshaped(_ testing.TB, path string) {
	unpack := func(r io.Reader) io.Reader { return &members{r: bufio.NewReader(r)} }
	if path != "compress" {
		unpack = e.kernel.(*host.Measured).Opener()
	}
	e.sink.mu.Lock()
	defer e.sink.mu.Unlock()
	if e.sink.unpack == nil {
		e.sink.unpack = unpack
	}
}

// members reads gzip members, each as soon as it is whole: it is not the
// decompressor that the measured runs use.
type members struct {
	r    *bufio.Reader
	rest []byte
}

func (m *members) Read(b []byte) (int, error) {
	for len(m.rest) == 0 {
		z, err := gzip.NewReader(m.r)
		if err != nil {
			return 0, err
		}
		z.Multistream(false)
		if m.rest, err = io.ReadAll(z); err != nil {
			return 0, err
		}
	}
	n := copy(b, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

var _ interface {
	transfertest.Limits
	transfertest.Feeding
	transfertest.FanningOut
	transfertest.Reshaping
} = (*realEnv)(nil)
