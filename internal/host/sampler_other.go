//go:build !linux

package host

import "time"

// Sampler needs Linux.
type Sampler struct{}

// NewSampler needs Linux.
func NewSampler(string, func() time.Time) (*Sampler, error) { return nil, ErrNeedsLinux }

// Sample needs Linux.
func (s *Sampler) Sample() (Sample, error) { return Sample{}, ErrNeedsLinux }
