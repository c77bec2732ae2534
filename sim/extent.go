package sim

// Extent is a range of the file's bytes, wherever they are.
type Extent struct {
	// Off and Len are in bytes of the file.
	Off, Len int64
	// Taken is the version of the file that was copied; [lent] if the extent is
	// a reference to the page cache, whose bytes are whatever is there when
	// somebody reads them.
	Taken int
}

// lent marks an extent that refers to the page cache.
const lent = -1

// cut splits the first n bytes off.
func (e Extent) cut(n int64) (head, tail Extent) {
	head, tail = e, e
	head.Len = n
	tail.Off, tail.Len = e.Off+n, e.Len-n
	return head, tail
}

// pages is how many pages the range touches.
func pages(off, n int64) int64 {
	if n <= 0 {
		return 0
	}
	return (off+n-1)/PageBytes - off/PageBytes + 1
}

// take removes up to n bytes from the front of a queue of extents.
func take(queue []Extent, n int64) (taken, rest []Extent) {
	for len(queue) > 0 && n > 0 {
		e := queue[0]
		if e.Len > n {
			head, tail := e.cut(n)
			return append(taken, head), append([]Extent{tail}, queue[1:]...)
		}
		taken, queue, n = append(taken, e), queue[1:], n-e.Len
	}
	return taken, queue
}

// length is the sum of the extents' bytes.
func length(es []Extent) int64 {
	var n int64
	for _, e := range es {
		n += e.Len
	}
	return n
}
