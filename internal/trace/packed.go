package trace

import "math"

// packed is an entry in 36 bytes, as nearly all fit into: times below 78 hours,
// offsets below 256 TiB, all else below 4 Gi. What does not fit is in the log's
// overflow table.
type packed struct {
	at, offset         uint32 // the low halves
	dur, cpu, bytes    uint32
	n                  uint32 // of a syscall: what it returned, an int32
	call               uint32
	atHigh, offsetHigh uint16
	thread             uint16 // or overflow
	shape              ShapeID
}

// overflow in the place of a thread's number sends to the overflow table.
const overflow = math.MaxUint16

// wide is an entry that does not fit.
type wide struct {
	Entry
	ret int64
}

// pack packs e, with what a syscall returned, if it fits.
func (p *packed) pack(e *Entry, isCall bool, ret int64) bool {
	n := uint64(e.N)
	if isCall {
		if e.N != 0 || ret != int64(int32(ret)) {
			return false
		}
		n = uint64(uint32(int32(ret)))
	}
	if (uint64(e.At)|uint64(e.Offset))>>48|(uint64(e.Dur)|uint64(e.CPU)|uint64(e.Bytes)|n)>>32 != 0 || uint32(e.Thread) >= overflow {
		return false
	}
	// Field by field: a composite literal would be built elsewhere and copied.
	p.at, p.atHigh = uint32(e.At), uint16(e.At>>32)
	p.offset, p.offsetHigh = uint32(e.Offset), uint16(e.Offset>>32)
	p.dur, p.cpu, p.bytes, p.n = uint32(e.Dur), uint32(e.CPU), uint32(e.Bytes), uint32(n)
	p.call, p.thread, p.shape = uint32(e.Call), uint16(e.Thread), e.Shape
	return true
}

// lasts sets the duration, if it fits and all else did.
func (p *packed) lasts(dur Ns) bool {
	if p.thread == overflow || uint64(dur)>>32 != 0 {
		return false
	}
	p.dur = uint32(dur)
	return true
}

// returns sets what is known of a syscall when it returns, likewise.
func (p *packed) returns(dur Ns, bytes, ret int64) bool {
	if p.thread == overflow || (uint64(dur)|uint64(bytes))>>32 != 0 || ret != int64(int32(ret)) {
		return false
	}
	p.dur, p.bytes, p.n = uint32(dur), uint32(bytes), uint32(int32(ret))
	return true
}

func (p *packed) time() (at, dur Ns) { return Ns(p.at) | Ns(p.atHigh)<<32, Ns(p.dur) }

// unpack is what pack packed.
func (p *packed) unpack(e *Entry, isCall bool) (ret int64) {
	*e = Entry{
		At: Ns(p.at) | Ns(p.atHigh)<<32, Offset: int64(p.offset) | int64(p.offsetHigh)<<32,
		Dur: Ns(p.dur), CPU: Ns(p.cpu), Bytes: int64(p.bytes), N: int64(p.n),
		Call: int32(p.call), Thread: int32(p.thread), Shape: p.shape,
	}
	if isCall {
		ret, e.N = int64(int32(p.n)), 0
	}
	return ret
}
