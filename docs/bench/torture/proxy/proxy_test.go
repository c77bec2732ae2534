package proxy_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"copyscope/docs/bench/torture/proxy"
)

// echo answers each connection with what it sends, and counts connections.
func echo(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	return l.Addr().String()
}

// frames are so many of a request with the key.
func frames(key uint16, n int) []byte {
	var all []byte
	for range n {
		frame := make([]byte, 100)
		binary.BigEndian.PutUint16(frame, key)
		all = append(binary.BigEndian.AppendUint32(all, uint32(len(frame))), frame...)
	}
	return all
}

// talk sends the bytes, and gives what comes back until it is as much or ends.
func talk(t *testing.T, address string, sent []byte, within time.Duration) []byte {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(within))
	go conn.Write(sent)
	back := make([]byte, len(sent))
	n, _ := io.ReadFull(conn, back)
	return back[:n]
}

// Without faults all passes, nothing is met, and a frame is what Rewrite makes of it.
func TestPasses(t *testing.T) {
	for _, rewritten := range []bool{false, true} {
		p, err := proxy.New(echo(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		sent := frames(7, 500)
		want := sent
		if rewritten {
			p.Rewrite = func(frame []byte) []byte { frame[1] = 9; return frame }
			want = frames(9, 500)
		}
		if got := talk(t, p.Address(), sent, time.Minute); !bytes.Equal(got, want) {
			t.Errorf("rewritten: %t; %d of %d bytes came back, the same: false", rewritten, len(got), len(want))
		}
		if met := p.Met(); len(met) > 0 {
			t.Errorf("rewritten: %t; the connection met %v", rewritten, met)
		}
	}
}

// Each way of failing is met, and what passes is a beginning of what was sent.
func TestEachFaultIsMet(t *testing.T) {
	p, err := proxy.New(echo(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Fail(1)
	sent := frames(0, 400)
	for end := time.Now().Add(time.Minute); len(p.Met()) < 6; {
		if time.Now().After(end) {
			t.Fatalf("of six ways to fail these were met: %v", p.Met())
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if got := talk(t, p.Address(), sent, 2*time.Second); !bytes.HasPrefix(sent, got) {
					t.Errorf("%d bytes came back that are not what was sent", len(got))
				}
			})
		}
		all.Wait()
	}
}
