package check

import "copyscope/docs/bench/torture/history"

// groups holds what groups are told of their offsets to what they committed. The
// groups' members never go back by themselves: they go on where they are told.
func (j *judge) groups() {
	by := map[string][]history.Op{}
	for _, o := range j.ops {
		if o.Kind == history.Commit || o.Kind == history.FetchOffset {
			of := o.Group + " " + o.At()
			by[of] = append(by[of], o)
		}
	}
	for _, ops := range by {
		for _, fetch := range ops {
			if fetch.Kind != history.FetchOffset || fetch.Outcome != history.OK {
				continue
			}
			j.fetched(fetch, ops)
		}
	}
}

func (j *judge) fetched(fetch history.Op, ops []history.Op) {
	if j.cutBetween(0, fetch.Completed) {
		return // members that had read what the cut took go back by themselves
	}
	var highest *history.Op // acknowledged before the question
	most := int64(-1)       // begun before the answer
	for i, o := range ops {
		if o.Kind != history.Commit || o.Invoked > fetch.Completed {
			continue
		}
		most = max(most, o.Offset)
		acked := o.Outcome == history.OK && o.Completed < fetch.Invoked
		if acked && (highest == nil || o.Offset > highest.Offset) {
			highest = &ops[i]
		}
	}
	if highest != nil && fetch.Offset < highest.Offset {
		j.wrong(Backwards, []history.Op{*highest, fetch}, "group %s is told offset %d of %s, and committed %d before", fetch.Group, fetch.Offset, fetch.At(), highest.Offset)
	}
	if fetch.Offset > most {
		j.wrong(Phantom, []history.Op{fetch}, "group %s is told offset %d of %s, and never committed more than %d", fetch.Group, fetch.Offset, fetch.At(), most)
	}
}
