package log_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"copyscope/broker/log"
)

// What a fetch was answered with is told as the log itself tells it: whole batches with
// their records, damage with its reason, an older format as such; what is cut off at the
// end is left out, and nonsense ends it.
func TestBrowseFetched(t *testing.T) {
	root := t.TempDir()
	_, p, _ := openIn(t, root, log.Defaults())
	for i := range 5 {
		add(t, p, batch(int64(i), strings.Repeat("x", 100)))
	}
	var want []log.BatchInfo
	if err := p.Browse(t.Context(), 0, func(b log.StoredBatch) bool {
		want = append(want, b.BatchInfo)
		return true
	}); err != nil {
		t.Fatal(err)
	}
	set := readFile(t, filepath.Join(root, "t-0", log.SegmentName(0)))
	last := want[len(want)-1]
	set = set[:last.Position+last.Bytes]
	browse := func(set []byte) (whole []log.BatchInfo, damaged int) {
		log.BrowseFetched(set, func(b log.StoredBatch) bool {
			if b.Damage != nil {
				damaged++
				return true
			}
			whole = append(whole, b.BatchInfo)
			return true
		})
		return whole, damaged
	}
	if got, damaged := browse(set); !slices.Equal(got, want) || damaged != 0 {
		t.Errorf("it tells %+v and %d damaged, want %+v", got, damaged, want)
	}
	if got, damaged := browse(set[:len(set)-1]); len(got) != len(want)-1 || damaged != 0 {
		t.Errorf("of what was cut off it tells %d batches and %d damaged", len(got), damaged)
	}
	for name, change := range map[string]func(b []byte){
		"a record's byte": func(b []byte) { b[70] ^= 1 },
		"an old format":   func(b []byte) { b[16] = 1 },
	} {
		bad := bytes.Clone(set)
		change(bad)
		if got, damaged := browse(bad); len(got) != len(want)-1 || damaged != 1 {
			t.Errorf("%s: %d whole batches and %d damaged", name, len(got), damaged)
		}
	}
	for _, nonsense := range [][]byte{nil, bytes.Repeat([]byte{0xff}, 200), make([]byte, 200)} {
		if got, damaged := browse(nonsense); len(got) != 0 || damaged > 1 {
			t.Errorf("of nonsense it tells %d batches and %d damaged", len(got), damaged)
		}
	}
	var ends []int64
	log.EachFetched(set, func(_, last int64) { ends = append(ends, last) })
	if len(ends) != len(want) || ends[len(ends)-1] != last.Last {
		t.Errorf("the last offsets are %v", ends)
	}
}
