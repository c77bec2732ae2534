//go:build !linux

package host

import (
	"os"
	"runtime"
)

// ReadFacts knows little here: the linux model then takes the kernel's
// defaults.
func ReadFacts(string) Facts {
	return Facts{PageBytes: os.Getpagesize(), CPUs: runtime.NumCPU()}
}
