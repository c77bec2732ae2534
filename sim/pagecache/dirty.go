package pagecache

// writebackPages is how many pages of a file write-back takes at least before
// it turns to another: 4 MiB (MIN_WRITEBACK_PAGES, fs/fs-writeback.c).
const writebackPages = 1024

// span is a range of pages that became dirty at one time. Some of them may be
// clean by now, or dirty anew and in a later span.
type span struct {
	run        Run
	at         int64
	live       int64 // pages still dirty since then
	prev, next int32
}

// dirtyList holds the spans that have a dirty page, oldest first. chunk.since
// leads to a leaf of 64 pages, that to the page's span.
type dirtyList struct {
	spans       slab[span]
	leaves      slab[[64]int32]
	first, last int32
	pages       int64
}

func (d *dirtyList) clone() dirtyList {
	return dirtyList{spans: d.spans.clone(), leaves: d.leaves.clone(), first: d.first, last: d.last, pages: d.pages}
}

// add puts a page that became dirty at the list's end.
func (d *dirtyList) add(f File, p, at int64) int32 {
	if d.last != 0 {
		if s := &d.spans.items[d.last]; s.run.File == f && s.run.To == p && s.at == at {
			s.run.To++
			s.live++
			return d.last
		}
	}
	i := d.spans.get()
	d.spans.items[i] = span{run: Run{f, p, p + 1}, at: at, live: 1, prev: d.last}
	if d.last != 0 {
		d.spans.items[d.last].next = i
	} else {
		d.first = i
	}
	d.last = i
	return i
}

// drop takes a page out of its span, and the span away with its last.
func (d *dirtyList) drop(i int32) {
	s := &d.spans.items[i]
	if s.live--; s.live > 0 {
		return
	}
	if s.prev != 0 {
		d.spans.items[s.prev].next = s.next
	} else {
		d.first = s.next
	}
	if s.next != 0 {
		d.spans.items[s.next].prev = s.prev
	} else {
		d.last = s.prev
	}
	d.spans.put(i)
}

// MarkDirty tells that the pages of the range that are in memory were changed
// at a time in ns, which is not before the last call's. A page that is dirty
// stays dirty since it became so.
func (c *Cache) MarkDirty(f File, from, to, at int64) {
	x := c.find(f)
	if x == nil {
		return
	}
	x.words(from, to, func(ch *chunk, w int, base int64, mask uint64) {
		if mask &= ch.resident[w]; mask == 0 {
			return
		}
		if ch.dirty == nil {
			ch.dirty, ch.since = new([chunkWords]uint64), new([chunkWords]int32)
		}
		mask &^= ch.dirty[w]
		if mask == 0 {
			return
		}
		if ch.since[w] == 0 {
			ch.since[w] = c.dirty.leaves.get()
		}
		ch.dirty[w] |= mask
		c.dirty.pages += int64(ones(mask))
		leaf := &c.dirty.leaves.items[ch.since[w]]
		for ; mask != 0; mask &= mask - 1 {
			leaf[low(mask)] = c.dirty.add(f, base+int64(low(mask)), at)
		}
	})
}

// Clean tells that the pages of the range are on the disk as they are in
// memory, or on their way there (PG_writeback): what changes them now makes them
// dirty anew.
func (c *Cache) Clean(f File, from, to int64) {
	x := c.find(f)
	if x == nil || c.dirty.pages == 0 {
		return
	}
	x.words(from, to, func(ch *chunk, w int, _ int64, mask uint64) {
		if ch.dirty == nil {
			return
		}
		if mask &= ch.dirty[w]; mask == 0 {
			return
		}
		ch.dirty[w] &^= mask
		c.dirty.pages -= int64(ones(mask))
		leaf := &c.dirty.leaves.items[ch.since[w]]
		for ; mask != 0; mask &= mask - 1 {
			c.dirty.drop(leaf[low(mask)])
		}
		if ch.dirty[w] == 0 {
			c.dirty.leaves.put(ch.since[w])
			ch.since[w] = 0
		}
	})
}

// isDirty says whether a page is, and since which span.
func (c *Cache) isDirty(x *file, p int64) (since int32, dirty bool) {
	if x == nil || p < 0 || p >= x.end() {
		return 0, false
	}
	ch := x.chunks[p>>chunkShift]
	if ch == nil || ch.dirty == nil {
		return 0, false
	}
	w, bit := at(p)
	if ch.dirty[w]&bit == 0 {
		return 0, false
	}
	return c.dirty.leaves.items[ch.since[w]][p&63], true
}

// IsDirty says whether a page is in memory and not on the disk as it is there.
func (c *Cache) IsDirty(f File, i int64) bool {
	_, dirty := c.isDirty(c.find(f), i)
	return dirty
}

// DirtyPages counts the dirty pages of all files.
func (c *Cache) DirtyPages() int64 { return c.dirty.pages }

// OldestDirty is what write-back takes next: the page that is dirty for longest
// (of those marked in one call, the first), with the dirty pages that follow it
// without a gap, younger ones too, 1024 in all at most. at is since when the
// first is dirty, in ns. ok is false if nothing is dirty.
func (c *Cache) OldestDirty() (run Run, at int64, ok bool) {
	if c.dirty.first == 0 {
		return Run{}, 0, false
	}
	s := &c.dirty.spans.items[c.dirty.first]
	x := c.find(s.run.File)
	for {
		if i, dirty := c.isDirty(x, s.run.From); dirty && i == c.dirty.first {
			break
		}
		s.run.From++ // cleaned, or dirty anew
	}
	run = Run{s.run.File, s.run.From, s.run.From + 1}
	for run.To-run.From < writebackPages {
		if _, dirty := c.isDirty(x, run.To); !dirty {
			break
		}
		run.To++
	}
	return run, s.at, true
}

// AnyDirty is the file of the page that is dirty for longest.
func (c *Cache) AnyDirty() (f File, ok bool) {
	if c.dirty.first == 0 {
		return 0, false
	}
	return c.dirty.spans.items[c.dirty.first].run.File, true
}

// DirtyRuns are the file's dirty pages in the order of the file, as runs with
// clean pages between them: the first `limit` of them, or all with limit 0.
func (c *Cache) DirtyRuns(f File, limit int) (runs []Run) {
	x := c.find(f)
	if x == nil || c.dirty.pages == 0 {
		return nil
	}
	x.words(0, x.end(), func(ch *chunk, w int, base int64, _ uint64) {
		if ch.dirty == nil || limit > 0 && len(runs) > limit {
			return
		}
		for m := ch.dirty[w]; m != 0; {
			from := int64(low(m))
			n := int64(low(^(m >> from)))
			if k := len(runs) - 1; k >= 0 && runs[k].To == base+from {
				runs[k].To += n
			} else {
				runs = append(runs, Run{f, base + from, base + from + n})
			}
			m &^= (^uint64(0) >> (64 - n)) << from
		}
	})
	if limit > 0 && len(runs) > limit {
		runs = runs[:limit]
	}
	return runs
}
