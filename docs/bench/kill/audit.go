//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/victim"
)

// audit reads what is committed, and holds it to what the bank knows.
type audit struct {
	book       *bank
	partitions []auditedPartition
	seen       map[string]*sighting
	journal    []entry // committed transfers whose sums were not looked at yet
	balances   [accounts]int
	booked     [accounts]int // the same by the journal
	sums       int           // transactions after which the sum was looked at
	records    int
}

type auditedPartition struct {
	next    int64              // the offset that is read next
	pending map[int64][]record // by producer id, whose marker was not read yet
}

// record is one of a transfer's.
type record struct {
	id     string
	kind   int
	offset int64
}

// sighting is what was read of a transfer.
type sighting struct {
	offsets   [perTransfer]int64 // -1: not read
	committed [perTransfer]bool  // the marker behind it was read
	from, to  int                // by the journal
	amount    int
	moved     [perTransfer]int // what the accounts' records say
}

// entry is a transfer in the order of the journal's markers.
type entry struct {
	id     string
	marker int64
}

func newAudit(book *bank, partitions int) *audit {
	a := &audit{book: book, partitions: make([]auditedPartition, partitions), seen: map[string]*sighting{}}
	for i := range a.partitions {
		a.partitions[i].pending = map[int64][]record{}
	}
	for i := range accounts {
		a.balances[i], a.booked[i] = opening, opening
	}
	return a
}

func (a *audit) String() string {
	return fmt.Sprintf("%d records read, the sum right after each of %d transactions", a.records, a.sums)
}

// check reads as far as the partitions reach now, and decides all that the
// producers were told by now: what they left behind ends when they come back, and
// that must not take long.
func (a *audit) check(ctx context.Context, address string) error {
	return a.decide(ctx, address, a.book.decided())
}

// checkAll is check for an audit that has seen nothing, of all transfers.
func (a *audit) checkAll(ctx context.Context, address string) error {
	if err := a.decide(ctx, address, a.book.all()); err != nil {
		return err
	}
	for n, p := range a.partitions {
		for producer, left := range p.pending {
			return fmt.Errorf("partition %d: NO END: records at offset %d and on of producer %d are seen, and no marker", n, left[0].offset, producer)
		}
	}
	if a.balances != a.booked {
		return fmt.Errorf("the accounts have %v, by the journal %v", a.balances, a.booked)
	}
	return nil
}

func (a *audit) decide(ctx context.Context, address string, told []transfer) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	next := make([]int64, len(a.partitions))
	for i, p := range a.partitions {
		next[i] = p.next
	}
	cl, err := victim.Reader(address, topic, next, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer cl.Close()
	ends, err := victim.Ends(ctx, cl, topic, len(a.partitions), false)
	if err != nil {
		return fmt.Errorf("the ends: %w", err)
	}
	if err := a.read(ctx, cl, ends); err != nil {
		return err
	}
	if err := a.sum(ends[0]); err != nil {
		return err
	}
	for _, t := range told {
		if err := a.hold(t); err != nil {
			return err
		}
	}
	return nil
}

// read reads until it is beyond the ends.
func (a *audit) read(ctx context.Context, cl *kgo.Client, ends []int64) error {
	for {
		behind := -1
		for i, p := range a.partitions {
			if p.next < ends[i] {
				behind = i
			}
		}
		if behind < 0 {
			return nil
		}
		fetches := cl.PollFetches(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("partition %d: HANGS: it ended at offset %d, and %v later readers of what is committed are at %d", behind, ends[behind], patience, a.partitions[behind].next)
		}
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read what is committed: %w", err)
		}
		var wrong error
		fetches.EachRecord(func(r *kgo.Record) {
			if wrong == nil {
				wrong = a.took(r)
			}
		})
		if wrong != nil {
			return wrong
		}
	}
}

func (a *audit) took(r *kgo.Record) error {
	p := &a.partitions[r.Partition]
	if r.Offset < p.next {
		return fmt.Errorf("partition %d: TWICE: offset %d came where %d is due", r.Partition, r.Offset, p.next)
	}
	p.next = r.Offset + 1
	if r.Attrs.IsControl() {
		return a.marker(r)
	}
	a.records++
	id := string(r.Key)
	if !a.book.knows(id) {
		return fmt.Errorf("partition %d: the record at offset %d is of transfer %q, which nobody made", r.Partition, r.Offset, id)
	}
	s := a.seen[id]
	if s == nil {
		s = &sighting{offsets: [perTransfer]int64{-1, -1, -1}}
		a.seen[id] = s
	}
	kind, err := s.parse(string(r.Value))
	if err != nil {
		return fmt.Errorf("partition %d: the record at offset %d: %w", r.Partition, r.Offset, err)
	}
	if before := s.offsets[kind]; before >= 0 {
		return fmt.Errorf("partition %d: TWICE: the record at offset %d, %q of transfer %s, stands at offset %d too", r.Partition, r.Offset, r.Value, id, before)
	}
	s.offsets[kind] = r.Offset
	p.pending[r.ProducerID] = append(p.pending[r.ProducerID], record{id, kind, r.Offset})
	return nil
}

