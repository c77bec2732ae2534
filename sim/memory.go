package sim

import "sort"

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

// put writes extents into the buffer from byte at on.
func (b *buffer) put(at int64, es []Extent) {
	end := at + length(es)
	var keep []placed
	for _, p := range b.content {
		if p.at < at { // the part before
			head := p
			head.Len = min(p.Len, at-p.at)
			keep = append(keep, head)
		}
		if tail := p.at + p.Len - end; tail > 0 { // the part after
			cut := min(p.Len, tail)
			_, rest := p.cut(p.Len - cut)
			keep = append(keep, placed{p.at + p.Len - cut, rest})
		}
	}
	for _, e := range es {
		keep = append(keep, placed{at, e})
		at += e.Len
	}
	sort.Slice(keep, func(i, k int) bool { return keep[i].at < keep[k].at })
	b.content = keep[:0]
	for _, p := range keep { // what continues its predecessor is one extent
		if n := len(b.content); n > 0 && b.content[n-1].continuedBy(p) {
			b.content[n-1].Len += p.Len
		} else {
			b.content = append(b.content, p)
		}
	}
}

// continuedBy says whether q is the next piece of the same bytes.
func (p placed) continuedBy(q placed) bool {
	return p.at+p.Len == q.at && p.Off+p.Len == q.Off && p.Taken == q.Taken
}

// get reads n bytes from byte at on. Bytes that were never written belong to no
// place in the file.
func (b *buffer) get(at, n int64) []Extent {
	var out []Extent
	for _, p := range b.content {
		if p.at+p.Len <= at || n == 0 {
			continue
		}
		if p.at > at {
			gap := min(n, p.at-at)
			out, at, n = append(out, Extent{Off: nowhere, Len: gap}), at+gap, n-gap
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
		out = append(out, Extent{Off: nowhere, Len: n})
	}
	return out
}

// nowhere is the file offset of bytes that are not the file's.
const nowhere = -1 << 62

// mapping is a range of the file in the program's address space.
type mapping struct {
	off, n int64
	mapped pageCache // the pages that the program's page table holds
}
