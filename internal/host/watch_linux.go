package host

import (
	"cmp"
	"errors"
	"os"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
)

var errUntraced = errors.New("the run was to leave the tracepoints alone")

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
			return cannot(point + " would tell: " + why.Error() + "; see copyscope doctor")
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

// watchPackets tells how what the device got is known, and with it the copies for a
// device that does not gather.
func watchPackets(o Options, w trace.Watch) {
	why := packetsTraced()
	switch {
	case o.Net == nil:
		why = errNoPackets
	case o.Untraced:
		why = errUntraced
	}
	basis := trace.Basis{Provenance: trace.Measured}
	if why != nil {
		basis = trace.Basis{Provenance: trace.Unavailable, Reason: pointTransmit + " would tell: " + why.Error() + "; see copyscope doctor"}
		if o.Net == nil {
			basis.Reason = errNoPackets.Error()
		}
	}
	for _, name := range []trace.CountName{trace.Packets, trace.LinearPayloadBytes, trace.PagedPayloadBytes, trace.RetransmittedBytes} {
		w[name] = basis
	}
	if why != nil && o.Net != nil && !o.Net.SG() && o.Program.Sinks > 0 {
		w[trace.CPUCopies], w[trace.CPUCopiedBytes] = basis, basis // those for the device are not seen
	}
}
