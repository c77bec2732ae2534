package host

import (
	"errors"
	"io"
	"sync"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
)

const (
	// readerBuffer is how much the reader asks for: a good deal more than a
	// segment, and it fits into the processor's second-level cache.
	readerBuffer = 256 << 10
	// maxReceipts bounds the reader's records; beyond, records grow together.
	maxReceipts = 1 << 15
)

// reader drains a connection on a thread of its own, makes the file's bytes of
// what arrives, if it is something else, and hashes them.
type reader struct {
	socket int
	unpack func(io.Reader) io.Reader
	start  time.Time
	done   chan struct{}

	// Final once done is closed. received counts the file's bytes.
	received int64
	arrived  int64 // what came over the connection, which may be something else
	hash     uint64
	last     trace.Ns // when the last byte had arrived
	cpu      trace.Ns
	err      error

	mu       sync.Mutex
	receipts []receipt
}

// receipt is one read(2) that returned bytes.
type receipt struct {
	end   trace.Ns
	bytes int64
}

// readAll begins to read the receiver's socket until its end. unpack makes the
// file's bytes of the stream's; nil, if they are the same.
func readAll(socket int, start time.Time, unpack func(io.Reader) io.Reader) *reader {
	r := &reader{socket: socket, unpack: unpack, start: start, done: make(chan struct{}), receipts: make([]receipt, 0, maxReceipts)}
	go func() {
		defer close(r.done)
		unlock, err := lockThread()
		if err != nil {
			r.err = err
			return
		}
		defer unlock()
		r.drain()
	}()
	return r
}

func (r *reader) drain() {
	began := threadCPU()
	buf := make([]byte, readerBuffer)
	hash := xxhash.New()
	var stream io.Reader = r
	if r.unpack != nil {
		stream = r.unpack(r)
	}
	for {
		n, err := stream.Read(buf)
		r.received += int64(n)
		hash.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			r.err = err
			_, _ = io.CopyBuffer(io.Discard, readerOnly{r}, buf) // the sender must not block
			break
		}
	}
	r.hash = hash.Sum64()
	r.cpu = threadCPU() - began
}

// readerOnly hides what else a reader can do from [io.CopyBuffer].
type readerOnly struct{ io.Reader }

// Read is one read(2) of the socket.
func (r *reader) Read(b []byte) (int, error) {
	for {
		n, err := unix.Read(r.socket, b)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		}
		r.arrived += int64(n)
		r.last = trace.Ns(time.Since(r.start))
		r.note(receipt{r.last, int64(n)})
		return n, nil
	}
}

func (r *reader) note(c receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.receipts) == cap(r.receipts) {
		last := &r.receipts[len(r.receipts)-1]
		last.end, last.bytes = c.end, last.bytes+c.bytes
		return
	}
	r.receipts = append(r.receipts, c)
}

// events are the receiver's copies that were done by until and were not told
// yet. The rule: a read(2) that returned n bytes copied n bytes. When the call
// began there may have been nothing to copy yet, so the copy stands at its end.
func (r *reader) events(until trace.Ns) []trace.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []trace.Event
	rest := r.receipts[:0]
	for _, c := range r.receipts {
		if c.end > until {
			rest = append(rest, c)
			continue
		}
		out = append(out, trace.Event{At: c.end, Endpoint: trace.Receiver, Phase: trace.Transfer,
			Kind: trace.CPUCopy, Actor: trace.KernelCode, From: trace.SocketBuffer, To: trace.UserBuffer,
			Bytes: c.bytes, Detail: "receive", Provenance: trace.Derived})
	}
	r.receipts = rest
	return out
}
