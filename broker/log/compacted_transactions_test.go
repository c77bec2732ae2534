package log_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
	"copyscope/broker/vfs/vfstest"
)

// partitionRun drives a partition and the model with the same dice, on a disk whose
// power is cut.
type partitionRun struct {
	dice   *rand.Rand
	disk   *vfstest.Disk
	cfg    log.Config
	memory int64 // the cleaner's
	clock  time.Time

	dir   *log.Dir
	part  *log.Partition
	model txnModel
	// doubt is under way: whether it is stored, the log says after a cut.
	doubt    *appended
	low      int64 // where the log may begin, at most
	sequence map[int64]int32
	epoch    map[int64]int16
	sent     int
	forced   map[string]int64 // bytes of segments that a cleaning has on the disk
	began    int64            // where the log began, at most, when it was cleaned

	cleaned, tears int
}

func newRun(seed uint64) *partitionRun {
	r := &partitionRun{dice: rand.New(rand.NewPCG(seed, 1)), disk: vfstest.NewDisk(seed), cfg: smallSegments(), clock: time.UnixMilli(1_700_000_000_000),
		sequence: map[int64]int32{}, epoch: map[int64]int16{}, forced: map[string]int64{}}
	r.cfg.IndexIntervalBytes, r.cfg.FlushMessages = 150, 1
	r.cfg.Compacted, r.cfg.MinDirty, r.cfg.TombstoneAge = seed%3 > 0, 0, time.Hour
	r.cfg.Delete = !r.cfg.Compacted || seed%2 == 0
	if seed%5 == 0 {
		r.memory = 24 * 5 // for four keys: each cleaning is of a part
	}
	return r
}

// open opens the log and tells what its recovery found.
func (r *partitionRun) open() (rec log.Recovery, err error) {
	r.dir, err = log.OpenDir(context.Background(), "/", log.DirOptions{FS: r.disk, Manual: true, Now: func() time.Time { return r.clock }, Log: quiet(), OpenFiles: 4,
		Cleaner: log.CleanerOptions{Memory: r.memory}})
	if err == nil {
		r.part, rec, err = r.dir.Open(context.Background(), "t", log.ID{1}, 0, r.cfg)
	}
	return rec, err
}

// start opens the log and asks it whether what was under way is in it.
func (r *partitionRun) start() error {
	if _, err := r.open(); err != nil {
		return err
	}
	if _, next := r.part.Offsets(); r.doubt != nil && next > r.model.next {
		r.account(r.model.next)
	}
	r.doubt = nil
	if r.tears > 0 {
		r.forget()
	}
	return nil
}

// again starts after a cut, of the power or of the process alone.
func (r *partitionRun) again() error {
	if r.dice.IntN(3) == 0 {
		r.disk.Kill()
	} else {
		r.disk.Restart()
	}
	return r.start()
}

// account has in the model what is stored at the offset.
func (r *partitionRun) account(base int64) {
	s := *r.doubt
	s.base, s.last = base, base+int64(max(len(s.records), 1))-1
	r.model.log, r.model.next = append(r.model.log, s), s.last+1
	switch {
	case s.marker && r.epoch[s.producer] < s.epoch:
		r.epoch[s.producer], r.sequence[s.producer] = s.epoch, 0
	case s.producer >= 0:
		r.sequence[s.producer] += int32(len(s.records))
	}
	r.doubt = nil
}

func (r *partitionRun) put(s appended, send func() (log.Appended, error)) error {
	r.doubt = &s
	a, err := send()
	if err != nil {
		return err
	}
	if a.Base != r.model.next {
		return fmt.Errorf("it got offset %d, the next one was %d", a.Base, r.model.next)
	}
	r.account(a.Base)
	return nil
}

// step does one thing, and says what.
func (r *partitionRun) step() (what string, err error) {
	switch dice := r.dice.IntN(46); {
	case dice < 31:
		return r.send()
	case dice < 33:
		low, next := r.part.Offsets()
		r.low = low + (next-low)/6
		_, err := r.part.DeleteRecords(r.low)
		return "DeleteRecords", err
	case dice < 35:
		return "retention", r.retain()
	case dice < 37:
		err := r.dir.Close()
		if err == nil {
			r.spoil()
			err = r.start()
		}
		return "a clean stop", err
	case dice < 38:
		r.disk.Kill()
		return "a kill", r.start()
	case dice < 40:
		r.clock = r.clock.Add(time.Duration(r.dice.IntN(90)) * time.Minute)
		return "some time", r.tend()
	case dice < 44:
		return "a cleaning", r.clean()
	}
	return r.tear()
}

