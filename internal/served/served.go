// Package served builds the copyscope command and serves it on loopback, for
// programs that look at it from outside.
package served

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience bounds the wait for a server that starts.
const patience = 30 * time.Second

// Server is a copyscope of its own, with an empty broker.
type Server struct {
	// Web is the address of its pages, as http://HOST:PORT; Kafka its broker's, as
	// HOST:PORT.
	Web, Kafka string
	dir        string
	command    *exec.Cmd
}

// Start builds the command, serves, and returns once it listens. What it says goes
// to stderr. What fails leaves nothing behind.
func Start(ctx context.Context) (*Server, error) {
	dir, err := os.MkdirTemp("", "copyscope-served-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	binary, ready := filepath.Join(s.dir, "copyscope"), filepath.Join(s.dir, "ready.json")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "copyscope/cmd/copyscope")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	s.command = exec.Command(binary, "serve", "--http", "127.0.0.1:0", "--kafka-listen", "127.0.0.1:0",
		"--data", filepath.Join(s.dir, "data"), "--ready-file", ready, "--log-level", "error")
	s.command.Stderr = os.Stderr
	if err := s.command.Start(); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var at map[string]string
		if text, err := os.ReadFile(ready); err == nil && json.Unmarshal(text, &at) == nil {
			s.Web, s.Kafka = at["web"], at["kafka"]
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
	defer os.RemoveAll(s.dir)
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
