//go:build !linux

package host

import (
	"net"
	"time"
)

// Sampler needs Linux.
type Sampler struct{}

// NewSampler needs Linux.
func NewSampler(string, func() time.Time) (*Sampler, error) { return nil, ErrNeedsLinux }

// Follow needs Linux.
func (s *Sampler) Follow(func() []net.Conn) {}

// Sample needs Linux.
func (s *Sampler) Sample() (Sample, error) { return Sample{}, ErrNeedsLinux }
