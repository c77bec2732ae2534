package strace_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"copyscope/internal/importer"
	"copyscope/internal/importer/importertest"
	"copyscope/internal/importer/strace"
	"copyscope/internal/trace"
)

func read(t *testing.T, text string) *importer.Imported {
	t.Helper()
	got, err := strace.Read(context.Background(), strings.NewReader(text), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	importertest.Sound(t, got)
	return got
}

// The files are what strace 6.1 printed of real runs: cat, Python's http.server,
// to which it was attached, and a program of two threads that sends one
// file by sendfile, read and write, pread and send, and splice, and makes a child.
func TestReal(t *testing.T) {
	files, err := filepath.Glob("testdata/*.strace")
	if err != nil || len(files) != 3 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, string(text))
			importertest.Golden(t, strings.TrimSuffix(name, ".strace")+".golden", got)
			if got.Gaps.Lines != 0 {
				t.Errorf("not all of it was understood: %s", got.Gaps)
			}
		})
	}
}

// Whoever ends strace by Ctrl-C has calls that were under way in the trace: they are no
// gap, and begin and never return.
func TestDetached(t *testing.T) {
	const at = "10 1700000000.000000 "
	for text, pending := range map[string]int{
		at + "epoll_wait(25<anon_inode:[eventpoll]>,  <detached ...>": 1,
		at + "pause( <detached ...>":                                  1,
		at + "read(3</srv/f>,  <unfinished ...>\n11 1700000000.000001 pause( <detached ...>\n" + at + "<... read resumed> <detached ...>": 2,
	} {
		got := read(t, text+"\n")
		if got.Gaps.Lines != 0 {
			t.Errorf("%s: %s", text, got.Gaps)
		}
		want := fmt.Sprintf("%d calls had not returned when the trace ended", pending)
		if pending == 1 {
			want = "1 call had not returned when the trace ended"
		}
		if facts := strings.Join(got.Facts, "\n"); !strings.Contains(facts, want) {
			t.Errorf("%s: facts %q, want %q", text, facts, want)
		}
	}
}

// The program in relay.strace sent 100000 bytes by sendfile, 65536 by write, 4096
// by send and 65536 by splice, and each but sendfile's and splice's was copied
// twice; the other thread received them all, by read.
func TestRelayIsCountedAsItWasWritten(t *testing.T) {
	text, err := os.ReadFile("testdata/relay.strace")
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, string(text))
	sent := 100000. + 65536 + 4096 + 65536
	elf := 832. + 784 + 784 // what the dynamic linker read of libc
	for name, want := range map[trace.CountName]float64{
		trace.BytesSent:      sent,
		trace.CPUCopiedBytes: 2*(65536+4096) + sent + elf,
		trace.Descriptors:    25 + 16 + 16, // pages: of 100000 bytes from 100000 on, and of 65536 twice
	} {
		if c := got.Counter.Count(name); c.Value != want {
			t.Errorf("%s: %v, want %v", name, c.Value, want)
		}
	}
}

