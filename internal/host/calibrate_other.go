//go:build !linux

package host

import "context"

// MeasureCosts needs Linux.
func MeasureCosts(context.Context, *Source) (Costs, error) { return Costs{}, ErrNeedsLinux }

// ProcessorName is not told here.
func ProcessorName() string { return "" }
