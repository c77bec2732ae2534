package check

import (
	"slices"

	"copyscope/docs/bench/torture/history"
)

// transactions holds what readers of what is committed saw to how transactions
// ended.
func (j *judge) transactions() {
	final := map[string]bool{} // records that the last scans have
	var finals []history.Op
	for _, o := range j.ops {
		if !o.Committed || o.Outcome != history.OK || o.Kind != history.Read && o.Kind != history.Scan {
			continue
		}
		has := map[string]bool{}
		for _, r := range o.Records {
			has[r.Value] = true
			if n, ok := j.by[r.Value]; ok && j.ops[n].Txn != "" {
				j.mayBeSeen(j.ops[n], o, r.Offset)
			}
			if o.Final {
				final[r.Value] = true
			}
		}
		if o.Kind == history.Scan {
			j.allOfPartition(o, has)
		}
		if o.Final {
			finals = append(finals, o)
		}
	}
	if len(finals) > 0 {
		j.allOrNothing(finals, final)
	}
}

// mayBeSeen: a record is seen once its transaction was asked to commit.
func (j *judge) mayBeSeen(of, seen history.Op, offset int64) {
	n, asked := j.ends[of.Txn]
	asked = asked && j.ops[n].Invoked <= seen.Completed
	why, shown := "was aborted", []history.Op{of, seen}
	switch {
	case !asked:
		why = "nobody had asked to commit"
	case j.ops[n].Commits && j.ops[n].Outcome != history.Fail:
		return
	case j.ops[n].Commits:
		why = "was refused its commit"
		fallthrough
	default:
		shown = append(shown, j.ops[n])
	}
	if !j.mayBeOfAnother(of, seen) {
		j.wrong(Uncommitted, shown, "%s: a reader of what is committed sees %s at offset %d, whose transaction %s %s", seen.At(), of.Value, offset, of.Txn, why)
	}
}

// mayBeOfAnother says whether a cut may have taken from the coordinator where a
// transaction began, or that it was aborted, so that the commit of another one of its
// transactional id ends it as well: to the coordinator the two are one. It is the next
// one, of a producer who lived on, or the one before, whose commit is done once more.
func (j *judge) mayBeOfAnother(of, seen history.Op) bool {
	first := j.ops[j.members[of.Txn][0]]
	var cuts []history.Op
	for _, c := range j.cuts {
		if (c.Outcome == history.Open || c.Completed >= first.Invoked) && c.Invoked < seen.Completed {
			cuts = append(cuts, c)
		}
	}
	if len(cuts) == 0 {
		return false
	}
	safe := func(o history.Op) bool { // before the first cut
		_, yes := j.onDisk(o, cuts)
		return yes && o.Outcome == history.OK
	}
	if n, asked := j.ends[of.Txn]; asked && safe(j.ops[n]) {
		return false
	}
	again := false // the commit before
	for _, o := range j.ops {
		if o.Kind != history.EndTxn || o.TxnID != of.TxnID || o.Txn == of.Txn || o.Invoked >= seen.Completed {
			continue
		}
		if o.Number < first.Number {
			// That it has ended everywhere is known since the next one began.
			again = o.Commits && !safe(first)
		} else if o.Commits && (o.Outcome != history.OK || o.Completed > cuts[0].Invoked) {
			return true
		}
	}
	return again
}

// allOfPartition: of a transaction that was committed, or that is seen, the scan
// has all records of the partition.
func (j *judge) allOfPartition(scan history.Op, has map[string]bool) {
	for _, txn := range j.txns {
		members := j.members[txn]
		end, asked := j.ends[txn]
		committed := asked && j.ops[end].Commits && j.ops[end].Outcome == history.OK && j.ops[end].Completed < scan.Invoked
		here := func(n int) bool {
			o := j.ops[n]
			return o.At() == scan.At() && o.Outcome == history.OK && o.Offset < scan.End && o.Completed < scan.Invoked
		}
		seen := slices.ContainsFunc(members, func(n int) bool { return here(n) && has[j.ops[n].Value] })
		if !committed && !seen || j.cutBetween(j.ops[members[0]].Invoked, scan.Completed) {
			continue
		}
		for _, n := range members {
			if here(n) && !has[j.ops[n].Value] {
				class := Half
				if !seen {
					class = Lost
				}
				shown := []history.Op{j.ops[n], scan}
				if asked {
					shown = append(shown, j.ops[end])
				}
				j.wrong(class, shown, "%s: transaction %s was committed, and its %s, acknowledged at offset %d, is not seen; readers of what is committed are at %d", scan.At(), txn, j.ops[n].Value, j.ops[n].Offset, scan.End)
			}
		}
	}
}

// allOrNothing: in the end a transaction is in all its partitions, or in none.
func (j *judge) allOrNothing(finals []history.Op, has map[string]bool) {
	scanned := map[string]history.Op{}
	for _, o := range finals {
		scanned[o.At()] = o
	}
	for _, txn := range j.txns {
		members := j.members[txn]
		var in, out []int
		for _, n := range members {
			o := j.ops[n]
			if _, ok := scanned[o.At()]; !ok || o.Outcome != history.OK {
				continue
			}
			if has[o.Value] {
				in = append(in, n)
			} else {
				out = append(out, n)
			}
		}
		if len(in) == 0 || len(out) == 0 || j.cutBetween(j.ops[members[0]].Invoked, finals[0].Completed) {
			continue
		}
		seen, missing := j.ops[in[0]], j.ops[out[0]]
		shown := []history.Op{seen, missing, scanned[seen.At()], scanned[missing.At()]}
		if end, ok := j.ends[txn]; ok {
			shown = append(shown, j.ops[end])
		}
		j.wrong(Half, shown, "of transaction %s, %d records are seen, %s of %s is one, and %d are not, such as %s of %s", txn, len(in), seen.Value, seen.At(), len(out), missing.Value, missing.At())
	}
}
