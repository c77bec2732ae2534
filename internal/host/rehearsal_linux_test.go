package host_test

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"

	"copyscope/internal/host"
	"copyscope/internal/transfer"
)

// Before the measured program makes its first call, it has sent a page of a
// file of its own by the same calls, so that its code and stack are in memory.
// /proc/PID/io tells: a page was written into a file, and a page was sent.
func TestRunIsRehearsed(t *testing.T) {
	const size = 1 << 20
	src := newSource(t, size)
	for _, path := range []string{"read-write", "mmap-write", "sendfile"} { // splice(2) is not in wchar
		p, _ := transfer.Lookup(path)
		before, sent := written(t), uint64(0)
		measure(t, host.Options{Program: p, Size: size, Chunk: 64 << 10, Source: src,
			Fault: lookingAt(func(int) { sent = written(t) - before })})
		if page := uint64(os.Getpagesize()); sent < 2*page || sent >= size {
			t.Errorf("%s: this process wrote %d bytes before the program's first call, want about %d", path, sent, 2*page)
		}
	}
}

// written is what all write calls of this process took so far, in bytes.
func written(t *testing.T) uint64 {
	t.Helper()
	self, err := procfs.Self()
	if err != nil {
		t.Fatal(err)
	}
	io, err := self.IO()
	if err != nil {
		t.Fatal(err)
	}
	return io.WChar
}
