package web_test

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// balancer leads each connection to the next of its servers that takes it.
type balancer struct {
	base string
	mu   sync.Mutex
	to   []string
	next int
}

// lead has the connections from now on go to these servers.
func (b *balancer) lead(replicas ...*replica) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = nil
	for _, r := range replicas {
		b.to = append(b.to, r.addr)
	}
}

func balance(t *testing.T, replicas ...*replica) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{base: "http://" + listener.Addr().String()}
	b.lead(replicas...)
	var lines sync.WaitGroup
	t.Cleanup(func() { listener.Close(); lines.Wait() })
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	lines.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			lines.Go(func() { b.join(ctx, near) })
		}
	})
	return b
}

// join joins a connection with one to a server.
func (b *balancer) join(ctx context.Context, near net.Conn) {
	defer near.Close()
	var far net.Conn
	for range 6 {
		b.mu.Lock()
		to := b.to[b.next%len(b.to)]
		b.next++
		b.mu.Unlock()
		var err error
		if far, err = net.DialTimeout("tcp", to, time.Second); err == nil {
			break
		}
	}
	if far == nil {
		return
	}
	defer far.Close()
	ended := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			io.Copy(pair[0], pair[1])
			ended <- struct{}{}
		}()
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
