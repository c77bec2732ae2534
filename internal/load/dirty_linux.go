package load

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/procfs"
)

// Between rounds the pages that wait to be written back must be few, or a round
// pays for the one before it.
const (
	dirtyBound = 64 << 20
	dirtyWait  = 10 * time.Second
)

// Settle waits until little is dirty. It returns what it saw, in words.
func Settle(ctx context.Context) string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return "dirty pages are not known: " + err.Error()
	}
	began := time.Now()
	for {
		m, err := fs.Meminfo()
		if err != nil || m.DirtyBytes == nil || m.WritebackBytes == nil {
			return "dirty pages are not known: /proc/meminfo does not tell them"
		}
		dirty := *m.DirtyBytes + *m.WritebackBytes
		if dirty < dirtyBound {
			return ""
		}
		if time.Since(began) > dirtyWait {
			return fmt.Sprintf("a round began with %s still to be written back after a wait of %v", humanize.IBytes(dirty), dirtyWait)
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(20 * time.Millisecond):
		}
	}
}
