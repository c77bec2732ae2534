package pagecache

import "math"

// node is a page on a list, in three words: a cache has millions.
type node struct {
	page       int64
	file       File
	prev, next int32
	active     bool
	referenced bool // PG_referenced
	young      bool // the accessed bit of its page table entry
}

// The lists' heads are nodes themselves.
const (
	inactiveHead = 1
	activeHead   = 2
)

// SWAP_CLUSTER_MAX of include/linux/swap.h.
const cluster = 32

// lru holds the two lists and says where each page's node is: chunk.nodes leads
// to a leaf of 64 pages, that to the node.
type lru struct {
	nodes            slab[node]
	leaves           slab[[64]int32]
	inactive, active int64
}

func (l *lru) init() {
	for _, head := range []int32{inactiveHead, activeHead} {
		i := l.nodes.get()
		l.nodes.items[i] = node{prev: head, next: head}
	}
}

func (l *lru) clone() lru {
	return lru{nodes: l.nodes.clone(), leaves: l.leaves.clone(), inactive: l.inactive, active: l.active}
}

// add makes a node for the page at the head of the inactive list.
func (l *lru) add(ch *chunk, f File, p int64) {
	if ch.nodes == nil {
		ch.nodes = new([chunkWords]int32)
	}
	w, _ := at(p)
	if ch.nodes[w] == 0 {
		ch.nodes[w] = l.leaves.get()
	}
	i := l.nodes.get()
	l.leaves.items[ch.nodes[w]][p&63] = i
	l.nodes.items[i] = node{page: p, file: f}
	l.link(i, inactiveHead)
	l.inactive++
}

// remove takes the nodes of the pages in the mask away; they are in memory.
func (l *lru) remove(ch *chunk, w int, mask uint64) {
	leaf := &l.leaves.items[ch.nodes[w]]
	for m := mask; m != 0; m &= m - 1 {
		i := leaf[low(m)]
		if l.nodes.items[i].active {
			l.active--
		} else {
			l.inactive--
		}
		l.unlink(i)
		l.nodes.put(i)
	}
	if ch.resident[w]&^mask == 0 {
		l.leaves.put(ch.nodes[w])
		ch.nodes[w] = 0
	}
}

func (l *lru) link(i, head int32) {
	n := l.nodes.items
	first := n[head].next
	n[i].prev, n[i].next = head, first
	n[first].prev, n[head].next = i, i
}

func (l *lru) unlink(i int32) {
	n := l.nodes.items
	n[n[i].prev].next, n[n[i].next].prev = n[i].next, n[i].prev
}

// use is folio_mark_accessed of mm/swap.c.
func (l *lru) use(i int32) {
	n := &l.nodes.items[i]
	switch {
	case !n.referenced:
		n.referenced = true
	case !n.active:
		n.active, n.referenced = true, false
		l.unlink(i)
		l.link(i, activeHead)
		l.inactive--
		l.active++
	}
}

// spare is folio_check_references of mm/vmscan.c for a page at the inactive
// list's tail whose page table entry was used since reclaim last looked: a page
// that was used before as well becomes active, another goes round once more.
func (l *lru) spare(i int32) {
	n, head := &l.nodes.items[i], int32(inactiveHead)
	if n.referenced {
		n.active, head = true, activeHead
		l.inactive--
		l.active++
	}
	n.young, n.referenced = false, true
	l.unlink(i)
	l.link(i, head)
}

// inactiveIsLow is inactive_is_low of mm/vmscan.c.
func (l *lru) inactiveIsLow() bool {
	if l.inactive >= l.active { // no ratio is below 1, and most lists are like that
		return false
	}
	ratio := int64(1)
	if gib := (l.inactive + l.active) >> 18; gib > 0 {
		ratio = int64(math.Sqrt(float64(10 * gib)))
	}
	return l.inactive*ratio < l.active
}

// balance refills the inactive list from the active list's tail, if it is low.
// A page keeps its mark of use, so that the next use brings it back, but loses
// the accessed bit of its page table entry (shrink_active_list).
func (l *lru) balance() {
	if !l.inactiveIsLow() {
		return
	}
	for range min(cluster, l.active) {
		i := l.nodes.items[activeHead].prev
		l.unlink(i)
		l.link(i, inactiveHead)
		l.nodes.items[i].active, l.nodes.items[i].young = false, false
		l.active--
		l.inactive++
	}
}

// reclaim makes room for one page, if a clean one is among the last of the
// inactive list.
func (c *Cache) reclaim() {
	l := &c.lru
	l.balance()
	for scanned := 0; scanned < cluster && c.pages >= c.capacity; {
		i := l.nodes.items[inactiveHead].prev
		if i == inactiveHead {
			return
		}
		n := l.nodes.items[i]
		if n.young {
			l.spare(i)
			l.balance()
			continue
		}
		scanned++
		ch := c.find(n.file).chunks[n.page>>chunkShift]
		w, bit := at(n.page)
		if ch.dirty != nil && ch.dirty[w]&bit != 0 {
			c.rotated++
			l.unlink(i)
			l.link(i, inactiveHead)
			continue
		}
		l.remove(ch, w, bit)
		ch.resident[w] &^= bit
		c.pages--
		c.left(n.file, n.page)
	}
}

// left notes a page that was evicted.
func (c *Cache) left(f File, p int64) {
	if k := len(c.evicted) - 1; k >= 0 && c.evicted[k].File == f && c.evicted[k].To == p {
		c.evicted[k].To++
		return
	}
	c.evicted = append(c.evicted, Run{f, p, p + 1})
}
