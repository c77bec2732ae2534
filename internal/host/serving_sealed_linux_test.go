package host_test

import (
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// masked is a layer that seals in its way: each byte becomes another, and a
// byte is added to every write.
type masked struct{ net.Conn }

func (m masked) Write(b []byte) (int, error) {
	out := make([]byte, len(b)+1)
	for i, c := range b {
		out[i] = c ^ 0x55
	}
	if n, err := m.Conn.Write(out); err != nil {
		return min(n, len(b)), err
	}
	return len(b), nil
}

func TestServingSealedCountsTheCallsBeneathTheLayer(t *testing.T) {
	const size, chunk = 3 << 20, 64 << 10
	f, want := randomFile(t, size)
	send, recv := tcpPair(t)
	send.SetWriteBuffer(64 << 10)
	recv.SetReadBuffer(64 << 10)
	beneath, err := host.NewBeneath(send)
	if err != nil {
		t.Fatal(err)
	}
	s := host.NewServingSealed(masked{beneath}, beneath)
	got := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(recv)
		got <- b
	}()
	if _, err := beneath.Write([]byte("before")); err != nil { // not the transfer's
		t.Fatal(err)
	}
	s.Reset()
	p, _ := transfer.Lookup("read-write")
	n, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: size, Chunk: chunk})
	if err != nil || n != size {
		t.Fatalf("sent %d of %d: %v", n, size, err)
	}
	sum := s.Summary()
	send.CloseWrite()
	b := (<-got)[len("before"):]
	if len(b) != size+size/chunk {
		t.Fatalf("the receiver got %d bytes, want %d", len(b), size+size/chunk)
	}
	for at := range size {
		if piece := at / chunk; b[at+piece]^0x55 != want[at] {
			t.Fatalf("byte %d is another", at)
		}
	}
	if sum.Bytes != int64(len(b)) || sum.SyscallsByName["pread64"] != size/chunk || sum.SyscallsByName["write"] < size/chunk {
		t.Errorf("the summary tells %d bytes and %v", sum.Bytes, sum.SyscallsByName)
	}
	s.Reset()
	if again := s.Summary(); again.Bytes != 0 || len(again.SyscallsByName) != 0 {
		t.Errorf("after Reset the summary still tells %+v", again)
	}
}

func TestServingSealedEndsAtTheWriteDeadlineAndHasNoOtherPath(t *testing.T) {
	f, _ := randomFile(t, 8<<20)
	send, _ := tcpPair(t) // nobody reads
	send.SetWriteBuffer(64 << 10)
	beneath, err := host.NewBeneath(send)
	if err != nil {
		t.Fatal(err)
	}
	s := host.NewServingSealed(masked{beneath}, beneath)
	for _, p := range serving() {
		send.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		want := syscall.ENOSYS
		if p.Path == "read-write" {
			want = syscall.ETIMEDOUT
		}
		s.Reset()
		if _, err := p.Send(s, transfer.Job{In: s.File(f), Out: s.Socket(), Bytes: 8 << 20, Chunk: 1 << 20}); !errors.Is(err, want) {
			t.Errorf("%s ends with %v, want %v", p.Path, err, want)
		}
	}
}
