package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"copyscope/docs/bench/torture/history"
)

// partition is what is known of one, by offset and by record.
type partition struct {
	known map[int64]sighting
	at    map[string]int64 // of records that are promised once
	cuts  int              // that were accounted for
	taken map[string]int   // acknowledged records that cuts took, and who last told of them
	// waiting was told after a cut, before a scan showed what it took.
	waiting []history.Op
	// until is the end of the last cut that a scan accounted for, left what that had.
	until time.Duration
	left  map[int64]history.Record
}

// sighting is what an offset has, and who says so: an acknowledgement, a read.
type sighting struct {
	value  string
	marker bool
	op     int
}

func (j *judge) partition(o history.Op) *partition {
	p := j.parts[o.At()]
	if p == nil {
		p = &partition{known: map[int64]sighting{}, at: map[string]int64{}, taken: map[string]int{}}
		j.parts[o.At()] = p
	}
	return p
}

// contents goes through all that tells what an offset has, in the order in which
// it was told.
func (j *judge) contents() {
	var told []history.Op
	for _, o := range j.ops {
		tells := o.Kind == history.Read || o.Kind == history.Scan || o.Kind == history.Produce && o.Offset >= 0
		if tells && o.Outcome == history.OK {
			told = append(told, o)
		}
	}
	slices.SortStableFunc(told, func(a, b history.Op) int { return cmp.Compare(a.Completed, b.Completed) })
	for _, o := range told {
		p := j.partition(o)
		if len(p.pendingCuts(j, o)) > 0 && !j.afterCuts(p, o) {
			p.waiting = append(p.waiting, o)
			continue
		}
		j.take(p, o)
	}
}

func (j *judge) take(p *partition, o history.Op) {
	if o.Invoked <= p.until && !p.bearsOut(o) {
		j.forgiven[o.Number] = true
		return
	}
	if o.Kind == history.Produce {
		j.sees(p, o, history.Record{Offset: o.Offset, Value: o.Value})
		return
	}
	j.reads(p, o)
	if o.Kind == history.Scan && !o.Committed {
		j.whole(p, o)
	}
}

// reads holds what was read at once to what is known.
func (j *judge) reads(p *partition, o history.Op) {
	due := o.Start
	for _, r := range o.Records {
		if r.Offset < due {
			j.wrong(Duplicated, []history.Op{o}, "%s: a reader that was at offset %d is given offset %d", o.At(), due, r.Offset)
		}
		due = r.Offset + 1
		if j.wasSent(o, r) {
			j.sees(p, o, r)
		}
	}
}

// wasSent says whether somebody sent the record there.
func (j *judge) wasSent(o history.Op, r history.Record) bool {
	if r.Marker {
		return true
	}
	n, ok := j.by[r.Value]
	switch {
	case !ok:
		j.wrong(Phantom, []history.Op{o}, "%s: offset %d has %q, which nobody sent", o.At(), r.Offset, r.Value)
	case j.ops[n].At() != o.At():
		j.wrong(Phantom, []history.Op{j.ops[n], o}, "%s: offset %d has %s, which was sent to %s", o.At(), r.Offset, r.Value, j.ops[n].At())
	case j.ops[n].Invoked > o.Completed:
		j.wrong(Phantom, []history.Op{j.ops[n], o}, "%s: offset %d had %s before it was sent", o.At(), r.Offset, r.Value)
	case j.ops[n].Outcome == history.Fail && j.ops[n].Txn == "":
		j.wrong(Phantom, []history.Op{j.ops[n], o}, "%s: offset %d has %s, which was refused for good", o.At(), r.Offset, r.Value)
	default:
		return true
	}
	return false
}

// sees notes what an offset has.
func (j *judge) sees(p *partition, o history.Op, r history.Record) {
	if told, gone := p.taken[r.Value]; gone && !r.Marker && o.Kind != history.Produce {
		j.wrong(Changed, []history.Op{j.ops[told], o}, "%s: %s, which a power cut had taken, is there again, at offset %d", o.At(), r.Value, r.Offset)
		delete(p.taken, r.Value)
	}
	was, ok := p.known[r.Offset]
	if ok && (was.value != r.Value || was.marker != r.Marker) {
		class := Changed
		if j.ops[was.op].Kind == history.Produce || o.Kind == history.Produce {
			class = Lost
		}
		j.wrong(class, []history.Op{j.ops[was.op], o}, "%s: offset %d has %s, and had %s", o.At(), r.Offset, name(r.Value), name(was.value))
	}
	if !ok {
		p.known[r.Offset] = sighting{r.Value, r.Marker, o.Number}
	}
	n, sent := j.by[r.Value]
	if r.Marker || !sent || j.ops[n].Promise == history.AtLeastOnce {
		return
	}
	if before, ok := p.at[r.Value]; ok && before != r.Offset && !j.cutWhileSent(j.ops[n], o) {
		shown := []history.Op{j.ops[n], o}
		if k, ok := p.known[before]; ok {
			shown = append(shown, j.ops[k.op])
		}
		j.wrong(Duplicated, shown, "%s: %s (%s) is at offset %d and at offset %d", o.At(), r.Value, j.ops[n].Promise, before, r.Offset)
		return
	}
	p.at[r.Value] = r.Offset
}

// cutWhileSent: a cut that takes a partition's end takes what it knew of producers,
// too. Who was sending has batches under way that follow what is lost, is refused
// some of them, and begins anew with all: a client's twice, not the log's. That goes
// on until all is answered that was under way at the cut.
func (j *judge) cutWhileSent(of, seen history.Op) bool {
	until := of.Completed
	if of.Outcome != history.OK {
		until = seen.Completed
	}
	if j.cutBetween(of.Invoked, until) {
		return true
	}
	for _, other := range j.ops {
		early := other.Kind == history.Produce && other.Worker == of.Worker && other.Invoked < of.Invoked
		if early && (other.Outcome != history.OK || other.Completed > of.Invoked) && j.cutBetween(other.Invoked, of.Invoked) {
			return true
		}
	}
	return false
}

func name(value string) string {
	if value == "" {
		return "the end of a transaction"
	}
	return value
}

// whole holds a scan to what was acknowledged before, and to itself.
func (j *judge) whole(p *partition, o history.Op) {
	due := o.Start
	has := make(map[int64]string, len(o.Records))
	for _, r := range o.Records {
		if r.Offset > due {
			j.wrong(Gap, []history.Op{o}, "%s: offset %d follows %d", o.At(), r.Offset, due-1)
		}
		due, has[r.Offset] = r.Offset+1, r.Value
	}
	if due < o.End {
		j.wrong(Gap, []history.Op{o}, "%s: the partition ends at %d, and %d is the last offset that has something", o.At(), o.End, due-1)
	}
	for _, n := range j.sent[o.At()] {
		of := j.ops[n]
		if of.Outcome != history.OK || of.Offset < 0 || of.Completed >= o.Invoked || j.forgiven[n] {
			continue
		}
		if got, ok := has[of.Offset]; !ok || got != of.Value {
			what := fmt.Sprintf("nothing is there, the partition ends at %d", o.End)
			if ok {
				what = name(got) + " is there"
			}
			j.wrong(Lost, []history.Op{of, o}, "%s: %s was acknowledged at offset %d, and %s", o.At(), of.Value, of.Offset, what)
		}
	}
}
