// Package proxy stands between a broker and its clients as a network that fails:
// it is slow, it stalls, it cuts connections in the middle of a frame or of one
// direction alone, it brings bytes one by one, and it brings requests twice.
package proxy

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy forwards connections to a broker.
type Proxy struct {
	listener net.Listener
	to       string
	working  sync.WaitGroup

	// Rewrite, which may be nil, changes a client's frame, without its length. It is
	// set before the first connection.
	Rewrite func(frame []byte) []byte

	mu    sync.Mutex
	dice  *rand.Rand
	bad   float64 // the part of connections that meet something
	conns map[*connection]struct{}
	calls map[string]int
	ended bool

	held atomic.Int64 // until then, in ns since 1970, no answer passes
}

// The ways in which a connection fails, as [Proxy.Met] counts them.
const (
	Slow      = "slow"
	Dribbled  = "dribbled"
	Stalled   = "stalled"
	Reset     = "reset"
	HalfClose = "half-closed"
	Twice     = "request twice"
)

// New forwards from a free port to the address.
func New(to string, seed uint64) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, to: to, dice: rand.New(rand.NewPCG(seed, 7)), conns: map[*connection]struct{}{}, calls: map[string]int{}}
	p.working.Go(p.accept)
	return p, nil
}

// Address is where clients connect.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Fail makes that part of the connections that come from now on meet something, 0
// none.
func (p *Proxy) Fail(part float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad = part
}

// HoldAnswers lets nothing of the broker's pass for so long.
func (p *Proxy) HoldAnswers(d time.Duration) { p.held.Store(time.Now().Add(d).UnixNano()) }

// ResetAll cuts all connections.
func (p *Proxy) ResetAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.reset()
	}
}

// Met is how often each way of failing was met.
func (p *Proxy) Met() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	met := map[string]int{}
	for k, v := range p.calls {
		met[k] = v
	}
	return met
}

func (p *Proxy) met(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls[what]++
}

// Close ends all.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.mu.Lock()
	p.ended = true // nor does the one last, that is being accepted
	p.mu.Unlock()
	p.ResetAll()
	p.working.Wait()
	return err
}

// fate is what a connection meets, drawn when it is made.
type fate struct {
	what  string
	after int64         // bytes, of the client's or of the broker's
	by    bool          // the broker's
	pause time.Duration // of each piece, or the stall
}

// draw draws a fate. Bytes are few enough that connections meet it within seconds.
func (p *Proxy) draw() fate {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dice.Float64() >= p.bad {
		return fate{}
	}
	all := []string{Slow, Dribbled, Stalled, Reset, HalfClose, Twice}
	f := fate{what: all[p.dice.IntN(len(all))], after: p.dice.Int64N(20_000), by: p.dice.IntN(2) == 0}
	switch f.what {
	case Slow:
		f.pause = time.Duration(1+p.dice.Int64N(30)) * time.Millisecond
	case Dribbled:
		f.pause = time.Duration(p.dice.Int64N(200)) * time.Microsecond
	case Stalled:
		f.pause = time.Duration(100+p.dice.Int64N(4000)) * time.Millisecond
	}
	return f
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		broker, err := net.DialTimeout("tcp", p.to, 2*time.Second)
		if err != nil { // it is down
			client.Close()
			continue
		}
		c := &connection{of: p, client: client.(*net.TCPConn), broker: broker.(*net.TCPConn), fate: p.draw(), ended: make(chan struct{})}
		p.mu.Lock()
		if p.conns[c] = struct{}{}; p.ended {
			c.reset()
		}
		p.mu.Unlock()
		p.working.Go(c.serve)
	}
}

// connection is a client's, and its other half to the broker.
type connection struct {
	of             *Proxy
	client, broker *net.TCPConn
	fate           fate
	again          *net.TCPConn // what comes twice goes there, too
	once           sync.Once
	ended          chan struct{}
}

