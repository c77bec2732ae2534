//go:build linux

package main

import (
	"errors"
	"syscall"

	"copyscope/internal/process"
)

// server is a server that runs.
type server struct {
	*process.Process
	pid  int                // which of its processes does the work
	addr string             // where it serves
	dir  string             // its data, where a load looks at it
	also []*process.Process // what it needs beside it, stopped after it
}

// close ends the server as an operator does.
func (s *server) close() error {
	err := s.Stop(syscall.SIGTERM)
	for _, p := range s.also {
		err = errors.Join(err, p.Stop(syscall.SIGTERM))
	}
	return err
}
