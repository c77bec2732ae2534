package sim_test

import (
	"fmt"
	"reflect"
	"testing"

	"copyscope/internal/trace"
	"copyscope/internal/transfer"
	"copyscope/sim"
)

// Copies by the sender's CPU per byte on a current kernel: a card that cannot
// gather costs every path one more, and loopback costs none.
func TestLinuxCopiesPerByte(t *testing.T) {
	for _, row := range []struct {
		net     sim.Net
		dma, sg bool
		want    map[string]float64
	}{
		{sim.NIC, true, true, map[string]float64{"read-write": 2, "mmap-write": 1, "sendfile": 0, "splice": 0}},
		{sim.NIC, true, false, map[string]float64{"read-write": 3, "mmap-write": 2, "sendfile": 1, "splice": 1}},
		{sim.NIC, false, false, map[string]float64{"read-write": 4, "mmap-write": 3, "sendfile": 2, "splice": 2}}, // and the words to the card
		{sim.Veth, true, true, map[string]float64{"read-write": 2, "mmap-write": 1, "sendfile": 0, "splice": 0, "tee": 0, "msg-zerocopy": 2}},
		{sim.Veth, true, false, map[string]float64{"read-write": 3, "mmap-write": 2, "sendfile": 1, "splice": 1, "tee": 2, "msg-zerocopy": 2}},
		{sim.Loopback, true, true, map[string]float64{"read-write": 2, "mmap-write": 1, "sendfile": 0, "splice": 0}},
	} {
		for path, want := range row.want {
			c := sim.Config{Model: sim.Linux, Net: row.net, DMA: row.dma, SG: row.sg, Warm: true, FileBytes: 1<<20 + 5}
			r := run(t, path, 100_000, c)
			if got := r.CountsAt(len(r.Events)).Count(trace.CPUCopiesPerByte).Value; got != want {
				t.Errorf("%s over %s, DMA %v, SG %v: %v copies per byte, want %v", path, row.net, row.dma, row.sg, got, want)
			}
		}
	}
}

// commands are the disk commands of a run, each as first page and pages.
func commands(r *trace.Run) (out [][2]int64) {
	for _, e := range r.Events {
		if e.Kind == trace.DeviceCommand && e.To == trace.DiskPlace {
			out = append(out, [2]int64{e.Offset / sim.PageBytes, e.Bytes / sim.PageBytes})
		}
	}
	return out
}

// A sequential cold read asks for windows that grow, each asked for when the
// reader meets the mark of the one before.
func TestReadaheadWindows(t *testing.T) {
	for _, row := range []struct {
		path      string
		readahead int64 // bytes
		chunk     int64
		want      [][2]int64
	}{
		// 16 pages asked for, at most 32: a window of 32, then 32 each.
		{"read-write", 128 << 10, 64 << 10, [][2]int64{{0, 32}, {32, 32}, {64, 32}, {96, 32}, {128, 32}, {160, 32}, {192, 32}, {224, 32}}},
		// 4 pages asked for, at most 256: 16, ×2 from 1/16 of the maximum on, and an
		// end at a multiple of 4, 16, 64, 256 pages.
		{"read-write", 1 << 20, 16 << 10, [][2]int64{{0, 16}, {16, 32}, {48, 64}, {112, 80}, {192, 64}}},
		// 1 page, at most 512: 4, ×4, ×4, then ×2, likewise.
		{"sendfile", 2 << 20, 4 << 10, [][2]int64{{0, 4}, {4, 16}, {20, 60}, {80, 112}, {192, 64}}},
		// More than the maximum is read at once, if one command takes it.
		{"read-write", 64 << 10, 1 << 20, [][2]int64{{0, 256}}},
	} {
		settings := sim.DefaultSettings()
		settings.ReadaheadBytes = row.readahead
		r := run(t, row.path, row.chunk, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 1 << 20, Settings: settings})
		if got := commands(r); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s, %d KiB at the most, chunks of %d: the disk was asked for\n%v, want\n%v", row.path, row.readahead>>10, row.chunk, got, row.want)
		}
	}
}

// reads runs preads on a cold file of 4 MiB and lists the disk's commands.
func reads(t *testing.T, readahead int64, pages [][2]int64) [][2]int64 {
	t.Helper()
	settings := sim.DefaultSettings()
	settings.ReadaheadBytes = readahead
	m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, FileBytes: 4 << 20, Settings: settings})
	k := m.Kernel()
	buf, _ := k.Alloc(1 << 20)
	for _, read := range pages {
		off := read[0] * sim.PageBytes
		if _, err := k.Read("read", k.File(), buf.Slice(0, int(read[1]*sim.PageBytes)), &off); err != nil {
			t.Fatal(err)
		}
	}
	m.Idle()
	return commands(events(log))
}

