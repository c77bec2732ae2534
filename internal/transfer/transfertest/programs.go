package transfertest

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
)

// shape is a job's form; the file is longer than the job by what follows it.
type shape struct{ offset, bytes, chunk, follows int }

func (s shape) String() string {
	return fmt.Sprintf("%d bytes from %d by %d, %d follow", s.bytes, s.offset, s.chunk, s.follows)
}

// shapes surround the sizes at which something begins or ends: a page, a
// pipe's usual 16 pages, a chunk.
func shapes() []shape {
	p := pageSize
	return []shape{
		{0, 1, p, 0}, {0, 1, 1, 1}, {p - 1, 1, 1, p},
		{0, p - 1, p, 0}, {0, p, p, p}, {0, p + 1, p, 1},
		{1, p, p, 0}, {p + 7, 3*p - 7, 2 * p, 9}, {5*p + 1, p, 16 * p, p},
		{0, 10*p + 3, 3 * p, 0}, {100, 7 * p, 1000, 5}, {0, 3 * p, 1 << 30, 0},
		{0, 16 * p, 16 * p, 0}, {1, 16 * p, 16 * p, 0}, {p - 1, 40*p + 1, 17 * p, p},
		{0, 20 * p, 32 * p, 2}, {0, 6 << 20, 64 << 10, 0}, {3, 6 << 20, 1 << 20, 1},
	}
}

// programs runs every program in every shape: all bytes must arrive, in order,
// once, and nothing may stay open.
func programs(t *testing.T, open func(t *testing.T) Env) {
	for _, p := range transfer.Programs() {
		t.Run(p.Path, func(t *testing.T) {
			needs(t, open(t), p.Path)
			for _, s := range shapes() {
				for _, v := range variants(p) {
					t.Run(s.String()+v.name, func(t *testing.T) { v.whole(openBench(t, open), p, s) })
				}
			}
			t.Run("two files in a row", func(t *testing.T) { inARow(openBench(t, open), p) })
			t.Run("the file shrinks", func(t *testing.T) { shrunk(openBench(t, open), p) })
			if p.Sinks > 0 {
				t.Run("the receiver is gone", func(t *testing.T) { receiverGone(openBench(t, open), p) })
			}
			t.Run("impossible jobs", func(t *testing.T) { impossible(openBench(t, open), p) })
		})
	}
}

// variant says how a job is run.
type variant struct {
	name                      string
	position, touch, zeroCopy bool
}

func variants(p transfer.Program) []variant {
	v := []variant{{name: ""}}
	if p.Source == transfer.FromFile {
		v = append(v, variant{name: ", by position", position: true})
	}
	if p.UserMemory {
		v = append(v, variant{name: ", touched", touch: true})
	}
	if p.Path == "io-uring" {
		v = append(v, variant{name: ", by reference", zeroCopy: true})
	}
	return v
}

// tap is a kernel for a program without a sink: what it reads is sent behind its
// back, so that it can be held to the file.
type tap struct {
	transfer.Kernel
	b *bench
}

func (k tap) Read(l transfer.Label, in transfer.FD, dst transfer.Mem, off *int64) (int, error) {
	n, err := k.Kernel.Read(l, in, dst, off)
	k.b.writeAll(dst.Slice(0, n))
	return n, err
}

// stage makes a source of the shape and gives what a program needs to send it.
func (b *bench) stage(p transfer.Program, s shape) (transfer.Kernel, transfer.Job) {
	b.t.Helper()
	job := transfer.Job{Out: b.env.Socket(), Offset: int64(s.offset), Bytes: int64(s.bytes), Chunk: s.chunk}
	if p.Source == transfer.FromSocket {
		job.In = b.feed(s.offset, s.bytes+s.follows)
	} else {
		job.In = b.env.File(b.t, int64(s.offset+s.bytes+s.follows))
	}
	if p.Sinks == 2 {
		job.Out2 = b.env.(FanningOut).Second(b.t)
	}
	if p.Reshapes {
		b.reshaped(p.Path)
	}
	if p.Sinks == 0 {
		return tap{b.k, b}, job
	}
	return b.k, job
}

// delivered holds what arrived to what a program says that it sent.
func (b *bench) delivered(p transfer.Program, job transfer.Job, sent int64, err error) {
	b.t.Helper()
	if sent > 0 {
		b.env.Arrived(b.t, job.Offset, sent)
		if p.Sinks == 2 {
			b.env.(FanningOut).ArrivedSecond(b.t, job.Offset, sent)
		}
	}
	if p.Sinks == 2 && err != nil {
		return // the first socket may have a piece that the second did not get
	}
	b.env.Ended(b.t)
}

