//go:build !linux

package clusterview

import (
	"errors"
	"time"
)

// processorTime is read on Linux alone.
func processorTime(int) (time.Duration, error) {
	return 0, errors.New("the processor time of another process is read on Linux alone")
}
