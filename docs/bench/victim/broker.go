//go:build linux

// Package victim is a broker in a process of its own that a program starts, kills,
// and asks what it still has.
package victim

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Broker is the process that is killed. It keeps its port and its directory over
// its lives.
type Broker struct {
	// Address is where it listens.
	Address string

	dir     string
	command func(b *Broker) (*exec.Cmd, error)
	process *exec.Cmd
	log     *os.File
}

// New reserves a port for a broker in the directory, whose output goes to serve.log
// there. The command is made anew for each life; when it serves, it must write the
// file [Broker.Ready].
func New(dir string, command func(b *Broker) (*exec.Cmd, error)) (*Broker, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer l.Close()
	log, err := os.Create(filepath.Join(dir, "serve.log"))
	return &Broker{Address: l.Addr().String(), dir: dir, command: command, log: log}, err
}

// Ready is the file that says that the broker serves, Data its data directory.
func (b *Broker) Ready() string { return filepath.Join(b.dir, "ready") }
func (b *Broker) Data() string  { return filepath.Join(b.dir, "data") }

// Log is the file with what the broker says.
func (b *Broker) Log() string { return b.log.Name() }

// Launch starts a life, which may need to recover first.
func (b *Broker) Launch() error {
	os.Remove(b.Ready())
	process, err := b.command(b)
	if err != nil {
		return err
	}
	b.process = process
	b.process.Stdout, b.process.Stderr = b.log, b.log
	b.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return b.process.Start()
}

// mostStart bounds a start, with its recovery.
const mostStart = time.Minute

// Start launches the broker and waits until it serves.
func (b *Broker) Start(ctx context.Context) error {
	if err := b.Launch(); err != nil {
		return err
	}
	for end := time.Now().Add(mostStart); time.Now().Before(end); {
		if _, err := os.Stat(b.Ready()); err == nil {
			return nil
		}
		if err := Sleep(ctx, 2*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the broker did not become ready within %v; see %s", mostStart, b.Log())
}

// Kill ends the broker's life without a word. When the process is waited for, its
// port is free.
func (b *Broker) Kill() {
	if b.process == nil {
		return
	}
	b.process.Process.Kill()
	b.process.Wait()
	b.process = nil
}

// mostStop bounds an end that was asked for.
const mostStop = 30 * time.Second

// Stop asks the broker to end (SIGTERM), and waits until it has; an error is that
// of its end. One that does not end is made to tell what its goroutines do (SIGQUIT),
// in its log, and to end with that.
func (b *Broker) Stop() error {
	if err := b.process.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- b.process.Wait() }()
	defer func() { b.process = nil }()
	select {
	case err := <-ended:
		return err
	case <-time.After(mostStop):
		b.process.Process.Signal(syscall.SIGQUIT)
		return fmt.Errorf("no end within %v of SIGTERM: %w", mostStop, <-ended)
	}
}

// Hold stops the broker's threads (SIGSTOP) for so long.
func (b *Broker) Hold(ctx context.Context, d time.Duration) error {
	if err := b.process.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	slept := Sleep(ctx, d)
	if err := b.process.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	return slept
}

// Close lets go of the log.
func (b *Broker) Close() error { return b.log.Close() }

// Sleep waits so long, or for the end of ctx, whose error it gives.
func Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
