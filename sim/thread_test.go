package sim_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// together runs n threads on a machine with so many processors, each sending
// the file by a path of its own connection.
func together(t testing.TB, path string, n, cpus int, c sim.Config) *trace.Run {
	t.Helper()
	c.CPUs = cpus
	m, log := build(t, c)
	program, _ := transfer.Lookup(path)
	for i := range n {
		m.Go(fmt.Sprintf("consumer %d", i), func(k *sim.Kernel) error {
			_, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Bytes: c.FileBytes, Chunk: 64 << 10})
			return err
		})
	}
	if err := m.Run(); err != nil {
		t.Fatal(err)
	}
	if err := m.Finish(); err != nil {
		t.Fatal(err)
	}
	return events(log)
}

func wall(r *trace.Run) trace.Ns {
	var end trace.Ns
	for _, e := range r.Events {
		end = max(end, e.End())
	}
	return end
}

// Threads on several processors work side by side, on one they take turns; in
// both cases every byte arrives, and a second run gives the same events.
func TestThreadsShareProcessors(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: 4 << 20}
	one, four := together(t, "read-write", 4, 1, c), together(t, "read-write", 4, 4, c)
	if a, b := wall(one), wall(four); b*3 > a {
		t.Errorf("four threads took %d ns on one processor and %d on four: want less than a third", a, b)
	}
	for _, r := range []*trace.Run{one, four} {
		if sent := r.CountsAt(len(r.Events)).Count(trace.BytesSent).Value; sent != 16<<20 {
			t.Errorf("%v bytes sent, want 16 MiB", sent)
		}
		last := trace.Ns(0)
		for _, e := range r.Events {
			if e.At < last {
				t.Fatalf("event %d begins at %d, after one of %d", e.Seq, e.At, last)
			}
			last = e.At
		}
	}
	a, _ := json.Marshal(four)
	b, _ := json.Marshal(together(t, "read-write", 4, 4, c))
	if string(a) != string(b) {
		t.Error("the same threads gave other events")
	}
}

// A thread is in one place: what it does on a processor does not overlap.
func TestAThreadDoesOneThingAtATime(t *testing.T) {
	for _, cpus := range []int{1, 2, 3} {
		c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 2<<20 + 5}
		busy := map[int]trace.Event{}
		for _, e := range together(t, "sendfile", 5, cpus, c).Events {
			if e.Thread == 0 || e.CPU == 0 || e.Kind == trace.Syscall {
				continue
			}
			if last := busy[e.Thread]; e.At < last.End() {
				t.Fatalf("%d processors: thread %d begins event %d (%s) at %d, busy with %d (%s) until %d", cpus, e.Thread, e.Seq, e.Kind, e.At, last.Seq, last.Kind, last.End())
			}
			busy[e.Thread] = e
		}
	}
}

// On one processor nothing of two threads overlaps, and whose slice is over
// must give way to who is ready.
func TestOneProcessorDoesOneThingAtATime(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.Loopback, DMA: true, SG: true, Warm: true, FileBytes: 32 << 20}
	r := together(t, "read-write", 3, 1, c)
	var last trace.Event
	switches := 0
	for _, e := range r.Events {
		if e.Detail == "involuntary" {
			switches++
		}
		if e.CPU == 0 || e.Endpoint == trace.Receiver || e.Kind == trace.Interrupt || e.Kind == trace.Syscall {
			continue
		}
		if e.At < last.End() {
			t.Fatalf("event %d (%s, thread %d) begins at %d, %d (%s, thread %d) ends at %d", e.Seq, e.Kind, e.Thread, e.At, last.Seq, last.Kind, last.Thread, last.End())
		}
		last = e
	}
	if switches == 0 {
		t.Error("no thread was preempted")
	}
}

// Threads that wait for ever are an error with their name.
func TestDeadlockIsTold(t *testing.T) {
	m, _ := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1 << 20})
	m.Go("the reader", func(k *sim.Kernel) error {
		_, err := k.Completed("completion", k.Socket()) // of nothing
		return err
	})
	if err := m.Run(); err == nil || !strings.Contains(err.Error(), "the reader waits") {
		t.Errorf("%v, want an error that names the thread", err)
	}
}

// What is sent by many connections at once arrives, at the cost of a switch of
// threads for each wait.
func TestManyConnections(t *testing.T) {
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 64 << 10}
	r := together(t, "sendfile", 1000, 2, c)
	if sent := r.CountsAt(len(r.Events)).Count(trace.BytesSent).Value; sent != 1000*64<<10 {
		t.Errorf("%v bytes sent", sent)
	}
}