// parse reads what [transfer.value] wrote.
func (s *sighting) parse(value string) (kind int, err error) {
	name, rest, _ := strings.Cut(value, " ")
	switch name {
	case "journal":
		_, err = fmt.Sscan(rest, &s.from, &s.to, &s.amount)
		return inJournal, err
	case "debit":
		kind = debited
	case "credit":
		kind = credited
	default:
		return 0, fmt.Errorf("%q is no record of a transfer", value)
	}
	var account int
	_, err = fmt.Sscan(rest, &account, &s.moved[kind])
	return kind, err
}

// marker ends a producer's transaction in a partition. Those of aborted ones have
// nothing before them that is seen.
func (a *audit) marker(r *kgo.Record) error {
	p := &a.partitions[r.Partition]
	ended := p.pending[r.ProducerID]
	delete(p.pending, r.ProducerID)
	// EndTransactionMarker.java, ControlRecordType.java: a version, and 0 for abort.
	commits := len(r.Key) >= 4 && binary.BigEndian.Uint16(r.Key[2:]) == 1
	for _, of := range ended {
		if !commits {
			return fmt.Errorf("partition %d: ABORTED: the record at offset %d, of transfer %s, is seen, and the marker at offset %d aborts it", r.Partition, of.offset, of.id, r.Offset)
		}
		a.seen[of.id].committed[of.kind] = true
		if of.kind == inJournal {
			a.journal = append(a.journal, entry{of.id, r.Offset})
		}
	}
	return nil
}

// sum goes through the journal's transactions in the order of their markers, and
// holds the accounts together after each. Those whose marker is below the end are
// whole in all partitions by now.
func (a *audit) sum(end int64) error {
	for len(a.journal) > 0 {
		e := a.journal[0]
		s := a.seen[e.id]
		if s.committed != [perTransfer]bool{true, true, true} {
			if e.marker < end {
				return fmt.Errorf("HALF: transfer %s, committed by the marker at offset %d of the journal (partition 0), has its records at offsets %v, -1 is not seen, and markers behind them: %v", e.id, e.marker, s.offsets, s.committed)
			}
			return nil
		}
		a.balances[s.from] += s.moved[debited]
		a.balances[s.to] += s.moved[credited]
		a.booked[s.from] -= s.amount
		a.booked[s.to] += s.amount
		total := 0
		for _, b := range a.balances {
			total += b
		}
		if total != accounts*opening {
			return fmt.Errorf("SUM: after transfer %s, the marker at offset %d of the journal (partition 0), the accounts have %d, not %d; its records are at offsets %v", e.id, e.marker, total, accounts*opening, s.offsets)
		}
		a.sums++
		a.journal = a.journal[1:]
	}
	return nil
}

// hold holds what was read to what the producer was told of its transfer.
func (a *audit) hold(t transfer) error {
	s := a.seen[t.id]
	read := 0
	if s != nil {
		for kind, offset := range s.offsets {
			if offset >= 0 {
				read++
			}
			if at := t.partition(kind, len(a.partitions)); offset >= 0 && t.acked[kind] >= 0 && offset != t.acked[kind] {
				return fmt.Errorf("partition %d: transfer %s was acknowledged for offset %d and is at %d", at, t.id, t.acked[kind], offset)
			}
		}
	}
	switch {
	case t.told == committed && read == 0:
		return fmt.Errorf("LOST: transfer %s was committed, and none of its records at offsets %v is seen", t.id, t.acked)
	case t.told == aborted && read > 0:
		return fmt.Errorf("ABORTED: transfer %s was aborted, and its records at offsets %v are seen", t.id, s.offsets)
	case read != 0 && read != perTransfer:
		return fmt.Errorf("HALF: transfer %s (%s): of its records at offsets %v these are seen: %v", t.id, t.told, t.acked, s.offsets)
	}
	return nil
}
