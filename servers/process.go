//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// process is a program that runs beside the runner: a server, strace or
// attach. It ends with the runner, however that ends.
type process struct {
	cmd    *exec.Cmd
	exited chan error
	log    string // file of what it wrote to stderr, and to stdout if nothing else takes it
}

// launch starts a program with its output in the file log.
func launch(log, name string, args ...string) (*process, error) {
	path, err := find(name)
	if err != nil {
		return nil, err
	}
	return begin(log, exec.Command(path, args...))
}

func begin(log string, c *exec.Cmd) (*process, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	if c.Stdout == nil {
		c.Stdout = out
	}
	c.Stderr = out
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: c, exited: make(chan error, 1), log: log}
	started := make(chan error)
	// The signal of a parent's death is that of the thread which started it; the
	// runtime keeps the one that is locked here until the program has ended.
	go func() {
		runtime.LockOSThread()
		err := c.Start()
		started <- err
		if err == nil {
			p.exited <- c.Wait()
		}
	}()
	return p, <-started
}

// until waits until the process does what is asked.
func (p *process) until(ctx context.Context, what string, does func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !does() {
		select {
		case err := <-p.exited:
			p.exited <- err
			return fmt.Errorf("%s ended before it %s: %v\n%s", p.name(), what, err, end(p.said()))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: %w before it %s\n%s", p.name(), ctx.Err(), what, end(p.said())), p.kill())
		case <-tick.C:
		}
	}
	return nil
}

func (p *process) name() string { return shown(p.cmd.Path, p.cmd.Args[1:]) }

func (p *process) said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// says waits until the process has written the words to its log.
func (p *process) says(ctx context.Context, words string) error {
	return p.until(ctx, fmt.Sprintf("said %q", words), func() bool { return strings.Contains(p.said(), words) })
}

// accepts waits until the process accepts connections.
func (p *process) accepts(ctx context.Context, addr string) error {
	return p.until(ctx, "accepted connections at "+addr, func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// stopLimit is how long a program may take to end after it was asked to.
const stopLimit = 30 * time.Second

// stop asks the process to end and waits until it has; how it ended is not
// judged, as a signal's exit code differs from program to program.
func (p *process) stop(signal syscall.Signal) error {
	_, err := p.finish(signal)
	return err
}

// finish is stop that tells the error of the process's end apart from that of
// stopping it.
func (p *process) finish(signal syscall.Signal) (ended, err error) {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	select {
	case ended := <-p.exited:
		p.exited <- ended
		return ended, nil
	case <-time.After(stopLimit):
		return nil, errors.Join(fmt.Errorf("%s did not end within %v of %v\n%s", p.name(), stopLimit, signal, end(p.said())), p.kill())
	}
}

func (p *process) kill() error {
	err := p.cmd.Process.Kill()
	p.exited <- <-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// server is a server that runs.
type server struct {
	*process
	pid  int        // which of its processes does the work
	addr string     // where it serves
	dir  string     // its data, where a load looks at it
	also []*process // what it needs beside it, stopped after it
}

// close ends the server as an operator does.
func (s *server) close() error {
	err := s.stop(syscall.SIGTERM)
	for _, p := range s.also {
		err = errors.Join(err, p.stop(syscall.SIGTERM))
	}
	return err
}

// freeAddress is an address of loopback at which nothing listens: few servers
// tell which port they got. The namespace is the run's own, so nobody takes it.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
