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
	m *sim.Machine
	k *sim.Kernel
	// seen of the first not yet asked for range have been asked for.
	ranges, seen int64
}

func open(c sim.Config) func(t *testing.T) transfertest.Env {
	return func(t *testing.T) transfertest.Env {
		c.Profile, _ = sim.LookupProfile("")
		c.Settings = sim.DefaultSettings()
		c.FileBytes = 1
		m, err := sim.New(c, trace.NewCounter(1, trace.Modelled, nil))
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

func (e *modelled) Truncate(_ testing.TB, size int64) { e.m.Truncate(size) }

func (e *modelled) Arrived(t testing.TB, from, n int64) {
	t.Helper()
	e.m.Idle()
	for n > 0 {
		all := e.m.Arrived()
		if int(e.ranges) == len(all) {
			t.Fatalf("%d bytes of the file from %d on have not arrived", n, from)
		}
		r := all[e.ranges]
		if e.seen == r.Len {
			e.ranges, e.seen = e.ranges+1, 0
			continue
		}
		if r.Off+e.seen != from {
			t.Fatalf("the file's bytes from %d on arrived, want those from %d", r.Off+e.seen, from)
		}
		step := min(n, r.Len-e.seen)
		from, n, e.seen = from+step, n-step, e.seen+step
	}
}

func (e *modelled) Ended(t testing.TB) {
	t.Helper()
	e.m.Idle()
	var total, asked int64
	for i, r := range e.m.Arrived() {
		total += r.Len
		if int64(i) < e.ranges {
			asked += r.Len
		}
	}
	if asked += e.seen; asked != total {
		t.Errorf("%d bytes arrived, %d were expected", total, asked)
	}
}

// Lacks: the paths whose calls are not modelled.
func (e *modelled) Lacks(path string) string {
	if p, _ := transfer.Lookup(path); !p.Serves {
		return "the machine does not model its calls"
	}
	return ""
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
