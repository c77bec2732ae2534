package log_test

import (
	"bytes"
	"errors"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/broker/log"
)

// A disk that is full in the middle of an append, here the limit on a file's
// size: the append fails, nothing of it stays, and the next one that fits goes
// on as if it had never been.
func TestAppendToFullDisk(t *testing.T) {
	dir := partitionDir(t)
	p, _ := open(t, dir)
	add(t, p, batch(0, "kept"))
	before := readFile(t, segment(dir))

	signal.Ignore(syscall.SIGXFSZ) // EFBIG instead
	defer signal.Reset(syscall.SIGXFSZ)
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	tight := unix.Rlimit{Cur: uint64(len(before)) + 1000, Max: old.Max}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &tight); err != nil {
		t.Fatal(err)
	}
	_, err := p.Produce(batch(0, strings.Repeat("x", 5000)))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	after := readFile(t, segment(dir)) // not before: package testing writes down what is opened, in a file of its own

	if !errors.Is(err, log.ErrStorage) || !errors.Is(err, syscall.EFBIG) {
		t.Errorf("the append gave %v, want %v with EFBIG", err, log.ErrStorage)
	}
	if !bytes.Equal(after, before) {
		t.Errorf("%d bytes of the failed append stayed in the file", len(after)-len(before))
	}
	if base := add(t, p, batch(0, strings.Repeat("y", 5000))); base != 1 {
		t.Errorf("the next batch got offset %d, want 1", base)
	}
}
