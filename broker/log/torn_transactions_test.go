package log_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"copyscope/broker/log"
)

// appended is a batch or marker as the model knows it.
type appended struct {
	base, last int64
	producer   int64 // -1: none
	txn        bool
	marker     bool
	commit     bool
	values     []string
}

// txnModel is what a partition should say, by the simplest rules: everything is
// looked up in the list of what was appended.
type txnModel struct {
	log  []appended
	next int64
}

// first is where the producer's open transaction begins before the i-th entry, -1: it has none.
func (m *txnModel) first(producer int64, i int) int64 {
	first := int64(-1)
	for _, s := range m.log[:i] {
		if s.producer != producer {
			continue
		}
		if s.marker {
			first = -1
		} else if s.txn && first < 0 {
			first = s.base
		}
	}
	return first
}

func (m *txnModel) stable(low int64) int64 {
	stable := m.next
	for _, s := range m.log {
		if first := m.first(s.producer, len(m.log)); s.producer >= 0 && first >= 0 {
			stable = min(stable, first)
		}
	}
	return max(stable, low)
}

// committed are the values from the offset on, below the end, that were not
// aborted.
func (m *txnModel) committed(from, end int64) (all []string) {
	if from >= end {
		return nil
	}
	for i, s := range m.log {
		if s.marker || s.last < from || s.base >= end || s.txn && m.aborted(i) {
			continue
		}
		for j, v := range s.values {
			if s.base+int64(j) >= from {
				all = append(all, v)
			}
		}
	}
	return all
}

// aborted says whether the next marker of the i-th entry's producer aborts.
func (m *txnModel) aborted(i int) bool {
	for _, s := range m.log[i:] {
		if s.producer == m.log[i].producer && s.marker {
			return !s.commit
		}
	}
	return false
}

// cut takes away what does not end before the offset.
func (m *txnModel) cut(next int64) {
	m.next = next
	for len(m.log) > 0 && m.log[len(m.log)-1].last >= next {
		m.log = m.log[:len(m.log)-1]
	}
}

// txnRun drives a partition and the model with the same dice.
type txnRun struct {
	t        *testing.T
	dice     *rand.Rand
	root     string
	cfg      log.Config
	dir      *log.Dir
	part     *log.Partition
	model    txnModel
	sequence map[int64]int32
	epoch    map[int64]int16
	sent     int
}

func (r *txnRun) open() log.Recovery {
	r.t.Helper()
	var err error
	if r.dir, err = log.OpenDir(r.t.Context(), r.root, log.DirOptions{Manual: true, Log: quiet()}); err != nil {
		r.t.Fatal(err)
	}
	p, rec, err := r.dir.Open(r.t.Context(), "t", log.ID{}, 0, r.cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	r.part = p
	return rec
}

func (r *txnRun) check(after string) {
	r.t.Helper()
	low, next := r.part.Offsets()
	stable := r.model.stable(low)
	if got := r.part.LastStable(); next != r.model.next || got != stable {
		r.t.Fatalf("after %s: next offset %d, last stable %d; want %d, %d", after, next, got, r.model.next, stable)
	}
	from := low
	if stable > low {
		from += r.dice.Int64N(stable - low)
	}
	want := r.model.committed(from, stable)
	got, err := committedFrom(r.part, from, 1+r.dice.Int64N(800))
	if err != nil || !slices.Equal(got, want) {
		r.t.Fatalf("after %s: from offset %d to %d a client reads\n%q\nwant\n%q (%v)", after, from, stable, got, want, err)
	}
}

// step does one thing, and says what.
func (r *txnRun) step() string {
	t, id := r.t, int64(1+r.dice.IntN(4))
	open := r.model.first(id, len(r.model.log)) >= 0
	values := make([]string, 1+r.dice.IntN(3))
	for i := range values {
		values[i] = fmt.Sprint("v", r.sent)
		r.sent++
	}
	took := func(a log.Appended, err error, s appended) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s.base, s.last = a.Base, a.Last
		r.model.log, r.model.next = append(r.model.log, s), a.Last+1
	}
	now := time.Now().UnixMilli()
	switch what := r.dice.IntN(40); {
	case what < 8:
		a, err := r.part.Produce(batch(now, values...))
		took(a, err, appended{producer: -1, values: values})
		return "a plain batch"
	case what < 20:
		b := idempotent(id, r.epoch[id], r.sequence[id], now, values...)
		txn := open || what < 16
		if txn {
			b = transactional(id, r.epoch[id], r.sequence[id], now, values...)
		}
		a, err := r.part.Produce(b)
		took(a, err, appended{producer: id, txn: txn, values: values})
		r.sequence[id] += int32(len(values))
		return "a producer's batch"
	case what < 31:
		bump := r.dice.IntN(2) == 0 // as version 2 of transactions does
		if bump {
			r.epoch[id], r.sequence[id] = r.epoch[id]+1, 0
		}
		m := log.Marker{ProducerID: id, Epoch: r.epoch[id], Commit: what < 26}
		a, err := r.part.EndTransaction(m)
		took(a, err, appended{producer: id, txn: true, marker: true, commit: m.Commit})
		return fmt.Sprintf("%+v", m)
	case what < 33:
		low, next := r.part.Offsets()
		if _, err := r.part.DeleteRecords(low + (next-low)/3); err != nil {
			t.Fatal(err)
		}
		return "DeleteRecords"
	case what < 35:
		cfg := r.cfg
		cfg.RetentionBytes = 1500
		r.part.Configure(cfg)
		r.dir.Tend()
		r.part.Configure(r.cfg)
		return "retention"
	case what < 37:
		if err := r.dir.Close(); err != nil {
			t.Fatal(err)
		}
		r.spoil()
		r.open()
		return "a clean stop"
	case what < 38:
		r.open() // the one before is left as a crash leaves it
		return "a crash"
	}
	return r.tear()
}

