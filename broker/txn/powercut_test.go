package txn_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/statelog"
	"copyscope/broker/txn"
	"copyscope/broker/vfs/vfstest"
)

// powered is a coordinator whose log, and whose partitions, are on a disk whose
// power is cut, with flush.messages=1; and what its producer was told. It is the
// coordinator's Store; powered partitions are its Participants.
type powered struct {
	disk    *vfstest.Disk
	dice    *rand.Rand
	segment int64 // bytes
	ids     int64 // that were handed out; package broker has them on the disk first

	dir   *log.Dir
	state *log.Partition
	data  [3]*log.Partition
	c     *txn.Coordinator

	deals   []*deal
	last    txn.Producer // that the producer has, or had
	highest map[int64]int16
}

// deal is a transaction, by its number in deals.
type deal struct {
	in   []int32 // partitions
	told verdict
}

type verdict int8

const (
	aborted verdict = iota // nobody was told of a commit
	committed
	doubtful // it was asked for, and not answered
)

func newPowered(seed uint64) *powered {
	return &powered{disk: vfstest.NewDisk(seed), segment: 1500, dice: rand.New(rand.NewPCG(seed, 3)), last: txn.Producer{ID: -1}, highest: map[int64]int16{}}
}

func (w *powered) start() (err error) {
	ctx, cfg := context.Background(), log.Defaults()
	cfg.FlushMessages, cfg.SegmentBytes = 1, w.segment
	if w.dir, err = log.OpenDir(ctx, "/", log.DirOptions{FS: w.disk, Manual: true, Log: slog.New(slog.DiscardHandler)}); err != nil {
		return err
	}
	if w.state, _, err = w.dir.Open(ctx, "state", log.ID{1}, 0, cfg); err != nil {
		return err
	}
	for n := range w.data {
		if w.data[n], _, err = w.dir.Open(ctx, "t", log.ID{2}, int32(n), cfg); err != nil {
			return err
		}
	}
	w.c, err = txn.Open(ctx, w, poweredPartitions{w}, txn.Config{NewProducerID: func() (int64, error) { w.ids++; return w.ids, nil }})
	return err
}

func (w *powered) Append(_ string, records []statelog.Record) error {
	all := make([]log.Record, len(records))
	for i, r := range records {
		all[i] = log.Record{Key: r.Key, Value: r.Value}
	}
	_, err := w.state.AppendRecords(all, time.Now())
	return err
}

func (w *powered) Epoch(string) int32 { return w.state.Epoch() }

func (w *powered) Replay(ctx context.Context, visit func(statelog.Replayed) error) error {
	return w.state.ReplayAll(ctx, func(r log.Replayed) error {
		return visit(statelog.Replayed{Record: statelog.Record{Key: r.Key, Value: r.Value}, Producer: statelog.NoProducer})
	})
}

func (w *powered) End() statelog.Mark { return nil }

func (w *powered) Trim(statelog.Mark) error { return errors.New("so little is not tidied") }

type poweredPartitions struct{ *powered }

func (w poweredPartitions) End(at txn.TopicPartition, m txn.Marker) error {
	_, err := w.data[at.Partition].EndTransaction(log.Marker{ProducerID: m.ID, Epoch: m.Epoch, CoordinatorEpoch: m.CoordinatorEpoch, Commit: m.Commit})
	return err
}

// off says whether the power is.
func (w *powered) off() bool {
	_, err := w.disk.Lstat("/")
	return errors.Is(err, vfstest.ErrCut)
}

// tries bounds how often a producer asks for its id, once in a second.
const tries = 30

// init takes the id, which the transactions of the producer before leave within
// tries.
func (w *powered) init() (p txn.Producer, err error) {
	for range tries {
		p, err = w.c.Init("x", time.Minute, nil)
		if !errors.Is(err, txn.ErrConcurrent) {
			break
		}
		time.Sleep(time.Second)
	}
	if err != nil {
		return p, err
	}
	if before, ok := w.highest[p.ID]; ok && p.Epoch <= before {
		return p, fmt.Errorf("the producer gets %+v, and epoch %d was handed out before", p, before)
	}
	return p, w.got(p)
}

// got notes what a producer goes on with.
func (w *powered) got(p txn.Producer) error {
	if before, ok := w.highest[p.ID]; p.ID < w.last.ID || ok && p.Epoch < before {
		return fmt.Errorf("after %+v the producer goes on with %+v; the highest epoch was %d", w.last, p, before)
	}
	w.highest[p.ID], w.last = p.Epoch, p
	return nil
}

// load makes transactions until the power goes.
func (w *powered) load(transactions int) error {
	p, err := w.init()
	for n := 0; err == nil && n < transactions; n++ {
		version := txn.V0
		if w.dice.IntN(2) == 0 {
			version = txn.V2
		}
		p, err = w.deal(p, version)
		if err == nil && w.dice.IntN(4) == 0 {
			p, err = w.init() // another producer
		}
	}
	return err
}

