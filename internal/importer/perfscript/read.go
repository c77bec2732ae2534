package perfscript

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

// maxLine bounds a line in bytes; a longer one is a gap.
const maxLine = 1 << 20

// foreignLines is after how many lines, none of them understood, a file is taken
// to be of something else.
const foreignLines = 32

const want = "want the output of perf script of tracepoints, such as cat 1234 [000] 35164.816738: syscalls:sys_enter_read: fd: 0x00000003, …"

// Read makes a timeline of what perf script printed, of which it keeps the first
// keep events. The error of a file that is no such output says so.
func Read(ctx context.Context, in io.Reader, keep int) (*importer.Imported, error) {
	r := reader{t: importer.New(keep), fds: newDescriptors(), entered: map[int]*entered{}, begun: map[int]begun{}, seen: map[trace.CountName]bool{}}
	lines := bufio.NewReaderSize(in, maxLine)
	for {
		text, err := lines.ReadSlice('\n')
		if err == bufio.ErrBufferFull {
			r.number++
			r.t.Gap(r.number, text, r.last)
			for err == bufio.ErrBufferFull {
				_, err = lines.ReadSlice('\n')
			}
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
			return r.finish()
		}
		if r.number%(1<<14) == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
}

// reader puts the events together.
type reader struct {
	t          *importer.Timeline
	number     int64
	understood int64
	foreign    []byte // the first line, as long as none is understood
	chain      bool   // what is indented is the call chain of the event above

	fds     descriptors
	entered map[int]*entered         // by thread id
	begun   map[int]begun            // of perf trace
	seen    map[trace.CountName]bool // a tracepoint told of it
	raw     bool
	last    trace.Ns

	passed int64  // events of tracepoints that stand for nothing here
	other  string // the first of them
	lost   int64
	half   int64 // calls of which the trace has only the return
}

func (r *reader) line(text []byte, cut bool) error {
	r.number++
	trimmed := bytes.TrimSpace(text)
	switch {
	case len(trimmed) == 0:
		r.chain = false
		return nil
	case trimmed[0] == '#': // perf's header
		return nil
	case bytes.Contains(text, []byte("PERF_RECORD_LOST")):
		r.lost++
		r.t.Gap(r.number, text, r.last)
		return nil
	}
	if l, ok := parseTraced(text); ok {
		r.understood++
		return r.traced(&l)
	}
	l, ok := parse(text)
	if !ok {
		if r.chain && isChain(trimmed) {
			return nil
		}
		return r.notUnderstood(text, cut)
	}
	at := max(r.t.Since(l.at), 0)
	known, err := r.event(&l, at)
	if err != nil {
		return err
	}
	if !known {
		return r.notUnderstood(text, cut)
	}
	r.understood++
	r.chain, r.last = true, max(r.last, at)
	return nil
}

// isChain: a line of a call chain begins with an address.
func isChain(text []byte) bool {
	address, _, found := bytes.Cut(text, []byte(" "))
	_, ok := hexadecimal(address)
	return found && ok && len(address) >= 4
}

// event tells one event; known is false if its data make no sense.
func (r *reader) event(l *line, at trace.Ns) (known bool, err error) {
	r.fds.thread(l.tid, l.pid)
	if name, enter, ok := syscallEvent(l.event, l.data); ok {
		r.raw = r.raw || bytes.HasPrefix(l.event, []byte("raw_"))
		return r.call(l, name, enter, at)
	}
	p, ok := points[string(l.event)]
	if !ok {
		r.passed++
		if r.other == "" {
			r.other = string(l.event[:min(len(l.event), 60)])
		}
		return bytes.IndexByte(l.event, ':') > 0 || bytes.IndexByte(l.event, '-') > 0, nil
	}
	e, ok := p.event(l.data)
	if !ok {
		return string(l.event) == "sched:sched_switch" && len(l.data) > 0, nil // from the idle thread
	}
	for _, name := range p.counts {
		r.seen[name] = true
	}
	e.At, e.Thread, e.Provenance = at, r.t.Thread(l.tid, string(l.comm)), trace.Measured
	return true, r.t.Add(e)
}

func (r *reader) call(l *line, name string, enter bool, at trace.Ns) (known bool, err error) {
	thread := r.t.Thread(l.tid, string(l.comm))
	open := r.entered[l.tid]
	if enter {
		if open != nil { // its return was lost
			if err := r.never(l.tid, thread, open, at); err != nil {
				return true, err
			}
		}
		r.entered[l.tid] = &entered{name, at, arguments(l.data)}
		return true, nil
	}
	ret, ok := result(l.data)
	if !ok {
		return false, nil
	}
	delete(r.entered, l.tid)
	if open == nil || open.name != name { // it began before the trace did, as every child's does
		r.half++
		open = &entered{name: name, at: at}
	}
	return true, r.returned(l.tid, thread, open, at, ret)
}

// never tells a call whose return the trace does not have.
func (r *reader) never(tid, thread int, e *entered, at trace.Ns) error {
	c := importer.Call{Thread: thread, Name: e.name, At: e.at, End: at}
	r.ends(&c, tid, e.args)
	return r.t.Call(&c)
}

func (r *reader) notUnderstood(text []byte, cut bool) error {
	if r.understood == 0 {
		if r.foreign == nil {
			r.foreign = bytes.Clone(text[:min(len(text), 80)])
		}
		if r.number >= foreignLines {
			r.number = 1
			return r.errForeign()
		}
	}
	r.t.Gap(r.number, text, r.last)
	if cut {
		r.t.Cut()
	}
	return nil
}

func (r *reader) errForeign() error {
	return fmt.Errorf("%q: it is no event of perf script; %s", r.foreign, want)
}

func (r *reader) finish() (*importer.Imported, error) {
	if r.understood == 0 {
		if r.foreign == nil {
			return nil, errors.New("there is nothing in it; " + want)
		}
		return nil, fmt.Errorf("line 1: %w", r.errForeign())
	}
	pending := map[int]*importer.Call{}
	for tid, e := range r.entered {
		c := &importer.Call{Thread: r.t.Thread(tid, ""), Name: e.name, At: e.at, End: max(r.last, e.at)}
		r.ends(c, tid, e.args)
		pending[tid] = c
	}
	for tid, b := range r.begun {
		b.call.End = max(r.last, b.call.At)
		pending[tid] = b.call
	}
	for _, c := range importer.InOrder(pending) {
		if err := r.t.Call(c); err != nil {
			return nil, err
		}
	}
	watch := importer.Watch("the trace has no event of a tracepoint that tells it; see docs/import-export.md for those to record")
	for name := range r.seen {
		watch[name] = trace.Basis{Provenance: trace.Measured}
	}
	out := r.t.Finish("perf", watch)
	out.Facts = r.facts(len(pending))
	return out, nil
}

// facts are what a reader of the counts needs to know.
func (r *reader) facts(pending int) (facts []string) {
	add := func(n int64, format string, args ...any) {
		if n > 0 {
			facts = append(facts, fmt.Sprintf(format, args...))
		}
	}
	add(r.lost, "perf lost events in %d places, which are marked as gaps; record with a larger buffer (perf record -m)", r.lost)
	add(r.passed, "%d events of other tracepoints are passed over, the first is %s", r.passed, r.other)
	if r.half > 0 {
		facts = append(facts, importer.Counted(r.half, "1 call has a return and no entry: it began before the trace did, as those of new threads do", "%d calls have a return and no entry: they began before the trace did, as those of new threads do"))
	}
	if pending > 0 {
		facts = append(facts, importer.Counted(int64(pending), "1 call had not returned when the trace ended", "%d calls had not returned when the trace ended"))
	}
	if r.raw {
		add(1, "raw_syscalls tells numbers: they are read as those of x86-64")
	}
	return facts
}