// send appends a batch or a marker, and says what.
func (r *partitionRun) send() (what string, err error) {
	id := int64(1 + r.dice.IntN(4))
	records := r.records()
	r.clock = r.clock.Add(time.Second)
	b := keyedBatch("none", r.clock.UnixMilli(), records...)
	switch dice := r.dice.IntN(31); {
	case dice < 8:
		return "a plain batch", r.put(appended{producer: -1, records: records}, func() (log.Appended, error) { return r.part.Produce(b) })
	case dice < 20:
		txn := r.model.first(id, len(r.model.log)) >= 0 || dice < 16
		b = ofProducer(b, id, r.epoch[id], r.sequence[id])
		if txn {
			b = inTransaction(b)
		}
		return "a producer's batch", r.put(appended{producer: id, txn: txn, records: records}, func() (log.Appended, error) { return r.part.Produce(b) })
	default:
		m := log.Marker{ProducerID: id, Epoch: r.epoch[id], Commit: dice < 26}
		if r.dice.IntN(2) == 0 {
			m.Epoch++ // as version 2 of transactions does
		}
		return fmt.Sprintf("%+v", m), r.put(appended{producer: id, epoch: m.Epoch, txn: true, marker: true, commit: m.Commit},
			func() (log.Appended, error) { return r.part.EndTransaction(m) })
	}
}

// records are some, with few keys, and some of them tombstones.
func (r *partitionRun) records() (all []keyed) {
	for range 1 + r.dice.IntN(3) {
		k := keyed{key: fmt.Sprint("k", r.dice.IntN(9))}
		if r.dice.IntN(5) > 0 {
			k.value = fmt.Append(nil, "v", r.sent)
			r.sent++
		}
		all = append(all, k)
	}
	return all
}

// tend lets retention look: of segments that a cleaning left empty it may take the
// first ones, and nothing else.
func (r *partitionRun) tend() error {
	low, _ := r.part.Offsets()
	all, err := consume(r.part, low, limit, false)
	if err != nil {
		return err
	}
	r.dir.Tend()
	if now, _ := r.part.Offsets(); r.cfg.Compacted && r.cfg.Delete && (len(all) == 0 || now <= all[0].offset) {
		r.low = max(r.low, now)
	}
	return nil
}

func (r *partitionRun) retain() error {
	if !r.cfg.Delete {
		return nil
	}
	cfg := r.cfg
	cfg.RetentionBytes = 1500
	r.part.Configure(cfg)
	_, r.low = r.part.Offsets() // at most, if the power goes
	r.dir.Tend()
	r.part.Configure(r.cfg)
	r.low, _ = r.part.Offsets()
	return r.part.Failed()
}

// clean cleans, and holds the log to what a cleaning promises. Up to which offset it
// may reach is known before: whole segments on the disk, and no open transaction.
func (r *partitionRun) clean() error {
	segments := r.part.Segments()
	low, _ := r.part.Offsets()
	end := low
	for _, s := range segments {
		if s.Base <= r.model.stable(low) {
			end = s.Base
		}
	}
	if r.cfg.Compacted {
		r.model.clean = max(r.model.clean, end)
		active := segments[len(segments)-1]
		r.forced[fileOf(active.Base)] = max(active.Bytes, r.forced[fileOf(active.Base)])
	}
	r.began = max(r.began, low) // what DeleteRecords took is not cleaned, and a cut may bring it back
	runs := r.dir.CleanerStats().Runs
	r.dir.Clean()
	s := r.dir.CleanerStats()
	if s.Failures > 0 && r.power() {
		return fmt.Errorf("a cleaning failed")
	}
	r.cleaned += int(s.Runs - runs)
	if !r.cfg.Compacted || r.memory > 0 || s.Runs == runs || !r.power() {
		return nil
	}
	all, err := consume(r.part, min(r.began, end), limit, false)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, c := range all {
		if c.offset >= end {
			break
		}
		if r.model.outcome(c.offset) == aborted {
			return fmt.Errorf("the aborted record at offset %d is left", c.offset)
		}
		if seen[c.key] {
			return fmt.Errorf("the key %s is there twice below offset %d", c.key, end)
		}
		seen[c.key] = true
	}
	return nil
}

