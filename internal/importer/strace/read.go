package strace

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"copyscope/internal/importer"
	"copyscope/internal/trace"
)

// maxLine bounds a line in bytes; a longer one is a gap. strace's strings have 32
// characters unless -s says otherwise.
const maxLine = 1 << 20

// foreignLines is after how many lines, none of them understood, a file is taken
// to be no strace output. One may be: the end of a line that began elsewhere.
const foreignLines = 8

// want is what an error says was expected.
const want = `want the output of strace -f -ttt -T -yy, such as 1234  1700000000.123456 read(3</etc/hosts>, ""..., 4096) = 0 <0.000012>`

// Read makes a timeline of strace's output, of which it keeps the first keep
// events. The error of a file that is no such output says so, with the line.
func Read(ctx context.Context, in io.Reader, keep int) (*importer.Imported, error) {
	r := reader{t: importer.New(keep), pending: map[int]*importer.Call{}, words: map[string]string{}}
	lines := bufio.NewReaderSize(in, maxLine)
	for {
		text, err := lines.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			r.number++
			r.gap(text)
			err = skipLine(lines)
			text = nil
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("line %d: %w", r.number+1, err)
		}
		if len(text) > 0 {
			if err := r.line(bytes.TrimRight(text, "\r\n"), text[len(text)-1] != '\n'); err != nil {
				return nil, fmt.Errorf("line %d: %w", r.number, err)
			}
		}
		if err == io.EOF {
			break
		}
		if r.number%(1<<14) == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return r.finish()
}

func skipLine(lines *bufio.Reader) error {
	for {
		if _, err := lines.ReadSlice('\n'); err != bufio.ErrBufferFull {
			return err
		}
	}
}

// reader puts the lines together.
type reader struct {
	t          *importer.Timeline
	number     int64 // of the line
	understood int64
	foreign    []byte // the first line, as long as none is understood
	untimed    bool   // it has no time

	pending map[int]*importer.Call // unfinished calls, by thread id
	words   map[string]string      // names of calls and errors
	last    trace.Ns               // on the run's clock
	behind  trace.Ns               // how far the wall clock was set back so far
	setBack int
	timed   bool // a call had a duration
}

// stepBack is how far a time may be before the one before it, and still be an
// effect of rounding and of the order in which threads are told: 10 ms.
const stepBack = 10_000_000

// now is a line's time on the run's clock, which never goes back.
func (r *reader) now(at trace.Ns) trace.Ns {
	now := r.t.Since(at + r.behind)
	if now < r.last-stepBack {
		r.setBack++
		r.behind += r.last - now
	}
	return max(now, r.last)
}

func (r *reader) line(text []byte, cut bool) error {
	r.number++
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	l := parse(text)
	if l.form == notUnderstood {
		return r.notUnderstood(&l, text, cut)
	}
	if l.form == message {
		return nil
	}
	r.understood++
	thread, at := r.t.Thread(l.pid, ""), r.now(l.at)
	r.last = at
	r.timed = r.timed || l.dur >= 0
	switch l.form {
	case signal:
		return r.t.Add(trace.Event{At: at, Thread: thread, Kind: trace.Compute, Actor: trace.KernelCode, Detail: "signal", Line: r.word(l.name), Provenance: trace.Measured})
	case exited:
		if c := r.pending[l.pid]; c != nil {
			c.End = at
			delete(r.pending, l.pid)
			if err := r.t.Call(c); err != nil {
				return err
			}
		}
		return r.t.Add(trace.Event{At: at, Thread: thread, Kind: trace.Compute, Actor: trace.KernelCode, Detail: "exit", Provenance: trace.Measured})
	case unfinished:
		r.pending[l.pid] = r.call(&l, thread, at, at)
		return nil
	case resumed:
		c := r.pending[l.pid]
		delete(r.pending, l.pid)
		if c == nil || c.Name != string(l.name) { // it began before the trace did
			c = r.call(&l, thread, max(at-max(l.dur, 0), 0), at)
			c.In, c.Out = importer.UnknownFD, importer.UnknownFD
		}
		c.End, c.Ret, c.Errno, c.Returned = at, l.ret, r.word(l.errno), l.returned
		return r.t.Call(c)
	}
	end := at + max(l.dur, 0)
	r.last = end
	return r.t.Call(r.call(&l, thread, at, end))
}

func (r *reader) call(l *line, thread int, at, end trace.Ns) *importer.Call {
	return &importer.Call{Thread: thread, Name: r.word(l.name), At: at, End: end, Ret: l.ret, Errno: r.word(l.errno), Returned: l.returned,
		In: l.in, Out: l.out, Offset: l.offset, ByReference: l.byReference}
}

// word interns a name: there are few of them.
func (r *reader) word(b []byte) string {
	if s, ok := r.words[string(b)]; ok {
		return s
	}
	s := string(b)
	r.words[s] = s
	return s
}

func (r *reader) notUnderstood(l *line, text []byte, cut bool) error {
	if r.understood == 0 {
		if r.foreign == nil {
			r.foreign, r.untimed = bytes.Clone(text[:min(len(text), 80)]), l.untimed
		}
		if r.number >= foreignLines {
			return r.errForeign()
		}
	}
	r.gap(text)
	if cut {
		r.t.Cut()
	}
	return nil
}

func (r *reader) gap(text []byte) { r.t.Gap(r.number, text, r.last) }

// errForeign: nothing was understood.
func (r *reader) errForeign() error {
	why := "it is no line of strace"
	if call := bytes.IndexByte(r.foreign, '('); r.untimed && call > 0 && bytes.Contains(r.foreign, []byte(") ")) {
		why = "it has no time of day in seconds since 1970, which strace prints with -ttt"
	}
	r.number = 1
	return fmt.Errorf("%q: %s; %s", r.foreign, why, want)
}

// noCounts is why strace cannot tell some counts.
const noCounts = "strace tells system calls alone; perf script of the tracepoints, or copyscope attach, tells more"

func (r *reader) finish() (*importer.Imported, error) {
	if r.understood == 0 {
		if r.foreign == nil {
			return nil, errors.New("there is nothing in it; " + want)
		}
		return nil, fmt.Errorf("line 1: %w", r.errForeign())
	}
	hanging := len(r.pending)
	for _, c := range importer.InOrder(r.pending) {
		c.End = r.last
		if err := r.t.Call(c); err != nil {
			return nil, err
		}
	}
	out := r.t.Finish("strace", importer.Watch(noCounts))
	if hanging > 0 {
		out.Facts = append(out.Facts, importer.Counted(int64(hanging), "1 call had not returned when the trace ended", "%d calls had not returned when the trace ended"))
	}
	if r.setBack > 0 {
		out.Facts = append(out.Facts, importer.Counted(int64(r.setBack), "the wall clock was set back once; the timeline goes on from where it was", "the wall clock was set back %d times; the timeline goes on from where it was"))
	}
	if !r.timed {
		out.Facts = append(out.Facts, "calls have no duration: strace prints it with -T")
		for _, e := range []trace.CountName{trace.WallTime} {
			out.Run.Watch[e] = trace.Basis{Provenance: trace.Derived}
		}
	}
	return out, nil
}
