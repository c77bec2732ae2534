package broker_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// lines are n lines of text of different lengths, the same for the same n.
func lines(n int) []string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%06d %s", i, strings.Repeat(string(rune('a'+r.IntN(26))), 20+r.IntN(180)))
	}
	return out
}

// What kcat produces, kcat and a Go client consume: the same bytes.
func TestKcatRoundTrip(t *testing.T) {
	needKcat(t)
	for _, c := range []struct {
		codec string
		n     int
	}{{"none", 100_000}, {"gzip", 5_000}, {"snappy", 5_000}, {"lz4", 5_000}, {"zstd", 5_000}} {
		t.Run(c.codec, func(t *testing.T) {
			b := start(t, t.TempDir())
			values := lines(c.n)
			text := strings.Join(values, "\n") + "\n"
			kcat(t, strings.NewReader(text), "-P", "-b", b.addr, "-t", "words", "-z", c.codec)
			got := kcat(t, nil, "-C", "-b", b.addr, "-t", "words", "-p", "0", "-o", "beginning", "-e", "-q")
			if !bytes.Equal(got, []byte(text)) {
				t.Errorf("kcat consumed %d bytes that differ from the %d produced", len(got), len(text))
			}
			for i, v := range consume(t, b.addr, "words", 0, c.n) {
				if v != values[i] {
					t.Fatalf("record %d is %q, produced was %q", i, v, values[i])
				}
			}
			stored := b.Topics()[0].Partitions[0]
			if stored.High != int64(c.n) {
				t.Errorf("the next offset is %d after %d records", stored.High, c.n)
			}
			if c.codec != "none" && stored.Bytes > int64(len(text))/2 {
				t.Errorf("%d bytes are stored of %d produced: %s was not used", stored.Bytes, len(text), c.codec)
			}
			if c.codec == "none" && stored.Bytes < int64(len(text)) {
				t.Errorf("%d bytes are stored of %d produced", stored.Bytes, len(text))
			}
		})
	}
}
