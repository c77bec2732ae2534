package check

import (
	"fmt"

	"copyscope/docs/bench/torture/history"
)

// order holds each producer's acknowledged records of a partition to the order in
// which it sent them. What it was not told of may be anywhere.
func (j *judge) order() {
	last := map[string]history.Op{}
	for _, o := range j.ops {
		if o.Kind != history.Produce || o.Outcome != history.OK || o.Offset < 0 {
			continue
		}
		if j.forgiven[o.Number] {
			continue
		}
		of := fmt.Sprintf("%s %s", o.Worker, o.At())
		if before, ok := last[of]; ok && o.Offset <= before.Offset && !j.cutBetween(before.Invoked, o.Completed) {
			j.wrong(Reordered, []history.Op{before, o}, "%s: %s was sent after %s, and is at offset %d, before or at its %d", o.At(), o.Value, before.Value, o.Offset, before.Offset)
		}
		last[of] = o
	}
}
