package host

import "os"

// stolen counts the pages that reclaim took back since the start of the system:
// pgsteal_kswapd and its sisters, one for each who reclaims (mm/vmscan.c), and all
// that was there when somebody emptied the page cache (drop_pagecache, fs/drop_caches.c,
// tells only how often). ok is false where the kernel does not tell.
func stolen() (pages, drops int64, ok bool) {
	f, err := os.Open("/proc/vmstat")
	if err != nil {
		return 0, 0, false
	}
	defer f.Close()
	stat, err := parseVMStat(f)
	if _, told := stat["pgsteal_kswapd"]; err != nil || !told {
		return 0, 0, false
	}
	for _, by := range []string{"kswapd", "direct", "khugepaged", "proactive"} {
		pages += int64(stat["pgsteal_"+by])
	}
	return pages, int64(stat["drop_pagecache"]), true
}

// watchReclaim notes where the counters of reclaim stand; the returned function tells
// how many pages were taken back since then, -1 if the kernel does not tell, at least
// all if somebody emptied the page cache.
func watchReclaim(all int64) func() int64 {
	pages, drops, ok := stolen()
	return func() int64 {
		p, d, still := stolen()
		switch {
		case !ok || !still:
			return -1
		case d != drops:
			return max(p-pages, all)
		}
		return p - pages
	}
}
