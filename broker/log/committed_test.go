package log_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/vfs/vfstest"
)

// transactional is a batch of a producer's transaction.
func transactional(id int64, epoch int16, sequence int32, baseTime int64, values ...string) []byte {
	b := idempotent(id, epoch, sequence, baseTime, values...)
	b[22] |= 0x10
	return seal(b)
}

// bank is a partition in which producers open, commit and abort transactions, on a
// disk whose power is cut, and what its readers are to see.
type bank struct {
	victim
	sequences map[int64]int32
	open      map[int64][]int // of ledger, by producer
	ledger    []entry
	next, low int64
	doubt     func(base int64) // what the append under way does to the ledger, if it is stored
}

// entry is a record that is stored, or a marker.
type entry struct {
	offset int64
	value  string
	state  int
}

const (
	pending = iota
	committed
	aborted
	marker
)

func newBank(seed uint64) *bank {
	b := &bank{victim: *newVictim(seed, false), sequences: map[int64]int32{}, open: map[int64][]int{}}
	b.cfg.SegmentBytes = 1500
	return b
}

// put appends something and, if it is acknowledged, has it in the ledger.
func (b *bank) put(records int, append func() (log.Appended, error), account func(base int64)) error {
	b.doubt = func(base int64) {
		account(base)
		b.next = base + int64(records)
	}
	a, err := append()
	if err != nil {
		return err
	}
	if a.Base != b.next {
		return fmt.Errorf("an append got offset %d, the next one was %d", a.Base, b.next)
	}
	b.doubt(a.Base)
	b.doubt = nil
	return nil
}

// step does one thing at random.
func (b *bank) step() error {
	values := make([]string, 1+b.dice.IntN(3))
	for i := range values {
		values[i] = fmt.Sprint(b.dice.Uint32())
	}
	write := func(state int) func(base int64) {
		return func(base int64) {
			for i, v := range values {
				b.ledger = append(b.ledger, entry{base + int64(i), v, state})
			}
		}
	}
	now := b.clock.UnixMilli()
	id := int64(1 + b.dice.IntN(4))
	switch what := b.dice.IntN(20); {
	case what < 9:
		sequence := b.sequences[id]
		return b.put(len(values), func() (log.Appended, error) {
			return b.part.Produce(transactional(id, 0, sequence, now, values...))
		}, func(base int64) {
			write(pending)(base)
			for i := range values {
				b.open[id] = append(b.open[id], len(b.ledger)-len(values)+i)
			}
			b.sequences[id] += int32(len(values))
		})
	case what < 14:
		commit := b.dice.IntN(2) == 0
		return b.put(1, func() (log.Appended, error) {
			return b.part.EndTransaction(log.Marker{ProducerID: id, CoordinatorEpoch: 3, Commit: commit})
		}, func(base int64) {
			for _, i := range b.open[id] {
				b.ledger[i].state = aborted
				if commit {
					b.ledger[i].state = committed
				}
			}
			delete(b.open, id)
			b.ledger = append(b.ledger, entry{base, "", marker})
		})
	case what < 16:
		return b.put(len(values), func() (log.Appended, error) { return b.part.Produce(batch(now, values...)) }, write(committed))
	case what < 18:
		sequence := b.sequences[9]
		return b.put(len(values), func() (log.Appended, error) { return b.part.Produce(idempotent(9, 0, sequence, now, values...)) },
			func(base int64) {
				write(committed)(base)
				b.sequences[9] += int32(len(values))
			})
	case what == 18:
		b.clock = b.clock.Add(time.Minute)
		b.dir.Tend()
		return nil
	default:
		if b.dice.IntN(4) > 0 {
			return nil
		}
		low, err := b.part.DeleteRecords(b.low + (b.next-b.low)/8)
		b.low = max(b.low, low)
		return err
	}
}

// settle asks the log, after a cut, whether the append under way is in it.
func (b *bank) settle() error {
	low, next := b.part.Offsets()
	if doubt := b.doubt; doubt != nil && next > b.next {
		doubt(b.next)
	}
	b.doubt = nil
	if next != b.next {
		return fmt.Errorf("the next offset is %d, want %d", next, b.next)
	}
	if low > b.low {
		return fmt.Errorf("the log begins at %d, want %d or before", low, b.low)
	}
	b.low = low // the last deletion may be lost
	return nil
}

// stable is the last stable offset.
func (b *bank) stable() int64 {
	at := b.next
	for _, entries := range b.open {
		at = min(at, b.ledger[entries[0]].offset)
	}
	return max(at, b.low)
}

