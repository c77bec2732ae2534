//go:build linux

// Package contender starts the servers that are compared, each from its own
// registry, and stops them by their processes.
package contender

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"copyscope/internal/load"
	"copyscope/internal/process"
	"copyscope/internal/selfsigned"
)

// Protocol is what a server speaks.
type Protocol string

// The protocols.
const (
	Kafka Protocol = "Kafka"
	NATS  Protocol = "NATS"
	HTTP  Protocol = "HTTP"
	Iperf Protocol = "iperf3"
	Bare  Protocol = "bare" // one request of Kafka's each, and no other
)

// Contender is a server that can be started.
type Contender struct {
	Name     string
	Settings string // in words; what is not named is the server's own default
	Protocol Protocol
	// Configs are those of its topics.
	Configs map[string]string
	// TLS says that it can be reached over TLS, Volatile that it stores nothing in
	// files.
	TLS, Volatile bool
	// Warm is the least time for which it is loaded before a workload counts: a JVM
	// compiles what runs often.
	Warm time.Duration
	// Eager has its reader woken for every packet: its send buffer holds less than
	// what the reader else waits for, and it would be measured by that.
	Eager bool
	// Absent is why no machine can have it; else need says what this one lacks.
	Absent string
	need   need
	start  func(ctx context.Context, e *Env, s *Server) (*process.Process, error)
}

// Env is what servers are started with.
type Env struct {
	Dir    string // for files of the run, removed at its end
	Bin    string // where the programs are that were built for the run
	Trust  selfsigned.Trust
	Secure bool // clients come over TLS
	made   int
}

// fresh makes a directory of a new name.
func (e *Env) fresh(name string) (string, error) {
	e.made++
	dir := filepath.Join(e.Dir, fmt.Sprintf("%s-%d", name, e.made))
	return dir, os.Mkdir(dir, 0o755)
}

// Server is a contender that runs.
type Server struct {
	Contender
	*load.Target
	// Dir holds all its files.
	Dir string
	// Filled is what later workloads fetch again, by what it was filled with.
	Filled map[string]any
	main   *process.Process
	hold   *os.File // keeps its standard input open
}

// Start starts a contender.
func (c Contender) Start(ctx context.Context, e *Env) (*Server, error) {
	dir, err := e.fresh(c.Name)
	if err != nil {
		return nil, err
	}
	s := &Server{Contender: c, Target: &load.Target{Data: filepath.Join(dir, "data")}, Dir: dir, Filled: map[string]any{}}
	if e.Secure {
		s.Secure = e.Trust.Client()
	}
	if s.main, err = c.start(ctx, e, s); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.PID == 0 {
		s.PID = s.main.PID()
	}
	return s, nil
}

// Close stops the server and removes its files.
func (s *Server) Close() error {
	var err error
	if s.main != nil {
		err = s.main.Stop(syscall.SIGTERM)
	}
	if s.hold != nil {
		err = errors.Join(err, s.hold.Close())
	}
	return errors.Join(err, os.RemoveAll(s.Dir))
}

// log is the file of what the server says.
func (s *Server) log() string { return filepath.Join(s.Dir, "log") }
