package log

// usualRecord reads the start of the first record of b as cutRecord does, if it is
// as most are: no number longer than two bytes, and no headers. size, of it all, is 0
// for any other record, right or wrong: that one is cutRecord's. With records of 100
// bytes the walk was a fifth of what a produce request costs; so it takes half of that.
func usualRecord(b []byte) (r recordStart, size int) {
	length, n := shortVarint(b, 0)
	if n == 0 {
		return r, 0
	}
	end := n + int(length)
	at := n + 1 // attributes, unused in version 2
	if r.timeDelta, n = shortVarint(b, at); n == 0 {
		return r, 0
	}
	at += n
	if r.offsetDelta, n = shortVarint(b, at); n == 0 {
		return r, 0
	}
	at += n
	if r.keyBytes, n = shortVarint(b, at); n == 0 || r.keyBytes < -1 {
		return r, 0
	}
	at += n + max(int(r.keyBytes), 0)
	value, n := shortVarint(b, at)
	if n == 0 || value < -1 {
		return r, 0
	}
	at += n + max(int(value), 0)
	if at+1 != end || at >= len(b) || b[at] != 0 { // the count of headers
		return r, 0
	}
	return r, end
}

// shortVarint is the varint at b[at:], of n bytes; n is 0 if it has more than two,
// or if fewer than two are left.
func shortVarint(b []byte, at int) (v int64, n int) {
	if at > len(b)-2 || b[at]&b[at+1] >= 0x80 {
		return 0, 0
	}
	x := int64(b[at])
	n = int(b[at] >> 7)
	x += int64(n) * (int64(b[at+1])<<7 - 0x80)
	return x>>1 ^ -(x & 1), n + 1
}
