package check

import (
	"cmp"
	"slices"

	"copyscope/docs/bench/torture/history"
)

// marks holds the ends of partitions to those that were told before.
func (j *judge) marks() {
	by := map[string][]history.Op{}
	for _, o := range j.ops {
		if o.Kind == history.ListOffsets && o.Outcome == history.OK || o.Kind == history.Read && o.Outcome == history.OK && o.High > 0 {
			by[o.At()] = append(by[o.At()], o)
		}
	}
	for _, ops := range by {
		j.rises(ops, "high watermark", func(o history.Op) int64 { return o.High })
		j.rises(ops, "last stable offset", func(o history.Op) int64 { return o.Stable })
	}
}

// rises: who asks after another was told is told no less.
func (j *judge) rises(ops []history.Op, mark string, of func(history.Op) int64) {
	told := slices.Clone(ops)
	slices.SortFunc(told, func(a, b history.Op) int { return cmp.Compare(a.Completed, b.Completed) })
	slices.SortFunc(ops, func(a, b history.Op) int { return cmp.Compare(a.Invoked, b.Invoked) })
	next := 0
	var highest *history.Op
	for _, o := range ops {
		for ; next < len(told) && told[next].Completed < o.Invoked; next++ {
			if highest == nil || of(told[next]) > of(*highest) || j.cutBetween(highest.Invoked, told[next].Completed) {
				highest = &told[next]
			}
		}
		if highest != nil && of(o) < of(*highest) && !j.cutBetween(highest.Invoked, o.Completed) {
			j.wrong(MarkBack, []history.Op{*highest, o}, "%s: the %s was %d, and is %d", o.At(), mark, of(*highest), of(o))
		}
	}
}
