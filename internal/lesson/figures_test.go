package lesson_test

import (
	"maps"
	"math"
	"slices"
	"testing"

	"copyscope/internal/lesson"
)

// figures holds the runs of a lesson to figures, with the first of all values that
// vary: RUN.COUNT or RUN.GROUP.COUNT, and pairs of which the first is less.
func figures(t *testing.T, name string, want map[string]float64, less ...[2]string) {
	t.Helper()
	l := lesson.Shipped().Lesson(name)
	if l == nil {
		t.Fatalf("there is no lesson %s", name)
	}
	seen := l.Seen(player(t), 0)
	value := func(ref string) float64 {
		t.Helper()
		v, err := seen.Value(t.Context(), ref)
		if err != nil || !v.Known() {
			t.Errorf("%s: %v %s", ref, err, v.Reason)
		}
		return v.Number
	}
	for _, ref := range slices.Sorted(maps.Keys(want)) {
		if got := value(ref); math.Abs(got-want[ref]) > 1e-9 {
			t.Errorf("%s is %v, want %v", ref, got, want[ref])
		}
	}
	for _, pair := range less {
		if a, b := value(pair[0]), value(pair[1]); a >= b {
			t.Errorf("%s is %v, want less than %s, %v", pair[0], a, pair[1], b)
		}
	}
}

func TestFiguresOfPIO(t *testing.T) {
	figures(t, "pio", map[string]float64{
		"main.cpu_copies": 4, "main.dma_transfers": 0, "main.mode_switches": 4, "main.syscalls": 2,
		"main.pio_bytes": 2 * 16 << 10, "one.cpu_copies": 2, "one.interrupts": 1, "blocks.interrupts": 2,
	}, [2]string{"dma.cpu_ns", "main.cpu_ns"}, [2]string{"dma.wall_ns", "main.wall_ns"})
}

func TestFiguresOfDMA(t *testing.T) {
	figures(t, "dma", map[string]float64{
		"main.cpu_copies": 1, "main.dma_transfers": 1, "main.mode_switches": 2, "main.syscalls": 1, "main.interrupts": 1,
		"pio.cpu_copies": 2, "both.dma_bytes": 2 * 16 << 10, "meanwhile.other.disk_reads": 0,
	}, [2]string{"main.cpu_ns", "pio.cpu_ns"}, [2]string{"meanwhile.wall_ns", "nodma.wall_ns"}, [2]string{"meanwhile.cpu_ns", "meanwhile.wall_ns"})
}

func TestFiguresOfReadWrite(t *testing.T) {
	figures(t, "read-write", map[string]float64{
		"main.cpu_copies": 2, "main.dma_transfers": 2, "main.mode_switches": 4, "main.syscalls": 2, "main.user_buffer_bytes": 64 << 10,
		"warm.dma_transfers": 1, "warm.disk_reads": 0, "warm.cpu_copies": 2,
		"pieces.mode_switches": 32, "pieces.cpu_copied_bytes": 2 * 64 << 10, "pieces.cpu_copies_per_byte": 2,
	})
}

func TestFiguresOfMmap(t *testing.T) {
	figures(t, "mmap", map[string]float64{
		"main.cpu_copies": 1, "main.dma_transfers": 2, "main.mode_switches": 4, "main.syscalls": 2, "main.user_buffer_bytes": 0, "classic.mode_switches": 4,
		"pieces.mode_switches": 2 * (1 + 16), "warm.page_faults": 2, "warm.major_faults": 0, "warm.cpu_copies_per_byte": 1,
		"cold.page_faults": 5, "cold.major_faults": 2, "touch.page_faults": 1,
	})
}

func TestFiguresOfSendfile(t *testing.T) {
	figures(t, "sendfile", map[string]float64{
		"main.cpu_copies": 0, "main.dma_transfers": 2, "main.mode_switches": 2, "main.syscalls": 1, "main.descriptors": 1, "main.user_buffer_bytes": 0,
		"nosg.cpu_copies": 1, "nosg.dma_transfers": 2, "nosg.mode_switches": 2, "warm.dma_transfers": 1, "pieces.mode_switches": 16,
	})
}

