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
			for _, s := range shapes() {
				for _, v := range variants(p) {
					t.Run(s.String()+v.name, func(t *testing.T) { v.whole(openBench(t, open), p, s) })
				}
			}
			t.Run("two files in a row", func(t *testing.T) { inARow(openBench(t, open), p) })
			t.Run("the file shrinks", func(t *testing.T) { shrunk(openBench(t, open), p) })
			t.Run("the receiver is gone", func(t *testing.T) { receiverGone(openBench(t, open), p) })
			t.Run("impossible jobs", func(t *testing.T) { impossible(openBench(t, open), p) })
		})
	}
}

// variant says how a job is run.
type variant struct {
	name            string
	position, touch bool
}

func variants(p transfer.Program) []variant {
	v := []variant{{name: ""}, {name: ", by position", position: true}}
	if p.UserMemory {
		v = append(v, variant{name: ", touched", touch: true})
	}
	return v
}

// whole runs one job and holds what it did to what it was asked.
func (v variant) whole(b *bench, p transfer.Program, s shape) {
	size := int64(s.offset + s.bytes + s.follows)
	fd := b.env.File(b.t, size)
	job := b.job(fd, s)
	job.UsePosition, job.Touch = v.position, v.touch
	if v.position {
		b.moveTo(fd, job.Offset)
	}
	sent, err := p.Send(b.k, job)
	if err != nil || sent != job.Bytes {
		b.t.Fatalf("sent %d of %d bytes, error %v", sent, job.Bytes, err)
	}
	b.env.Arrived(b.t, job.Offset, job.Bytes)
	b.env.Ended(b.t)
	b.noLeaks()

	position := int64(0)
	switch {
	case v.position && p.Path == "mmap-write": // no call of it moves the position
		position = job.Offset
	case v.position:
		position = job.Offset + job.Bytes
	}
	if got := b.position(fd, size); got != position {
		b.t.Errorf("the file's position is %d, want %d", got, position)
	}
}

func (b *bench) job(fd transfer.FD, s shape) transfer.Job {
	return transfer.Job{In: fd, Out: b.env.Socket(), Offset: int64(s.offset), Bytes: int64(s.bytes), Chunk: s.chunk}
}

// inARow sends two files over one connection, as a server does.
func inARow(b *bench, p transfer.Program) {
	for _, s := range []shape{{10, 3 * pageSize, pageSize, 0}, {0, pageSize + 1, 3 * pageSize, 4}} {
		fd := b.env.File(b.t, int64(s.offset+s.bytes+s.follows))
		if sent, err := p.Send(b.k, b.job(fd, s)); err != nil {
			b.t.Fatalf("%s: %d bytes, %v", s, sent, err)
		}
		b.env.Arrived(b.t, int64(s.offset), int64(s.bytes))
	}
	b.env.Ended(b.t)
	b.noLeaks()
}

// shrunk sends more than is left of a file: what is left arrives, then comes
// a clear error.
func shrunk(b *bench, p transfer.Program) {
	fd := b.env.File(b.t, int64(4*pageSize))
	b.env.Truncate(b.t, int64(2*pageSize))
	sent, err := p.Send(b.k, b.job(fd, shape{0, 4 * pageSize, pageSize, 0}))
	wantBytes(b.t, "sent from the shrunk file", sent, int64(2*pageSize))
	want := transfer.ErrShrunk
	if p.Path == "mmap-write" {
		want = syscall.EFAULT
	}
	stopped(b.t, err, p, sent, int64(4*pageSize), want)
	b.env.Arrived(b.t, 0, sent)
	b.env.Ended(b.t)
	b.noLeaks()
}

// receiverGone repeats a job until it fails, as it must.
func receiverGone(b *bench, p transfer.Program) {
	fd := b.env.File(b.t, int64(pageSize))
	job := b.job(fd, shape{0, pageSize, pageSize, 0})
	b.untilGone(func() (int, error) {
		sent, err := p.Send(b.k, job)
		if err != nil {
			stopped(b.t, err, p, sent, job.Bytes, nil)
		}
		return int(sent), err
	})
	b.noLeaks()
}

// impossible jobs are refused before any call.
func impossible(b *bench, p transfer.Program) {
	fd := b.env.File(b.t, int64(pageSize))
	good := b.job(fd, shape{0, pageSize, pageSize, 0})
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
