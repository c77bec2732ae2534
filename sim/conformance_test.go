package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
	"copyscope/sim"
)

// modelled is the conformance table's view of a machine. The modelled payload
// has no bytes: what arrived is told as ranges of the file.
type modelled struct {
	m            *sim.Machine
	k            *sim.Kernel
	second       transfer.FD
	first, other seen
}

// seen is how far the table has asked for what arrived: of range number ranges
// so many bytes.
type seen struct{ ranges, bytes int64 }

func open(c sim.Config) func(t *testing.T) transfertest.Env {
	return func(t *testing.T) transfertest.Env {
		c.FileBytes = 1
		m, err := sim.New(c, trace.NewLog(trace.NewCounter(1, trace.Modelled, nil), trace.LogOptions{}))
		if err != nil {
			t.Fatal(err)
		}
		return &modelled{m: m, k: m.Kernel()}
	}
}

func (e *modelled) Kernel() transfer.Kernel { return e.k }
func (e *modelled) Socket() transfer.FD     { return e.k.Socket() }

func (e *modelled) File(t testing.TB, size int64) transfer.FD {
	e.m.Replace(size)
	return e.k.File()
}

// Feed implements [transfertest.Feeding].
func (e *modelled) Feed(_ testing.TB, from, n int64) transfer.FD {
	e.m.Replace(from + n)
	fd := e.k.Source(from, n)
	e.m.Idle() // let the first of it come
	return fd
}

// Second implements [transfertest.FanningOut].
func (e *modelled) Second(testing.TB) transfer.FD {
	if e.second == 0 {
		e.second = e.k.NewSocket()
	}
	return e.second
}

// Reshaped implements [transfertest.Reshaping]: a machine always tells what the
// bytes that arrived were made from.
func (e *modelled) Reshaped(testing.TB, string) {}

func (e *modelled) Truncate(_ testing.TB, size int64) { e.m.Truncate(size) }

func (e *modelled) Arrived(t testing.TB, from, n int64) {
	t.Helper()
	e.m.Idle()
	e.first.arrived(t, e.m.Arrived(), from, n)
}

func (e *modelled) ArrivedSecond(t testing.TB, from, n int64) {
	t.Helper()
	e.m.Idle()
	e.other.arrived(t, e.m.ArrivedAt(e.second), from, n)
}

func (s *seen) arrived(t testing.TB, all []sim.Extent, from, n int64) {
	t.Helper()
	for n > 0 {
		if int(s.ranges) == len(all) {
			t.Fatalf("%d bytes of the file from %d on have not arrived", n, from)
		}
		r := all[s.ranges]
		if s.bytes == r.Len {
			s.ranges, s.bytes = s.ranges+1, 0
			continue
		}
		if r.Off+s.bytes != from {
			t.Fatalf("the file's bytes from %d on arrived, want those from %d", r.Off+s.bytes, from)
		}
		step := min(n, r.Len-s.bytes)
		from, n, s.bytes = from+step, n-step, s.bytes+step
	}
}

func (e *modelled) Ended(t testing.TB) {
	t.Helper()
	e.m.Idle()
	e.first.ended(t, e.m.Arrived())
	if e.second != 0 {
		e.other.ended(t, e.m.ArrivedAt(e.second))
	}
}

func (s *seen) ended(t testing.TB, all []sim.Extent) {
	t.Helper()
	var total, asked int64
	for i, r := range all {
		total += r.Len
		if int64(i) < s.ranges {
			asked += r.Len
		}
	}
	if asked += s.bytes; asked != total {
		t.Errorf("%d bytes arrived, %d were expected", total, asked)
	}
}

func (e *modelled) CloseReceiver(testing.TB) { e.m.HangUp() }

// Every modelled machine keeps the contract that the real kernels keep.
func TestConformance(t *testing.T) {
	for name, c := range variants(1) {
		t.Run(name, func(t *testing.T) {
			transfertest.Conformance(t, open(c))
			transfertest.Faults(t, open(c))
		})
	}
}
