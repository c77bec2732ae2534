package trace_test

import (
	"testing"

	. "copyscope/internal/trace"
)

// TestGroupsAreTheirThreads: a group has the counts of a counter that is told
// the events of its threads as they turned out, whether the log keeps them or
// not; what belongs to no group is counted together.
func TestGroupsAreTheirThreads(t *testing.T) {
	group := map[int]int{1: 0, 7: 0, 70000: 1} // 0, 2 and 3 are in none
	for _, keep := range []int{-1, 0, 40} {
		for seed := range uint64(40) {
			s := newStory(seed, NewSmallLog(fresh(), LogOptions{Keep: keep, Groups: 3}))
			for thread, g := range group {
				s.log.Join(thread, g)
			}
			for range 300 {
				s.step()
			}
			want := []*Counter{fresh(), fresh(), fresh(), fresh()}
			for _, e := range s.events {
				if g, ok := group[e.Thread]; ok {
					want[g].Add(e)
				} else {
					want[3].Add(e)
				}
			}
			got := []*Counter{s.log.Group(0, 1<<20), s.log.Group(1, 1<<20), s.log.Group(2, 1<<20), s.log.Ungrouped(1 << 20)}
			for g := range want {
				if figures(got[g]) != figures(want[g]) {
					t.Fatalf("keep %d, seed %d, group %d:\n got %v\nwant %v", keep, seed, g, figures(got[g]), figures(want[g]))
				}
			}
		}
	}
}