// whole runs one job and holds what it did to what it was asked.
func (v variant) whole(b *bench, p transfer.Program, s shape) {
	k, job := b.stage(p, s)
	job.UsePosition, job.Touch, job.ZeroCopy = v.position, v.touch, v.zeroCopy
	if v.position {
		b.moveTo(job.In, job.Offset)
	}
	sent, err := p.Send(k, job)
	if err != nil || sent != job.Bytes {
		b.t.Fatalf("sent %d of %d bytes, error %v", sent, job.Bytes, err)
	}
	b.delivered(p, job, sent, nil)
	b.noLeaks()
	if p.Source == transfer.FromSocket {
		return
	}
	position := int64(0)
	switch {
	case v.position && slices.Contains(stays, p.Path):
		position = job.Offset
	case v.position:
		position = job.Offset + job.Bytes
	}
	if got := b.position(job.In, int64(s.offset+s.bytes+s.follows)); got != position {
		b.t.Errorf("the file's position is %d, want %d", got, position)
	}
}

// stays are the paths none of whose calls moves the file's position: a mapping
// has none, and direct reads from a descriptor of its own.
var stays = []string{"mmap-write", "direct"}

// inARow sends two files over one connection, as a server does.
func inARow(b *bench, p transfer.Program) {
	for _, s := range []shape{{10, 3 * pageSize, pageSize, 0}, {0, pageSize + 1, 3 * pageSize, 4}} {
		k, job := b.stage(p, s)
		if sent, err := p.Send(k, job); err != nil {
			b.t.Fatalf("%s: %d bytes, %v", s, sent, err)
		}
		b.env.Arrived(b.t, job.Offset, job.Bytes)
		if p.Sinks == 2 {
			b.env.(FanningOut).ArrivedSecond(b.t, job.Offset, job.Bytes)
		}
	}
	b.env.Ended(b.t)
	b.noLeaks()
}

// shrunk sends more than is left of a file, or than comes through a socket: what
// is there arrives, then comes a clear error.
func shrunk(b *bench, p transfer.Program) {
	k, job := b.stage(p, shape{0, 2 * pageSize, pageSize, 0})
	want := transfer.ErrEnded
	if p.Source == transfer.FromFile {
		want = transfer.ErrShrunk
		job.In = b.env.File(b.t, int64(4*pageSize))
		b.env.Truncate(b.t, int64(2*pageSize))
	}
	if p.Path == "mmap-write" {
		want = syscall.EFAULT
	}
	job.Bytes = int64(4 * pageSize)
	sent, err := p.Send(k, job)
	wantBytes(b.t, "sent from the shrunk file", sent, int64(2*pageSize))
	stopped(b.t, err, p, sent, job.Bytes, want)
	b.delivered(p, job, sent, err)
	b.noLeaks()
}

// receiverGone repeats a job until it fails, as it must.
func receiverGone(b *bench, p transfer.Program) {
	b.untilGone(func() (int, error) {
		k, job := b.stage(p, shape{0, pageSize, pageSize, 0})
		sent, err := p.Send(k, job)
		if err != nil {
			stopped(b.t, err, p, sent, job.Bytes, nil)
		}
		return int(sent), err
	})
	b.noLeaks()
}

// impossible jobs are refused before any call.
func impossible(b *bench, p transfer.Program) {
	_, good := b.stage(p, shape{0, pageSize, pageSize, 0})
	for name, spoil := range map[string]func(*transfer.Job){
		"no bytes":          func(j *transfer.Job) { j.Bytes = 0 },
		"negative bytes":    func(j *transfer.Job) { j.Bytes = -1 },
		"no chunk":          func(j *transfer.Job) { j.Chunk = 0 },
		"negative chunk":    func(j *transfer.Job) { j.Chunk = -1 },
		"negative offset":   func(j *transfer.Job) { j.Offset = -1 },
		"touch without use": func(j *transfer.Job) { j.Touch = true },
	} {
		if name == "touch without use" && p.UserMemory {
			continue
		}
		job := good
		spoil(&job)
		in := Inject(b.t, b.k, "")
		if sent, err := p.Send(in, job); err == nil || sent != 0 || len(in.Calls()) != 0 {
			b.t.Errorf("%s: sent %d, error %v, calls %v; want a refusal before any call", name, sent, err, in.Calls())
		}
	}
	b.env.Ended(b.t)
}

// stopped holds a transfer's error to its promise: it names the path, a line
// of the program, how far it came, and wraps its cause.
func stopped(t testing.TB, err error, p transfer.Program, sent, bytes int64, cause error) {
	t.Helper()
	var e *transfer.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is a %T, want a *transfer.Error", err, err)
	}
	if e.Path != p.Path || e.Done != sent || e.Bytes != bytes {
		t.Errorf("the error says %s, %d of %d bytes; it was %s, %d of %d", e.Path, e.Done, e.Bytes, p.Path, sent, bytes)
	}
	listed := slices.ContainsFunc(p.Listing, func(l transfer.Line) bool { return l.Label == e.Line })
	if !listed && e.Line != "touch" { // the listing leaves out what a job may ask for besides
		t.Errorf("the error names line %q, which is not in the listing of %s", e.Line, p.Path)
	}
	if cause != nil && !errors.Is(err, cause) {
		t.Errorf("error %v does not wrap %v", err, cause)
	}
}

func (b *bench) noLeaks() {
	b.t.Helper()
	if leaks := b.k.Leaks(); len(leaks) != 0 {
		b.t.Errorf("not given back: %v", leaks)
	}
}
