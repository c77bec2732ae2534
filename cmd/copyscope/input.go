package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
)

// maxInput bounds, in bytes, a file that a flag names: far more than a profile
// or a scenario has.
const maxInput = 1 << 20

// readInput reads a file that a flag names. Of a FIFO that nobody has opened to
// write it reads nothing, rather than wait for somebody.
func readInput(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if at, err := f.Stat(); err == nil && at.IsDir() {
		return nil, fmt.Errorf("%s: it is a folder; name a file", name)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxInput+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxInput:
		return nil, fmt.Errorf("%s: it has more than 1MiB, as no file for this has; name another", name)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("%s: it is empty; name another", name)
	}
	return text, nil
}
