package log

// transactions are what a cleaning knows of a log's: which data was aborted, and
// of which transactions it has met data (CleanedTransactionMetadata). The markers
// are read from the log once there is a transaction.
type transactions struct {
	read    func() (map[int64][]abortedData, error)
	aborted map[int64][]abortedData // by producer; nil: not read yet
	met     map[int64]bool          // producers with data since their last marker
}

// abortedData are the offsets of a transaction that was aborted, its marker
// included.
type abortedData struct{ first, marker int64 }

func (t *transactions) begin() { t.met = map[int64]bool{} }

// isAborted says whether the batch is data of an aborted transaction.
func (t *transactions) isAborted(h header) (bool, error) {
	if h.attributes&transactionalBit == 0 || h.attributes&controlBit != 0 {
		return false, nil
	}
	if t.aborted == nil {
		var err error
		if t.aborted, err = t.read(); err != nil {
			return false, err
		}
	}
	for _, a := range t.aborted[h.producerID] {
		if h.base >= a.first && h.base < a.marker {
			return true, nil
		}
	}
	return false, nil
}

// sees takes a batch into account, in the log's order. discard says that it need
// not stay: it is aborted data, or the marker of a transaction without data.
func (t *transactions) sees(b Batch, h header) (discard, marker bool, err error) {
	switch {
	case h.attributes&controlBit != 0:
		if h.count > 0 && endingOf(b) == nil {
			return false, true, nil
		}
		met := t.met[h.producerID]
		delete(t.met, h.producerID)
		return !met, true, nil
	case h.attributes&transactionalBit == 0:
		return false, false, nil
	}
	t.met[h.producerID] = true
	discard, err = t.isAborted(h)
	return discard, false, err
}

// readAborted finds the aborted transactions of the whole log by their markers.
func (p *Partition) readAborted() (map[int64][]abortedData, error) {
	p.mu.RLock()
	segments := p.segments
	ends := make([]int64, len(segments))
	for i, s := range segments {
		ends[i] = s.held.bytes
	}
	p.mu.RUnlock()
	aborted, begun := map[int64][]abortedData{}, map[int64]int64{}
	for i, s := range segments {
		file, err := s.log.acquire()
		if err != nil {
			return nil, err
		}
		var inner error
		err = walk(file, 0, ends[i], func(position int64, h header) bool {
			switch {
			case h.attributes&controlBit != 0 && h.count > 0:
				b := make(Batch, h.size)
				if _, inner = file.ReadAt(b, position); inner != nil {
					return false
				}
				if end := endingOf(b); end != nil {
					if first, is := begun[h.producerID]; is && !end.commit {
						aborted[h.producerID] = append(aborted[h.producerID], abortedData{first, h.base})
					}
					delete(begun, h.producerID)
				}
			case h.attributes&(transactionalBit|controlBit) == transactionalBit:
				if _, is := begun[h.producerID]; !is {
					begun[h.producerID] = h.base
				}
			}
			return true
		})
		s.log.release()
		if inner != nil {
			err = inner
		}
		if err != nil {
			return nil, err
		}
	}
	return aborted, nil
}
