package log

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// What usualRecord reads is what cutRecord reads, at each length of each number, with
// bytes behind it and without, and cut off anywhere; it reads all that it is for.
func TestUsualRecord(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	number := func() int64 {
		return []int64{-1, 0, 1, 63, 64, -64, -65, 100, 8191, 8192, -8192, -8193, 1 << 20, -1 << 40, 1 << 40}[random.IntN(15)]
	}
	read, left := 0, 0
	for range 200_000 {
		short, body := true, []byte{byte(random.Uint32())}
		put := func(v int64) {
			short = short && v >= -8192 && v < 8192
			body = binary.AppendVarint(body, v)
		}
		put(number())
		put(number())
		for range 2 {
			size := min(number(), 9000)
			put(size)
			if size > 0 {
				body = append(body, make([]byte, size)...)
			}
		}
		headers := random.IntN(20) == 0
		if headers {
			body = append(body, 2, 2, 'k', 1)
		} else {
			body = append(body, 0)
		}
		short = short && len(body) < 8192
		b := append(binary.AppendVarint(nil, int64(len(body))), body...)
		whole := len(b)
		b = append(b, make([]byte, random.IntN(20))...)
		if random.IntN(4) == 0 {
			b = b[:random.IntN(len(b)+1)]
		}
		r, size := usualRecord(b)
		if size == 0 {
			left++
			if short && !headers && len(b) >= max(whole, 8) {
				if want, _, err := cutRecord(b); err == nil {
					t.Fatalf("% x: not read, and it is %+v", b[:min(len(b), 40)], want)
				}
			}
			continue
		}
		read++
		want, next, err := cutRecord(b)
		if err != nil || want != r || size != len(b)-len(next) {
			t.Fatalf("% x: %+v of %d bytes, want %+v of %d (%v)", b[:min(len(b), 40)], r, size, want, len(b)-len(next), err)
		}
	}
	if read < 1000 || left < 1000 {
		t.Errorf("%d records were read, %d left", read, left)
	}
}
