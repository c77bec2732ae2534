package sim

// Extent is a range of the file's bytes, wherever they are.
type Extent struct {
	// Off and Len are in bytes of the file or, of bytes that a program made from
	// it, of its stream.
	Off, Len int64
	// Taken is the version of the file that was copied; [lent] if the extent is
	// a reference to the page cache, whose bytes are whatever is there when
	// somebody reads them.
	Taken int
	// File is the file.
	File FileID
	// stream is 0 for the file, else the number of what was made from it.
	stream int
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

// continuedBy says whether f is the next piece of the same bytes.
func (e Extent) continuedBy(f Extent) bool {
	return e.Off+e.Len == f.Off && e.stream == f.stream && e.File == f.File
}

// join adds an extent to a list, to its last one if that is continued.
func join(list []Extent, e Extent) []Extent {
	if last := len(list) - 1; last >= 0 && list[last].continuedBy(e) {
		list[last].Len += e.Len
		return list
	}
	return append(list, e)
}

// pages is how many pages the range touches.
func pages(off, n int64) int64 {
	if n <= 0 {
		return 0
	}
	return (off+n-1)/PageBytes - off/PageBytes + 1
}

// take moves up to n bytes from the front of a queue of extents to the end of
// taken.
func take(taken, queue []Extent, n int64) (_, rest []Extent) {
	for len(queue) > 0 && n > 0 {
		if e := &queue[0]; e.Len > n {
			head, tail := e.cut(n)
			*e = tail
			return append(taken, head), queue
		}
		taken, n = append(taken, queue[0]), n-queue[0].Len
		queue = queue[1:]
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
