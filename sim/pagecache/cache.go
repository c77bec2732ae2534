package pagecache

import "maps"

// File names a file. The caller chooses the numbers.
type File int32

// Run is a range of pages of a file.
type Run struct {
	File     File
	From, To int64
}

// MaxPages is what a file can have at most: 64 TiB in pages of 4 KiB.
const MaxPages = 1 << 34

// Options says how large a cache is.
type Options struct {
	// Pages is the capacity. 0 is unlimited: then nothing leaves by itself, and
	// no lists are kept.
	Pages int64
}

// Cache is a page cache. It is not safe for concurrent use.
type Cache struct {
	capacity int64
	files    map[File]*file
	last     *file // found last: calls come in bursts for one file
	pages    int64

	lru     lru
	dirty   dirtyList
	evicted []Run // what Insert returned last
	rotated int64
}

// New makes an empty cache.
func New(o Options) *Cache {
	c := &Cache{capacity: max(o.Pages, 0), files: map[File]*file{}}
	c.lru.init()
	return c
}

// find is the file, or nil if nothing of it was ever in memory.
func (c *Cache) find(f File) *file {
	if c.last != nil && c.last.id == f {
		return c.last
	}
	x := c.files[f]
	if x != nil {
		c.last = x
	}
	return x
}

// Resident counts the pages from i on, below limit, that are in memory without
// a gap.
func (c *Cache) Resident(f File, i, limit int64) int64 {
	x := c.find(f)
	if x == nil || i < 0 || i >= limit {
		return 0
	}
	return x.ones(i, min(limit, x.end()))
}

// Missing counts the pages from i on, below limit, that are not in memory,
// without a gap.
func (c *Cache) Missing(f File, i, limit int64) int64 {
	if i >= limit {
		return 0
	}
	x := c.find(f)
	if x == nil {
		return limit - i
	}
	from := max(i, 0)
	if end := min(limit, x.end()); from < end {
		if next := from + x.zeros(from, end); next < end {
			return next - i
		}
	}
	return limit - i
}

// Absent counts the pages of the range that are not in memory.
func (c *Cache) Absent(f File, from, to int64) int64 {
	if from >= to {
		return 0
	}
	n := to - from
	if x := c.find(f); x != nil {
		x.words(from, to, func(ch *chunk, w int, _ int64, mask uint64) { n -= int64(ones(ch.resident[w] & mask)) })
	}
	return n
}

// ResidentBefore counts the pages right before i that are in memory without a
// gap, at most so many.
func (c *Cache) ResidentBefore(f File, i, most int64) int64 {
	x := c.find(f)
	if x == nil || most <= 0 || i <= 0 || i > x.end() {
		return 0
	}
	return x.onesBefore(i, max(i-most, 0))
}

// Pages counts the pages in memory.
func (c *Cache) Pages() int64 { return c.pages }

// Active counts the pages on the active list; a cache without a capacity has
// none.
func (c *Cache) Active() int64 { return c.lru.active }

// Rotated counts the dirty pages that Insert has found at the tail of the
// inactive list and put back, since the cache was made. When it grows, memory
// waits for write-back.
func (c *Cache) Rotated() int64 { return c.rotated }

// Insert puts the pages of the range into memory, clean and unused, at the head
// of the inactive list, in the order of the file. A page that is there is left
// as it is. The runs that had to leave come back in the order in which they
// left; the slice is good until the next Insert. A range larger than the cache
// evicts its own begin.
func (c *Cache) Insert(f File, from, to int64) (evicted []Run) {
	from, to = max(from, 0), min(to, MaxPages)
	if from >= to {
		return nil
	}
	x := c.find(f)
	if x == nil {
		x = &file{id: f}
		c.files[f], c.last = x, x
	}
	if c.capacity == 0 {
		for p := from; p < to; p = (p>>chunkShift + 1) << chunkShift {
			x.chunk(p)
		}
		x.words(from, to, func(ch *chunk, w int, _ int64, mask uint64) {
			c.pages += int64(ones(mask &^ ch.resident[w]))
			ch.resident[w] |= mask
		})
		return nil
	}
	c.evicted = c.evicted[:0]
	for p := from; p < to; p++ {
		ch := x.chunk(p)
		if w, bit := at(p); ch.resident[w]&bit == 0 {
			if c.pages >= c.capacity {
				c.reclaim()
			}
			ch.resident[w] |= bit
			c.pages++
			c.lru.add(ch, f, p)
		}
	}
	return c.evicted
}

// Use tells that the pages of the range were read or written: of those in
// memory, one that was not used is marked so, and one that was used moves from
// the inactive to the active list.
func (c *Cache) Use(f File, from, to int64) { c.listed(f, from, to, c.lru.use) }

// Touch tells that the pages of the range were reached through a page table:
// their entries' accessed bits are set. Nothing is known of it until reclaim, or
// Unmap, looks at them.
func (c *Cache) Touch(f File, from, to int64) {
	c.listed(f, from, to, func(i int32) { c.lru.nodes.items[i].young = true })
}

// Unmap tells that the page table entries of the range went away. A page that
// was touched since reclaim last looked at it counts as used.
func (c *Cache) Unmap(f File, from, to int64) {
	c.listed(f, from, to, func(i int32) {
		if n := &c.lru.nodes.items[i]; n.young {
			n.young = false
			c.lru.use(i)
		}
	})
}

// listed visits the nodes of the range's pages in memory.
func (c *Cache) listed(f File, from, to int64, visit func(node int32)) {
	if c.capacity == 0 {
		return // no lists are kept
	}
	x := c.find(f)
	if x == nil {
		return
	}
	x.words(from, to, func(ch *chunk, w int, _ int64, mask uint64) {
		if mask &= ch.resident[w]; mask != 0 {
			leaf := &c.lru.leaves.items[ch.nodes[w]]
			for ; mask != 0; mask &= mask - 1 {
				visit(leaf[low(mask)])
			}
		}
	})
}

// Drop takes the pages of the range out of memory, dirty or not, as truncate(2)
// does, and posix_fadvise(2) POSIX_FADV_DONTNEED does with clean ones.
func (c *Cache) Drop(f File, from, to int64) {
	x := c.find(f)
	if x == nil {
		return
	}
	c.Clean(f, from, to)
	x.words(from, to, func(ch *chunk, w int, _ int64, mask uint64) {
		mask &= ch.resident[w]
		if mask == 0 {
			return
		}
		c.pages -= int64(ones(mask))
		if c.capacity > 0 {
			c.lru.remove(ch, w, mask)
		}
		ch.resident[w] &^= mask
	})
}

// Snapshot is a copy that shares nothing with the cache.
func (c *Cache) Snapshot() *Cache {
	s := *c
	s.last, s.evicted = nil, nil
	s.files = maps.Clone(c.files)
	for id, f := range s.files {
		s.files[id] = f.clone()
	}
	s.lru = c.lru.clone()
	s.dirty = c.dirty.clone()
	return &s
}
