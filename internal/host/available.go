package host

import (
	"sync"

	"copyscope/internal/transfer"
)

// Available says whether this host can run a path for real, and if not, why. It
// tries each path once, on a few pages in the temporary directory, and remembers
// what came of it.
func Available(path string) (ok bool, reason string) {
	available.mu.Lock()
	defer available.mu.Unlock()
	why, tried := available.reasons[path]
	if !tried {
		if program, known := transfer.Lookup(path); known {
			why = tryPath(program)
		} else {
			why = "there is no path of that name"
		}
		available.reasons[path] = why
	}
	return why == "", why
}

// available holds the reasons that were found; "" for a path that runs.
var available = struct {
	mu      sync.Mutex
	reasons map[string]string
}{reasons: map[string]string{}}
