package log

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// keptBatches is how many batches of a producer are known again when it sends
// them again (ProducerStateEntry.NUM_BATCHES_TO_RETAIN). A producer has at most
// that many requests under way.
const keptBatches = 5

// mostProducers bounds those that are known of a partition, some 250 bytes each. A
// client may say any id, so that each of its batches could be another's. Kafka has
// no bound.
const mostProducers = 100_000

// producers are the idempotent producers of a partition, by id
// (ProducerStateManager.java). Under the partition's appending.
type producers struct {
	byID map[int64]*producer
	open []openTxn // by first
	// snapshot is the offset of the latest snapshot file, -1: none.
	snapshot int64
}

// producer is what is known of one.
type producer struct {
	epoch       int16
	coordinator int32 // epoch of the transaction coordinator, -1: none
	openTxn     int64 // first offset of an open transaction, -1: none
	updated     int64 // timestamp of its latest batch, ms
	batches     [keptBatches]sentBatch
	kept        int // of batches, oldest first
}

// sentBatch is a batch that was appended.
type sentBatch struct {
	first, last int32 // sequence numbers
	base, end   int64 // offsets of the first and last record
	time        int64 // its latest timestamp, ms
}

func (p *producer) latest() sentBatch { return p.batches[p.kept-1] }

// duplicate is the batch of before that the header repeats.
func (s *producers) duplicate(h header) (sentBatch, bool) {
	p := s.byID[h.producerID]
	if h.producerID == noProducer || p == nil || p.epoch != h.epoch || h.sequence < 0 {
		return sentBatch{}, false
	}
	for _, b := range p.batches[:p.kept] {
		if b.first == h.sequence && b.last == h.lastSequence() {
			return b, true
		}
	}
	return sentBatch{}, false
}

// check says whether the batch is the producer's next
// (ProducerAppendInfo.checkProducerEpoch and checkSequence). One that is not
// known may begin anywhere.
func (s *producers) check(h header) error {
	p := s.byID[h.producerID]
	if h.producerID == noProducer || p == nil {
		return nil
	}
	if h.ending != nil {
		return s.checkEnding(h)
	}
	switch {
	case h.epoch < p.epoch:
		return fmt.Errorf("%w: producer %d sent epoch %d, its latest is %d", ErrProducerEpoch, h.producerID, h.epoch, p.epoch)
	case h.sequence < 0: // the broker's own: without a sequence
		return nil
	case h.attributes&transactionalBit == 0 && p.openTxn >= 0:
		return fmt.Errorf("%w: producer %d has a transaction open since offset %d and sent a batch outside of it", ErrTransactional, h.producerID, p.openTxn)
	case h.epoch > p.epoch:
		if h.sequence != 0 {
			return fmt.Errorf("%w: producer %d begins epoch %d with sequence %d, not 0", ErrOutOfOrderSequence, h.producerID, h.epoch, h.sequence)
		}
		return nil
	case p.kept == 0 && h.sequence != 0:
		return fmt.Errorf("%w: producer %d begins epoch %d with sequence %d, not 0", ErrOutOfOrderSequence, h.producerID, h.epoch, h.sequence)
	case p.kept == 0:
		return nil
	}
	if last := p.latest().last; !follows(last, h.sequence) {
		return fmt.Errorf("%w: producer %d sent sequence %d after %d", ErrOutOfOrderSequence, h.producerID, h.sequence, last)
	}
	return nil
}

func follows(last, next int32) bool {
	if last == math.MaxInt32 {
		return next == 0
	}
	return next == last+1
}

// add accounts for a batch that was appended; ok says that it ended a transaction.
func (s *producers) add(h header) (ended endedTxn, ok bool) {
	if h.producerID == noProducer {
		return endedTxn{}, false
	}
	if h.attributes&controlBit != 0 {
		return s.end(h)
	}
	p := s.of(h)
	if h.attributes&transactionalBit != 0 && p.openTxn < 0 {
		p.openTxn = h.base
		s.open = append(s.open, openTxn{h.producerID, h.base})
	}
	p.updated = h.maxTime
	if h.sequence < 0 {
		return endedTxn{}, false
	}
	p.keep(sentBatch{h.sequence, h.lastSequence(), h.base, h.last(), h.maxTime})
	return endedTxn{}, false
}

// keep adds the latest batch.
func (p *producer) keep(b sentBatch) {
	if p.kept == keptBatches {
		copy(p.batches[:], p.batches[1:])
		p.kept--
	}
	p.batches[p.kept] = b
	p.kept++
}

// of is the batch's producer, in the batch's epoch.
func (s *producers) of(h header) *producer {
	p := s.byID[h.producerID]
	if p == nil {
		if s.byID == nil {
			s.byID = map[int64]*producer{}
		}
		if len(s.byID) >= mostProducers {
			s.forgetHalf()
		}
		p = &producer{epoch: h.epoch, coordinator: -1, openTxn: -1}
		s.byID[h.producerID] = p
	}
	if p.epoch != h.epoch {
		p.epoch, p.kept = h.epoch, 0
	}
	return p
}

// forgetHalf forgets those whose latest batch is the longest ago by its offset, as
// timestamps are the clients'. They may begin anew with any sequence; those with an
// open transaction stay.
func (s *producers) forgetHalf() {
	var idle []int64
	for id, p := range s.byID {
		if p.openTxn < 0 {
			idle = append(idle, id)
		}
	}
	slices.SortFunc(idle, func(a, b int64) int { return cmp.Compare(s.byID[a].end(), s.byID[b].end()) })
	for _, id := range idle[:len(idle)/2] {
		delete(s.byID, id)
	}
}

// end is the offset of its last record, -1 if none is known.
func (p *producer) end() int64 {
	if p.kept == 0 {
		return -1
	}
	return p.latest().end
}

// expire forgets the producers that sent nothing for the time
// (producer.id.expiration.ms).
func (s *producers) expire(now time.Time, after time.Duration) {
	for id, p := range s.byID {
		if now.UnixMilli()-p.updated >= after.Milliseconds() && p.openTxn < 0 {
			delete(s.byID, id)
		}
	}
}
