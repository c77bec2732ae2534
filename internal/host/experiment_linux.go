package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Run makes the experiment: one program sends one file, over loopback or the
// lab network, to a reader that hashes what it gets. When the transfer fails, the outcome tells
// how far it came.
func Run(ctx context.Context, o Options) (*Outcome, error) {
	return experiment(ctx, o, func(e *stage) (int64, error) {
		rec := o.Recorder
		if rec == nil {
			rec = trace.NewCounter(o.Size, trace.Measured, nil)
		}
		if err := rehearse(ctx, o); err != nil {
			return 0, err
		}
		m, err := NewMeasured(e.wires.socket(), rec, measuredOptions(o))
		if err != nil {
			return 0, err
		}
		defer func() {
			m.End() // makes the events, the tracer's too
			e.tracer.close()
		}()
		job := transfer.Job{In: m.File(e.file), Bytes: o.Size, Chunk: int(o.Chunk), UsePosition: true, Touch: o.Touch, ZeroCopy: o.ZeroCopy}
		e.wires.connect(m, &job)
		var k transfer.Kernel = m
		if o.Program.Sinks == 0 {
			k = &keeper{Measured: m, ctx: ctx, stage: e, hash: xxhash.New()}
		}
		if o.Fault != nil {
			k = o.Fault(k)
		}
		m.witness.flattens = o.Net != nil && !o.Net.SG()
		var stop func()
		end := func() {}
		m.witness.apart(func() {
			if err = e.trace(o, m.witness); err != nil {
				return
			}
			if !o.Cold { // setting up the trace took a while
				if err = e.warm(o); err != nil {
					return
				}
				e.tracer.forget()
			}
			if o.Beside != nil {
				if end, err = o.Beside(unix.Gettid()); err != nil {
					return
				}
			}
			stop = e.begin(unpack(o.Program, m))
			m.witness.start, m.witness.others = e.start, e.receipts
		})
		if err != nil {
			return 0, err
		}
		sent, err := o.Program.Send(k, job)
		stop()
		m.witness.settle()
		end()
		e.finish() // before End, so that no copy of the receiver's is missed
		for i, r := range e.readers {
			e.tracer.arrived(i, r.arrived)
		}
		if failed := e.tracer.end(); err == nil && failed != nil {
			err = fmt.Errorf("the kernel's tracepoints: %w", failed)
		}
		e.tell(m.witness)
		return sent, err
	})
}

func measuredOptions(o Options) MeasuredOptions {
	m := MeasuredOptions{Calls: expectedCalls(o), Disk: o.Cold, Progress: o.Progress, Size: o.Size,
		ByRead: o.Program.Sinks == 0 || o.Program.Reshapes && o.Program.UserMemory}
	if o.Program.Source == transfer.FromSocket {
		m.Endpoint = trace.Relay
	}
	return m
}

// keeper is the kernel of a program that keeps what it reads: it takes the place
// of the receiver and hashes the bytes where they are, while the run's clock
// stands still.
type keeper struct {
	*Measured
	ctx   context.Context // there is no connection whose end would stop the run
	stage *stage
	hash  *xxhash.Digest
}

func (k *keeper) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	if k.ctx.Err() != nil {
		return 0, syscall.ECANCELED
	}
	n, err := k.Measured.Read(l, in, dst, off)
	k.witness.outside(func() {
		if b, bad := k.mem.bytes(dst); bad == nil {
			k.hash.Write(b[:n])
		}
		k.stage.out.Received += int64(n)
		k.stage.out.ReceivedHash = k.hash.Sum64()
	})
	return n, err
}

// rehearse sends one page the same way, on the same thread, to connections of
// its own. The first run of a process would otherwise count the faults by which
// the program's own code and stack come into memory as the transfer's.
func rehearse(ctx context.Context, o Options) error {
	n := min(o.Size, int64(os.Getpagesize()))
	src, err := NewSource(ctx, o.Dir, n)
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := openWires(o.Program, o.Net)
	if err != nil {
		return err
	}
	defer w.close()
	defer context.AfterFunc(ctx, w.abort)()
	if w.feed != nil {
		if err := feed(w.feed.send, int(src.file.Fd()), n); err != nil {
			return err
		}
	}
	m, err := NewMeasured(w.socket(), trace.NewCounter(n, trace.Measured, nil), MeasuredOptions{})
	if err != nil {
		return err
	}
	defer m.End()
	job := transfer.Job{In: m.File(src.file), Bytes: n, Chunk: int(n), Touch: o.Touch, ZeroCopy: o.ZeroCopy}
	w.connect(m, &job)
	_, err = o.Program.Send(m, job)
	return err
}

// expectedCalls is about how many calls a run makes: as many per chunk as the
// program has lines.
func expectedCalls(o Options) int64 {
	return int64(max(len(o.Program.Listing), 2)) * ((o.Size + o.Chunk - 1) / o.Chunk)
}

