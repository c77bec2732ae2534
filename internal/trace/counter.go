package trace

import "math"

// Counter computes the counts of a run from its events, one event at a time.
// It is the only place that knows how an event counts.
//
// What counts is what the sender did during the transfer phase; a receiver's
// CPU copies are a figure of their own, and set-up and tear-down calls are
// listed apart ([Counter.SetupSyscallsByName]).
type Counter struct {
	payload int64
	base    Provenance
	watch   Watch

	values  map[CountName]float64
	weakest map[CountName]Provenance

	open    Event // the span of the call that has not returned yet
	byName  map[string]int64
	apart   map[string]int64
	started bool // an event of the transfer was seen
	spanned bool // one of them was a syscall
	first   Ns
	last    Ns
}

// NewCounter counts a run that transfers payload bytes. base is the provenance
// of a count that no event touched, watch what the run sees otherwise or not
// at all.
func NewCounter(payload int64, base Provenance, watch Watch) *Counter {
	return &Counter{
		payload: payload, base: base, watch: watch,
		values: map[CountName]float64{}, weakest: map[CountName]Provenance{},
		byName: map[string]int64{}, apart: map[string]int64{},
	}
}

// Add counts one more event.
func (c *Counter) Add(e Event) {
	if e.Phase != Transfer {
		if e.Kind == Syscall {
			c.apart[e.Syscall]++
		}
		return
	}
	if e.Endpoint == Receiver {
		if e.Kind == CPUCopy {
			c.add(ReceiverCopiedBytes, float64(e.Bytes), e.Provenance)
		}
		return
	}
	c.clock(e)
	n, bytes := float64(e.Units()), float64(e.Bytes)
	switch e.Kind {
	case Syscall:
		c.byName[e.Syscall]++
		c.add(Syscalls, 1, e.Provenance)
		c.open = e
	case ModeSwitch:
		c.add(ModeSwitches, n, e.Provenance)
		if e.To == UserMode && c.open.Call != 0 && e.Call == c.open.Call {
			c.returned(c.open)
			c.open = Event{}
		}
	case CPUCopy:
		c.add(CPUCopies, 1, e.Provenance)
		c.add(CPUCopiedBytes, bytes, e.Provenance)
	case PIO:
		// The CPU carries every word: a copy by the CPU, at the device.
		c.add(CPUCopies, 1, e.Provenance)
		c.add(CPUCopiedBytes, bytes, e.Provenance)
		c.add(PIOBytes, bytes, e.Provenance)
	case DMA:
		c.add(DMATransfers, 1, e.Provenance)
		c.add(DMABytes, bytes, e.Provenance)
	case Descriptor:
		c.add(Descriptors, n, e.Provenance)
	case PageFault:
		c.add(PageFaults, n, e.Provenance)
		if e.Detail == "major" {
			c.add(MajorFaults, n, e.Provenance)
		}
	case ContextSwitch:
		c.add(ContextSwitches, n, e.Provenance)
	case Interrupt:
		c.add(Interrupts, n, e.Provenance)
	case DeviceCommand:
		if e.To == DiskPlace {
			c.add(DiskReads, n, e.Provenance)
		}
	case CacheMiss, Readahead:
		// Missing pages that were asked for, and those brought in ahead of it.
		c.add(PageCacheInsertions, n, e.Provenance)
	}
	if (e.Kind == DMA || e.Kind == PIO) && e.From == DiskPlace {
		c.add(DiskReadBytes, bytes, e.Provenance)
	}
	c.buffer(e)
	if e.CPU > 0 && e.Kind != Syscall {
		c.add(CPUTime, float64(e.CPU), e.Provenance)
	}
}

// returned counts what a span told in advance: what the call would send, and
// the time that it would need. When the call returns, it has.
func (c *Counter) returned(span Event) {
	if span.To == SocketBuffer {
		c.add(BytesSent, float64(span.Bytes), span.Provenance)
	}
	if span.CPU > 0 {
		c.add(CPUTime, float64(span.CPU), span.Provenance)
	}
}

// buffer follows bytes into the user buffer, which is at least as large as the
// largest piece put into it.
func (c *Counter) buffer(e Event) {
	moved := e.Kind == CPUCopy || e.Kind == DMA || e.Kind == PIO
	if moved && e.To == UserBuffer && float64(e.Bytes) > c.values[UserBufferBytes] {
		c.values[UserBufferBytes] = float64(e.Bytes)
		c.weakest[UserBufferBytes] = Weakest(c.weakest[UserBufferBytes], e.Provenance)
	}
}

func (c *Counter) clock(e Event) {
	if !c.started {
		c.first, c.last = e.At, e.At
	}
	c.first = min(c.first, e.At)
	// A call's span ends with the switch back to user mode, which is an event of
	// its own: at a step within the call, that time has not come.
	if e.Kind != Syscall {
		c.last = max(c.last, e.End())
	}
	c.started = true
	c.values[WallTime] = float64(c.last - c.first)
	// The spans of syscalls are what times a run; other events lie within them
	// and lend their provenance only where there is no span.
	switch span := e.Kind == Syscall; {
	case span && !c.spanned:
		c.spanned = true
		c.weakest[WallTime] = e.Provenance
	case span, !c.spanned:
		c.weakest[WallTime] = Weakest(c.weakest[WallTime], e.Provenance)
	}
}

func (c *Counter) add(name CountName, v float64, p Provenance) {
	c.values[name] += v
	c.weakest[name] = Weakest(c.weakest[name], p)
}

// Counts is a snapshot of every count after the events so far.
func (c *Counter) Counts() Counts {
	out := make(Counts, len(countUnits))
	for _, u := range countUnits {
		out[u.name] = c.Count(u.name)
	}
	return out
}

// Count is one count after the events so far.
func (c *Counter) Count(name CountName) Count {
	switch name {
	case CPUCopiesPerByte:
		return c.perByte(CPUCopiedBytes)
	case DMACopiesPerByte:
		return c.perByte(DMABytes)
	}
	basis, watched := c.watch[name]
	if basis.Provenance == Unavailable {
		return Count{Provenance: Unavailable, Reason: basis.Reason}
	}
	p := c.base
	if watched {
		p = basis.Provenance
	}
	if w := c.weakest[name]; w != "" {
		if watched {
			w = Weakest(w, p)
		}
		p = w
	}
	return Count{Value: c.values[name], Provenance: p}
}

// perByte divides a count by the payload. Six decimals say enough, and the
// same figure must come out wherever it is shown.
func (c *Counter) perByte(of CountName) Count {
	n := c.Count(of)
	if n.Known() && c.payload > 0 {
		n.Value = ratio(n.Value, c.payload)
	}
	return n
}

func ratio(n float64, payload int64) float64 { return math.Round(n/float64(payload)*1e6) / 1e6 }

// SyscallsByName counts the transfer's syscalls by name.
func (c *Counter) SyscallsByName() map[string]int64 { return clone(c.byName) }

// SetupSyscallsByName counts the set-up and tear-down syscalls by name.
func (c *Counter) SetupSyscallsByName() map[string]int64 { return clone(c.apart) }

func clone(m map[string]int64) map[string]int64 {
	out := make(map[string]int64, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}