// reset ends both halves with RST, so that what is under way is gone.
func (c *connection) reset() {
	c.once.Do(func() { close(c.ended) })
	c.client.SetLinger(0)
	c.broker.SetLinger(0)
	c.client.Close()
	c.broker.Close()
}

func (c *connection) serve() {
	var both sync.WaitGroup
	both.Go(func() { c.requests() })
	both.Go(func() { c.pump(c.client, c.broker, true) })
	both.Wait()
	c.reset()
	if c.again != nil {
		c.again.Close()
	}
	c.of.mu.Lock()
	delete(c.of.conns, c)
	c.of.mu.Unlock()
}

// requests forwards what the client sends: by frames, where they are looked at.
func (c *connection) requests() {
	if c.of.Rewrite == nil && c.fate.what != Twice {
		c.pump(c.broker, c.client, false)
		return
	}
	defer c.reset()
	if c.fate.what == Twice {
		if again, err := net.DialTimeout("tcp", c.of.to, 2*time.Second); err == nil {
			c.again = again.(*net.TCPConn)
			go io.Copy(io.Discard, c.again) // ends when it is closed
		}
	}
	for seen := int64(0); ; {
		frame, err := readFrame(c.client)
		if err != nil {
			return
		}
		if c.of.Rewrite != nil {
			frame = c.of.Rewrite(frame)
		}
		seen += int64(len(frame))
		whole := append(binary.BigEndian.AppendUint32(nil, uint32(len(frame))), frame...)
		// Only what is produced comes twice: a commit of a group that came again
		// later would be the network's doing.
		if c.again != nil && seen > c.fate.after && binary.BigEndian.Uint16(frame) == 0 {
			c.of.met(Twice)
			c.again.Write(whole)
			c.fate.after = seen + 1000
		}
		if _, err := c.broker.Write(whole); err != nil {
			return
		}
	}
}

// mostFrame bounds a frame that is looked at.
const mostFrame = 64 << 20

func readFrame(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 8 || n > mostFrame {
		return nil, io.ErrUnexpectedEOF
	}
	frame := make([]byte, n)
	_, err := io.ReadFull(from, frame)
	return frame, err
}

// pump forwards bytes until one side ends, or fate comes.
func (c *connection) pump(to, from *net.TCPConn, answers bool) {
	buffer := make([]byte, 16<<10)
	met := false
	for seen := int64(0); ; {
		n, err := from.Read(buffer)
		if answers {
			c.wait(time.Until(time.Unix(0, c.of.held.Load())))
		}
		b := buffer[:n]
		if n > 0 && c.fate.by == answers && c.fate.what != "" && c.fate.what != Twice {
			before := max(0, min(int64(n), c.fate.after-seen))
			seen += int64(n)
			if before < int64(n) {
				if !met {
					c.of.met(c.fate.what)
				}
				met = true
				if _, failed := to.Write(b[:before]); failed != nil || c.meet(to, from) {
					return
				}
				b = b[before:]
			}
		}
		if failed := c.write(to, b, met); failed != nil || err != nil {
			if err == io.EOF && failed == nil {
				to.CloseWrite() // the other direction may go on
			} else {
				c.reset()
			}
			return
		}
	}
}

// meet is when fate comes; it is true if this direction ends with it.
func (c *connection) meet(to, from *net.TCPConn) (ends bool) {
	switch c.fate.what {
	case Reset:
		c.reset()
		return true
	case HalfClose:
		to.CloseWrite()
		io.Copy(io.Discard, from) // until it is given up
		return true
	case Stalled:
		c.wait(c.fate.pause)
		c.fate.after += 1 << 40 // once
	}
	return false
}

func (c *connection) write(to *net.TCPConn, b []byte, met bool) error {
	piece := len(b)
	if met && c.fate.what == Dribbled {
		piece = 7
	}
	for len(b) > 0 {
		n := min(piece, len(b))
		if _, err := to.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
		if met && (c.fate.what == Slow || c.fate.what == Dribbled) {
			c.wait(c.fate.pause)
		}
	}
	return nil
}

func (c *connection) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-c.ended:
	case <-time.After(d):
	}
}