func TestLines(t *testing.T) {
	const at = "10 1700000000.000000 "
	for _, c := range []struct {
		name, text string
		count      trace.CountName
		want       float64 // -1: unavailable
	}{
		{"a file is read", at + `read(3</srv/f>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"to the terminal, of several", `[pid    10] 1700000000.000000 read(3</srv/f>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"of one thread", `1700000000.000000 read(3</srv/f>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"a string has a parenthesis and an arrow", at + `write(3<TCP:[127.0.0.1:1->127.0.0.1:2]>, ") = 7 <1.0>\"", 5) = 5 <0.000001>`, trace.BytesSent, 5},
		{"a path has a comma and brackets", at + `read(3</srv/a,b(c\76>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"a deleted file", at + `read(3</srv/f (deleted)>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"a terminal is no payload", at + `read(0</dev/pts/0<char 136:0>>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 0},
		{"/proc is no payload", at + `read(0</proc/stat>, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, 0},
		{"an event descriptor is no payload", at + `read(5<anon_inode:[eventfd]>, "x", 8) = 8 <0.000001>`, trace.CPUCopiedBytes, 0},
		{"IPv6", at + `write(3<TCPv6:[[::1]:1->[::1]:2]>, "x", 5) = 5 <0.000001>`, trace.BytesSent, 5},
		{"a socket with -y", at + `write(3<socket:[77]>, "x", 5) = 5 <0.000001>`, trace.BytesSent, 5},
		{"a named Unix socket", at + `write(3<UNIX-STREAM:[1->2,"/run/s"]>, "x", 5) = 5 <0.000001>`, trace.BytesSent, 5},
		{"without -yy", at + `read(3, "x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, -1},
		{"without -yy, and nothing moved", at + `read(3, "", 5) = 0 <0.000001>`, trace.CPUCopiedBytes, 0},
		{"without -yy recv is from a socket", at + `recvfrom(3, "x", 5, 0, NULL, NULL) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"sendfile lends pages", at + `sendfile(5<socket:[7]>, 3</srv/f>, [4095] => [4097], 2) = 2 <0.000001>`, trace.Descriptors, 2},
		{"sendfile to a file copies", at + `sendfile(5</srv/g>, 3</srv/f>, NULL, 9) = 9 <0.000001>`, trace.CPUCopiedBytes, 9},
		{"splice into a file copies", at + `splice(5<pipe:[3]>, NULL, 3</srv/f>, NULL, 9, 0) = 9 <0.000001>`, trace.CPUCopiedBytes, 9},
		{"tee", at + `tee(5<pipe:[3]>, 6<pipe:[4]>, 9, 0) = 9 <0.000001>`, trace.Descriptors, 1},
		{"what failed moved nothing", at + `write(3<socket:[77]>, "x", 5) = -1 EAGAIN (Resource temporarily unavailable) <0.000001>`, trace.BytesSent, 0},
		{"a failed call returns too", at + `write(3<socket:[77]>, "x", 5) = -1 EAGAIN (Resource temporarily unavailable) <0.000001>`, trace.ModeSwitches, 2},
		{"a restarted call returns", at + `read(3<socket:[7]>, 0x7f, 5) = ? ERESTARTSYS (To be restarted if SA_RESTART is set) <0.1>`, trace.ModeSwitches, 2},
		{"an exit does not return", at + `exit_group(0) = ?`, trace.ModeSwitches, 1},
		{"an exit while others run", at + `exit_group(0 <unfinished ...>` + "\n" + at + `<... exit_group resumed>) = ?`, trace.ModeSwitches, 1},
		{"MSG_ZEROCOPY is not known to lend", at + `sendto(3<socket:[77]>, "x", 5, MSG_ZEROCOPY, NULL, 0) = 5 <0.000001>`, trace.CPUCopiedBytes, -1},
		{"MSG_ZEROCOPY has sent", at + `sendto(3<socket:[77]>, "x", 5, MSG_ZEROCOPY, NULL, 0) = 5 <0.000001>`, trace.BytesSent, 5},
		{"a flag's name within a string", at + `sendto(3<socket:[77]>, "MSG_ZEROCOPY", 5, 0, NULL, 0) = 5 <0.000001>`, trace.CPUCopiedBytes, 5},
		{"io_uring hides what it moves", at + `io_uring_enter(3<anon_inode:[io_uring]>, 1, 1, 0, NULL, 8) = 1 <0.000001>`, trace.BytesSent, -1},
		{"shifts are no descriptors", at + `capset({pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL, permitted=0}) = 0 <0.000001>`, trace.Syscalls, 1},
		{"strace's own words", "strace: Process 11 attached\n" + at + `getpid() = 10 <0.000001>`, trace.Syscalls, 1},
		{"a call that began before the trace", at + `<... read resumed>"x", 5) = 5 <0.000001>`, trace.CPUCopiedBytes, -1},
		{"a call that resumes twice", at + `restart_syscall(<... resuming interrupted read ...>) = 0 <0.1>`, trace.Syscalls, 1},
		{"a call that never returned", at + `read(3<socket:[7]>,  <unfinished ...>`, trace.ModeSwitches, 1},
		{"an address as result", at + `mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</srv/f>, 0) = 0x7f1234567000 <0.000001>`, trace.Syscalls, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, c.text+"\n")
			if got.Gaps.Lines > 0 {
				t.Fatal(got.Gaps)
			}
			switch n := got.Counter.Count(c.count); {
			case c.want < 0 && (n.Known() || n.Reason == ""):
				t.Errorf("%s: %+v, want it unavailable, with a reason", c.count, n)
			case c.want >= 0 && n.Value != c.want:
				t.Errorf("%s: %+v, want %v", c.count, n, c.want)
			}
		})
	}
}

// Threads keep their own unfinished calls, and what one returns is not the other's.
func TestThreadsInterleave(t *testing.T) {
	got := read(t, `1 1700000000.000000 read(3</srv/f>,  <unfinished ...>
2 1700000000.000010 write(4<socket:[9]>, "x", 7 <unfinished ...>
1 1700000000.000030 <... read resumed>"x", 5) = 5 <0.000030>
2 1700000000.000050 <... write resumed>) = 7 <0.000040>
`)
	spans := map[int]trace.Event{}
	for _, e := range got.Run.Events {
		if e.Kind == trace.Syscall {
			spans[e.Thread] = e
		}
	}
	if a, b := spans[0], spans[1]; a.Dur != 30_000 || a.Bytes != 5 || b.At != 10_000 || b.Dur != 40_000 || b.Bytes != 7 {
		t.Errorf("spans %+v and %+v", a, b)
	}
}

// A clock that is set back does not turn the timeline around.
func TestClockSetBack(t *testing.T) {
	got := read(t, "1 1700000100.000000 getpid() = 1 <0.000001>\n1 1700000000.000000 getpid() = 1 <0.000001>\n1 1700000000.500000 getpid() = 1 <0.000001>\n")
	last := got.Run.Events[len(got.Run.Events)-1]
	if last.At != 500_002_000 || len(got.Facts) != 1 || !strings.Contains(got.Facts[0], "set back once") {
		t.Errorf("the last event is at %d, facts %q", last.At, got.Facts)
	}
}

func TestGaps(t *testing.T) {
	const call = "1 1700000000.000000 getpid() = 1 <0.000001>\n"
	for _, c := range []struct{ name, text, want string }{
		{"in the middle", call + "nonsense\n" + call, `1 line was not understood, line 2: "nonsense"`},
		{"at the beginning", "half of a line)\n" + call, `1 line was not understood, line 1: "half of a line)"`},
		{"cut off", call + `1 1700000000.1 read(3</srv/f>, "ab`, `line 2, the last one, is cut off and left out: "1 1700000000.1 read(3</srv/f>, \"ab"`},
		{"several", call + "x\ny\n", `2 lines were not understood, the first is line 2: "x"`},
		{"too long", call + strings.Repeat("a", 3<<20) + "\n" + call, `1 line was not understood, line 2: "` + strings.Repeat("a", 80) + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, c.text)
			if got.Gaps.String() != c.want {
				t.Errorf("got %s\nwant %s", got.Gaps, c.want)
			}
			marked := 0
			for _, e := range got.Run.Events {
				if e.Detail == "gap" && e.Provenance == trace.Unavailable {
					marked++
				}
			}
			if int64(marked) != got.Gaps.Lines {
				t.Errorf("%d gaps are marked, %d lines were not understood", marked, got.Gaps.Lines)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	var many strings.Builder
	for i := range 60_000 {
		fmt.Fprintf(&many, "1 1700000000.000000 call%d() = 1 <0.000001>\n", i)
	}
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "there is nothing in it; want the output of strace"},
		{"other text", strings.Repeat("GET / HTTP/1.1\n", 100), `line 1: "GET / HTTP/1.1": it is no line of strace; want the output of strace -f -ttt -T -yy`},
		{"no time", strings.Repeat("read(3, \"\", 5) = 0\n", 3), "no time of day in seconds since 1970, which strace prints with -ttt"},
		{"time of day", strings.Repeat("1 12:00:00 read(3, \"\", 5) = 0\n", 30), "which strace prints with -ttt"},
		{"too many calls", many.String(), "names far more different system calls"},
		{"bytes", string(make([]byte, 1000)), "line 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := strace.Read(context.Background(), strings.NewReader(c.text), 0)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, c.want)
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.strace")
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		lines := strings.SplitAfter(string(text), "\n")
		for i := 0; i < len(lines); i += 17 {
			f.Add(strings.Join(lines[i:min(i+8, len(lines))], ""))
		}
	}
	f.Add("1 1700000000.000000 read(3</a<b>>,  <unfinished ...>\n1 1700000000.000001 +++ exited with 0 +++\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := strace.Read(context.Background(), strings.NewReader(text), 1<<20)
		if err != nil {
			return
		}
		importertest.Sound(t, got)
	})
}