// check holds what readers see to the ledger.
func (b *bank) check() error {
	stable := b.stable()
	if got := b.part.LastStable(); got != stable {
		return fmt.Errorf("the last stable offset is %d, want %d", got, stable)
	}
	for _, from := range []int64{b.low, b.low + b.dice.Int64N(b.next-b.low+1), stable} {
		var want []string
		for _, e := range b.ledger {
			if e.offset >= from && e.offset < stable && e.state == committed {
				want = append(want, e.value)
			}
		}
		got, err := committedFrom(b.part, from, 1+b.dice.Int64N(1000))
		if err != nil {
			return err
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("from offset %d a reader of what is committed gets %v, want %v", from, got, want)
		}
	}
	return nil
}

// committedFrom reads as a consumer does that wants what is committed: it leaves
// out what belongs to the aborted transactions that it is told
// (CompletedFetch.java).
func committedFrom(p *log.Partition, from, limit int64) (values []string, err error) {
	for offset := from; ; {
		r, told, err := p.ReadCommitted(offset, limit, true)
		if err != nil || r.Bytes == 0 {
			r.Release()
			return values, err
		}
		b := make([]byte, r.Bytes)
		_, err = r.ReadAt(b, 0)
		r.Release()
		if err != nil && !errors.Is(err, io.EOF) {
			return values, err
		}
		slices.SortFunc(told, func(a, b log.AbortedTxn) int { return int(a.First - b.First) })
		bad := map[int64]bool{}
		for len(b) >= log.HeaderBytes {
			size := int(binary.BigEndian.Uint32(b[8:])) + 12
			if size > len(b) {
				break
			}
			var batch kmsg.RecordBatch
			if err := batch.ReadFrom(b[:size]); err != nil {
				return values, err
			}
			b = b[size:]
			last := batch.FirstOffset + int64(batch.LastOffsetDelta)
			for len(told) > 0 && told[0].First <= last {
				bad[told[0].ProducerID] = true
				told = told[1:]
			}
			part, err := readBatch(batch, bad, offset)
			if err != nil {
				return values, err
			}
			values = append(values, part...)
			offset = last + 1
		}
	}
}

// readBatch gives the values of a batch from the offset on, unless its transaction
// was aborted.
func readBatch(batch kmsg.RecordBatch, bad map[int64]bool, from int64) (values []string, err error) {
	control, inTxn := batch.Attributes&0x20 != 0, batch.Attributes&0x10 != 0
	rest := batch.Records
	for range batch.NumRecords {
		length, n := binary.Varint(rest)
		var r kmsg.Record
		if err := r.ReadFrom(rest[:n+int(length)]); err != nil {
			return nil, err
		}
		rest = rest[n+int(length):]
		if control {
			if binary.BigEndian.Uint16(r.Key[2:]) == 0 {
				delete(bad, batch.ProducerID)
			}
			continue
		}
		if batch.FirstOffset+int64(r.OffsetDelta) >= from && !(inTxn && bad[batch.ProducerID]) {
			values = append(values, string(r.Value))
		}
	}
	return values, nil
}

// round runs for some steps, with checks, until the power goes or it ends cleanly.
func (b *bank) round() error {
	if err := b.start(); err != nil {
		return err
	}
	if err := b.settle(); err != nil {
		return err
	}
	for range 5 + b.dice.IntN(30) {
		if err := b.step(); err != nil {
			return err
		}
		if b.dice.IntN(3) == 0 {
			if err := b.check(); err != nil {
				return err
			}
		}
	}
	return b.dir.Close()
}

// Whatever transactions do, and however the log ends in between, readers of what is
// committed see just that, up to the oldest open transaction.
func TestReadersSeeWhatIsCommitted(t *testing.T) {
	for seed := range uint64(60) {
		b := newBank(seed)
		if seed%2 == 1 {
			b.again = b.disk.Kill
		}
		for round := range 12 {
			if b.dice.IntN(3) > 0 {
				b.disk.CutAfter(1 + b.dice.IntN(150))
			}
			switch err := b.round(); {
			case err == nil:
				b.disk.CutAfter(-1)
			case errors.Is(err, vfstest.ErrCut):
				b.again()
			default:
				t.Fatalf("seed %d, round %d: %v", seed, round, err)
			}
			if err := b.start(); err != nil {
				t.Fatalf("seed %d, after round %d: %v", seed, round, err)
			}
			if err := b.settle(); err != nil {
				t.Fatalf("seed %d, after round %d: %v", seed, round, err)
			}
			if err := b.check(); err != nil {
				t.Fatalf("seed %d, after round %d: %v", seed, round, err)
			}
			if err := b.dir.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
