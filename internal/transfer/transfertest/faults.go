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
			needs(t, open(t), p.Path)
			for _, c := range callsOf(t, open, p) {
				for _, what := range faultsOf(p, c.Name) {
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
	k, job := b.stage(p, faultyShape())
	in := Inject(t, k, "")
	job.Touch = p.UserMemory
	if _, err := p.Send(in, job); err != nil {
		t.Fatalf("without faults: %v", err)
	}
	b.env.Arrived(t, job.Offset, job.Bytes)
	return in.Calls()
}

// faultsOf lists what can happen to a call of a program.
func faultsOf(p transfer.Program, call string) []string {
	switch call {
	case "read":
		if p.Path == "direct" { // a direct read is short by whole blocks only
			return []string{fmt.Sprintf("short %d", transfer.DirectAlign), "EINTR", "EAGAIN", "EIO"}
		}
	case "open", "setup":
		return []string{"EINTR", "EMFILE"}
	case "setsockopt":
		return []string{"EINTR", "EINVAL"}
	case "completion":
		return []string{"EINTR", "EAGAIN", "EIO"}
	case "encrypt", "compress":
		return []string{"EINVAL"}
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
	k, job := b.stage(p, faultyShape())
	job.Touch = p.UserMemory
	sent, err := p.Send(Inject(b.t, k, script), job)
	switch {
	case harmless(c.Name, what):
		if err != nil || sent != job.Bytes {
			b.t.Errorf("sent %d of %d bytes, error %v; want all of them", sent, job.Bytes, err)
		}
	case err == nil:
		b.t.Error("everything was sent in spite of the fault")
	default:
		stopped(b.t, err, p, sent, job.Bytes, errnos[what])
		b.line(err, p, c.Label)
	}
	b.delivered(p, job, sent, err)
	b.noLeaks()
}

// waitFails lets poll(2) fail after the program's last line was not ready.
func waitFails(b *bench, p transfer.Program) {
	k, job := b.stage(p, faultyShape())
	last := lastMover(p)
	sent, err := p.Send(Inject(b.t, k, fmt.Sprintf("%s#1: EAGAIN\nwait#1: EIO", last)), job)
	stopped(b.t, err, p, sent, job.Bytes, syscall.EIO)
	b.line(err, p, last)
	wantBytes(b.t, "sent", sent, 0)
	b.delivered(p, job, sent, err)
	b.noLeaks()
}

// movers are the labels of the lines that move bytes and may move fewer.
var movers = []transfer.Label{"read", "write", "sendfile", "splice-in", "tee", "splice-out", "splice-out-2", "send", "enter"}

// lastMover is the label of the line that brings a chunk to its end.
func lastMover(p transfer.Program) (last transfer.Label) {
	for _, l := range p.Listing {
		if slices.Contains(movers, l.Label) {
			last = l.Label
		}
	}
	return last
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
	last := lastMover(p)
	again := fmt.Sprintf("%[1]s#1: EAGAIN\nwait#1: EINTR\n%[1]s#2: EINTR\n%[1]s#3: EAGAIN\n%[1]s#4: short 9\n%[1]s#5: EINTR", last)
	var always []string
	for i, l := range p.Listing {
		short := 300 + 400*i
		if p.Path == "direct" && l.Label == "read" {
			short = transfer.DirectAlign
		}
		if slices.Contains(movers, l.Label) {
			always = append(always, fmt.Sprintf("%s#*: short %d", l.Label, short))
		}
	}
	return []string{again, strings.Join(always, "\n")}
}

// stormy runs a program through many harmless faults.
func stormy(b *bench, p transfer.Program, script string) {
	k, job := b.stage(p, faultyShape())
	sent, err := p.Send(Inject(b.t, k, script), job)
	if err != nil || sent != job.Bytes {
		b.t.Errorf("sent %d of %d bytes, error %v; want all of them", sent, job.Bytes, err)
	}
	b.delivered(p, job, sent, err)
	b.noLeaks()
}
