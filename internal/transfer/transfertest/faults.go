package transfertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
)

// Faults runs every program once for each of its calls and each fault that the
// call can meet. After a short transfer, EINTR or EAGAIN the program must go
// on, with no byte lost or sent twice; after another errno it must stop with a
// [*transfer.Error] that tells the truth. Nothing may stay open either way.
func Faults(t *testing.T, open func(t *testing.T) Env) {
	for _, p := range transfer.Programs() {
		t.Run(p.Path, func(t *testing.T) {
			for _, c := range callsOf(t, open, p) {
				for _, what := range faultsOf(c.Name) {
					script := fmt.Sprintf("%s#%d: %s", c.Name, c.Nth, what)
					t.Run(script, func(t *testing.T) { faulty(openBench(t, open), p, c, script, what) })
				}
			}
			t.Run("wait fails", func(t *testing.T) { waitFails(openBench(t, open), p) })
			for _, script := range storms(p) {
				t.Run(strings.ReplaceAll(script, "\n", ", "), func(t *testing.T) { stormy(openBench(t, open), p, script) })
			}
		})
	}
}

// faultyShape is several chunks, the last of them shorter, from an unaligned
// offset.
func faultyShape() shape {
	return shape{offset: 11, bytes: 3*pageSize + 5, chunk: pageSize, follows: 1}
}

// callsOf lists the calls that a program makes when nothing goes wrong.
func callsOf(t *testing.T, open func(t *testing.T) Env, p transfer.Program) []Call {
	t.Helper()
	b := openBench(t, open)
	s := faultyShape()
	in := Inject(t, b.k, "")
	job := b.job(b.env.File(t, int64(s.offset+s.bytes+s.follows)), s)
	job.Touch = p.UserMemory
	if _, err := p.Send(in, job); err != nil {
		t.Fatalf("without faults: %v", err)
	}
	b.env.Arrived(t, job.Offset, job.Bytes)
	return in.Calls()
}

// faultsOf lists what can happen to a call.
func faultsOf(call string) []string {
	switch call {
	case "alloc":
		return []string{"ENOMEM"}
	case "touch":
		return []string{"EFAULT"}
	case "mmap":
		return []string{"EINTR", "EAGAIN", "ENOMEM"}
	case "pipe":
		return []string{"short 1", "EINTR", "EAGAIN", "EMFILE"}
	case "munmap", "close":
		return []string{"EINTR", "EIO"}
	case "wait": // only a non-blocking kernel waits, and not always: see waitFails
		return nil
	}
	return []string{"short 1", "short 1000", "EINTR", "EAGAIN", "EPIPE", "EIO"}
}

// harmless says whether a program must finish all the same.
func harmless(call, what string) bool {
	errno, isErrno := errnos[what]
	return !isErrno || errno == syscall.EINTR || errno == syscall.EAGAIN ||
		call == "munmap" || call == "close" // the bytes are on their way already
}

// faulty runs one program with one fault.
func faulty(b *bench, p transfer.Program, c Call, script, what string) {
	s := faultyShape()
	job := b.job(b.env.File(b.t, int64(s.offset+s.bytes+s.follows)), s)
	job.Touch = p.UserMemory
	sent, err := p.Send(Inject(b.t, b.k, script), job)
	switch {
	case harmless(c.Name, what):
		if err != nil || sent != job.Bytes {
			b.t.Errorf("sent %d of %d bytes, error %v; want all of them", sent, job.Bytes, err)
		}
	case sent == job.Bytes:
		b.t.Error("everything was sent in spite of the fault")
	default:
		stopped(b.t, err, p, sent, job.Bytes, errnos[what])
		b.line(err, p, c.Label)
	}
	if sent > 0 {
		b.env.Arrived(b.t, job.Offset, sent)
	}
	b.env.Ended(b.t)
	b.noLeaks()
}

// waitFails lets poll(2) fail after the program's last line was not ready.
func waitFails(b *bench, p transfer.Program) {
	s := faultyShape()
	job := b.job(b.env.File(b.t, int64(s.offset+s.bytes+s.follows)), s)
	last := p.Listing[len(p.Listing)-1].Label
	sent, err := p.Send(Inject(b.t, b.k, fmt.Sprintf("%s#1: EAGAIN\nwait#1: EIO", last)), job)
	stopped(b.t, err, p, sent, job.Bytes, syscall.EIO)
	b.line(err, p, last)
	wantBytes(b.t, "sent", sent, 0)
	b.env.Ended(b.t)
	b.noLeaks()
}

// line asserts that the error names the line whose call failed. A call that no
// listing shows belongs to a line that the program chooses.
func (b *bench) line(err error, p transfer.Program, want transfer.Label) {
	b.t.Helper()
	var e *transfer.Error
	for _, l := range p.Listing {
		if l.Label == want && errors.As(err, &e) && e.Line != want {
			b.t.Errorf("the error names line %q; the fault was at %q", e.Line, want)
		}
	}
}

// storms are scripts of many harmless faults at once.
func storms(p transfer.Program) []string {
	last := string(p.Listing[len(p.Listing)-1].Label)
	again := fmt.Sprintf("%[1]s#1: EAGAIN\nwait#1: EINTR\n%[1]s#2: EINTR\n%[1]s#3: EAGAIN\n%[1]s#4: short 9\n%[1]s#5: EINTR", last)
	var always []string
	for i, l := range p.Listing {
		if f := fmt.Sprintf("%s#*: short %d", l.Label, 300+400*i); l.Label != "pipe" && !slices.Contains(unshortable, string(l.Label)) {
			always = append(always, f)
		}
	}
	return []string{again, strings.Join(always, "\n")}
}

// stormy runs a program through many harmless faults.
func stormy(b *bench, p transfer.Program, script string) {
	s := faultyShape()
	job := b.job(b.env.File(b.t, int64(s.offset+s.bytes+s.follows)), s)
	sent, err := p.Send(Inject(b.t, b.k, script), job)
	if err != nil || sent != job.Bytes {
		b.t.Errorf("sent %d of %d bytes, error %v; want all of them", sent, job.Bytes, err)
	}
	b.env.Arrived(b.t, job.Offset, job.Bytes)
	b.env.Ended(b.t)
	b.noLeaks()
}