func TestFiguresOfScatterGather(t *testing.T) {
	figures(t, "scatter-gather", map[string]float64{
		"main.disk_reads": 1, "main.page_cache_insertions": 32, "main.descriptors": 32,
		"sg.cpu_copies_per_byte": 0, "nosg.cpu_copies_per_byte": 1, "rw.cpu_copies_per_byte": 2, "rwnosg.cpu_copies_per_byte": 3,
		"sg.descriptors": 16, "sg.packets": 1, "nosg.packets": 46, "bookrwnosg.cpu_copies": 2, "booksg.cpu_copies": 0, "booknosg.cpu_copies": 1,
	}, [2]string{"sg.cpu_ns", "nosg.cpu_ns"})
}

func TestFiguresOfSpliceTee(t *testing.T) {
	figures(t, "splice-tee", map[string]float64{
		"main.cpu_copies": 0, "main.dma_transfers": 2, "main.mode_switches": 4, "main.descriptors": 2, "sendfile.mode_switches": 2, "nosg.cpu_copies": 1, "nosg.dma_transfers": 2,
		"tee.cpu_copies": 0, "tee.dma_transfers": 3, "tee.disk_reads": 1, "tee.syscalls": 4, "tee.mode_switches": 8,
		"relay.cpu_copies": 2, "relaysplice.cpu_copies": 0, "relay.syscalls": 2, "relaysplice.syscalls": 2, "big.syscalls": 8,
	})
}

func TestFiguresOfThePageCache(t *testing.T) {
	figures(t, "page-cache", map[string]float64{
		"long.disk_reads": 13, "random.disk_reads": 16, "random.disk_read_bytes": 512 << 10, "large.disk_read_bytes": 12 << 20,
		"warm.disk_reads": 0, "warm.cpu_copies_per_byte": 1,
		"small.second time.disk_read_bytes": 1536 << 10, "fits.second time.disk_read_bytes": 0, "hot.hot again.disk_read_bytes": 0, "hot.other again.disk_read_bytes": 256 << 10, "hot.page_cache_evictions": 448,
		"behind.writer.disk_writes": 0, "behind.disk_writes": 1, "behind.disk_written_bytes": 256 << 10,
	}, [2]string{"long.disk_reads", "long.syscalls"}, [2]string{"warm.wall_ns", "long.wall_ns"})
}

func TestFiguresOfSequential(t *testing.T) {
	figures(t, "sequential", map[string]float64{
		"hddrand.disk_reads": 256, "hddseq.disk_reads": 13, "rand.disk_reads": 256, "seq.disk_reads": 13, "mem.disk_reads": 0,
		"memrand.wall_ns": 190672, "mem.wall_ns": 190672, "one.disk_writes": 64, "eight.disk_writes": 64,
	}, [2]string{"hddseq.wall_ns", "hddrand.wall_ns"}, [2]string{"seq.wall_ns", "rand.wall_ns"}, [2]string{"mem.wall_ns", "seq.wall_ns"},
		[2]string{"one.wall_ns", "eight.wall_ns"}, [2]string{"seq.wall_ns", "hddseq.wall_ns"})
}

func TestFiguresOfKafkaAppend(t *testing.T) {
	figures(t, "kafka-append", map[string]float64{
		"main.log.cpu_copies_per_byte": 2, "main.log.page_faults": 0, "main.index.page_faults": 2, "main.log.disk_writes": 0, "main.kernel.disk_writes": 2,
		"main.cpu_copies": 48, "mapped.cpu_copies": 48, "mapped.page_faults": 258, "main.page_faults": 2,
		"async.producer.disk_writes": 0, "every.disk_written_bytes": 8 << 20, "every.disk_writes": 2 * 128,
		"restart.disk_read_bytes": 0, "reboot.disk_read_bytes": 1 << 20,
	}, [2]string{"mapped.syscalls", "main.syscalls"}, [2]string{"async.disk_writes", "interval.disk_writes"}, [2]string{"interval.disk_writes", "every.disk_writes"})
}

func TestFiguresOfKafkaRead(t *testing.T) {
	figures(t, "kafka-read", map[string]float64{
		"fan.disk_read_bytes": 1 << 20, "fan.bytes_sent": 2 << 20, "fan.cpu_copied_bytes": 0, "fan.descriptors": 2 * 256,
		"lag.at the tail.disk_read_bytes": 0, "lag.lagging.disk_read_bytes": 4<<20 - 64<<10, "half.lagging.disk_read_bytes": 4<<20 - 64<<10,
		"fits.disk_read_bytes": 0,
	})
}

