package importer

import (
	"cmp"
	"maps"
	"slices"

	"copyscope/internal/trace"
)

// Watch tells how the counts of a trace of system calls are known; all that is
// not in the calls is unavailable, for that reason.
func Watch(reason string) trace.Watch {
	measured, derived := trace.Basis{Provenance: trace.Measured}, trace.Basis{Provenance: trace.Derived}
	w := trace.Watch{}
	for _, name := range trace.CountNames() {
		w[name] = trace.Basis{Provenance: trace.Unavailable, Reason: reason}
	}
	for _, name := range []trace.CountName{trace.Syscalls, trace.BytesSent, trace.WallTime} {
		w[name] = measured
	}
	for _, name := range []trace.CountName{trace.ModeSwitches, trace.CPUCopies, trace.CPUCopiedBytes, trace.Descriptors, trace.UserBufferBytes} {
		w[name] = derived
	}
	delete(w, trace.CPUCopiesPerByte) // follow from others
	delete(w, trace.DMACopiesPerByte)
	w[trace.ReceiverCopiedBytes] = trace.Basis{Provenance: trace.Unavailable, Reason: "the trace does not say which of its threads are the receiver's; all are counted alike"}
	return w
}

// InOrder are calls by the time at which they began, and then by thread.
func InOrder(calls map[int]*Call) []*Call {
	return slices.SortedFunc(maps.Values(calls), func(a, b *Call) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Thread, b.Thread))
	})
}
