package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

// Run makes the experiment: one program sends one file over loopback to a
// reader that hashes what it gets. When the transfer fails, the outcome tells
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
		m, err := NewMeasured(e.net.send, rec, MeasuredOptions{Calls: expectedCalls(o), Disk: o.Cold, Progress: o.Progress, Size: o.Size})
		if err != nil {
			return 0, err
		}
		defer m.End()
		job := transfer.Job{In: m.File(e.file), Out: m.Socket(), Bytes: o.Size, Chunk: int(o.Chunk), UsePosition: true, Touch: o.Touch}
		var k transfer.Kernel = m
		if o.Fault != nil {
			k = o.Fault(m)
		}
		var stop func()
		m.witness.apart(func() {
			stop = e.begin()
			m.witness.start, m.witness.others = e.start, e.reader.events
		})
		sent, err := o.Program.Send(k, job)
		stop()
		m.witness.settle()
		e.finish() // before End, so that no copy of the receiver's is missed
		e.tell(m.witness)
		return sent, err
	})
}

// rehearse sends one page the same way, on the same thread, to a connection of
// its own. The first run of a process would otherwise count the faults by which
// the program's own code and stack come into memory as the transfer's.
func rehearse(ctx context.Context, o Options) error {
	n := min(o.Size, int64(os.Getpagesize()))
	src, err := NewSource(ctx, o.Dir, n)
	if err != nil {
		return err
	}
	defer src.Close()
	net, err := openLoopback()
	if err != nil {
		return err
	}
	defer net.close()
	m, err := NewMeasured(net.send, trace.NewCounter(n, trace.Measured, nil), MeasuredOptions{})
	if err != nil {
		return err
	}
	defer m.End()
	_, err = o.Program.Send(m, transfer.Job{In: m.File(src.file), Out: m.Socket(), Bytes: n, Chunk: int(n), Touch: o.Touch})
	return err
}

// expectedCalls is about how many calls a run makes: at most two per chunk.
func expectedCalls(o Options) int64 { return 2 * ((o.Size + o.Chunk - 1) / o.Chunk) }

// BareSendfile is what [Run] is held against: sendfile(2) in a loop, without
// kernel interface and witness, everything else the same.
func BareSendfile(ctx context.Context, o Options) (*Outcome, error) {
	return experiment(ctx, o, func(e *stage) (sent int64, err error) {
		unlock, err := lockThread()
		if err != nil {
			return 0, err
		}
		defer unlock()
		defer e.begin()()
		in := int(e.file.Fd())
		for sent < o.Size {
			n, err := unix.Sendfile(e.net.send, in, nil, int(min(o.Chunk, o.Size-sent)))
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
	file   *os.File
	net    *loopback
	reader *reader
	start  time.Time
	out    *Outcome
}

// begin lets the reader read and measures the sender's time until the returned
// function is called, from the same thread.
func (e *stage) begin() (stop func()) {
	e.start = time.Now()
	e.reader = readAll(e.net.recv, e.start)
	cpu := threadCPU()
	return func() {
		e.out.Wall, e.out.CPU = trace.Ns(time.Since(e.start)), threadCPU()-cpu
	}
}

// finish ends the stream and waits until the reader has seen that.
func (e *stage) finish() {
	e.net.finish()
	if e.reader != nil {
		<-e.reader.done
	}
}

// tell notes what the witness has to say about itself and the run.
func (e *stage) tell(w *witness) {
	if w.shorts > 0 {
		e.note(NoteShort, "calls", w.shorts)
	}
	if w.every > 1 {
		e.note(NoteSampled, "every", w.every)
	}
	e.out.CPU -= w.pausedCPU
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
	// mmap-write maps instead, the other paths have no user memory.
	if n := min(o.Chunk, o.Size); o.Program.Path == "read-write" && n > maxBuffer {
		return nil, fmt.Errorf("chunk %d of %s: a user buffer of a real run holds at most %d bytes; choose a smaller --chunk",
			n, o.Program.Path, int64(maxBuffer))
	}
	src := o.Source
	if src == nil {
		var err error
		if src, err = NewSource(ctx, o.Dir, o.Size); err != nil {
			return nil, err
		}
		defer src.Close()
	}
	if src.Size() != o.Size {
		return nil, fmt.Errorf("size %d: the source file has %d bytes", o.Size, src.Size())
	}
	e := &stage{out: &Outcome{FileHash: src.Hash(), Pages: pagesIn(0, o.Size)}}
	var err error
	if e.file, err = src.open(); err != nil {
		return nil, err
	}
	defer e.file.Close()
	if err := e.prepareCache(ctx, o); err != nil {
		return nil, err
	}
	if e.net, err = openLoopback(); err != nil {
		return nil, err
	}
	defer e.net.close()
	e.out.Congestion = e.net.congestion
	e.note(NoteCongestion, "name", e.net.congestion)

	defer context.AfterFunc(ctx, e.net.abort)()
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
	r := e.reader
	if r == nil {
		return err
	}
	e.out.Received, e.out.ReceivedHash = r.received, r.hash
	e.out.Delivered, e.out.ReaderCPU = r.last, r.cpu
	if err == nil && r.err != nil {
		err = fmt.Errorf("the receiver stopped after %d bytes: %w", r.received, r.err)
	}
	return err
}

func (e *stage) prepareCache(ctx context.Context, o Options) (err error) {
	if o.Cold {
		return chill(ctx, e.file, o.Size)
	}
	if e.out.ResidentBefore, err = warm(e.file, o.Size); err != nil {
		return err
	}
	if e.out.ResidentBefore < e.out.Pages {
		e.note(NoteNotWarm, "resident", e.out.ResidentBefore, "pages", e.out.Pages)
	}
	return nil
}

// after looks at the page cache again.
func (e *stage) after(o Options) (err error) {
	if e.out.ResidentAfter, err = resident(e.file, o.Size); err != nil {
		return err
	}
	if !o.Cold && e.out.ResidentAfter < e.out.ResidentBefore {
		e.note(NoteEvicted, "resident", e.out.ResidentAfter, "pages", e.out.Pages)
	}
	return nil
}
