package pagecache

import "math/bits"

const (
	chunkShift = 15 // a chunk is of 32,768 pages: 128 MiB of a file
	chunkPages = 1 << chunkShift
	chunkWords = chunkPages / 64
)

// chunk is a piece of a file: bitmaps of its pages, and for each 64 of them
// where what is known of single pages is kept (0: nowhere).
type chunk struct {
	resident [chunkWords]uint64
	nodes    *[chunkWords]int32 // → lru.leaves; nil without a capacity
	dirty    *[chunkWords]uint64
	since    *[chunkWords]int32 // → dirtyList.leaves; nil until a page was dirty
}

// file holds the chunks of one file; nil where nothing ever was.
type file struct {
	id     File
	chunks []*chunk
}

// end is the first page that has no chunk, nor have those behind it.
func (x *file) end() int64 { return int64(len(x.chunks)) << chunkShift }

// chunk is the piece that the page lies in, made if it is not there.
func (x *file) chunk(p int64) *chunk {
	k := p >> chunkShift
	for int64(len(x.chunks)) <= k {
		x.chunks = append(x.chunks, nil)
	}
	if x.chunks[k] == nil {
		x.chunks[k] = new(chunk)
	}
	return x.chunks[k]
}

func ones(w uint64) int { return bits.OnesCount64(w) }
func low(w uint64) int  { return bits.TrailingZeros64(w) }

// at is where a page's bit is in its chunk.
func at(p int64) (word int, bit uint64) {
	return int(p>>6) & (chunkWords - 1), 1 << (p & 63)
}

// words visits the words of the chunks that the range touches: base is the page
// of a word's lowest bit, the mask has the bits of the range.
func (x *file) words(from, to int64, visit func(ch *chunk, w int, base int64, mask uint64)) {
	from, to = max(from, 0), min(to, x.end())
	for from < to {
		ch := x.chunks[from>>chunkShift]
		end := min(to, (from>>chunkShift+1)<<chunkShift)
		if ch == nil {
			from = end
			continue
		}
		for from < end {
			stop := min(end, (from|63)+1)
			w, _ := at(from)
			visit(ch, w, from&^63, ^uint64(0)<<(from&63)&(^uint64(0)>>(63-(stop-1)&63)))
			from = stop
		}
	}
}

// ones counts the pages from i on, below limit, that are in memory without a
// gap. The limit is within the table.
func (x *file) ones(i, limit int64) int64 {
	p := i
	for p < limit {
		ch := x.chunks[p>>chunkShift]
		if ch == nil {
			break
		}
		w, _ := at(p)
		rest := 64 - p&63
		n := int64(low(^(ch.resident[w] >> (p & 63))))
		if n < rest {
			return min(p+n, limit) - i
		}
		p += rest
	}
	return max(min(p, limit)-i, 0)
}

// zeros counts likewise the pages that are not in memory.
func (x *file) zeros(i, limit int64) int64 {
	p := i
	for p < limit {
		ch := x.chunks[p>>chunkShift]
		if ch == nil {
			p = (p>>chunkShift + 1) << chunkShift
			continue
		}
		w, _ := at(p)
		if m := ch.resident[w] >> (p & 63); m != 0 {
			return min(p+int64(low(m)), limit) - i
		}
		p = (p | 63) + 1
	}
	return max(min(p, limit)-i, 0)
}

// onesBefore counts the pages in memory right before i, down to `least`.
func (x *file) onesBefore(i, least int64) int64 {
	p := i
	for p > least {
		q := p - 1
		ch := x.chunks[q>>chunkShift]
		if ch == nil {
			break
		}
		w, _ := at(q)
		have := q&63 + 1
		n := int64(bits.LeadingZeros64(^(ch.resident[w] << (64 - have))))
		if n < have {
			p -= n
			break
		}
		p -= have
	}
	return i - max(p, least)
}

func (x *file) clone() *file {
	y := &file{id: x.id, chunks: make([]*chunk, len(x.chunks))}
	for k, ch := range x.chunks {
		if ch != nil {
			n := *ch
			n.nodes, n.dirty, n.since = clone(ch.nodes), clone(ch.dirty), clone(ch.since)
			y.chunks[k] = &n
		}
	}
	return y
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
