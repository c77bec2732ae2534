package perfevent

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Record is a sample, or, with Exec, that a process begins another program.
type Record struct {
	Event    int // its index in [Options].Events
	PID, TID int32
	CPU      int
	At       int64 // ns of CLOCK_MONOTONIC
	// Period is how much the sample stands for: ns of processor time, or hits.
	Period uint64
	// Kernel and User are addresses of code, innermost first; all but the first
	// are return addresses.
	Kernel, User []uint64
	Raw          []byte
	Exec         bool
}

// cursor reads a record's words; past the end it reads zeros and is spent.
type cursor struct {
	b     []byte
	spent bool
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b)) {
		c.spent, c.b = true, nil
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) u64() uint64 {
	if b := c.take(8); b != nil {
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}

func (c *cursor) u32() uint32 {
	if b := c.take(4); b != nil {
		return binary.NativeEndian.Uint32(b)
	}
	return 0
}

// sample reads a PERF_RECORD_SAMPLE, in the order of perf_output_sample
// (kernel/events/core.c):
//
//	u64 identifier · u32 pid, tid · u64 time · u32 cpu, 0 · u64 period ·
//	{u64 n, u64 addresses[n]} if there are chains · {u32 n, u8 data[n]} if raw
//
// It returns false if the record is not one of these events'.
func sample(body []byte, events []Event, ids map[uint64]int) (r Record, ok bool) {
	c := &cursor{b: body}
	if r.Event, ok = ids[c.u64()]; !ok {
		return r, false
	}
	r.PID, r.TID = int32(c.u32()), int32(c.u32())
	r.At = int64(c.u64())
	r.CPU = int(c.u32())
	c.u32()
	r.Period = c.u64()
	if events[r.Event].Chain != 0 {
		n := c.u64()
		if n > uint64(len(c.b))/8 {
			return r, false
		}
		r.Kernel, r.User = chains(c, int(n))
	}
	if events[r.Event].Raw {
		r.Raw = append([]byte(nil), c.take(uint64(c.u32()))...)
	}
	return r, !c.spent
}

// chains parts a call chain at the markers that the kernel puts between its code and
// the user's (enum perf_callchain_context, include/uapi/linux/perf_event.h).
func chains(c *cursor, n int) (kernel, user []uint64) {
	all := make([]uint64, 0, n)
	from, to := 0, &user
	part := func(next *[]uint64) {
		if len(all) > from {
			*to = all[from:len(all):len(all)]
		}
		from, to = len(all), next
	}
	for range n {
		switch a := int64(c.u64()); {
		case a == unix.PERF_CONTEXT_KERNEL:
			part(&kernel)
		case a == unix.PERF_CONTEXT_USER:
			part(&user)
		case a < 0 && a >= unix.PERF_CONTEXT_MAX: // a guest's, which we do not run
			part(new([]uint64))
		default:
			all = append(all, uint64(a))
		}
	}
	part(nil)
	return kernel, user
}

// exec reads a PERF_RECORD_COMM that tells of an execve(2):
//
//	u32 pid, tid · char name[] · u32 pid, tid · u64 time · u32 cpu, 0 · u64 identifier
func exec(body []byte) (r Record, ok bool) {
	const behind = 8 + 8 + 8 + 8
	if len(body) < 8+behind {
		return r, false
	}
	c := &cursor{b: body[len(body)-behind:]}
	r.PID, r.TID, r.At, r.Exec = int32(c.u32()), int32(c.u32()), int64(c.u64()), true
	r.CPU = int(c.u32())
	return r, true
}
