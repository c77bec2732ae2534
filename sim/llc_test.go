package sim_test

import (
	"testing"

	"copyscope/internal/trace"
	"copyscope/sim"
)

// busOf reads so many bytes of a file in one call and says what moved over the
// memory bus.
func busOf(t *testing.T, m *sim.Machine, log *trace.Log, id sim.FileID, n int) float64 {
	t.Helper()
	k := m.Kernel()
	before := log.Counter().Count(trace.MemoryBusBytes).Value
	buf, err := k.Alloc(n)
	if err != nil {
		t.Fatal(err)
	}
	at := int64(0)
	if _, err := k.Read("read", k.OpenFile(id), buf, &at); err != nil {
		t.Fatal(err)
	}
	k.Free(buf)
	after := log.Counter().Count(trace.MemoryBusBytes).Value
	return after - before
}

// What is in the last-level cache belongs to one file: the same place of
// another one must come over the bus, and a second read need not.
func TestTheCPUsCacheTellsFilesApart(t *testing.T) {
	const n = 64 << 10
	c := machine(sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: n, LLCBytes: 1 << 20})
	log := trace.NewLog(trace.NewCounter(n, trace.Modelled, nil), trace.LogOptions{})
	m, err := sim.New(c, log)
	if err != nil {
		t.Fatal(err)
	}
	other := m.AddFile("other", n, n)
	for _, step := range []struct {
		what string
		file sim.FileID
		want float64
	}{
		{"the first read", 0, n},
		{"the same again", 0, 0},
		{"the other file", other, n},
		{"the other file again", other, 0},
		{"the first file, still there", 0, 0},
	} {
		if got := busOf(t, m, log, step.file, n); got != step.want {
			t.Errorf("%s moved %.0f bytes over the memory bus, want %.0f", step.what, got, step.want)
		}
	}
}