// deal makes a transaction, and says what the producer goes on with.
func (w *powered) deal(p txn.Producer, v txn.Version) (txn.Producer, error) {
	d, value := &deal{}, fmt.Append(nil, len(w.deals))
	w.deals = append(w.deals, d)
	for n := range int32(len(w.data)) {
		if n > 0 && w.dice.IntN(2) == 0 {
			continue
		}
		d.in = append(d.in, n)
		if v == txn.V0 {
			if err := w.c.Add("x", p, ats(n), v); err != nil {
				return p, err
			}
		}
		missing, done, err := w.c.Write("x", p, ats(n), v)
		if err != nil {
			return p, err
		}
		_, err = w.data[n].AppendTransactional([]log.Record{{Value: value}}, p.ID, p.Epoch, time.Now())
		done()
		if err != nil || len(missing) > 0 {
			return p, fmt.Errorf("write to partition %d: %w; missing: %v", n, err, missing)
		}
	}
	switch w.dice.IntN(5) {
	case 0:
		return w.init() // it is fenced in the middle
	case 1:
		p, err := w.c.End("x", p, false, v)
		return p, errors.Join(err, w.unless(err, p))
	}
	d.told = doubtful
	p, err := w.c.End("x", p, true, v)
	if err == nil {
		d.told = committed
	}
	return p, errors.Join(err, w.unless(err, p))
}

func (w *powered) unless(err error, p txn.Producer) error {
	if err != nil {
		return nil
	}
	return w.got(p)
}

// check holds what is stored to what was told, when another producer has taken
// the id: then nothing goes on any more.
func (w *powered) check() error {
	before := w.last
	if _, err := w.init(); err != nil {
		return fmt.Errorf("another producer does not get the id: %w", err)
	}
	if before.ID >= 0 {
		if _, err := w.c.End("x", before, true, txn.V0); err == nil {
			return fmt.Errorf("%+v is answered a commit, and is fenced", before)
		}
	}
	seen := make([]map[int32]int, len(w.deals)) // how often in each partition
	for n, p := range w.data {
		if _, next := p.Offsets(); p.LastStable() != next {
			return fmt.Errorf("partition %d ends at %d, and what is decided at %d", n, next, p.LastStable())
		}
		open := map[int64][]int{} // by producer id
		err := p.ReplayAll(context.Background(), func(r log.Replayed) error {
			if !r.Control {
				var number int
				fmt.Sscan(string(r.Value), &number)
				open[r.ProducerID] = append(open[r.ProducerID], number)
				return nil
			}
			for _, number := range open[r.ProducerID] {
				if seen[number] == nil {
					seen[number] = map[int32]int{}
				}
				if r.Commit {
					seen[number][int32(n)]++
				}
			}
			delete(open, r.ProducerID)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for number, d := range w.deals {
		whole := len(seen[number]) == len(d.in)
		for _, n := range d.in {
			whole = whole && seen[number][n] == 1
		}
		none := true
		for _, times := range seen[number] {
			none = none && times == 0
		}
		if d.told == committed && !whole || d.told == aborted && !none || !whole && !none {
			return fmt.Errorf("transaction %d in partitions %v was told %d, and is committed so often: %v", number, d.in, d.told, seen[number])
		}
	}
	return nil
}

// live is a life that the power ends, and what is left of it is checked in the
// next: cut says that it ended before the load did.
func (w *powered) live(after, transactions int) (cut bool, err error) {
	w.disk.CutAfter(after)
	if err = w.start(); err == nil {
		err = w.load(transactions)
	}
	cut = w.off()
	if err != nil && !cut {
		return cut, err
	}
	if w.c != nil {
		w.c.Close()
	}
	w.disk.Restart()
	if err := w.start(); err != nil {
		return cut, fmt.Errorf("after the cut: %w", err)
	}
	defer w.c.Close()
	if err := w.check(); err != nil {
		return cut, fmt.Errorf("after the cut: %w", err)
	}
	return cut, nil
}

// With flush.messages=1, wherever the power is cut, at each write and each fsync of
// the coordinator's log and of the partitions: a transaction that was answered as
// committed is whole, one that was not asked to commit is not there, one in doubt
// is whole or not there; the next producer gets the id, nothing is open then; and
// epochs only rise.
func TestPowerCutAtEveryCall(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			for call := 1; ; call++ {
				w := newPowered(seed)
				cut, err := w.live(call, 5)
				if err != nil {
					t.Fatalf("seed %d, cut at call %d: %v", seed, call, err)
				}
				if !cut {
					t.Logf("seed %d: %d calls", seed, call-1)
					return
				}
			}
		})
	}
}

// The same over many lives, of which some end while they recover.
func TestPowerCuts(t *testing.T) {
	if err := cuts(t, 30, nil); err != nil {
		t.Fatal(err)
	}
}

func cuts(t *testing.T, seeds uint64, lies func(path string, dir bool) bool) (failed error) {
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			w := newPowered(seed)
			w.disk.Lies = lies
			for n := range 15 {
				if _, err := w.live(1+w.dice.IntN(120), 1+w.dice.IntN(10)); err != nil {
					failed = fmt.Errorf("seed %d, cut %d: %w", seed, n, err)
					return
				}
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

// The fsyncs that the promise rests on are needed: if one does nothing, the lives
// above find it.
func TestPowerCutsFindLies(t *testing.T) {
	for _, of := range []string{"/state-0", "/t-0"} {
		err := cuts(t, 30, func(path string, dir bool) bool {
			return !dir && strings.HasPrefix(path, of) && strings.HasSuffix(path, ".log")
		})
		if err == nil {
			t.Errorf("nothing was found without the fsyncs of %s: the test cannot fail", of)
		}
		t.Logf("found, as it should be: %v", err)
	}
}
