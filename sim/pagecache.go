package sim

import "sort"

// pageCache knows which of the file's pages are in memory, as disjoint sorted
// runs of page indexes. It never evicts.
type pageCache struct {
	runs []pageRun
	// ra is the file's readahead state (struct file_ra_state), in pages: the
	// last window, how many pages at its end are still ahead of the reader when
	// the next window is asked for, and where the last read ended.
	ra struct{ start, size, async, previous int64 }
}

// pageRun is the pages [from, to).
type pageRun struct{ from, to int64 }

// resident is how many pages from page i on are in memory without a gap.
func (c *pageCache) resident(i int64) int64 {
	k := sort.Search(len(c.runs), func(k int) bool { return c.runs[k].to > i })
	if k == len(c.runs) || c.runs[k].from > i {
		return 0
	}
	return c.runs[k].to - i
}

// missing is how many pages from page i on, up to limit, are not in memory.
func (c *pageCache) missing(i, limit int64) int64 {
	k := sort.Search(len(c.runs), func(k int) bool { return c.runs[k].to > i })
	if k == len(c.runs) {
		return limit - i
	}
	return min(max(c.runs[k].from-i, 0), limit-i)
}

// absent is how many of the pages [from, to) are not in memory.
func (c *pageCache) absent(from, to int64) (n int64) {
	for from < to {
		from += c.resident(from)
		miss := max(c.missing(from, to), 0)
		from, n = from+miss, n+miss
	}
	return n
}

// insert adds the pages [from, to).
func (c *pageCache) insert(from, to int64) {
	first := sort.Search(len(c.runs), func(k int) bool { return c.runs[k].to >= from })
	last := first
	for last < len(c.runs) && c.runs[last].from <= to {
		from, to = min(from, c.runs[last].from), max(to, c.runs[last].to)
		last++
	}
	c.runs = append(c.runs[:first], append([]pageRun{{from, to}}, c.runs[last:]...)...)
}