func TestRandomReadsAndTheTracesOfSequences(t *testing.T) {
	for _, row := range []struct {
		name        string
		reads, want [][2]int64
	}{
		{"random reads get what they ask for", [][2]int64{{100, 2}, {500, 3}, {300, 1}}, [][2]int64{{100, 2}, {500, 3}, {300, 1}}},
		{"the next of a sequence opens a window", [][2]int64{{100, 2}, {102, 2}}, [][2]int64{{100, 2}, {102, 4}}},
		{"a random read leaves the window's state alone", [][2]int64{{0, 1}, {600, 1}, {1, 1}}, [][2]int64{{0, 4}, {600, 1}, {4, 8}}},
		{"traces of a sequence are believed", [][2]int64{{200, 4}, {400, 1}, {204, 2}}, [][2]int64{{200, 4}, {400, 1}, {204, 6}}},
		{"but not traces as short as the request", [][2]int64{{200, 4}, {400, 1}, {204, 4}}, [][2]int64{{200, 4}, {400, 1}, {204, 4}}},
	} {
		if got := reads(t, 128<<10, row.reads); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %v gave %v, want %v", row.name, row.reads, got, row.want)
		}
	}
	if got, want := reads(t, 0, [][2]int64{{7, 3}}), [][2]int64{{7, 1}, {8, 1}, {9, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("with readahead off %v, want page by page", got)
	}
}

// A write from a fresh mapping takes a fault for each aligned group of 16
// pages; a cold one a major fault for each read-around, which maps its group.
func TestFaults(t *testing.T) {
	for _, row := range []struct {
		bytes        int64
		warm         bool
		minor, major float64
	}{
		{1, true, 1, 0},
		{16 * sim.PageBytes, true, 1, 0},
		{16*sim.PageBytes + 1, true, 2, 0},
		{1 << 20, true, 16, 0},
		{1, false, 0, 1},
		{16 * sim.PageBytes, false, 0, 1},
		// Windows of 32 pages around the fault; the mark's own page faults apart.
		{32 * sim.PageBytes, false, 2, 1},
	} {
		r := run(t, "mmap-write", 1<<20, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: row.warm, FileBytes: row.bytes})
		c := r.CountsAt(len(r.Events))
		major := c.Count(trace.MajorFaults).Value
		if minor := c.Count(trace.PageFaults).Value - major; minor != row.minor || major != row.major {
			t.Errorf("%d bytes, warm %v: %v minor and %v major faults, want %v and %v", row.bytes, row.warm, minor, major, row.minor, row.major)
		}
	}
}

// sendfile moves as much at a time as its pipe of 16 slots holds: the page that
// the transfer begins in the middle of takes a slot as well.
func TestSendfilePiecesFollowThePipe(t *testing.T) {
	m, log := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 1 << 20})
	k := m.Kernel()
	program, _ := transfer.Lookup("sendfile")
	if _, err := program.Send(k, transfer.Job{In: k.File(), Out: k.Socket(), Offset: 1000, Bytes: 200_000, Chunk: 200_000}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events(log).Events {
		if e.Kind == trace.Descriptor {
			got = append(got, fmt.Sprint(e.Bytes, "/", e.N))
		}
	}
	want := []string{"64536/16", "65536/16", "65536/16", "4392/2"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("pieces (bytes/pages) %v, want %v", got, want)
	}
}

// A writer that fills the send buffer sleeps until a third of it is free.
func TestBackPressure(t *testing.T) {
	settings := sim.DefaultSettings()
	settings.SendBufferBytes = 768 << 10
	c := sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 4 << 20, Settings: settings}
	c.Profile, _ = sim.LookupProfile("")
	c.Profile.CoalesceTime = 0 // the writer hears of each segment at once
	r := run(t, "sendfile", 64<<10, c)
	slept := false
	for _, e := range r.Events {
		if e.Kind != trace.Wait || e.Detail != "socket-space" {
			continue
		}
		slept = true
		var queued int64 // when the writer woke
		for _, other := range r.Events {
			if other.Kind == trace.Descriptor && other.At < e.End() {
				queued += other.Bytes
			}
			if other.Kind == trace.DMA && other.End() <= e.End() {
				queued -= other.Bytes
			}
		}
		if e.Dur > 0 && queued > 512<<10 || queued <= 512<<10-64<<10 {
			t.Errorf("the writer woke with %d KiB queued, want 512 of 768", queued>>10)
		}
	}
	if !slept {
		t.Error("the writer never slept")
	}
}

// Bytes that arrive out of order, twice or not at all are an error of the run.
func TestTheWireNoticesDisorder(t *testing.T) {
	for name, ranges := range map[string][][2]int64{
		"a gap":         {{0, 100}, {200, 100}},
		"twice":         {{0, 100}, {0, 100}},
		"out of order":  {{100, 100}, {0, 100}},
		"an overlap":    {{0, 100}, {50, 100}},
		"whole, though": {{0, 100}, {100, 100}},
	} {
		m, _ := build(t, sim.Config{Model: sim.Linux, Net: sim.NIC, DMA: true, SG: true, Warm: true, FileBytes: 1 << 20})
		k := m.Kernel()
		for _, r := range ranges {
			off := r[0]
			if _, err := k.Sendfile("sendfile", k.Socket(), k.File(), &off, int(r[1])); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Finish(); (err == nil) != (name == "whole, though") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
