package host_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// randomFile makes a file of n pseudo-random bytes.
func randomFile(t testing.TB, n int) (*os.File, []byte) {
	t.Helper()
	b := make([]byte, n)
	chacha := rand.NewChaCha8([32]byte{1})
	chacha.Read(b)
	f, err := os.Create(filepath.Join(t.TempDir(), "source"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(b); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f, b
}

// serving are the programs that a broker serves with.
func serving() (out []transfer.Program) {
	for _, p := range transfer.Programs() {
		if p.Serves {
			out = append(out, p)
		}
	}
	return out
}

// tcpPair is a sender and a receiver joined over loopback.
func tcpPair(t testing.TB) (send, recv *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a.(*net.TCPConn), b.(*net.TCPConn)
}

func TestServingSendsEveryByteToASlowReader(t *testing.T) {
	const size = 3<<20 + 123
	f, want := randomFile(t, size)
	for _, p := range serving() {
		t.Run(p.Path, func(t *testing.T) {
			send, recv := tcpPair(t)
			send.SetWriteBuffer(64 << 10)
			recv.SetReadBuffer(64 << 10)
			s, err := host.NewServing(send)
			if err != nil {
				t.Fatal(err)
			}
			got := make(chan []byte)
			go func() {
				time.Sleep(20 * time.Millisecond) // lets the socket buffer fill
				b, _ := io.ReadAll(recv)
				got <- b
			}()
			const from = 4099 // not on a page
			n, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Offset: from, Bytes: size - from, Chunk: 128 << 10})
			if err != nil || n != size-from {
				t.Fatalf("sent %d of %d: %v", n, size-from, err)
			}
			send.CloseWrite()
			if b := <-got; sha256.Sum256(b) != sha256.Sum256(want[from:]) {
				t.Fatalf("the receiver got %d bytes, not the %d of the file", len(b), size-from)
			}
			sum := s.Summary()
			if sum.Bytes != size-from {
				t.Errorf("summary tells %d bytes, want %d", sum.Bytes, size-from)
			}
			if sum.SyscallsByName["poll"] == 0 {
				t.Error("the sender never waited: the reader was not slow, the test shows nothing")
			}
			t.Log(p.Path, sum.SyscallsByName)
			s.Reset()
			if again := s.Summary(); again.Bytes != 0 || len(again.SyscallsByName) != 0 {
				t.Errorf("after Reset the summary still tells %+v", again)
			}
		})
	}
}

func TestServingWaitEndsAtTheWriteDeadline(t *testing.T) {
	f, _ := randomFile(t, 8<<20)
	for _, p := range serving() {
		t.Run(p.Path, func(t *testing.T) {
			send, _ := tcpPair(t) // nobody reads
			send.SetWriteBuffer(64 << 10)
			s, _ := host.NewServing(send)
			send.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			began := time.Now()
			n, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 8 << 20, Chunk: 64 << 10})
			if !errors.Is(err, syscall.ETIMEDOUT) {
				t.Fatalf("sent %d, error %v; want ETIMEDOUT", n, err)
			}
			if d := time.Since(began); d > 2*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func TestServingMeetsAClosedReceiver(t *testing.T) {
	f, _ := randomFile(t, 8<<20)
	for _, p := range serving() {
		t.Run(p.Path, func(t *testing.T) {
			send, recv := tcpPair(t)
			s, _ := host.NewServing(send)
			go func() {
				io.ReadFull(recv, make([]byte, 1000))
				recv.SetLinger(0)
				recv.Close()
			}()
			n, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 8 << 20, Chunk: 64 << 10})
			if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
				t.Fatalf("sent %d, error %v; want EPIPE or ECONNRESET", n, err)
			}
		})
	}
}

// A transfer that breaks off leaves bytes in its pipe; they must not reach the
// next connection.
func TestServingNeverReusesAPipeWithBytesInIt(t *testing.T) {
	f, want := randomFile(t, 1<<20)
	p, _ := transfer.Lookup("splice")
	for range 20 {
		send, _ := tcpPair(t)
		s, _ := host.NewServing(send)
		send.SetWriteDeadline(time.Now().Add(20 * time.Millisecond))
		big := transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 1 << 20, Chunk: 64 << 10}
		for {
			if _, err := p.Send(s, big); err != nil {
				break
			}
		}

		send, recv := tcpPair(t)
		s, _ = host.NewServing(send)
		if _, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 1000, Chunk: 64 << 10}); err != nil {
			t.Fatal(err)
		}
		send.CloseWrite()
		if got, _ := io.ReadAll(recv); !bytes.Equal(got, want[:1000]) {
			t.Fatal("the receiver got bytes of another transfer")
		}
	}
}

func TestServingMappingThatLostItsFileIsEFAULT(t *testing.T) {
	f, _ := randomFile(t, 1<<20)
	send, recv := tcpPair(t)
	go io.Copy(io.Discard, recv)
	s, _ := host.NewServing(send)
	m, err := s.Mmap("mmap", s.File(f), 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Munmap("munmap", m)
	if err := s.Touch("touch", m); err != nil {
		t.Fatal("touch of the whole file:", err)
	}
	f.Truncate(4096)
	if err := s.Touch("touch", m); !errors.Is(err, syscall.EFAULT) {
		t.Errorf("touch: %v, want EFAULT", err)
	}
	if _, err := s.Write("write", s.Socket(), m.Slice(8192, 4096)); !errors.Is(err, syscall.EFAULT) {
		t.Errorf("write: %v, want EFAULT", err)
	}
}