// BareSendfile is what [Run] is held against: sendfile(2) in a loop, without
// kernel interface and witness, everything else the same.
func BareSendfile(ctx context.Context, o Options) (*Outcome, error) {
	return experiment(ctx, o, func(e *stage) (sent int64, err error) {
		unlock, err := lockThread()
		if err != nil {
			return 0, err
		}
		defer unlock()
		defer e.begin(nil)()
		in := int(e.file.Fd())
		for sent < o.Size {
			n, err := unix.Sendfile(e.wires.socket(), in, nil, int(min(o.Chunk, o.Size-sent)))
			switch {
			case errors.Is(err, unix.EINTR):
			case err != nil:
				return sent, os.NewSyscallError("sendfile", err)
			case n == 0:
				return sent, transfer.ErrShrunk
			default:
				sent += int64(n)
			}
		}
		return sent, nil
	})
}

// stage is everything that a run needs beside its sender.
type stage struct {
	file    *os.File
	size    int64
	wires   *wires
	readers []*reader
	fed     chan error   // the feeding peer's end
	tracer  *tracer      // or nil
	evicted func() int64 // at most, during a warm run
	start   time.Time
	out     *Outcome
}

// begin lets the readers read and the feeding peer send, and measures the
// sender's time until the returned function is called, from the same thread.
func (e *stage) begin(unpack func(io.Reader) io.Reader) (stop func()) {
	e.start = time.Now()
	for _, l := range e.wires.receivers() {
		e.readers = append(e.readers, readAll(l.recv, e.start, unpack))
	}
	if l := e.wires.feed; l != nil {
		e.fed = make(chan error, 1)
		go func() { e.fed <- feed(l.send, int(e.file.Fd()), e.size) }()
	}
	cpu := threadCPU()
	return func() {
		e.out.Wall, e.out.CPU = trace.Ns(time.Since(e.start)), threadCPU()-cpu
	}
}

// trace lets the kernel tell what it does for the run, if this process may know.
func (e *stage) trace(o Options, w *witness) (err error) {
	if o.Untraced {
		return nil
	}
	file := e.file
	if o.Program.Source == transfer.FromSocket { // whose peer reads the file
		file = nil
	}
	p, err := newPackets(o, e.wires)
	if err != nil {
		return err
	}
	e.tracer, err = openTracer(traceOf{file: file, packets: p, thread: unix.Gettid(), sends: o.Program.Sinks > 0,
		bytes: o.Size * max(int64(o.Program.Sinks), 1), chunk: o.Chunk})
	if e.tracer == nil {
		return err
	}
	e.tracer.clock, e.tracer.endpoint = w.clock, w.endpoint
	w.follow(e.tracer.take)
	if o.Program.Path == "direct" {
		e.tracer.into = "" // its reads tell
	}
	w.traced = e.tracer.file != nil
	return nil
}

