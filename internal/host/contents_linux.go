package host

import "os"

// pipeContents follows which bytes of a file a pipe holds references to. A
// pipe has slots; each holds a page or a part of one (struct pipe_buffer,
// include/linux/pipe_fs_i.h).
type pipeContents struct {
	head  int64   // file offset of the first byte
	slots []int64 // the bytes of each slot
}

// newPipeContents has room for all slots of a pipe, so that it never grows
// during a transfer.
func newPipeContents(capacity int) *pipeContents {
	return &pipeContents{slots: make([]int64, 0, capacity/os.Getpagesize()+1)}
}

// offset is the file offset of the first byte in the pipe.
func (p *pipeContents) offset() int64 { return p.head }

// put adds the n bytes from file offset off on, and returns how many slots
// they take.
func (p *pipeContents) put(off, n int64) (slots int64) {
	if len(p.slots) == 0 {
		p.head = off
	}
	page := int64(os.Getpagesize())
	for n > 0 {
		part := min(page-off%page, n)
		p.slots = append(p.slots, part)
		off, n, slots = off+part, n-part, slots+1
	}
	return slots
}

// share adds the first n bytes of another pipe, which keeps them, and returns
// how many slots they take.
func (p *pipeContents) share(from *pipeContents, n int64) (slots int64) {
	if len(p.slots) == 0 {
		p.head = from.head
	}
	for _, held := range from.slots {
		if n == 0 {
			break
		}
		part := min(held, n)
		p.slots = append(p.slots, part)
		n, slots = n-part, slots+1
	}
	return slots
}

// take removes the first n bytes and returns how many slots they touched.
func (p *pipeContents) take(n int64) (slots int64) {
	p.head += n
	first := 0
	for n > 0 && first < len(p.slots) {
		slots++
		part := min(p.slots[first], n)
		n -= part
		if p.slots[first] -= part; p.slots[first] == 0 {
			first++
		}
	}
	p.slots = p.slots[:copy(p.slots, p.slots[first:])]
	return slots
}

// pagesIn is how many pages the range of n bytes from off on touches.
func pagesIn(off, n int64) int64 {
	if n <= 0 {
		return 0
	}
	page := int64(os.Getpagesize())
	return (off+n-1)/page - off/page + 1
}
