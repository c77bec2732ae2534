//go:build !linux

package copyprofile

import (
	"context"
	"errors"

	"github.com/google/pprof/profile"
)

// Profile needs Linux.
func Profile(context.Context, Options) (*profile.Profile, Summary, error) {
	return nil, Summary{}, errors.New("a copy profile is made by perf_event_open(2), which Linux has")
}
