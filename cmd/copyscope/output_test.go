package main

import (
	"bytes"
	"errors"
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
