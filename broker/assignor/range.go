package assignor

import (
	"cmp"
	"slices"
	"strings"
)

// Range cuts each topic into runs of partitions, one for each of its subscribers;
// the first of them get one more if it does not come out even. Topics with the
// same subscribers and as many partitions are cut alike, so that one member has
// the same partition of each. Static members come first, by instance, so that
// they have the same after a restart, then the others by member id.
func Range(members []Member, topics Topics) Assignment {
	members = slices.SortedFunc(slices.Values(members), func(a, b Member) int {
		return cmp.Or(compareBool(a.Instance == "", b.Instance == ""), strings.Compare(a.Instance, b.Instance), strings.Compare(a.ID, b.ID))
	})
	out := nothing(members)
	for t, readers := range subscribers(members, topics) {
		each, more := topics[t]/int32(len(readers)), topics[t]%int32(len(readers))
		next := int32(0)
		for i, r := range readers {
			n := each
			if int32(i) < more {
				n++
			}
			for range n {
				out[members[r].ID][Partition{t, next}] = struct{}{}
				next++
			}
		}
	}
	return out
}

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