// receipts are the events of all readers and of the tracer, in order.
func (e *stage) receipts(until trace.Ns) (out []trace.Event) {
	out = e.tracer.events(until)
	for _, r := range e.readers {
		out = append(out, r.events(until)...)
	}
	if len(e.readers) > 1 || e.tracer != nil {
		slices.SortStableFunc(out, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
	}
	return out
}

// finish ends the streams and waits until the readers have seen that.
func (e *stage) finish() {
	e.wires.finish()
	for _, r := range e.readers {
		<-r.done
	}
}

// tell notes what the witness has to say about itself and the run.
func (e *stage) tell(w *witness) {
	if w.shorts > 0 {
		e.note(NoteShort, "calls", w.shorts)
	}
	if n := e.tracer.lost(); n > 0 {
		e.note(NoteLost, "events", n)
		e.out.Lost = n
	}
	for _, l := range e.wires.receivers() {
		if info, err := unix.GetsockoptTCPInfo(l.send, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			e.out.Retransmitted += int64(info.Bytes_retrans)
		}
	}
	if w.every > 1 {
		e.note(NoteSampled, "every", w.every)
	}
	e.out.CPU -= w.pausedCPU
	e.out.Wall -= trace.Ns(w.hidden)
	if w.paused >= time.Millisecond {
		e.note(NotePaused, "ms", w.paused.Milliseconds())
	}
}

func (e *stage) note(key string, args ...any) {
	n := Note{Key: key, Args: map[string]any{}}
	for i := 0; i < len(args); i += 2 {
		n.Args[args[i].(string)] = args[i+1]
	}
	e.out.Notes = append(e.out.Notes, n)
}

// experiment sets the stage, lets send run on a thread of its own, and clears
// away, whatever happens.
func experiment(ctx context.Context, o Options, send func(*stage) (int64, error)) (*Outcome, error) {
	if o.Size <= 0 || o.Chunk <= 0 {
		return nil, fmt.Errorf("size %d and chunk %d must be above 0", o.Size, o.Chunk)
	}
	// mmap-write maps instead; what has neither user memory nor a ring has no
	// buffer.
	buffered := o.Program.UserMemory && o.Program.Path != "mmap-write" || o.Program.Path == "io-uring"
	if n := min(o.Chunk, o.Size); buffered && n > maxBuffer {
		return nil, fmt.Errorf("chunk %s of %s: a user buffer of a real run holds at most %s; choose a smaller --chunk",
			humanize.Comma(n), o.Program.Path, humanize.IBytes(maxBuffer))
	}
	src := o.Source
	if src == nil {
		var err error
		if src, err = newSourceFor(ctx, o.Program, o.Dir, o.Size); err != nil {
			return nil, err
		}
		defer src.Close()
	}
	if src.Size() != o.Size {
		return nil, fmt.Errorf("size %d: the source file has %d bytes", o.Size, src.Size())
	}
	e := &stage{size: o.Size, out: &Outcome{FileHash: src.Hash(), Pages: pagesIn(0, o.Size)}}
	var err error
	if e.file, err = src.open(); err != nil {
		return nil, err
	}
	defer e.file.Close()
	if err := e.prepareCache(ctx, o, src.place); err != nil {
		return nil, err
	}
	if e.wires, err = openWires(o.Program, o.Net); err != nil {
		return nil, err
	}
	defer e.wires.close()
	if e.wires.out != nil {
		e.out.Congestion = e.wires.out.congestion
		e.note(NoteCongestion, "name", e.out.Congestion)
	}
	if err := e.prepareFeed(o); err != nil {
		return nil, err
	}

	defer context.AfterFunc(ctx, e.wires.abort)()
	err = e.perform(send)
	if ctx.Err() != nil {
		return e.out, context.Cause(ctx)
	}
	if err != nil {
		return e.out, err
	}
	return e.out, e.after(o)
}

// perform lets send run on a thread of its own and waits for the reader.
func (e *stage) perform(send func(*stage) (int64, error)) error {
	sent := make(chan error)
	go func() {
		var err error
		e.out.Sent, err = send(e)
		sent <- err
	}()
	err := <-sent
	e.finish()
	if e.fed != nil {
		e.wires.feed.abort() // the relay may have stopped early
		if failed := <-e.fed; err == nil && failed != nil {
			err = fmt.Errorf("the peer that sends to the relay: %w", failed)
		}
	}
	for i, r := range e.readers {
		// Of two receivers, the one that got something else is told.
		if i == 0 || r.hash != e.out.FileHash {
			e.out.Received, e.out.ReceivedHash = r.received, r.hash
		}
		e.out.Delivered = max(e.out.Delivered, r.last)
		e.out.ReaderCPU += r.cpu
		if err == nil && r.err != nil {
			err = fmt.Errorf("the receiver stopped after %d bytes: %w", r.received, r.err)
		}
	}
	return err
}

// prepareFeed lets a relay's read wait until a chunk is there (SO_RCVLOWAT,
// socket(7)), so that relay-copy makes the same calls in every run; a proxy takes
// what has come.
func (e *stage) prepareFeed(o Options) error {
	if e.wires.feed == nil {
		return nil
	}
	err := unix.SetsockoptInt(e.wires.feed.recv, unix.SOL_SOCKET, unix.SO_RCVLOWAT, int(min(o.Chunk, o.Size, math.MaxInt32)))
	return os.NewSyscallError("setsockopt SO_RCVLOWAT", err)
}

func (e *stage) prepareCache(ctx context.Context, o Options, place string) (err error) {
	if o.Cold {
		err = chill(ctx, e.file, o.Size, place)
		e.evicted = evictable(e.out.Pages)
		return err
	}
	return e.warm(o)
}

// warm lets a warm run begin with the whole file in the page cache.
func (e *stage) warm(o Options) (err error) {
	e.evicted = evictable(e.out.Pages)
	e.out.ResidentBefore, err = warm(e.file, o.Size)
	return err
}

// after looks at the page cache again.
func (e *stage) after(o Options) (err error) {
	if e.out.ResidentAfter, err = resident(e.file, o.Size); err != nil {
		return err
	}
	if e.tracer != nil && e.tracer.watched {
		if e.out.Evicted = e.tracer.evicted; e.out.Evicted > 0 {
			e.note(NoteReclaimed, "pages", e.out.Evicted)
		}
	} else {
		e.out.Evicted = e.evicted()
	}
	if o.Cold {
		return nil
	}
	if e.out.ResidentAfter < e.out.ResidentBefore {
		e.note(NoteEvicted, "resident", e.out.ResidentAfter, "pages", e.out.Pages)
	}
	if e.out.ResidentBefore < e.out.Pages {
		e.note(NoteNotWarm, "resident", e.out.ResidentBefore, "pages", e.out.Pages)
	}
	return nil
}
