package host_test

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/host"
	"copyscope/internal/trace"
)

// pair is a TCP connection over loopback, both ends.
func pair(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	return here, there
}

// resent is how many bytes the kernel sent again on a connection.
func resent(t *testing.T, c net.Conn) float64 {
	t.Helper()
	control, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var info *unix.TCPInfo
	if gone := control.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) }); gone != nil || err != nil {
		t.Fatal(gone, err)
	}
	return float64(info.Bytes_retrans)
}

// What the kernel says of a connection is what the test did with it.
func TestSamplerAsksTheKernelAboutConnections(t *testing.T) {
	p := newProc(t, "6.1")
	busy, busyPeer := pair(t)
	quiet, _ := pair(t)
	open := []net.Conn{quiet, busy}
	p.s.Follow(func() []net.Conn { return open })
	take := func() host.Sample {
		t.Helper()
		p.now = p.now.Add(2 * time.Second)
		s, err := p.s.Sample()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := take()
	if len(first.Connections) != 2 || first.Unfollowed != 0 {
		t.Fatalf("%d connections and %d more, want 2", len(first.Connections), first.Unfollowed)
	}
	const sent = 1 << 20
	go busy.Write(make([]byte, sent))
	if _, err := io.CopyN(io.Discard, busyPeer, sent); err != nil {
		t.Fatal(err)
	}
	s := take()
	c := s.Connections[0] // the busiest
	if c.Peer != busyPeer.LocalAddr().String() || c.Congestion == "" {
		t.Errorf("the busiest connection is %+v, want that to %v", c, busyPeer.LocalAddr())
	}
	figures := map[string]host.Figure{}
	for _, f := range c.Figures {
		figures[f.Name] = f
		if f.Value == nil || f.Provenance != trace.Measured {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	again := resent(t, busy) // on a busy machine a few are, and they count as sent
	if f := figures["sent"]; f.Value == nil || *f.Value != (sent+again)/2 {
		t.Errorf("sent %+v in 2 s, want %d and %g again", f, sent, again)
	}
	if f := figures["rtt"]; f.Value == nil || *f.Value <= 0 || *f.Value > 1 {
		t.Errorf("rtt %+v, want some µs", f)
	}
	if f := figures["cwnd"]; f.Value == nil || *f.Value < 1 {
		t.Errorf("cwnd %+v, want at least a segment", f)
	}
	all := map[string]host.Figure{}
	for _, f := range s.Figures {
		all[f.Name] = f
	}
	p.want(all, map[string]float64{"connection_count": 2, "connection_sent": (sent + again) / 2, "connection_retransmitted": again / 2})

	// One that comes is counted from its beginning, one that goes leaves no trace.
	young, _ := pair(t)
	if _, err := young.Write(make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	id := c.ID
	open = []net.Conn{quiet, young}
	s = take()
	for _, f := range s.Figures {
		all[f.Name] = f
	}
	p.want(all, map[string]float64{"connection_count": 2, "connection_sent": 500 + resent(t, young)/2})
	for _, c := range s.Connections {
		if c.ID == id {
			t.Errorf("a connection that went is shown: %+v", c)
		}
		if rate := c.Figures[0]; c.Peer == young.RemoteAddr().String() && (rate.Value != nil || !strings.Contains(rate.Reason, "needs two")) {
			t.Errorf("a rate of one sample: %+v", rate)
		}
	}
}

// Bytes that wait are seen as not sent and as memory of the socket.
func TestSamplerSeesWhatWaitsInASocket(t *testing.T) {
	p := newProc(t, "6.1")
	here, _ := pair(t)
	here.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	for { // until the reader, who does not read, has no room
		if _, err := here.Write(make([]byte, 1<<20)); err != nil {
			break
		}
	}
	p.s.Follow(func() []net.Conn { return []net.Conn{here} })
	s, err := p.s.Sample()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range s.Connections[0].Figures {
		if waits := f.Name == "notsent" || f.Name == "queued"; waits && (f.Value == nil || *f.Value < 64<<10) {
			t.Errorf("%s: %v, %s; want what did not fit", f.Name, f.Value, f.Reason)
		}
	}
}

// Of very many connections some are asked, always the same, and the sample says
// how many are not shown.
func TestSamplerBoundsTheConnections(t *testing.T) {
	p := newProc(t, "6.1")
	var open []net.Conn
	for range 150 {
		here, there := pair(t)
		open = append(open, here, there)
	}
	p.s.Follow(func() []net.Conn { return open })
	for i := range 2 {
		p.now = p.now.Add(time.Second)
		s, err := p.s.Sample()
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.Connections); n == 0 || n+s.Unfollowed != len(open) {
			t.Errorf("%d connections and %d more, want %d", n, s.Unfollowed, len(open))
		}
		for _, c := range s.Connections {
			if i == 1 && c.Figures[0].Value == nil {
				t.Errorf("connection %d was not asked before: %s", c.ID, c.Figures[0].Reason)
			}
		}
		slices.Reverse(open)
	}
	for _, c := range open {
		c.Close()
	}
	p.now = p.now.Add(time.Second)
	if s, err := p.s.Sample(); err != nil || len(s.Connections) != 0 {
		t.Errorf("closed connections: %d, %v", len(s.Connections), err)
	}
}
