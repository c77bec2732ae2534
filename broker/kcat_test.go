package broker_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
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

// Two kcats share a topic as one group, and a third goes on where they stopped.
func TestKcatGroup(t *testing.T) {
	needKcat(t)
	b := start(t, t.TempDir())
	dial(t, b.addr).create(topicReq("words", 4))
	in := func(values []string) {
		kcat(t, strings.NewReader(strings.Join(values, "\n")+"\n"), "-P", "-b", b.addr, "-t", "words", "-X", "partitioner=random", "-X", "sticky.partitioning.linger.ms=0")
	}
	// -e ends it at the end of all its partitions; then it commits.
	type read struct {
		words []string
		err   error
	}
	out := func() read {
		text, err := runKcat(nil, "-G", "g", "-b", b.addr, "-q", "-e", "-X", "auto.offset.reset=earliest", "-X", "heartbeat.interval.ms=100", "words")
		return read{slices.Sorted(strings.FieldsSeq(string(text))), err}
	}
	words := make([]string, 4000)
	for i := range words {
		words[i] = fmt.Sprintf("%06d", i)
	}
	in(words[:2000])
	both := make(chan read, 2)
	for range 2 {
		go func() { both <- out() }()
	}
	one, two := <-both, <-both
	in(words[2000:])
	// kcat counts the ends of partitions; if it was given others meanwhile it may end
	// with some unread, and what was not committed then is read twice. So who comes
	// next has the rest, and all of them have each record.
	third := out()
	got := slices.Compact(slices.Sorted(slices.Values(slices.Concat(one.words, two.words, third.words))))
	if err := errors.Join(one.err, two.err, third.err); err != nil || !slices.Equal(got, words) {
		t.Fatalf("the group read %d, %d and %d records, %d different ones of 4000: %v", len(one.words), len(two.words), len(third.words), len(got), err)
	}
	if least := len(words[2000:]); len(third.words) < least || len(one.words)+len(two.words) == 0 {
		t.Errorf("the third read %d records, want the %d that came after the first two ended", len(third.words), least)
	}
	if fourth := out(); fourth.err != nil || len(fourth.words) != 0 {
		t.Errorf("a fourth read %d records that were committed: %v", len(fourth.words), fourth.err)
	}
}
