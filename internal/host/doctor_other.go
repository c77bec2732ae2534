//go:build !linux

package host

import (
	"context"
	"os"
	"runtime"
)

// Doctor has little to try here.
func Doctor(ctx context.Context) Report {
	return layered(Surroundings{Capabilities: []string{}}, nil, Report{Facts: ReadFacts(""), User: os.Geteuid(), Checks: examine(ctx, []attempt{
		{"kernel", "which Linux the models are held against", func(context.Context) finding {
			return notHere(runtime.GOOS + ": " + ErrNeedsLinux.Error())
		}},
	})})
}
