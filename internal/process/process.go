//go:build linux

// Package process runs programs beside a runner: servers, tracers, loads. They end
// with the runner, however that ends.
package process

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

// Process is a program that runs beside the runner. It ends with the runner,
// however that ends.
type Process struct {
	cmd    *exec.Cmd
	exited chan error
	log    string // file of what it wrote to stderr, and to stdout if nothing else takes it
}

// Launch starts a program with its output in the file log.
func Launch(log, name string, args ...string) (*Process, error) {
	path, err := Find(name)
	if err != nil {
		return nil, err
	}
	return Begin(log, exec.Command(path, args...))
}

// Begin starts a program, with what it writes to stderr, and to stdout if nothing
// else takes that, in the file log.
func Begin(log string, c *exec.Cmd) (*Process, error) {
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
	p := &Process{cmd: c, exited: make(chan error, 1), log: log}
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

// Until waits until the process does what is asked.
func (p *Process) Until(ctx context.Context, what string, does func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !does() {
		select {
		case err := <-p.exited:
			p.exited <- err
			return fmt.Errorf("%s ended before it %s: %v\n%s", p.Name(), what, err, End(p.Said()))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%s: %w before it %s\n%s", p.Name(), ctx.Err(), what, End(p.Said())), p.kill())
		case <-tick.C:
		}
	}
	return nil
}

// Name is the command line, without a class path.
func (p *Process) Name() string { return shown(p.cmd.Path, p.cmd.Args[1:]) }

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Said is what the process has written to its log.
func (p *Process) Said() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Says waits until the process has written the words to its log.
func (p *Process) Says(ctx context.Context, words string) error {
	return p.Until(ctx, fmt.Sprintf("said %q", words), func() bool { return strings.Contains(p.Said(), words) })
}

// Accepts waits until the process accepts connections.
func (p *Process) Accepts(ctx context.Context, addr string) error {
	return p.Until(ctx, "accepted connections at "+addr, func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// stopLimit is how long a program may take to end after it was asked to.
const stopLimit = 30 * time.Second

// Stop asks the process to end and waits until it has; how it ended is not
// judged, as a signal's exit code differs from program to program.
func (p *Process) Stop(signal syscall.Signal) error {
	_, err := p.Finish(signal)
	return err
}

// Finish is Stop that tells the error of the process's end apart from that of
// stopping it.
func (p *Process) Finish(signal syscall.Signal) (ended, err error) {
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, err
	}
	select {
	case ended := <-p.exited:
		p.exited <- ended
		return ended, nil
	case <-time.After(stopLimit):
		return nil, errors.Join(fmt.Errorf("%s did not end within %v of %v\n%s", p.Name(), stopLimit, signal, End(p.Said())), p.kill())
	}
}

func (p *Process) kill() error {
	err := p.cmd.Process.Kill()
	p.exited <- <-p.exited
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// FreeAddress is an address of loopback at which nothing listens: few servers
// tell which port they got. In a namespace of the runner's own nobody else takes it.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
