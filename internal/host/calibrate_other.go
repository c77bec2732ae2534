//go:build !linux

package host

import "context"

// MeasureCosts needs Linux.
func MeasureCosts(context.Context, *Source, func(done, total int64)) ([]Cost, error) {
	return nil, ErrNeedsLinux
}

// ProcessorName is not told here.
func ProcessorName() string { return "" }

// CacheSizes are not told here.
func CacheSizes() (private, last int64) { return 0, 0 }

// Load is not told here.
func Load() (running float64, known bool) { return 0, false }
