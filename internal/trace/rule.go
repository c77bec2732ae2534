package trace

import (
	"maps"
	"slices"
)

// class is all of a shape that decides how its events count: it is what the
// counting rules look at, and they look once per class, not once per event.
type class struct {
	part       part
	kind       Kind
	from, to   Place
	syscall    string
	major      bool
	write      bool // of a command to the disk: it is no read
	packets    bool // of compute: it made packets of what was sent
	again      bool // of compute: it sent once more what had been sent
	linear     bool // of a command to the card: the payload lies in one piece of memory
	llc        bool // of an eviction: from the last-level cache
	plan       bool // of pages for the page cache: the folios that come in are told one by one besides
	provenance Provenance
}

// part says to which part of the counts an event belongs.
type part uint8

const (
	uncounted part = iota
	transfer       // what the sender, or a relay, did during the transfer
	received       // the receiver's copies
	apart          // set-up and tear-down calls
)

// classOf sorts a shape.
func classOf(s *Shape) class {
	switch {
	case s.Phase != Transfer && s.Kind == Syscall:
		return class{part: apart, syscall: s.Syscall}
	case s.Phase != Transfer:
		return class{}
	case s.Endpoint == Receiver && s.Kind == CPUCopy:
		return class{part: received, provenance: s.Provenance}
	case s.Endpoint == Receiver:
		return class{}
	}
	k := class{part: transfer, kind: s.Kind, from: s.From, to: s.To, provenance: s.Provenance}
	switch s.Kind {
	case Syscall:
		k.syscall = s.Syscall
	case PageFault:
		k.major = s.Detail == "major"
	case DeviceCommand:
		k.write = s.Detail == "disk-write" || s.Detail == "flush"
		k.linear = s.Detail == "nic-send-linear"
	case Compute:
		k.packets = s.Detail == "tcp"
		k.again = s.Detail == "retransmit"
	case Evict:
		k.llc = s.Detail == "llc"
	case CacheMiss, Readahead:
		k.plan = s.Provenance != Modelled && s.Detail != "insert"
	}
	return k
}

// tally sums up the events of one class. Of syscalls, all but the number of
// events is what they told in advance, added when they returned.
type tally struct {
	events int64
	units  int64 // of syscalls: those that returned
	bytes  int64
	cpu    int64
}

// source is the figure of a tally that a count takes.
type source uint8

const (
	events source = iota
	units
	bytes
	cpu
)

// sources are the counts that a class feeds. It is the one list of what counts
// as what; only wall time and user-buffer memory, which are no sums, are kept
// elsewhere ([state]).
func (k class) sources() map[CountName]source {
	out := map[CountName]source{}
	switch k.part {
	case received:
		out[ReceiverCopiedBytes] = bytes
	case transfer:
		out[CPUTime] = cpu
	}
	switch k.kind {
	case Syscall:
		out[Syscalls] = events
		if k.to == SocketBuffer {
			out[BytesSent] = bytes
		}
	case ModeSwitch:
		out[ModeSwitches] = units
	case CPUCopy:
		out[CPUCopies], out[CPUCopiedBytes] = events, bytes
	case PIO:
		// The CPU carries every word: a copy by the CPU, at the device.
		out[CPUCopies], out[CPUCopiedBytes], out[PIOBytes] = events, bytes, bytes
		if k.to == NICRing { // what the CPU carries it carries in one piece
			out[LinearPayloadBytes] = bytes
		}
	case DMA:
		out[DMATransfers], out[DMABytes] = events, bytes
	case Descriptor:
		out[Descriptors] = units
	case PageFault:
		out[PageFaults] = units
		if k.major {
			out[MajorFaults] = units
		}
	case ContextSwitch:
		out[ContextSwitches] = units
	case Interrupt:
		out[Interrupts] = units
	case DeviceCommand:
		switch {
		case k.to == DiskPlace && k.write:
			out[DiskWrites] = units
		case k.to == DiskPlace:
			out[DiskReads] = units
		case k.to == NICRing && k.linear:
			out[LinearPayloadBytes] = bytes
		case k.to == NICRing:
			out[PagedPayloadBytes] = bytes
		}
	case Compute:
		if k.packets {
			out[Packets] = units
		}
		if k.again {
			out[RetransmittedBytes] = bytes
		}
	case Evict:
		if k.llc {
			out[LLCEvictedBytes] = bytes
		} else {
			out[PageCacheEvictions] = units
		}
	case MemoryBus:
		out[MemoryBusBytes] = bytes
	case CacheMiss, Readahead:
		// Missing pages that were asked for, and those brought in ahead of it.
		if !k.plan {
			out[PageCacheInsertions] = units
		}
	}
	if (k.kind == DMA || k.kind == PIO) && k.from == DiskPlace {
		out[DiskReadBytes] = bytes
	}
	if (k.kind == DMA || k.kind == PIO) && k.to == DiskPlace {
		out[DiskWrittenBytes] = bytes
	}
	return out
}

// marks say what else than its tally an event of a class changes.
type marks uint8

const (
	clocked marks = 1 << iota // it moves the run's clock
	span                      // a call begins
	back                      // a call may return
	moves                     // it moves bytes into a user buffer
	makes                     // it makes bytes in a user buffer
)

func (k class) marks() (m marks) {
	if k.part != transfer {
		return 0
	}
	m = clocked
	switch k.kind {
	case Syscall:
		m |= span
	case ModeSwitch:
		if k.to == UserMode {
			m |= back
		}
	case CPUCopy, DMA, PIO:
		if k.to == UserBuffer {
			m |= moves
		}
	case Compute:
		if k.to == UserBuffer {
			m |= makes
		}
	}
	return m
}

// ruled is what counting an event needs of its class.
type ruled struct {
	provenance Provenance
	id         int32
	marks      marks
}

// rules are the classes that a counter has met.
type rules struct {
	ids     map[class]ruled
	classes []class
	feeds   map[CountName][]feed
}

// feed is one class's part in a count.
type feed struct {
	class int32
	of    source
}

func newRules() rules { return rules{ids: map[class]ruled{}, feeds: map[CountName][]feed{}} }

// of is the class of a shape.
func (r *rules) of(s *Shape) ruled {
	k := classOf(s)
	known, ok := r.ids[k]
	if !ok {
		known = ruled{provenance: k.provenance, id: int32(len(r.classes)), marks: k.marks()}
		r.ids[k] = known
		r.classes = append(r.classes, k)
		for name, of := range k.sources() {
			r.feeds[name] = append(r.feeds[name], feed{known.id, of})
		}
	}
	return known
}

func (r *rules) clone() rules {
	feeds := make(map[CountName][]feed, len(r.feeds))
	for name, f := range r.feeds {
		feeds[name] = slices.Clip(f)
	}
	return rules{ids: maps.Clone(r.ids), classes: slices.Clip(r.classes), feeds: feeds}
}