// power is false once it is cut.
func (r *partitionRun) power() bool {
	_, err := r.disk.Lstat("/")
	return !errors.Is(err, vfstest.ErrCut)
}

func fileOf(base int64) string { return "/t-0/" + log.SegmentName(base) }

// spoil makes indexes of transactions wrong in a way that the start can see.
func (r *partitionRun) spoil() {
	for _, name := range r.files(".txnindex") {
		info, err := r.disk.Lstat(name)
		if err != nil {
			continue
		}
		switch r.dice.IntN(4) {
		case 0:
			r.disk.Truncate(name, max(0, info.Size()-1))
		case 1:
			r.disk.Truncate(name, info.Size()+34)
		}
	}
}

// files are those of the partition with the ending, in order.
func (r *partitionRun) files(ending string) (all []string) {
	entries, _ := r.disk.ReadDir("/t-0")
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ending) {
			all = append(all, "/t-0/"+e.Name())
		}
	}
	slices.Sort(all)
	return all
}

// tear ends the process, and the log at any byte that no cleaning went by, as a cut
// without flushes may, and perhaps takes indexes and snapshots away.
func (r *partitionRun) tear() (what string, err error) {
	r.tears++
	segments := r.part.Segments()
	torn := segments[len(segments)-1]
	at := r.forced[fileOf(torn.Base)]
	at += r.dice.Int64N(torn.Bytes - at + 1)
	if before := max(0, len(segments)-2); r.dice.IntN(2) == 0 && segments[before].Base >= r.model.clean && r.forced[fileOf(torn.Base)] == 0 {
		torn = segments[before]
		at = r.forced[fileOf(torn.Base)]
		at += r.dice.Int64N(torn.Bytes - at + 1)
		if err := r.insideBatch(torn, &at); err != nil {
			return "a tear", err
		}
	}
	r.disk.Kill()
	name := fileOf(torn.Base)
	what = fmt.Sprintf("the tear of %s at byte %d", name, at)
	err = r.change(name, func(f vfs.File) error { return f.Truncate(at) })
	for _, name := range []string{"/recovery-point-offset-checkpoint", "/log-start-offset-checkpoint"} {
		if gone := r.disk.Remove(name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	for _, name := range slices.Concat(r.files(".txnindex"), r.files(".snapshot")) {
		switch r.dice.IntN(3) {
		case 0:
			err = errors.Join(err, r.disk.Remove(name))
		case 1:
			err = errors.Join(err, r.change(name, func(f vfs.File) error {
				_, err := f.WriteAt([]byte("no index, and no snapshot"), 0)
				return errors.Join(err, f.Truncate(25))
			}))
		}
	}
	err = errors.Join(err, r.disk.SyncDir("/t-0"), r.disk.SyncDir("/"))
	if err != nil {
		return what, err
	}
	rec, err := r.open()
	if err != nil {
		return what, err
	}
	r.model.cut(rec.Next)
	// The producers are where the log that is left says.
	r.epoch, r.sequence = map[int64]int16{}, map[int64]int32{}
	for _, p := range r.part.Producers() {
		r.epoch[p.ID], r.sequence[p.ID] = p.Epoch, p.LastSequence+1
	}
	r.forget()
	return what, nil
}

// forget has the model know no more than the log of transactions whose beginning
// DeleteRecords took: a tear takes the snapshots that told of them.
func (r *partitionRun) forget() {
	first, known := r.part.Segments()[0].Base, map[int64]bool{}
	for _, p := range r.part.Producers() {
		known[p.ID] = p.OpenTxn >= 0 && p.OpenTxn < first
	}
	r.model.log = slices.DeleteFunc(r.model.log, func(s appended) bool { return s.last < first && !known[s.producer] })
}

// insideBatch moves the place behind a batch's first byte, if it is there: whole
// batches that are missing at the end of a segment with a successor cannot be told
// from what a cleaning took.
func (r *partitionRun) insideBatch(s log.SegmentInfo, at *int64) error {
	f, err := r.disk.Open(fileOf(s.Base), os.O_RDONLY)
	if err != nil {
		return err
	}
	err = log.DumpSegment(f, s.Bytes, func(b log.BatchInfo, _ func(func(log.RecordInfo) error) error) error {
		if b.Position == *at {
			*at++
		}
		return nil
	})
	return errors.Join(err, f.Close())
}

// change changes a file for good.
func (r *partitionRun) change(name string, how func(vfs.File) error) error {
	f, err := r.disk.Open(name, os.O_RDWR)
	if err != nil {
		return err
	}
	return errors.Join(how(f), f.Sync(), f.Close())
}

// check holds what consumers get to the model: from where the log begins, and from
// other offsets what a consumer from there gets of it, every one of them or a few.
func (r *partitionRun) check(every bool) error {
	low, next := r.part.Offsets()
	stable := r.model.stable(low)
	if got := r.part.LastStable(); next != r.model.next || got != stable || low > r.low {
		return fmt.Errorf("the log begins at %d, its next offset is %d, the last stable one %d; want %d or less, %d, %d", low, next, got, r.low, r.model.next, stable)
	}
	for _, committed := range []bool{true, false} {
		end := next
		if committed {
			end = stable
		}
		all, err := consume(r.part, low, 1+r.dice.Int64N(900), committed)
		if err == nil {
			err = r.model.holds(all, low, end, committed)
		}
		if err != nil {
			return fmt.Errorf("committed %v: from offset %d to %d: %w", committed, low, end, err)
		}
		for from := low; from <= end; from++ {
			if !every && r.dice.Int64N(end-low+1) > 2 {
				continue
			}
			part, err := consume(r.part, from, 1+r.dice.Int64N(900), committed)
			want := all[slices.IndexFunc(append(all, consumed{offset: end}), func(c consumed) bool { return c.offset >= from }):]
			if err != nil || !slices.EqualFunc(part, want, consumed.equal) {
				return fmt.Errorf("committed %v: from offset %d a consumer gets %v, want %v (%w)", committed, from, part, want, err)
			}
		}
	}
	return nil
}

// TestTransactionsAgainstModel: whatever producers of transactions, of none, and
// without a number do in whatever order, with rolls, retention, DeleteRecords,
// cleanings, restarts, the power cut at any call, and the log torn at any byte, a
// client that reads committed records gets those that are, of each key the latest,
// and nothing else; and one that reads all gets what was not cleaned.
func TestTransactionsAgainstModel(t *testing.T) {
	runs := 45
	if testing.Short() {
		runs = 15
	}
	cleaned, tears := 0, 0
	for seed := range uint64(runs) {
		r := newRun(seed)
		if err := r.start(); err != nil {
			t.Fatal(err)
		}
		for step := range 150 {
			if r.dice.IntN(20) == 0 {
				r.disk.CutAfter(1 + r.dice.IntN(100))
			}
			what, err := r.step()
			if errors.Is(err, vfstest.ErrCut) || !r.power() {
				what += ", and a cut"
				err = r.again()
			}
			if err == nil {
				err = r.check(step%30 == 29)
			}
			if err != nil {
				t.Fatalf("seed %d, step %d, %s: %v", seed, step, what, err)
			}
		}
		cleaned, tears = cleaned+r.cleaned, tears+r.tears
	}
	if cleaned < runs || tears < runs {
		t.Errorf("%d cleanings and %d tears in %d runs", cleaned, tears, runs)
	}
}

// TestPowerCutInCleaningTransactions cuts the power at every changing call of a
// cleaning of a log with transactions.
func TestPowerCutInCleaningTransactions(t *testing.T) {
	const seed = 1 // of a log that is compacted and nothing else
	for cut := 1; ; cut++ {
		r := newRun(seed)
		if err := r.start(); err != nil {
			t.Fatal(err)
		}
		for range 60 {
			if what, err := r.send(); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		r.disk.CutAfter(cut)
		err := r.clean()
		whole := r.power()
		for i := range 2 {
			if err == nil {
				err = r.again()
			}
			if err == nil {
				err = r.check(true)
			}
			if err == nil {
				err = r.clean() // the rest of it
			}
			if err != nil {
				t.Fatalf("cut %d, start %d: %v", cut, i, err)
			}
		}
		if whole {
			if cut < 20 || r.cleaned == 0 {
				t.Errorf("%d cleanings with %d changing calls", r.cleaned, cut)
			}
			return
		}
	}
}
