package check

import (
	"maps"
	"slices"
	"time"

	"copyscope/docs/bench/torture/history"
)

// pendingCuts are the cuts before the end of the operation that may have taken
// something, and that no scan has accounted for yet.
func (p *partition) pendingCuts(j *judge, o history.Op) []history.Op {
	var pending []history.Op
	for _, c := range j.cuts[p.cuts:] {
		if c.Invoked <= o.Completed {
			pending = append(pending, c)
		}
	}
	return pending
}

// afterCuts accounts for the cuts before an operation, if that is a scan that tells
// what they left. A cut takes the end of a partition: what is there behind an offset
// that lost what it had is a hole. And it does not take what was on the disk for
// sure. Then it goes through what was told since the cuts.
func (j *judge) afterCuts(p *partition, scan history.Op) (accounted bool) {
	pending := p.pendingCuts(j, scan)
	last := pending[len(pending)-1]
	if scan.Kind != history.Scan || scan.Committed || last.Outcome == history.Open || last.Completed >= scan.Invoked {
		return false
	}
	p.cuts += len(pending)
	has := make(map[int64]history.Record, len(scan.Records))
	for _, r := range scan.Records {
		has[r.Offset] = r
	}
	j.forget(p, has, j.firstLost(p, has, pending, scan), pending[0])
	p.until, p.left = last.Completed, has
	waiting := p.waiting
	p.waiting = nil
	for _, o := range waiting {
		j.take(p, o)
	}
	return true
}

// bearsOut says whether the scan that accounted for the last cuts has what an
// operation told that had begun before they ended: it may be an answer of before
// them, which came late, even after the scan.
func (p *partition) bearsOut(o history.Op) bool {
	return o.Kind == history.Produce && p.left[o.Offset].Value == o.Value
}

// firstLost is the first offset that lost what it had, -1: none.
func (j *judge) firstLost(p *partition, has map[int64]history.Record, cuts []history.Op, scan history.Op) int64 {
	lost := int64(-1)
	for _, offset := range slices.Sorted(maps.Keys(p.known)) {
		k := p.known[offset]
		of := j.ops[k.op]
		if r, there := has[offset]; there && r.Value == k.value && r.Marker == k.marker {
			if lost >= 0 && j.ackedBefore(k, cuts[0]) {
				j.wrong(Gap, []history.Op{of, j.ops[p.known[lost].op], scan}, "%s: the power cut took what offset %d had (%s), and not offset %d behind it", scan.At(), lost, name(p.known[lost].value), offset)
				break
			}
			continue
		}
		if lost < 0 {
			lost = offset
		}
		if why, ok := j.onDisk(of, cuts); ok {
			j.wrong(Lost, []history.Op{of, scan}, "%s: offset %d had %s, which was on the disk when the power was cut: %s", scan.At(), offset, name(k.value), why)
		}
	}
	return lost
}

// ackedBefore says whether it is a record that was acknowledged before the cut. Any
// other may be there again: its producer sends it once more, and markers are alike.
func (j *judge) ackedBefore(k sighting, cut history.Op) bool {
	n, sent := j.by[k.value]
	return sent && !k.marker && j.ops[n].Outcome == history.OK && j.ops[n].Completed < cut.Invoked
}

// forget forgets what was known from the offset on and is not there any more.
func (j *judge) forget(p *partition, has map[int64]history.Record, lost int64, cut history.Op) {
	if lost < 0 {
		return
	}
	stays := make(map[string]bool, len(has)) // a plain producer's may have been there twice
	for _, r := range has {
		stays[r.Value] = true
	}
	for offset, k := range p.known {
		if r, there := has[offset]; offset < lost || there && r.Value == k.value && r.Marker == k.marker {
			continue
		}
		if j.ackedBefore(k, cut) && !stays[k.value] {
			p.taken[k.value] = k.op
		}
		delete(p.known, offset)
		delete(p.at, k.value)
		if n, ok := j.by[k.value]; ok {
			j.forgiven[n] = true
		}
	}
}

// onDisk says why what an operation told was on the disk before the cuts, if it was.
func (j *judge) onDisk(told history.Op, cuts []history.Op) (why string, yes bool) {
	for _, s := range j.stops {
		if told.Completed < s.Invoked && s.Completed < cuts[0].Invoked {
			return "the broker had been stopped cleanly", true
		}
	}
	if age := cuts[0].Invoked - told.Completed; j.promised.Age > 0 && age > j.promised.Age {
		return "it was " + age.Round(time.Millisecond).String() + " old", true
	}
	return "", false
}
