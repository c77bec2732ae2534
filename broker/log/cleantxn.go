package log

import "sort"

// transactions are what a cleaning knows of a log's: which data was aborted, and
// of which transactions it has met data (CleanedTransactionMetadata).
type transactions struct {
	aborted map[int64][]AbortedTxn // by producer, in their order
	met     map[int64]bool         // producers with data since their last marker
}

// abortedBelow are the aborted transactions that have data below the offset, from
// the indexes of all segments: a marker may be far behind its data. A segment that
// was cleaned has no index, and no such data.
func (p *Partition) abortedBelow(end int64) (*transactions, error) {
	p.mu.RLock()
	segments := p.segments // replaced, never changed
	p.mu.RUnlock()
	var all []AbortedTxn
	for _, s := range segments {
		var done bool
		var err error
		if all, done, err = p.abortedOf(all, s, 0, end); err != nil {
			return nil, err
		}
		if done {
			break
		}
	}
	t := &transactions{aborted: map[int64][]AbortedTxn{}, met: map[int64]bool{}}
	for _, a := range all {
		t.aborted[a.ProducerID] = append(t.aborted[a.ProducerID], a)
	}
	return t, nil
}

// isAborted says whether the batch is data of an aborted transaction.
func (t *transactions) isAborted(h header) bool {
	if h.attributes&transactionalBit == 0 || h.attributes&controlBit != 0 {
		return false
	}
	of := t.aborted[h.producerID] // one after the other
	n := sort.Search(len(of), func(i int) bool { return of[i].Last > h.base })
	return n < len(of) && h.base >= of[n].First
}

// sees takes a batch into account, in the log's order. discard says that it need
// not stay: it is aborted data, or the marker of a transaction without data.
func (t *transactions) sees(b Batch, h header) (discard, marker bool) {
	switch {
	case h.attributes&controlBit != 0:
		if h.count > 0 && endingOf(b) == nil {
			return false, true
		}
		met := t.met[h.producerID]
		delete(t.met, h.producerID)
		return !met, true
	case h.attributes&transactionalBit == 0:
		return false, false
	}
	t.met[h.producerID] = true
	return t.isAborted(h), false
}
