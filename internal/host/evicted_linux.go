package host

import (
	"os"
	"runtime"
	"strings"

	"github.com/prometheus/procfs"
)

// evictable tells, when a run is over, how many pages of its file may have been taken
// out of the page cache since then and read again, by what a user without tracepoints
// can see. all is how many there are.
func evictable(all int64) func() int64 {
	before := takenBack()
	return func() int64 {
		now := takenBack()
		switch {
		case now.drops != before.drops:
			return all
		case !damon():
			return min(now.stolen-before.stolen, all)
		case now.tellsRefaults:
			return min(now.refaults-before.refaults+int64(runtime.NumCPU())*untold, all)
		}
		return all
	}
}

// untold is the most that each processor counts for itself before /proc/vmstat has it
// (calculate_normal_threshold, mm/vmstat.c).
const untold = 125

// taken is what the kernel counted since the start of the system, of all memory.
type taken struct {
	// stolen are the pages that were taken back, by whoever does that (pgsteal_kswapd
	// and its sisters, mm/vmscan.c), but for DAMON; drops is how often somebody emptied
	// the page cache (fs/drop_caches.c).
	stolen, drops int64
	// refaults are the pages of files that were taken back, by DAMON too, and read again
	// (workingset_refault_file, mm/workingset.c; before Linux 5.9 nobody told files
	// from other memory).
	refaults      int64
	tellsRefaults bool
}

// takenBack reads it; all is 0 where the kernel does not tell.
func takenBack() (t taken) {
	f, err := os.Open("/proc/vmstat")
	if err != nil {
		return t
	}
	defer f.Close()
	stat, err := parseVMStat(f)
	if err != nil {
		return t
	}
	for _, by := range []string{"kswapd", "direct", "khugepaged", "proactive"} {
		t.stolen += int64(stat["pgsteal_"+by])
	}
	t.drops = int64(stat["drop_pagecache"])
	refaults, ok := stat["workingset_refault_file"]
	t.refaults, t.tellsRefaults = int64(refaults), ok
	return t
}

// damon says whether a kernel thread of DAMON runs (kdamond.N, mm/damon/core.c). It
// may take back memory that seems cold, whether or not any is short, and that is not
// among the stolen pages that /proc/vmstat counts (reclaim_pages, mm/vmscan.c).
func damon() bool {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return false
	}
	all, err := fs.AllProcs()
	if err != nil {
		return false
	}
	for _, p := range all {
		if name, err := p.Comm(); err == nil && strings.HasPrefix(name, "kdamond.") {
			return true
		}
	}
	return false
}
