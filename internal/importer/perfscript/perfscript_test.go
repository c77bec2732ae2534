package perfscript_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/importer"
	"copyscope/internal/importer/importertest"
	"copyscope/internal/importer/perfscript"
	"copyscope/internal/trace"
)

func read(t *testing.T, text string) *importer.Imported {
	t.Helper()
	got, err := perfscript.Read(context.Background(), strings.NewReader(text), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	importertest.Sound(t, got)
	return got
}

// The files are what perf 6.1 recorded of the program that strace/testdata has too:
// with syscalls:* and tracepoints of the kernel, with raw_syscalls:*, and by
// perf trace.
func TestReal(t *testing.T) {
	for _, name := range []string{"relay", "raw", "trace"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", name+".perf"))
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, string(text))
			importertest.Golden(t, filepath.Join("testdata", name+".golden"), got)
			if got.Gaps.Lines != 0 {
				t.Errorf("not all of it was understood: %s", got.Gaps)
			}
			// What it sent: sendfile, write, send and splice.
			if c := got.Counter.Count(trace.BytesSent); c.Value != 100000+65536+4096+65536 {
				t.Errorf("bytes sent: %+v", c)
			}
			if c := got.Counter.Count(trace.Descriptors); c.Value != 25+16+16 {
				t.Errorf("descriptors: %+v", c)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	const cat = "cat 10 [000] 5.000001: "
	const open = cat + "syscalls:sys_enter_openat: dfd: 0xffffff9c, filename: 0x7f, flags: 0x0, mode: 0x0\n" + cat + "syscalls:sys_exit_openat: 0x3\n"
	const readIt = cat + "syscalls:sys_enter_read: fd: 0x00000003, buf: 0x7ffe, count: 0x00000340\n" + cat + "syscalls:sys_exit_read: 0x340\n"
	for _, c := range []struct {
		name, text string
		count      trace.CountName
		want       float64 // -1: unavailable
	}{
		{"a file is read", open + readIt, trace.CPUCopiedBytes, 832},
		{"of a descriptor from before the trace", readIt, trace.CPUCopiedBytes, -1},
		{"of a closed descriptor", open + cat + "syscalls:sys_enter_close: fd: 0x00000003\n" + cat + "syscalls:sys_exit_close: 0x0\n" + readIt, trace.CPUCopiedBytes, -1},
		{"of a copied descriptor", open + cat + "syscalls:sys_enter_dup: fildes: 0x3\n" + cat + "syscalls:sys_exit_dup: 0x4\n" + strings.ReplaceAll(readIt, "fd: 0x00000003", "fd: 0x4"), trace.CPUCopiedBytes, 832},
		{"a command with spaces", strings.ReplaceAll(open+readIt, "cat 10", "tmux: server 10"), trace.CPUCopiedBytes, 832},
		{"without a processor", strings.ReplaceAll(open+readIt, " [000]", ""), trace.CPUCopiedBytes, 832},
		{"with process and thread", strings.ReplaceAll(open+readIt, "cat 10", "cat 9/10"), trace.CPUCopiedBytes, 832},
		{"threads of a process share descriptors", strings.ReplaceAll(open, "cat 10", "cat 9/9") + strings.ReplaceAll(readIt, "cat 10", "cat 9/10"), trace.CPUCopiedBytes, 832},
		{"processes do not", open + strings.ReplaceAll(readIt, "cat 10", "cat 11"), trace.CPUCopiedBytes, -1},
		{"a child has a copy of its parent's", open + cat + "syscalls:sys_enter_clone: clone_flags: 0x01200011\n" + cat + "syscalls:sys_exit_clone: 0xb\n" + strings.ReplaceAll(readIt, "cat 10", "cat 11"), trace.CPUCopiedBytes, 832},
		{"raw", cat + "raw_syscalls:sys_enter: NR 257 (ffffff9c, 7f, 0, 0, 0, 0)\n" + cat + "raw_syscalls:sys_exit: NR 257 = 3\n" + cat + "raw_syscalls:sys_enter: NR 0 (3, 7f, 340, 0, 0, 0)\n" + cat + "raw_syscalls:sys_exit: NR 0 = 832\n", trace.CPUCopiedBytes, 832},
		{"an error", cat + "syscalls:sys_enter_access: filename: 0x7f, mode: 0x4\n" + cat + "syscalls:sys_exit_access: 0xfffffffffffffffe\n", trace.ModeSwitches, 2},
		{"a switch", cat + "sched:sched_switch: prev_comm=cat prev_pid=10 prev_prio=120 prev_state=S ==> next_comm=swapper/1 next_pid=0 next_prio=120\n", trace.ContextSwitches, 1},
		{"from the idle thread it is none", open + "swapper 0 [000] 5.000001: sched:sched_switch: prev_comm=swapper prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=cat next_pid=10 next_prio=120\n", trace.ContextSwitches, -1},
		{"a folio of four pages", cat + "filemap:mm_filemap_add_to_page_cache: dev 254:0 ino 3c829 pfn=0x314eb3 ofs=16384 order=2\n", trace.PageCacheInsertions, 4},
		{"a request to the disk", cat + "block:block_rq_issue: 254,0 RA 20480 () 12936784 + 40 0x2,0,4 [cat]\n", trace.DiskReads, 1},
		{"and a write is no read", cat + "block:block_rq_issue: 254,0 WS 4096 () 1 + 8 0x2,0,4 [cat]\n", trace.DiskReads, 0},
		{"what the disk moved", cat + "block:block_rq_complete: 254,0 RA () 12936784 + 40 none,0,0 [0]\n", trace.DiskReadBytes, 20480},
		{"a packet", cat + "net:net_dev_start_xmit: dev=lo queue_mapping=0 skbaddr=0xff protocol=0x0800 len=65549 data_len=65483 gso_size=0\n", trace.Packets, 1},
		{"a fault", cat + "exceptions:page_fault_user: address=0x7f ip=0x7f error_code=0x14\n", trace.PageFaults, 1},
		{"a fault, counted by software", "cat 10 [000] 5.000001:          1 major-faults: 7f4f (x)\n", trace.MajorFaults, 1},
		{"an interrupt", cat + "irq:irq_handler_entry: irq=27 name=virtio0-req.0\n", trace.Interrupts, 1},
		{"no such tracepoint", open, trace.ContextSwitches, -1},
		{"call chains", "cat 10 5.000001: syscalls:sys_enter_futex: uaddr: 0x0\n\tffffffff81 entry+0x1 ([kernel.kallsyms])\n\t    7f4f0000 open (/lib/x)\n\n" + cat + "syscalls:sys_exit_futex: 0x0\n", trace.ModeSwitches, 2},
		{"a return without an entry", cat + "syscalls:sys_exit_clone: 0x0\n", trace.ModeSwitches, 2},
		{"an entry without a return", cat + "syscalls:sys_enter_exit_group: error_code: 0x7\n", trace.ModeSwitches, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, c.text)
			if got.Gaps.Lines > 0 {
				t.Fatal(got.Gaps)
			}
			switch n := got.Counter.Count(c.count); {
			case c.want < 0 && (n.Known() || n.Reason == ""):
				t.Errorf("%s: %+v, want it unavailable, with a reason", c.count, n)
			case c.want >= 0 && (!n.Known() || n.Value != c.want):
				t.Errorf("%s: %+v, want %v", c.count, n, c.want)
			}
		})
	}
}