func TestFiguresOfApplications(t *testing.T) {
	figures(t, "applications", map[string]float64{
		"nginxoff.syscalls": 64, "nginxoff.cpu_copies_per_byte": 2, "nginxon.syscalls": 1, "nginxon.cpu_copied_bytes": 0, "gzip.descriptors": 0,
		"java.mode_switches": 2, "java.syscalls": 1, "java.cpu_copied_bytes": 0, "java.user_buffer_bytes": 0, "tomcatoff.syscalls": 256,
		"proxy.cpu_copies_per_byte": 2, "spliced.cpu_copies_per_byte": 0, "proxy.syscalls": 32, "spliced.syscalls": 32,
	}, [2]string{"java.cpu_copied_bytes", "javatls.cpu_copied_bytes"}, [2]string{"spliced.cpu_ns", "proxy.cpu_ns"})
}

func TestFiguresOfLimits(t *testing.T) {
	figures(t, "limits", map[string]float64{
		"sf.cpu_copied_bytes": 0, "rw.cpu_copied_bytes": 2 * 128 << 10, "touch.cpu_copies_per_byte": 2, "mapped.cpu_copies_per_byte": 1, "zc.cpu_copies_per_byte": 1,
		"tls.descriptors": 0, "compress.descriptors": 0,
	}, [2]string{"rw.cpu_copied_bytes", "tls.cpu_copied_bytes"}, [2]string{"compress.bytes_sent", "sf.bytes_sent"}, [2]string{"touch.cpu_ns", "tls.cpu_ns"},
		[2]string{"tls.cpu_ns", "compress.cpu_ns"})
	// Of small pieces sendfile saves a little, of large ones most.
	seen := lesson.Shipped().Lesson("limits").Seen(player(t), 0)
	part := func(a, b string) float64 {
		x, err1 := seen.Value(t.Context(), a+".cpu_ns")
		y, err2 := seen.Value(t.Context(), b+".cpu_ns")
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		return x.Number / y.Number
	}
	if small, large := part("sfsmall", "rwsmall"), part("sf", "rw"); small < 0.8 || small >= 1 || large > 0.3 {
		t.Errorf("sendfile takes %v of read and write's time for small pieces and %v for large ones", small, large)
	}
}

func TestFiguresOfSwitches(t *testing.T) {
	figures(t, "switches", map[string]float64{
		"plain.mode_switches": 128, "plain.context_switches": 0, "sf.mode_switches": 64, "sf.context_switches": 0,
		"few.context_switches": 30, "many.context_switches": 3000,
	}, [2]string{"plain.context_switches", "colddisk.context_switches"}, [2]string{"plain.context_switches", "one.context_switches"},
		[2]string{"many.context_switches", "most.context_switches"}, [2]string{"most.context_switches", "most.mode_switches"})
}

func TestFiguresOfSpeedup(t *testing.T) {
	seen := lesson.Shipped().Lesson("speedup").Seen(player(t), 0)
	for _, row := range []struct {
		classic, send, count string
		least, most          float64
	}{
		{"rw", "sf", "wall_ns", 1, 1.05},         // a line of 1 Gbit/s is what takes the time
		{"rw", "sf", "cpu_ns", 4, 8},             // the processor is relieved all the same
		{"rwfast", "sffast", "wall_ns", 2.5, 4},  // where the CPU is what one waits for
		{"rwsmall", "sfsmall", "cpu_ns", 1, 1.5}, // small calls
		{"rwdisk", "sfdisk", "wall_ns", 1, 1.05}, // a cold file on a hard disk
	} {
		a, err1 := seen.Value(t.Context(), row.classic+"."+row.count)
		b, err2 := seen.Value(t.Context(), row.send+"."+row.count)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if ratio := a.Number / b.Number; ratio < row.least || ratio > row.most {
			t.Errorf("%s over %s: %s %v times, want %v to %v", row.classic, row.send, row.count, ratio, row.least, row.most)
		}
	}
	figures(t, "speedup", map[string]float64{"rwlocal.receiver_cpu_copied_bytes": 2 << 20, "sflocal.receiver_cpu_copied_bytes": 2 << 20})
}

