package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

var errUntraced = errors.New("the run was to leave the tracepoints alone")

// errTracepointsOfRoot takes the place of an error that names the file that could not be
// opened: it is the first of all that were tried, and another than the one that would tell.
var errTracepointsOfRoot = errors.New("this user may not read the kernel's tracepoints, root may")

// wouldTell says what a count would be known by, and why it cannot be read.
func wouldTell(what string, why error) string {
	if errors.Is(why, fs.ErrPermission) {
		why = errTracepointsOfRoot
	}
	return what + " would tell: " + why.Error() + "; see copyscope doctor"
}

// Watch tells how a measured run knows each count, and which it cannot see. Of the
// options it heeds Program, Net, Cold, Dir and Untraced.
func Watch(o Options) trace.Watch {
	measured, derived := trace.Basis{Provenance: trace.Measured}, trace.Basis{Provenance: trace.Derived}
	cannot := func(why string) trace.Basis { return trace.Basis{Provenance: trace.Unavailable, Reason: why} }
	untraced := func(point string) trace.Basis {
		return cannot("this version does not read the tracepoint that would tell, " + point)
	}
	relay := o.Program.Source == transfer.FromSocket
	seen := func(point string, why error) trace.Basis {
		if relay { // it reads no file
			return derived
		}
		if o.Untraced {
			why = errUntraced
		} else if why == nil {
			why = traced()
		}
		if why != nil {
			return cannot(wouldTell(point, why))
		}
		return measured
	}
	var placed, interrupted error // of the file on its disk; asked where it matters
	if !relay && !o.Untraced && traced() == nil {
		var p *placement
		if p, placed = placeIn(o.Dir); placed == nil && len(p.interrupts) == 0 {
			interrupted = errNoInterrupts
		}
	}
	w := trace.Watch{
		// Returned by the calls, or told by getrusage(2) and the clocks.
		trace.Syscalls: measured, trace.BytesSent: measured, trace.PageFaults: measured, trace.MajorFaults: measured,
		trace.ContextSwitches: measured, trace.CPUTime: measured, trace.WallTime: measured,
		// Follow by rule from what calls returned.
		trace.ModeSwitches: derived, trace.CPUCopies: derived, trace.CPUCopiedBytes: derived,
		trace.Descriptors: derived, trace.UserBufferBytes: derived,
		trace.ReceiverCopiedBytes: derived,
		// The CPU carries no words to a device: loopback has none, disks move
		// by DMA.
		trace.PIOBytes: derived,

		trace.Interrupts:          seen(pointInterrupt, cmp.Or(placed, interrupted)),
		trace.DiskReads:           seen(pointIssue, placed),
		trace.PageCacheInsertions: seen(pointInsert, nil),
		trace.PageCacheEvictions:  seen(pointDelete, nil),
		trace.DiskWrites:          untraced("block:block_rq_issue"),
		trace.DiskWrittenBytes:    untraced("block:block_rq_issue"),
		trace.MemoryBusBytes:      cannot("the memory bus is seen by hardware counters of the memory controller alone, which this program does not read"),
		trace.LLCEvictedBytes:     cannot("the last-level cache is seen by hardware counters alone, which this program does not read"),
		trace.DMATransfers:        derived,
		trace.DMABytes:            derived,
		trace.DiskReadBytes:       measured,
	}
	watchPackets(o, w)
	if !relay && !o.Untraced && placed == nil && traced() == nil {
		w[trace.DMATransfers], w[trace.DMABytes], w[trace.DiskReadBytes] = measured, measured, measured
		return w
	}
	if o.Cold {
		w[trace.DMATransfers] = seen("loopback has no device and so no DMA; how many transfers the disk made, "+pointComplete, placed)
	}
	if f, err := os.Open("/proc/thread-self/io"); err == nil {
		f.Close()
	} else {
		why := cannot("loopback has no device and so no DMA; what the disk moved is in /proc/thread-self/io, which cannot be read: " + err.Error())
		w[trace.DMATransfers], w[trace.DMABytes], w[trace.DiskReadBytes] = why, why, why
	}
	return w
}

// watchPackets tells how what the devices got is known, and with it the copies for
// those that do not gather.
func watchPackets(o Options, w trace.Watch) {
	why := packetsTraced()
	if o.Untraced {
		why = errUntraced
	}
	switch {
	case o.Net == nil:
		forgetPackets(o, w, errNoPackets.Error())
	case why != nil:
		forgetPackets(o, w, wouldTell(pointTransmit, why))
	default:
		for _, name := range packetCounts {
			w[name] = trace.Basis{Provenance: trace.Measured}
		}
	}
}

// packetCounts are what only packets tell.
var packetCounts = []trace.CountName{trace.Packets, trace.LinearPayloadBytes, trace.PagedPayloadBytes, trace.RetransmittedBytes}

// forgetPackets: they are not known, and the copies for a device that does not gather
// are not, for they are told by its packets.
func forgetPackets(o Options, w trace.Watch, why string) {
	basis := trace.Basis{Provenance: trace.Unavailable, Reason: why}
	for _, name := range packetCounts {
		w[name] = basis
	}
	if o.Net != nil && !o.Net.SG() && o.Program.Sinks > 0 {
		w[trace.CPUCopies], w[trace.CPUCopiedBytes] = basis, basis
	}
}

// Lost changes what a run watched by what it lost: packets of which some were not
// seen do not add up.
func Lost(o Options, w trace.Watch, out *Outcome) {
	if out.Lost > 0 && o.Net != nil {
		forgetPackets(o, w, fmt.Sprintf("%d of the kernel's events found no room", out.Lost))
	}
}
