package host

import (
	"os"
	"strings"

	"github.com/prometheus/procfs"
)

// evictable tells, when a warm run is over, how many pages of its file may have been
// taken out of the page cache since then, by what a user without tracepoints can see.
// all is how many there are.
func evictable(all int64) func() int64 {
	pages, drops := reclaimed()
	return func() int64 {
		p, d := reclaimed()
		if d != drops || damon() {
			return all
		}
		return min(p-pages, all)
	}
}

// reclaimed counts the pages of all memory that were taken back since the start of
// the system, by who does it (pgsteal_kswapd and its sisters, mm/vmscan.c), and how
// often somebody emptied the page cache (fs/drop_caches.c). 0 where the kernel does
// not tell.
func reclaimed() (pages, drops int64) {
	f, err := os.Open("/proc/vmstat")
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	stat, err := parseVMStat(f)
	if err != nil {
		return 0, 0
	}
	for _, by := range []string{"kswapd", "direct", "khugepaged", "proactive"} {
		pages += int64(stat["pgsteal_"+by])
	}
	return pages, int64(stat["drop_pagecache"])
}

// damon says whether a kernel thread of DAMON runs (kdamond.N, mm/damon/core.c). It
// may take back memory that seems cold, whether or not any is short, and that is not
// among what /proc/vmstat counts (reclaim_pages, mm/vmscan.c).
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
