package log

import "slices"

// recalledEntries is how many entries of the offset indexes before a snapshot are
// gone back to recall what it leaves out: as many batches, or, of small ones, as many
// times index.interval.bytes.
const recalledEntries = 256

// recalled are the last batches of the producers that a snapshot names, as they stand
// in the log. The snapshot has the latest of each alone. A producer has up to five
// requests under way, and sends again all of which it knows no answer: those before
// the latest would be refused, and a client that then begins anew stores them twice.
type recalled map[int64]*producer

// recall is empty where the snapshot names nobody who sent a batch.
func (s *producers) recall() recalled {
	r := recalled{}
	for id, p := range s.byID {
		if p.kept > 0 {
			r[id] = &producer{epoch: p.epoch}
		}
	}
	return r
}

// add notes a batch that lies before the snapshot.
func (r recalled) add(h header) {
	p := r[h.producerID]
	if p == nil || h.epoch != p.epoch || h.sequence < 0 || h.attributes&controlBit != 0 {
		return
	}
	if p.kept > 0 && !follows(p.latest().last, h.sequence) {
		p.kept = 0 // those before it are not what the producer has under way
	}
	p.keep(sentBatch{h.sequence, h.lastSequence(), h.base, h.last(), h.maxTime})
}

// settle gives the producers what was noted, where it ends with what the snapshot
// says.
func (r recalled) settle(s *producers) {
	for id, p := range r {
		of := s.byID[id]
		if p.kept == 0 || of.kept != 1 {
			continue
		}
		if was, is := of.latest(), p.latest(); was.base == is.base && was.end == is.end && was.first == is.first && was.last == is.last {
			of.batches, of.kept = p.batches, p.kept
		}
	}
	clear(r)
}

// shortlyBefore is an offset so many index entries before another one.
func (p *Partition) shortlyBefore(offset int64, entries int) (int64, error) {
	from := p.segments[0].base
	for _, s := range slices.Backward(p.segments) {
		if s.base >= offset {
			continue
		}
		at, missing, err := s.offsets.back(offset, entries)
		if err != nil || missing == 0 {
			return at, err
		}
		entries = missing
	}
	return from, nil
}
