package log

import "encoding/binary"

// usualRecord reads the start of the first record of b as cutRecord does, if it is
// as most are: no number longer than two bytes, and no headers. size, of it all, is 0
// for any other record, right or wrong: that one is cutRecord's. With records of 100
// bytes the walk was a fifth of what a produce request costs; so it takes a part of that.
//
// The numbers before the key are taken out of one word, as loads that wait for each
// other are what takes the time.
func usualRecord(b []byte) (r recordStart, size int) {
	if len(b) < 8 {
		return r, 0
	}
	word := binary.LittleEndian.Uint64(b)
	length, word, at := shortVarint(word, 0)
	end := at + int(length)
	word >>= 8 // attributes, unused in version 2
	at++
	r.timeDelta, word, at = shortVarint(word, at)
	r.offsetDelta, word, at = shortVarint(word, at)
	if at >= 7 { // the key's length is not in the word whole
		if at > len(b)-2 {
			return r, 0
		}
		word = uint64(binary.LittleEndian.Uint16(b[at:]))
	}
	r.keyBytes, _, at = shortVarint(word, at)
	at += max(int(r.keyBytes), 0)
	if at > len(b)-2 || at > tooLong || r.keyBytes < -1 {
		return r, 0
	}
	value, _, at := shortVarint(uint64(binary.LittleEndian.Uint16(b[at:])), at)
	at += max(int(value), 0)
	if value < -1 || at+1 != end || at >= len(b) || b[at] != 0 { // the count of headers
		return r, 0
	}
	return r, end
}

// tooLong is more than the start of a record whose numbers have two bytes can take.
const tooLong = 1 << 20

// shortVarint takes a varint of one byte or two from the lower end of a word. Of a longer
// one, the place after it is beyond tooLong, and stays there.
func shortVarint(word uint64, at int) (v int64, rest uint64, after int) {
	if word&0x80 == 0 {
		x := int64(word & 0x7f)
		return x>>1 ^ -(x & 1), word >> 8, at + 1
	}
	if word&0x8000 != 0 {
		return 0, word >> 16, at + 2*tooLong
	}
	x := int64(word&0x7f | word>>8&0x7f<<7)
	return x>>1 ^ -(x & 1), word >> 16, at + 2
}
