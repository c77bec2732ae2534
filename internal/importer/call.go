package importer

import (
	"fmt"
	"maps"
	"slices"

	"copyscope/internal/trace"
)

// pageBytes is the size of a page. Traces do not tell it; on x86-64 it is this,
// on arm64 it mostly is.
const pageBytes = 4096

// Call is one system call, as a trace tells it.
type Call struct {
	Thread  int
	Name    string
	At, End trace.Ns
	Ret     int64
	Errno   string
	// Returned: the trace saw it return. A thread ends within its exit.
	Returned bool
	// In and Out are what bytes or references came from and went to; see [Moves].
	In, Out FD
	Offset  int64 // of the file, where the call names it
	// ByReference: it was told to send by reference (MSG_ZEROCOPY).
	ByReference bool
	// Mapped: what it writes lies in a mapping of a file, as far as whoever traced it knows.
	Mapped bool
}

// callKey is all of a call that decides the shapes of its events.
type callKey struct {
	name, errno string
	in, out     FD
	byReference bool
	mapped      bool
}

type callShapes struct {
	span, enter, back, move trace.ShapeID
	what                    moved
}

// Call tells a call that has ended, or will end no more. Calls of one thread are
// told in order, those of several in the order of their ends.
func (t *Timeline) Call(c *Call) error {
	k, err := t.of(c)
	if err != nil {
		return err
	}
	t.number++
	var moved int64
	if c.Ret > 0 && c.Returned && k.what.measure {
		moved = c.Ret
	}
	e := trace.Entry{At: c.At, Dur: max(c.End-c.At, 0), Bytes: moved, Offset: c.Offset, Call: int32(t.number), Thread: int32(c.Thread), Shape: k.span}
	t.put(e, c.Ret)
	e.Dur, e.Bytes, e.Offset, e.Shape = 0, 0, 0, k.enter
	t.put(e, 0)
	if !c.Returned {
		return nil
	}
	if c.Ret > 0 {
		t.moved(k.what, c, e, k.move, moved)
	}
	e.At, e.Shape = max(c.End, c.At), k.back
	t.put(e, 0)
	return nil
}

// moved tells what a call moved that returned more than 0.
func (t *Timeline) moved(what moved, c *Call, e trace.Entry, shape trace.ShapeID, n int64) {
	if what.unknown {
		t.unknown++
		return
	}
	if what.to == trace.SocketBuffer {
		t.sent += n
	}
	if what.hidden != "" {
		t.unmoved[what.hidden]++
		t.unsent = t.unsent || what.sends
		return
	}
	if what.from == trace.PageCache || what.from == trace.DiskPlace {
		t.read += n
	}
	if what.kind == "" {
		return
	}
	e.Bytes, e.Offset, e.Shape = n, c.Offset, shape
	e.Dur = max(c.End-c.At, 0)
	if what.kind == trace.Descriptor {
		e.N = (c.Offset+n+pageBytes-1)/pageBytes - c.Offset/pageBytes
	}
	t.put(e, 0)
}

// of finds or makes the shapes of a call's events.
func (t *Timeline) of(c *Call) (*callShapes, error) {
	key := callKey{c.Name, c.Errno, c.In, c.Out, c.ByReference, c.Mapped}
	if k := t.calls[key]; k != nil {
		return k, nil
	}
	k := &callShapes{what: Moves(c.Name, c.In, c.Out, c.ByReference, c.Mapped)}
	s := trace.Shape{Endpoint: trace.Sender, Phase: trace.PhaseOf(c.Name), Kind: trace.Syscall, Actor: trace.KernelCode,
		From: k.what.from, To: k.what.to, Syscall: c.Name, Errno: c.Errno, Provenance: trace.Measured}
	var err error
	intern := func() (id trace.ShapeID) {
		if err == nil {
			id, err = t.shape(s)
		}
		return id
	}
	k.span = intern()
	s.Errno, s.Provenance = "", trace.Derived
	s.Kind, s.Actor, s.From, s.To, s.Detail = trace.ModeSwitch, trace.UserCode, trace.UserMode, trace.KernelMode, "enter"
	k.enter = intern()
	s.Actor, s.From, s.To, s.Detail = trace.KernelCode, trace.KernelMode, trace.UserMode, "return"
	k.back = intern()
	if k.what.kind != "" {
		s.Kind, s.From, s.To, s.Detail = k.what.kind, k.what.from, k.what.to, k.what.detail
		if s.Kind == trace.DMA {
			s.Actor = trace.DiskDMA
		}
		k.move = intern()
	}
	if err != nil {
		return nil, err
	}
	t.calls[key] = k
	return k, nil
}

// incomplete says why the counts of copies are not known, or "", and whether that of
// the bytes sent is not either.
func (t *Timeline) incomplete() (why string, sent bool) {
	if t.unknown > 0 {
		return fmt.Sprintf("%d calls moved bytes between descriptors of which the trace does not say what they are; strace -yy does", t.unknown), true
	}
	for _, why := range slices.Sorted(maps.Keys(t.unmoved)) {
		return fmt.Sprintf("in %d calls: %s", t.unmoved[why], why), t.unsent
	}
	return "", false
}
