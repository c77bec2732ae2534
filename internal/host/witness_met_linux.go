package host

import (
	"cmp"
	"os"
	"slices"
	"sort"
	"time"

	"copyscope/internal/trace"
)

// follow lets the kernel tell what the thread meets, one by one.
func (w *witness) follow(take func() []met) {
	monotonicOf(time.Now()) // finds out how, once
	w.met = take
}

// look is now, of CLOCK_MONOTONIC in ns; 0 if nobody asks.
func (w *witness) look() int64 {
	if w.met == nil {
		return 0
	}
	return monotonicOf(time.Now())
}

// mapping is where pages of the file lie in the process.
type mapping struct {
	from, to uint64 // addresses
	at       int64  // file offset of the first
}

// tellMet makes events of what the thread met during the records, among those of
// others. What it met outside of them was the witness's own affair.
//
// Faults and switches take the place of what the thread's usage says of the same
// time: what that has beyond them is told of the call, as where nobody tells of them.
func (w *witness) tellMet() {
	if w.met == nil {
		return
	}
	all := w.met()
	slices.SortStableFunc(all, func(a, b met) int { return cmp.Compare(a.at, b.at) })
	before := func(at int64) int { return sort.Search(len(all), func(i int) bool { return all[i].at >= at }) }
	calls, last := w.calls, int64(0)
	var late []met // the thread met it after its usage was read, and before the clock was
	for i := 0; i < len(w.records); {
		n := 1 // of records that were settled together
		for i+n < len(w.records) && w.records[i+n].from == 0 {
			n++
		}
		r := w.records[i]
		if r.from != last { // what came between is nobody's
			late = nil
		}
		mine := slices.Concat(late, all[before(r.from):before(r.to)])
		calls, late = w.place(mine, w.records[i:i+n], calls)
		last = r.to
		i += n
	}
	for _, m := range all {
		if m.elsewhere && m.at < last {
			w.waiting = append(w.waiting, w.eventOf(m))
		}
	}
	slices.SortStableFunc(w.waiting, func(a, b trace.Event) int { return cmp.Compare(a.At, b.At) })
}

// place tells what was met while records were settled together, of which calls were
// made before. It returns how many were after, and what was met and not used yet.
func (w *witness) place(all []met, records []record, calls int) (after int, late []met) {
	used := &records[0].used
	events := make([]trace.Event, 0, len(all))
	var faults []fault
	next := 0 // the first record that had not ended
	pass := func() {
		if records[next].call != noCall {
			calls++
		}
		w.remap(&records[next])
		next++
	}
	for _, m := range all {
		if m.elsewhere {
			continue
		}
		e := w.eventOf(m)
		if w.calls == 0 && calls == 0 && next == 0 {
			e.At = max(e.At, records[0].at) // the run begins with its first call
		}
		for next < len(records) && records[next].end < e.At {
			pass()
		}
		e.Phase = phaseOf(records[0].call)
		if next < len(records) && records[next].at <= e.At {
			r := &records[next]
			e.Line = string(r.line)
			if r.call != noCall {
				e.Call, e.Syscall = calls+1, r.call.String()
			}
		}
		switch m.kind {
		case trace.PageFault:
			w.locate(&e, m.address)
			faults = append(faults, fault{m, e})
			continue
		case trace.ContextSwitch:
			if !used.switched(m.detail) {
				late = append(late, m)
				continue
			}
		}
		events = append(events, e)
	}
	for next < len(records) {
		pass()
	}
	used.faulted(faults)
	for _, f := range faults {
		if f.event.Detail == "" {
			late = append(late, f.met)
		} else {
			events = append(events, f.event)
		}
	}
	w.waiting = append(w.waiting, events...)
	return calls, late
}

func (w *witness) eventOf(m met) trace.Event {
	return trace.Event{At: w.clock(m.at), Dur: trace.Ns(m.dur), N: m.n, Endpoint: w.endpoint, Phase: trace.Transfer,
		Kind: m.kind, Actor: m.actor, Detail: m.detail, Provenance: trace.Measured}
}

// remap follows where the file is mapped.
func (w *witness) remap(r *record) {
	switch {
	case r.ret < 0:
	case r.call == callMmap:
		w.mappings = append(w.mappings, mapping{uint64(r.memory), uint64(r.memory) + uint64(r.asked), r.offset})
	case r.call == callMunmap:
		w.mappings = slices.DeleteFunc(w.mappings, func(m mapping) bool { return m.from == uint64(r.memory) })
	}
}

// locate says of a fault's event where in the file its page lies, if it is one of a
// mapping; all else (the stack, the heap, the program's code) is somewhere in the process.
func (w *witness) locate(e *trace.Event, address uint64) {
	for _, m := range w.mappings {
		if m.from <= address && address < m.to {
			e.From, e.To = trace.UserMapping, trace.PageCache
			e.Offset = m.at + int64(address-m.from)&^int64(os.Getpagesize()-1)
		}
	}
}

// switched says whether a switch is one that was used and not told yet.
func (u *usage) switched(detail string) bool {
	n := &u.voluntary
	if detail == "involuntary" {
		n = &u.involuntary
	}
	if *n == 0 {
		return false
	}
	*n--
	return true
}

// fault is one that the thread met, and its event.
type fault struct {
	met   met
	event trace.Event
}

// faulted finds out which faults were minor and which major, and no more of them than
// were used: an exception that the kernel gave up or took up again counts as none
// (mm_account_fault, mm/memory.c), and has no detail then. Major is one whose page the
// thread had to bring in, or to wait for. Of what is left, those of the mapping come
// first.
func (u *usage) faulted(faults []fault) {
	mark := func(n *int64, detail string, which func(*fault) bool) {
		for i := range faults {
			if f := &faults[i]; f.event.Detail == "" && *n > 0 && which(f) {
				f.event.Detail = detail
				*n--
			}
		}
	}
	page := int64(os.Getpagesize())
	mapped := func(f *fault) bool { return f.event.From == trace.UserMapping }
	each := func(*fault) bool { return true }
	mark(&u.majorFaults, "major", func(f *fault) bool { return mapped(f) && f.met.bringsIn(f.event.Offset/page) })
	mark(&u.majorFaults, "major", func(f *fault) bool { return f.met.slept })
	mark(&u.minorFaults, "minor", mapped)
	mark(&u.minorFaults, "minor", each)
	mark(&u.majorFaults, "major", each)
}

// bringsIn says whether the thread put a page of the file into the page cache for it.
func (m *met) bringsIn(page int64) bool {
	return slices.ContainsFunc(m.brought, func(pages [2]int64) bool { return pages[0] <= page && page < pages[1] })
}