// spoil makes indexes of transactions wrong in a way that the start can see.
func (r *txnRun) spoil() {
	indexes, _ := filepath.Glob(filepath.Join(r.root, "t-0", "*.txnindex"))
	for _, f := range indexes {
		b, err := os.ReadFile(f)
		switch r.dice.IntN(4) {
		case 0:
			b = b[:max(0, len(b)-1)]
		case 1:
			b = append(b, make([]byte, 34)...)
		}
		if err == nil {
			err = os.WriteFile(f, b, 0o644)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// tear ends the log at any byte of any segment, as a crash without flushes may,
// and perhaps takes indexes and snapshots away.
func (r *txnRun) tear() string {
	t := r.t
	low, _ := r.part.Offsets()
	segments, err := filepath.Glob(filepath.Join(r.root, "t-0", "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	torn := segments[max(0, len(segments)-1-r.dice.IntN(2))]
	info, err := os.Stat(torn)
	if err != nil {
		t.Fatal(err)
	}
	at := r.dice.Int64N(info.Size() + 1)
	if err := os.Truncate(torn, at); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"recovery-point-offset-checkpoint", "log-start-offset-checkpoint"} {
		if err := os.Remove(filepath.Join(r.root, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"*.txnindex", "*.snapshot"} {
		files, _ := filepath.Glob(filepath.Join(r.root, "t-0", kind))
		for _, f := range files {
			switch r.dice.IntN(3) {
			case 0:
				err = os.Remove(f)
			case 1:
				err = os.WriteFile(f, []byte("no index, and no snapshot"), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	rec := r.open()
	r.model.cut(rec.Next)
	if now, _ := r.part.Offsets(); now < low {
		low = now
	}
	// The producers are where the log that is left says.
	r.epoch, r.sequence = map[int64]int16{}, map[int64]int32{}
	for _, p := range r.part.Producers() {
		r.epoch[p.ID], r.sequence[p.ID] = p.Epoch, p.LastSequence+1
	}
	return fmt.Sprintf("the tear of %s at byte %d", filepath.Base(torn), at)
}

// TestTransactionsAgainstModel: whatever producers of transactions, of none, and
// without a number do in whatever order, with rolls, retention, DeleteRecords,
// restarts, and the log torn at any byte, a client that reads committed records
// gets those that are, in order, and nothing else.
func TestTransactionsAgainstModel(t *testing.T) {
	runs := 10
	if testing.Short() {
		runs = 4
	}
	for seed := range uint64(runs) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := &txnRun{t: t, dice: rand.New(rand.NewPCG(seed, 1)), root: t.TempDir(), cfg: log.Defaults(), sequence: map[int64]int32{}, epoch: map[int64]int16{}}
			r.cfg.SegmentBytes, r.cfg.IndexIntervalBytes, r.cfg.FileDelay = 700, 150, 0
			r.open()
			for range 150 {
				r.check(r.step())
			}
		})
	}
}
