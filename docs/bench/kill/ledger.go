//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/victim"
)

// ledger holds what the broker acknowledged beside what it has stored. Records
// are known by their numbers.
type ledger struct {
	mu         sync.Mutex
	partitions []page
	seen       map[uint64]place // where each record that was read lies
	total      uint64           // records that were begun; known at the end
}

// page is for one partition.
type page struct {
	acked map[int64]uint64 // by offset
	last  int64            // the highest acknowledged offset, -1 for none
	read  int64            // the offset that is read next
}

type place struct {
	partition int32
	offset    int64
}

func newLedger(partitions int) *ledger {
	l := &ledger{partitions: make([]page, partitions), seen: map[uint64]place{}}
	for i := range l.partitions {
		l.partitions[i] = page{acked: map[int64]uint64{}, last: -1}
	}
	return l
}

func (l *ledger) acknowledged(partition int32, offset int64, number uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.partitions[partition]
	p.acked[offset] = number
	p.last = max(p.last, offset)
}

func (l *ledger) produced(total uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total = total
}

func (l *ledger) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	acked := 0
	for _, p := range l.partitions {
		acked += len(p.acked)
	}
	return fmt.Sprintf("%d records acknowledged, %d read back", acked, len(l.seen))
}

func (l *ledger) forgetRead() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen = map[uint64]place{}
	for i := range l.partitions {
		l.partitions[i].read = 0
	}
}

// check reads what is stored and was not read before.
func (l *ledger) check(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cl, err := victim.Reader(address, topic, l.next())
	if err != nil {
		return err
	}
	defer cl.Close()
	ends, err := l.ends(ctx, cl)
	if err != nil {
		return err
	}
	for !l.reached(ends) {
		fetches := cl.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("read back: %w", err)
		}
		var wrong error
		fetches.EachRecord(func(r *kgo.Record) {
			if wrong == nil {
				wrong = l.took(r)
			}
		})
		if wrong != nil {
			return wrong
		}
	}
	return nil
}

func (l *ledger) next() (from []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.partitions {
		from = append(from, p.read)
	}
	return from
}

// ends asks for the next offsets, which must be above all that was acknowledged
// before the question.
func (l *ledger) ends(ctx context.Context, cl *kgo.Client) ([]int64, error) {
	l.mu.Lock()
	last := make([]int64, len(l.partitions))
	for i, p := range l.partitions {
		last[i] = p.last
	}
	l.mu.Unlock()
	ends, err := victim.Ends(ctx, cl, topic, len(last), false)
	for i := range ends {
		if ends[i] <= last[i] {
			return nil, fmt.Errorf("partition %d: LOST: it ends at offset %d, but %d was acknowledged", i, ends[i], last[i])
		}
	}
	return ends, err
}

func (l *ledger) reached(ends []int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, end := range ends {
		if l.partitions[i].read < end {
			return false
		}
	}
	return true
}

// took notes a record that was read, and says what is wrong with it.
func (l *ledger) took(r *kgo.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &l.partitions[r.Partition]
	number := binary.BigEndian.Uint64(r.Value)
	if r.Offset != p.read {
		return fmt.Errorf("partition %d: GAP: offset %d came where %d is due", r.Partition, r.Offset, p.read)
	}
	if before, ok := l.seen[number]; ok {
		return fmt.Errorf("partition %d: TWICE: record %d at offset %d stands at offset %d of partition %d too", r.Partition, number, r.Offset, before.offset, before.partition)
	}
	if was, ok := p.acked[r.Offset]; ok && was != number {
		return fmt.Errorf("partition %d: LOST: record %d was acknowledged for offset %d, where record %d stands", r.Partition, was, r.Offset, number)
	}
	l.seen[number] = place{r.Partition, r.Offset}
	p.read++
	return nil
}

// complete holds the whole: each record that was acknowledged was read where it
// should be, and each that was begun is there.
func (l *ledger) complete() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, p := range l.partitions {
		for offset, number := range p.acked {
			if at, ok := l.seen[number]; !ok || at != (place{int32(i), offset}) {
				return fmt.Errorf("partition %d: LOST: record %d, acknowledged for offset %d", i, number, offset)
			}
		}
	}
	if uint64(len(l.seen)) != l.total {
		return fmt.Errorf("%d records were produced and acknowledged, %d are stored", l.total, len(l.seen))
	}
	return nil
}
