package host

import "encoding/binary"

// fill writes the source's content from file offset off on, a multiple of 8,
// into b, whose length is one too. Every eight bytes are a number of their own,
// so that no two places of a file look alike: splitmix64 of the offset.
func fill(b []byte, off int64) {
	const gamma = 0x9e3779b97f4a7c15
	x := uint64(off/8) * gamma
	for i := 0; i+8 <= len(b); i += 8 {
		x += gamma
		z := x
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		binary.LittleEndian.PutUint64(b[i:], z^z>>31)
	}
}
