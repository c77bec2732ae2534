package transfer_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"copyscope/internal/transfer"
	"copyscope/internal/transfer/transfertest"
)

// unlisted are the labels that no listing shows: a page highlights nothing
// while they run. The wait is poll(2) of a non-blocking descriptor, alloc no
// syscall at all.
var unlisted = []transfer.Label{"alloc", "munmap", "wait"}

// job makes a source for the program and a job of all its bytes.
func (m *memory) job(t *testing.T, p transfer.Program, bytes int64, chunk int) transfer.Job {
	in := m.Feed(t, 0, bytes)
	if p.Source == transfer.FromFile {
		in = m.File(t, bytes)
	}
	return transfer.Job{In: in, Out: socketFD, Out2: m.Second(t), Bytes: bytes, Chunk: chunk}
}

// TestListing: each line of a listing is called, and each call has a line.
func TestListing(t *testing.T) {
	for _, p := range transfer.Programs() {
		listing(t, p, false)
		if p.UserMemory {
			listing(t, p, true)
		}
	}
}

func listing(t *testing.T, p transfer.Program, touch bool) {
	t.Run(fmt.Sprintf("%s/touch=%v", p.Path, touch), func(t *testing.T) {
		m := newMemory(true, "")
		k := transfertest.Inject(t, m, "")
		job := m.job(t, p, 100, 60)
		job.Touch = touch
		if _, err := p.Send(k, job); err != nil {
			t.Fatal(err)
		}
		var called, listed []transfer.Label
		for _, c := range k.Calls() {
			called = append(called, c.Label)
		}
		for _, l := range p.Lines(touch) {
			listed = append(listed, l.Label)
			if !slices.Contains(called, l.Label) {
				t.Errorf("line %q is listed and never called", l.Label)
			}
			if !strings.HasSuffix(l.Text, ";") {
				t.Errorf("line %q reads %q, which is no statement", l.Label, l.Text)
			}
		}
		for _, l := range called {
			if !slices.Contains(listed, l) && !slices.Contains(unlisted, l) {
				t.Errorf("label %q is called and not listed", l)
			}
		}
	})
}

var update = flag.Bool("update", false, "write the golden file anew")

// TestCalls pins how often each program calls what: 10 bytes in chunks of 4.
// One call more or less turns this red.
func TestCalls(t *testing.T) {
	const file = "testdata/calls.txt"
	var got strings.Builder
	for _, p := range transfer.Programs() {
		m := newMemory(true, "")
		k := transfertest.Inject(t, m, "")
		if _, err := p.Send(k, m.job(t, p, 10, 4)); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&got, "%s:", p.Path)
		for _, c := range k.Calls() {
			fmt.Fprintf(&got, " %s", c.Name)
		}
		got.WriteString("\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("%s is stale; run make golden, read the difference, commit it if it is meant\n got:\n%s\nwant:\n%s", file, &got, want)
	}
}

// Every program is in a group, and beside another program.
func TestGroups(t *testing.T) {
	for _, p := range transfer.Programs() {
		if !slices.Contains(transfer.Groups(), p.Group) {
			t.Errorf("%s: group %q is none of %q", p.Path, p.Group, transfer.Groups())
		}
		if _, ok := transfer.Lookup(p.Beside); !ok || p.Beside == p.Path {
			t.Errorf("%s: %q, which it stands beside, is no other path", p.Path, p.Beside)
		}
	}
}

// moreSeen records SPLICE_F_MORE of every splice to the socket.
type moreSeen struct {
	transfer.Kernel
	more []bool
}

func (m *moreSeen) Splice(l transfer.Label, in transfer.FD, off *int64, out transfer.FD, n int, more bool) (int, error) {
	if l == "splice-out" {
		m.more = append(m.more, more)
	}
	return m.Kernel.Splice(l, in, off, out, n, more)
}

// TestSpliceMore: the last piece must not promise more, or a reader waits for
// the kernel's 200 ms time-out.
func TestSpliceMore(t *testing.T) {
	m := newMemory(true, "")
	m.File(t, 50)
	k := &moreSeen{Kernel: m}
	p, _ := transfer.Lookup("splice")
	if _, err := p.Send(k, transfer.Job{In: fileFD, Out: socketFD, Bytes: 10, Chunk: 4}); err != nil {
		t.Fatal(err)
	}
	if want := []bool{true, true, false}; !slices.Equal(k.more, want) {
		t.Errorf("SPLICE_F_MORE was %v, want %v", k.more, want)
	}
}

// The broker's fetch path has the four that bring a file's own bytes to one
// socket, and no other.
func TestServing(t *testing.T) {
	if want := []string{"read-write", "mmap-write", "sendfile", "splice"}; !slices.Equal(transfer.ServingPaths(), want) {
		t.Errorf("%v serve, want %v", transfer.ServingPaths(), want)
	}
	for _, p := range transfer.Programs() {
		if p.Serves && (p.Source != transfer.FromFile || p.Sinks != 1 || p.Reshapes) {
			t.Errorf("%s cannot serve a fetch", p.Path)
		}
	}
}

func TestRefusing(t *testing.T) {
	for _, p := range transfer.Programs() {
		sent, err := p.Send(transfer.Refusing{}, transfer.Job{Bytes: 1, Chunk: 1})
		if sent != 0 || !errors.Is(err, syscall.ENOSYS) {
			t.Errorf("%s on a kernel without calls: %d bytes, %v", p.Path, sent, err)
		}
	}
}

func TestLookup(t *testing.T) {
	for i, p := range transfer.Programs() {
		got, ok := transfer.Lookup(p.Path)
		if !ok || got.Path != p.Path || transfer.Paths()[i] != p.Path {
			t.Errorf("%s: not found by its name", p.Path)
		}
	}
	if _, ok := transfer.Lookup("sendfil"); ok {
		t.Error("a path was found that does not exist")
	}
	transfer.Programs()[0] = transfer.Program{}
	if transfer.Programs()[0].Path == "" {
		t.Error("a caller can change the registry")
	}
}

// TestErrorText: the text says what was tried, how far it came, what happened.
func TestErrorText(t *testing.T) {
	for errno, want := range map[syscall.Errno]string{
		syscall.EPIPE:      "sendfile: sendfile failed after 5 of 10 bytes: the receiver closed the connection (",
		syscall.ECONNRESET: "sendfile: sendfile failed after 5 of 10 bytes: the receiver closed the connection (",
		syscall.EFAULT:     "sendfile: sendfile failed after 5 of 10 bytes: EFAULT: the mapped file became shorter",
		syscall.ENOBUFS:    "sendfile: sendfile failed after 5 of 10 bytes: ENOBUFS: more memory would be lent",
		syscall.EIO:        "sendfile: sendfile failed after 5 of 10 bytes: EIO: the device reported an error",
	} {
		err := &transfer.Error{Path: "sendfile", Line: "sendfile", Done: 5, Bytes: 10, Err: errno}
		if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q does not begin with %q", err, want)
		}
		if !errors.Is(err, errno) {
			t.Errorf("%v does not wrap %v", err, errno)
		}
	}
}

func TestSliceOutOfRange(t *testing.T) {
	m := transfer.Mem{Handle: 1, Off: 4, Len: 10}
	if got := m.Slice(3, 7); got != (transfer.Mem{Handle: 1, Off: 7, Len: 7}) {
		t.Errorf("slice is %+v", got)
	}
	for _, r := range [][2]int{{-1, 2}, {0, 11}, {10, 1}, {2, -1}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("slice [%d, +%d) of 10 bytes was allowed", r[0], r[1])
				}
			}()
			m.Slice(r[0], r[1])
		}()
	}
}