func TestFiguresOfToday(t *testing.T) {
	figures(t, "today", map[string]float64{
		"rw.cpu_copies": 4, "uring.cpu_copies": 4, "uring.syscalls": 2, "rw.syscalls": 4, "uringzc.cpu_copies_per_byte": 1,
		"zc.cpu_copies_per_byte": 1, "zclocal.cpu_copies_per_byte": 2, "zc.descriptors": 32, "zc.syscalls": 8,
		"ktls.cpu_copies_per_byte": 0, "ktls.syscalls": 2,
		"direct.disk_read_bytes": 128 << 10, "direct.disk_reads": 2, "rw.disk_read_bytes": 0, "directcold.page_cache_insertions": 0, "directcold.cpu_copies_per_byte": 1, "rwcold.disk_reads": 1,
	}, [2]string{"rwsmall.cpu_ns", "zcsmall.cpu_ns"}, [2]string{"ktls.cpu_ns", "tls.cpu_ns"}, [2]string{"sf.cpu_ns", "ktls.cpu_ns"}, [2]string{"rw.wall_ns", "direct.wall_ns"})
}

func TestFiguresOfCapstone(t *testing.T) {
	figures(t, "capstone", map[string]float64{
		"flow.producer.cpu_copied_bytes": 2 << 20, "flow.cpu_copied_bytes": 2 << 20, "flow.disk_read_bytes": 1 << 20, "flow.bytes_sent": 4 << 20,
		"flow.at the tail.disk_read_bytes": 0, "flow.from the beginning.disk_read_bytes": 1 << 20, "flow.producer.disk_writes": 0, "flow.kernel.disk_writes": 1,
		"copied.bytes_sent": 4 << 20, "copied.cpu_copied_bytes": 2<<20 + 2*4<<20, "copied.descriptors": 0,
		"txn.coordinator.cpu_copied_bytes": 3 * 78, "txn.read_uncommitted.cpu_copied_bytes": 74, "txn.read_committed.cpu_copied_bytes": 74 + 2*16,
		"txn.read_uncommitted.bytes_sent": 4*64<<10 + 3*78 + 74, "txn.read_committed.bytes_sent": 4*64<<10 + 3*78 + 74 + 2*16, "txn.read_committed.disk_reads": 0,
	}, [2]string{"two.syscalls", "copied.syscalls"})
}

// What the claim cards show as evidence comes to these figures.
func TestFiguresOfClaims(t *testing.T) {
	any := math.NaN() // a time of the model, or nothing that a claim rests on
	for name, want := range map[string][]float64{
		"kafka-mmap":          {16, 0, any, any},
		"no-copy":             {0, 2, 64 << 10},
		"sendfile-two-copies": {2, 3},
		"without-gather":      {1, 3, 736, 16},
		"switch-cost":         {4, 0},
		"three-times":         {8 << 20, 0, 50},
		"file-to-socket":      {2, 0},
		"mmap-removes":        {2, 1, 16, 30},
		"fewer-interrupts":    {128 << 10, 2, 2},
		"mmap-user-copy":      {0, 1, 0},
		"power":               {8 << 20},
		"dirty-idle":          {256 << 10, any},
		"tls":                 {2, 0, any}, // and the records' own bytes
		"cache-pollution":     {36_241_408, 16 << 20, 35_717_120, 0},
	} {
		card := lesson.Shipped().Card(name)
		if card == nil || len(card.Evidence) != len(want) {
			t.Errorf("%s: no card with %d lines of evidence", name, len(want))
			continue
		}
		for i, line := range card.Evidence {
			got, err := card.Seen(player(t)).Answer(t.Context(), line.Answer)
			if err != nil {
				t.Errorf("%s, %s: %v", name, line.Say.En, err)
			}
			if !math.IsNaN(want[i]) && math.Abs(got.Number-want[i]) > 0.002 {
				t.Errorf("%s, %s: %v, want %v", name, line.Say.En, got.Number, want[i])
			}
		}
	}
}

// A power cut takes what was not written yet: with a flush after each batch the batch
// under way, which nobody was told of; more with one every so often; most with none.
func TestPowerCutOfTheModel(t *testing.T) {
	l := lesson.Shipped().Lesson("kafka-append")
	lost := map[string]float64{}
	for seed := range l.Combinations() {
		seen := l.Seen(player(t), seed)
		v, err := seen.Answer(t.Context(), l.Exercises[0].Answer)
		if err != nil {
			t.Fatal(err)
		}
		lost[seen.Values["flush"]] = v.Number
	}
	if lost["fsync"] != 64<<10 || lost["interval"] <= lost["fsync"] || lost["async"] <= lost["interval"] {
		t.Errorf("lost: %v; want one batch with fsync, more with an interval, most without", lost)
	}
}