func TestGapsAndForeign(t *testing.T) {
	const line = "cat 10 [000] 5.000001: syscalls:sys_enter_close: fd: 0x3\n"
	for _, c := range []struct{ text, want string }{
		{line + "cat 10 [000] 5.0000", `line 2, the last one, is cut off`},
		{line + "rubbish\n" + line, `1 line was not understood, line 2: "rubbish"`},
		{line + "cat 10 [000] 5.000002: PERF_RECORD_LOST lost 5\n", `1 line was not understood, line 2`},
	} {
		if got := read(t, c.text); !strings.HasPrefix(got.Gaps.String(), c.want) {
			t.Errorf("got %s, want %s", got.Gaps, c.want)
		}
	}
	for _, text := range []string{"", strings.Repeat("10 1700000000.000000 read(3, \"\", 4) = 0 <0.1>\n", 99), "GET / HTTP/1.1\n"} {
		_, err := perfscript.Read(context.Background(), strings.NewReader(text), 0)
		if err == nil || !strings.Contains(err.Error(), "want the output of perf script") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.20q: error %v", text, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"relay", "raw", "trace"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".perf"))
		if err != nil {
			f.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		for i := 0; i < len(lines); i += 31 {
			f.Add(strings.Join(lines[i:min(i+8, len(lines))], ""))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := perfscript.Read(context.Background(), strings.NewReader(text), 1<<20)
		if err != nil {
			return
		}
		importertest.Sound(t, got)
	})
}
