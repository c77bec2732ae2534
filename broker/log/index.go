package log

import "sort"

// indexInterval: an entry is added when at least this many bytes lie between
// the batch and the last entry's (Kafka: index.interval.bytes).
const indexInterval = 4096

// entry says where a batch begins.
type entry struct {
	base     int64 // offset of the batch's first record
	position int64 // in the segment, bytes
	// timeBefore is the latest timestamp of all batches before this one, in ms.
	timeBefore int64
}

// sparseIndex finds positions in the segment without reading it from the
// start. It lives in memory and is built when the segment is opened.
type sparseIndex []entry

// add notes a batch that was appended at the position.
func (x *sparseIndex) add(e entry) {
	if n := len(*x); n == 0 || e.position-(*x)[n-1].position >= indexInterval {
		*x = append(*x, e)
	}
}

// before is the position of the last indexed batch that begins at or before
// the offset.
func (x sparseIndex) before(offset int64) int64 {
	return x.position(sort.Search(len(x), func(i int) bool { return x[i].base > offset }))
}

// beforeTime is a position before which every batch is older than the
// timestamp.
func (x sparseIndex) beforeTime(timestamp int64) int64 {
	return x.position(sort.Search(len(x), func(i int) bool { return x[i].timeBefore >= timestamp }))
}

// position is that of the entry before the i-th.
func (x sparseIndex) position(i int) int64 {
	if i == 0 {
		return 0
	}
	return x[i-1].position
}
