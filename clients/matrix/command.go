package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// command runs a program to its end and returns what it wrote to stdout. A
// program that fails is an error with all it wrote.
func command(ctx context.Context, stdin string, name string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Stdin = strings.NewReader(stdin)
	var out, all bytes.Buffer
	var one sync.Mutex
	c.Stdout = locked{&one, []*bytes.Buffer{&out, &all}}
	c.Stderr = locked{&one, []*bytes.Buffer{&all}}
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = 5 * time.Second
	if err := c.Run(); err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w (%w)", err, cause)
		}
		return out.String(), fmt.Errorf("%s: %w\n%s", shown(name, args), err, ends(all.String()))
	}
	return out.String(), nil
}

// locked writes to several buffers under one lock.
type locked struct {
	one *sync.Mutex
	to  []*bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.one.Lock()
	defer l.one.Unlock()
	for _, b := range l.to {
		b.Write(p)
	}
	return len(p), nil
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

// A failed program's output is shown to so many bytes of its begin and its end.
const (
	headLimit = 1500
	tailLimit = 2500
)

// ends are the begin and the end of a long text.
func ends(s string) string {
	if len(s) > headLimit+tailLimit {
		return s[:headLimit] + "\n…\n" + s[len(s)-tailLimit:]
	}
	return s
}

// differ is the error that two texts are not the same, or nil.
func differ(what, want, got string) error {
	if want == got {
		return nil
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Errorf("%s: line %d of %d is %.200q, expected was %.200q", what, i+1, len(g), g[i], w[i])
		}
	}
	return fmt.Errorf("%s: %d lines, expected were %d", what, len(g), len(w))
}

// contains is the error that a text lacks one of the parts, or nil.
func contains(what, text string, parts ...string) error {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return fmt.Errorf("%s: %q is not in\n%s", what, p, ends(text))
		}
	}
	return nil
}
