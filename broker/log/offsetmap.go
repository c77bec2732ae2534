package log

import (
	"crypto/md5"
	"encoding/binary"
)

// offsetMap has the latest offset of each key of a log's uncleaned part, in a
// memory that is given beforehand (SkimpyOffsetMap.java): 24 bytes for each
// key, its MD5 and the offset. Keys of the same MD5 are one key to it, as to
// Kafka: at 2^64 keys one pair of different ones is to be expected, and a writer
// that makes such a pair on purpose could as well write to the key itself.
type offsetMap struct {
	slots  []slot
	held   int
	most   int   // keys that may be put
	latest int64 // offset up to which, inclusive, the map tells of the log
}

type slot struct {
	hash [md5.Size]byte
	next int64 // the offset and 1, 0: the slot is free
}

const slotBytes = md5.Size + 8

// newOffsetMap makes a map for the keys of so many records, as far as the
// memory, in bytes, allows when it is filled up to the load (0 to 1).
func newOffsetMap(records, memory int64, load float64) *offsetMap {
	slots := max(2, min(memory/slotBytes, int64(float64(records)/load)+2))
	return &offsetMap{slots: make([]slot, slots), most: max(1, min(int(float64(slots)*load), int(slots)-1)), latest: -1}
}

// find is the key's slot, or the free one where it would be.
func (m *offsetMap) find(key []byte) (*slot, [md5.Size]byte) {
	hash := md5.Sum(key)
	n := uint64(len(m.slots))
	for i := binary.LittleEndian.Uint64(hash[:]) % n; ; i = (i + 1) % n {
		if s := &m.slots[i]; s.next == 0 || s.hash == hash {
			return s, hash
		}
	}
}

// put notes the offset, which is above all others; it is false, and nothing is
// noted, if the map is full.
func (m *offsetMap) put(key []byte, offset int64) bool {
	if m.held >= m.most {
		return false
	}
	s, hash := m.find(key)
	if s.next == 0 {
		s.hash = hash
		m.held++
	}
	s.next, m.latest = offset+1, offset
	return true
}

// get is the key's latest offset, -1 if there is none.
func (m *offsetMap) get(key []byte) int64 {
	s, _ := m.find(key)
	return s.next - 1
}
