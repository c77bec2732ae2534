//go:build linux

package process

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Run runs a program to its end and returns what it wrote to stdout. A
// program that fails is an error with the end of all that it wrote.
func Run(ctx context.Context, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s", shown(name, args), err, End(out.String()+errs.String()))
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

// End is the last of what a program wrote.
func End(s string) string {
	if len(s) > endLimit {
		return "…" + s[len(s)-endLimit:]
	}
	return s
}

// Find finds a program also where only root's PATH leads to.
func Find(name string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	return exec.LookPath(filepath.Join("/usr/sbin", name))
}
