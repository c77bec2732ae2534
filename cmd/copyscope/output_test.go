package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fullDisk is a standard output that takes nothing.
type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// Whatever prints says so, with exit code 1, if nobody got it.
func TestOutputThatCannotBeWritten(t *testing.T) {
	for _, command := range []string{
		"run sendfile --side sim --size 1MiB",
		"run sendfile --side sim --size 1MiB --json",
		"run --all --side sim --size 1MiB",
		"run --list",
		"run --scenario consumers-sharing",
		"run --scenario consumers-sharing --json",
		"run --scenario list",
		"sweep sendfile --size 1MiB --chunk 64KiB..128KiB",
		"sweep sendfile --size 1MiB --chunk 64KiB..128KiB --csv -",
		"bench fetch --bytes 1MB --fill 1MB --client raw",
		"doctor",
		"version",
	} {
		var stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(command), fullDisk{}, &stderr)
		if code != exitFailed || !strings.Contains(stderr.String(), "no space left on device") {
			t.Errorf("%s: exit code %d and %q, want %d and the reason", command, code, stderr.String(), exitFailed)
		}
	}
}

// A file that is replaced is whole, or what it was, and nothing stays beside it.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "here.json")
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(failed, err)
		}
	}
	read := func() string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if err := replaceFile("-o", name, write("one", nil)); err != nil || read() != "one" {
		t.Fatalf("%v, the file has %q", err, read())
	}
	broken := errors.New("no room")
	if err := replaceFile("-o", name, write("tw", broken)); !errors.Is(err, broken) || !strings.Contains(err.Error(), name) || read() != "one" {
		t.Errorf("half written: %v, the file has %q", err, read())
	}
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile("-o", name, write("two", nil)); err != nil || read() != "two" {
		t.Errorf("%v, the file has %q", err, read())
	}
	if at, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && at.Mode().Perm() != 0o600 {
		t.Errorf("its mode is %v, %v", at.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder has %v, %v", left, err)
	}
	if err := replaceFile("-o", os.DevNull, write("gone", nil)); err != nil {
		t.Errorf("what is no ordinary file: %v", err)
	}
}
