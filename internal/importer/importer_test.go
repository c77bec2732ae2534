package importer_test

import (
	"context"
	"io"
	"os"
	"testing"

	"copyscope/internal/importer"
	"copyscope/internal/importer/perfscript"
	"copyscope/internal/importer/strace"
	"copyscope/internal/trace"
)

// One program was traced four times, by other means each time. What it moved is the
// same, whoever looked; how many pieces its reads took is not.
func TestTracesOfOneProgramAgree(t *testing.T) {
	for _, c := range []struct {
		file string
		read func(context.Context, io.Reader, int) (*importer.Imported, error)
	}{
		{"strace/testdata/relay.strace", strace.Read},
		{"perfscript/testdata/relay.perf", perfscript.Read},
		{"perfscript/testdata/raw.perf", perfscript.Read},
		{"perfscript/testdata/trace.perf", perfscript.Read},
	} {
		t.Run(c.file, func(t *testing.T) {
			file, err := os.Open(c.file)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			got, err := c.read(context.Background(), file, 0)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[trace.CountName]float64{trace.BytesSent: 235168, trace.CPUCopiedBytes: 376832, trace.Descriptors: 57, trace.UserBufferBytes: 65536} {
				if n := got.Counter.Count(name); n.Value != want {
					t.Errorf("%s: %+v, want %v", name, n, want)
				}
			}
			if len(got.Run.Events) != 0 || got.TotalEvents < 240 {
				t.Errorf("%d events kept of %d, want none", len(got.Run.Events), got.TotalEvents)
			}
		})
	}
}

// A trace that is cut at its first events tells how many there were.
func TestKeepsTheFirstEvents(t *testing.T) {
	file, err := os.Open("strace/testdata/relay.strace")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	got, err := strace.Read(context.Background(), file, 20)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Run.Events) != 20 || got.TotalEvents != 250 {
		t.Errorf("%d events kept of %d, want 20 of 250", len(got.Run.Events), got.TotalEvents)
	}
}

// Each call that moves bytes has a rule for every kind of descriptor, which names
// both places, and a reason where it cannot be known.
func TestMovesAreWhole(t *testing.T) {
	for _, name := range []string{"read", "write", "recvfrom", "sendto", "sendfile", "splice", "tee", "vmsplice"} {
		if importer.FamilyOf(name) == importer.NoMove {
			t.Errorf("%s moves nothing", name)
		}
	}
	if importer.FamilyOf("getpid") != importer.NoMove {
		t.Error("getpid moves something")
	}
	for text, want := range map[string]importer.FD{"": importer.UnknownFD, "/srv/f": importer.FileFD, "/dev/null": importer.OtherFD, "/dev/shm/f": importer.FileFD,
		"/dev/sda<block 8:0>": importer.OtherFD, "/srv/tty<char 4:1>": importer.OtherFD, "/proc/1/stat": importer.OtherFD, "pipe:[1]": importer.PipeFD,
		"TCP:[1->2]": importer.SocketFD, "UDPv6:[1]": importer.SocketFD, "socket:[1]": importer.SocketFD, "NETLINK:[ROUTE:1]": importer.OtherFD,
		"anon_inode:[eventpoll]": importer.OtherFD, "anon_inode:bpf-map": importer.OtherFD} {
		if got := importer.FDOf([]byte(text)); got != want {
			t.Errorf("%q: kind %d, want %d", text, got, want)
		}
	}
}
