package sim

import (
	"slices"

	"copyscope/sim/pagecache"
)

// buffer is user memory that the program allocated. It knows which bytes of
// the file it holds, and where.
type buffer struct {
	bytes   int
	content []placed // sorted by at, disjoint
}

// placed is an extent at a position in a buffer.
type placed struct {
	at int64
	Extent
}

// put writes an extent into the buffer from byte at on.
func (b *buffer) put(at int64, e Extent) {
	end := at + e.Len
	// Most often a buffer is filled from its begin, or on where it ended.
	first := len(b.content)
	for first > 0 && b.content[first-1].at+b.content[first-1].Len > at {
		first--
	}
	last := first
	var before, after []placed
	for ; last < len(b.content) && b.content[last].at < end; last++ {
		p := b.content[last]
		if p.at < at {
			head, _ := p.cut(at - p.at)
			before = append(before, placed{p.at, head})
		}
		if over := p.at + p.Len - end; over > 0 {
			_, tail := p.cut(p.Len - over)
			after = append(after, placed{end, tail})
		}
	}
	if len(before) == 0 && len(after) == 0 && first > 0 {
		if p := &b.content[first-1]; p.at+p.Len == at && p.Extent.continuedBy(e) && p.Taken == e.Taken {
			p.Len += e.Len
			b.content = slices.Delete(b.content, first, last)
			return
		}
	}
	if last > first && len(before) == 0 && len(after) == 0 { // in the place of what it covers
		b.content[first] = placed{at, e}
		b.content = slices.Delete(b.content, first+1, last)
		return
	}
	b.content = slices.Replace(b.content, first, last, append(append(before, placed{at, e}), after...)...)
}

// get adds n bytes from byte at on to out. Bytes that were never written belong
// to no place in the file.
func (b *buffer) get(out []Extent, at, n int64) []Extent {
	for _, p := range b.content {
		if p.at+p.Len <= at || n == 0 {
			continue
		}
		if p.at > at {
			gap := min(n, p.at-at)
			out, at, n = append(out, Extent{Off: Nowhere, Len: gap}), at+gap, n-gap
		}
		_, e := p.cut(at - p.at)
		if e.Len > n {
			e, _ = e.cut(n)
		}
		if e.Len > 0 {
			out, at, n = append(out, e), at+e.Len, n-e.Len
		}
	}
	if n > 0 {
		out = append(out, Extent{Off: Nowhere, Len: n})
	}
	return out
}

// Nowhere is the file offset of bytes that are no file's, such as those that a
// program made up itself. Their events have none.
const Nowhere = -1 << 62

// mapping is a range of the file in the program's address space.
type mapping struct {
	end      *fileEnd
	off, n   int64
	writable bool
	mapped   *pagecache.Cache // the pages that the program's page table holds
}
