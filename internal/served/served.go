// Package served builds the copyscope command and serves it on loopback, for
// programs that look at it from outside.
package served

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// patience bounds the wait for a server that starts.
	patience = 30 * time.Second
	// pause is between two looks whether it serves: short beside the start, which
	// is measured by it.
	pause = time.Millisecond
)

// Binary is the built command, in a directory of its own.
type Binary struct {
	Path string
	// Says gets what its servers write to stderr; nil stands for ours.
	Says io.Writer
	dir  string
}

// Build builds the command; what go build says goes to stderr. Remove takes it away.
func Build(ctx context.Context) (*Binary, error) {
	dir, err := os.MkdirTemp("", "copyscope-served-")
	if err != nil {
		return nil, err
	}
	b := &Binary{Path: filepath.Join(dir, "copyscope"), dir: dir}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.Path, "copyscope/cmd/copyscope")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return nil, errors.Join(fmt.Errorf("go build: %w", err), b.Remove())
	}
	return b, nil
}

// Remove takes away the binary, and what its servers left beside it.
func (b *Binary) Remove() error { return os.RemoveAll(b.dir) }

// Server is a copyscope of its own, with an empty broker.
type Server struct {
	// Web is the address of its pages, as http://HOST:PORT; Kafka its broker's, as
	// HOST:PORT, and KafkaTLS that of the TLS listener, if the flags ask for one.
	Web, Kafka, KafkaTLS string
	// Data is its data directory.
	Data    string
	dir     string
	command *exec.Cmd
	built   *Binary // goes with the server; nil: somebody else's
}

// Start builds the command, serves, and returns once it listens. What it says goes
// to stderr. What fails leaves nothing behind.
func Start(ctx context.Context) (*Server, error) {
	b, err := Build(ctx)
	if err != nil {
		return nil, err
	}
	s, err := b.Serve(ctx)
	if err != nil {
		return nil, errors.Join(err, b.Remove())
	}
	s.built = b
	return s, nil
}

// Serve starts a server of the binary and returns once it listens, as Start does.
// The flags are further ones of `copyscope serve`.
func (b *Binary) Serve(ctx context.Context, flags ...string) (*Server, error) {
	return b.serve(ctx, func(s *Server) []string {
		s.Data = filepath.Join(s.dir, "data")
		return append([]string{"--kafka-listen", "127.0.0.1:0", "--data", s.Data}, flags...)
	})
}

// Beside starts a server without a broker: its pages show the cluster at an address,
// HOST:PORT.
func (b *Binary) Beside(ctx context.Context, kafka string) (*Server, error) {
	return b.serve(ctx, func(*Server) []string { return []string{"--kafka", kafka} })
}

func (b *Binary) serve(ctx context.Context, flags func(*Server) []string) (*Server, error) {
	dir, err := os.MkdirTemp(b.dir, "server-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.start(ctx, b, flags(s)); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, b *Binary, flags []string) error {
	ready := filepath.Join(s.dir, "ready.json")
	s.command = exec.Command(b.Path, append([]string{"serve", "--http", "127.0.0.1:0", "--ready-file", ready, "--log-level", "error"}, flags...)...)
	s.command.Stderr = b.Says
	if b.Says == nil {
		s.command.Stderr = os.Stderr
	}
	ownGroup(s.command)
	if err := s.command.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(pause) {
		var at map[string]string
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, &at) == nil {
			s.Web, s.Kafka, s.KafkaTLS = at["web"], at["kafka"], at["kafka_tls"]
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Now().After(end) {
			return fmt.Errorf("copyscope serve has not told its addresses within %v", patience)
		}
	}
}

// PID is its process.
func (s *Server) PID() int { return s.command.Process.Pid }

// Stop ends it and removes what was made.
func (s *Server) Stop() error {
	defer s.clear()
	if s.command == nil || s.command.Process == nil {
		return nil
	}
	s.command.Process.Signal(syscall.SIGTERM)
	var exit *exec.ExitError
	if err := s.command.Wait(); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

func (s *Server) clear() {
	os.RemoveAll(s.dir)
	if s.built != nil {
		s.built.Remove()
	}
}
