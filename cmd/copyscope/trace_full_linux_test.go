package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"copyscope/internal/trace"
)

// A full disk is told once, and what was written until then does not stay.
func TestTraceOnAFullDisk(t *testing.T) {
	run := &trace.Run{Path: "x", Side: trace.Sim}
	for i := range 10_000 {
		run.Record(trace.Event{At: trace.Ns(i), Kind: trace.Syscall, Syscall: "read", Provenance: trace.Derived})
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		unable(t, "a small file system for the test: "+err.Error())
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, 0) })
	for _, name := range []string{filepath.Join(dir, "x.json"), "/dev/full"} {
		err := writeTrace(io.Discard, "--trace-out", name, run)
		if !errors.Is(err, unix.ENOSPC) || strings.Count(err.Error(), "no space") != 1 || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%v is left of it", left)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Error(err)
	}
}
