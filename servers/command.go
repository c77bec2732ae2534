//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// command runs a program to its end and returns what it wrote to stdout. A
// program that fails is an error with the end of all that it wrote.
func command(ctx context.Context, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", shown(name, args), err, end(out.String()+errs.String()))
	}
	return out.String(), nil
}

// shown is a command line without the class path, which says nothing.
func shown(name string, args []string) string {
	for i, a := range args {
		if a == "-cp" && i+2 < len(args) {
			return strings.Join(args[i+2:], " ")
		}
	}
	return name + " " + strings.Join(args, " ")
}

// endLimit is how many bytes of a failed program's output are shown.
const endLimit = 3000

func end(s string) string {
	if len(s) > endLimit {
		return "…" + s[len(s)-endLimit:]
	}
	return s
}
