package trace

import "math"

// Counter computes the counts of a run from its events, one event at a time.
// It is the only thing that counts, by the rules of [class].
//
// What counts is what the sender, or a relay, did during the transfer phase; a
// receiver's CPU copies are a figure of their own, and set-up and tear-down calls
// are listed apart ([Counter.SetupSyscallsByName]).
type Counter struct {
	payload int64
	base    Provenance
	watch   Watch

	rules rules
	state state
}

// NewCounter counts a run that transfers payload bytes. base is the provenance
// of a count that no event touched, watch what the run sees otherwise or not
// at all.
func NewCounter(payload int64, base Provenance, watch Watch) *Counter {
	return &Counter{payload: payload, base: base, watch: watch, rules: newRules()}
}

// Add counts one more event.
func (c *Counter) Add(e Event) {
	s := shapeOf(&e)
	k := c.ruled(&s)
	c.state.count(&k, &Entry{At: e.At, Dur: e.Dur, CPU: e.CPU, Bytes: e.Bytes, N: e.N,
		Call: int32(e.Call), Thread: int32(e.Thread)}, -1)
}

// ruled makes room for the class of a shape.
func (c *Counter) ruled(s *Shape) ruled {
	k := c.rules.of(s)
	if n := len(c.rules.classes); len(c.state.tallies) < n {
		c.state.tallies = append(c.state.tallies, make([]tally, n-len(c.state.tallies))...)
	}
	return k
}

// at is a counter of the same run that has counted what s says.
func (c *Counter) at(s *state) *Counter {
	out := &Counter{payload: c.payload, base: c.base, watch: c.watch, rules: c.rules.clone()}
	out.state = s.clone(len(c.rules.classes))
	return out
}

// Of is the same counter of a run that turned out to transfer payload bytes, and to
// see what watch says: an imported trace tells both at its end.
func (c *Counter) Of(payload int64, watch Watch) *Counter {
	out := c.at(&c.state)
	out.payload, out.watch = payload, watch
	return out
}

// value sums up one count, and finds the weakest provenance of the events that
// touched it, or "" if none did.
func (c *Counter) value(name CountName) (v float64, weakest Provenance) {
	switch name {
	case UserBufferBytes:
		return float64(c.state.moved + c.state.made), c.state.buffer
	case WallTime:
		return float64(c.state.last - c.state.first), c.timed()
	}
	var sum int64
	for _, f := range c.rules.feeds[name] {
		t, k := &c.state.tallies[f.class], &c.rules.classes[f.class]
		touched := t.events
		switch f.of {
		case events:
			sum += t.events
		case units:
			sum += t.units
		case bytes:
			sum += t.bytes
			if k.kind == Syscall {
				touched = t.units
			}
		case cpu:
			sum += t.cpu
			touched = t.cpu
		}
		if touched > 0 {
			weakest = Weakest(weakest, k.provenance)
		}
	}
	return float64(sum), weakest
}

// timed is the provenance of the wall time. The spans of syscalls are what
// times a run; other events lie within them and lend their provenance only where
// there is no span.
func (c *Counter) timed() (weakest Provenance) {
	spanned := false
	for i, k := range c.rules.classes {
		if k.part != transfer || c.state.tallies[i].events == 0 {
			continue
		}
		switch isSpan := k.kind == Syscall; {
		case isSpan && !spanned:
			spanned, weakest = true, k.provenance
		case isSpan, !spanned:
			weakest = Weakest(weakest, k.provenance)
		}
	}
	return weakest
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
	v, w := c.value(name)
	if w != "" {
		if watched {
			w = Weakest(w, p)
		}
		p = w
	}
	return Count{Value: v, Provenance: p}
}

// perByte divides a count by the payload. Six decimals say enough, and the
// same figure must come out wherever it is shown.
func (c *Counter) perByte(of CountName) Count {
	n := c.Count(of)
	switch {
	case c.payload <= 0:
		return Count{Provenance: Unavailable, Reason: "there are no payload bytes to divide by"}
	case n.Known():
		n.Value = ratio(n.Value, c.payload)
	}
	return n
}

func ratio(n float64, payload int64) float64 { return math.Round(n/float64(payload)*1e6) / 1e6 }

// SyscallsByName counts the transfer's syscalls by name.
func (c *Counter) SyscallsByName() map[string]int64 { return c.calls(transfer) }

// SetupSyscallsByName counts the set-up and tear-down syscalls by name.
func (c *Counter) SetupSyscallsByName() map[string]int64 { return c.calls(apart) }

func (c *Counter) calls(of part) map[string]int64 {
	out := map[string]int64{}
	for i, k := range c.rules.classes {
		if n := c.state.tallies[i].events; n > 0 && k.part == of && (of == apart || k.kind == Syscall) {
			out[k.syscall] += n
		}
	}
	return out
}
