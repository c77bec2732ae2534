package log

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"copyscope/broker/vfs"
)

// cleanedName is the file that tells up to where each compacted partition is
// clean, in the form of the other checkpoints (LogCleanerManager.java).
const cleanedName = "cleaner-offset-checkpoint"

// CleanerOptions are for the cleaner of a directory's compacted partitions; zero
// values stand for Kafka's defaults (CleanerConfig.java), but for its pace.
type CleanerOptions struct {
	Off         bool          // log.cleaner.enable=false
	Memory      int64         // log.cleaner.dedupe.buffer.size, 128 MiB
	Load        float64       // log.cleaner.io.buffer.load.factor, 0.9
	BytesPerSec float64       // log.cleaner.io.max.bytes.per.second, read and written; [DefaultPace]
	Backoff     time.Duration // log.cleaner.backoff.ms, 15 s
	// Skip says of a topic that it is never cleaned; it may be nil.
	Skip func(topic string) bool
}

func (o CleanerOptions) withDefaults() CleanerOptions {
	if runtime.GOOS == "windows" {
		o.Off = true // files that are open, as those of readers, cannot be renamed there
	}
	if o.Memory == 0 {
		o.Memory = 128 << 20
	}
	if o.Load == 0 {
		o.Load = 0.9
	}
	if o.BytesPerSec == 0 {
		o.BytesPerSec = DefaultPace
	}
	if o.Backoff == 0 {
		o.Backoff = 15 * time.Second
	}
	return o
}

// of says whether a partition is one for the cleaner.
func (o *CleanerOptions) of(name TopicPartition, cfg *Config) bool {
	return cfg.Compacted && (o.Skip == nil || !o.Skip(name.Topic))
}

// CleanerStats are what the cleaner did since the start, but Dirtiest, which is
// the largest part of a compacted partition that was dirty at its last look, 0 to
// 1, and Failing, how many partitions it could not clean when it last tried.
type CleanerStats struct {
	Runs, Failures       int64
	BytesRead, BytesKept int64 // BytesKept of those that were rewritten
	BytesCleaned         int64 // of the segments that were rewritten
	Failing              int
	Dirtiest             float64
	Last                 time.Time     // the end of the last cleaning, zero: none yet
	Took                 time.Duration // the last cleaning
	KeysFill             float64       // part of its memory for keys that the last one filled, 0 to 1
}

// cleaner cleans one partition at a time, the dirtiest first (LogCleaner.java).
type cleaner struct {
	running sync.Mutex // one cleaning

	mu      sync.Mutex
	stats   CleanerStats
	failing map[*Partition]time.Time // when each is tried again
}

// dirt is what of a partition could be cleaned.
type dirt struct {
	from, end    int64    // offsets of the dirty part
	segments     []source // those before the end
	clean, dirty int64    // bytes of them
	overdue      bool     // max.compaction.lag.ms has passed
}

func (d dirt) ratio() float64 {
	if d.dirty == 0 {
		return 0
	}
	return float64(d.dirty) / float64(d.clean+d.dirty)
}

// measure finds what could be cleaned, from the offset on
// (LogCleanerManager.cleanableOffsets): whole segments but the active one, that
// are on the disk, that no open transaction reaches into, and that are older than
// min.compaction.lag.ms.
func (p *Partition) measure(from int64, cfg *Config, now time.Time) (d dirt) {
	stable := p.LastStable()
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.failed != nil || p.broken != nil {
		return dirt{}
	}
	if from < p.low || from > p.next {
		from = p.low
	}
	limit := min(stable, p.safe())
	d.from, d.end = from, from
	for i, s := range p.segments[:len(p.segments)-1] {
		next := p.segments[i+1].base
		if next > limit || next > from && cfg.MinLag > 0 && since(now, s.held.latest.timestamp) < cfg.MinLag {
			break
		}
		if len(s.damaged) > 0 {
			return dirt{} // what superseded what cannot be known
		}
		d.segments = append(d.segments, source{s, s.held.bytes, next, max(s.offsets.count, s.times.count)})
		if next <= from {
			d.clean += s.held.bytes
			continue
		}
		d.dirty += s.held.bytes
		d.end = next
	}
	return d
}

// Cleanness is how far a compacted partition is clean.
type Cleanness struct {
	Until int64   // the offset up to which it is
	Dirty float64 // the part, in bytes, of all that can be cleaned now that is dirty, 0 to 1
}

// Cleanness tells it; ok is false if the partition is not compacted, or is never
// cleaned.
func (p *Partition) Cleanness() (c Cleanness, ok bool) {
	cfg := p.config.Load()
	if !p.owner.options.Cleaner.of(p.name, cfg) {
		return Cleanness{}, false
	}
	d := p.measure(p.owner.cleanedTo(p.name), cfg, p.owner.options.Now())
	return Cleanness{d.from, d.ratio()}, true
}

// late says whether a batch of the dirty part waits longer than
// max.compaction.lag.ms (LogCleanerManager.maxCompactionDelay).
func (d dirt) late(cfg *Config, now time.Time) bool {
	if cfg.MaxLag >= forever {
		return false
	}
	for _, s := range d.segments {
		if s.next <= d.from || s.bytes == 0 {
			continue
		}
		file, err := s.log.acquire()
		if err != nil {
			return false // it is looked at again
		}
		late := false
		walk(file, 0, s.bytes, func(_ int64, h header) bool {
			late = h.maxTime > 0 && since(now, h.maxTime) > cfg.MaxLag
			return false
		})
		s.log.release()
		if late {
			return true
		}
	}
	return false
}

// Clean cleans what is due, the dirtiest partition first, until nothing is. A
// directory that is not Manual does it by itself.
func (d *Dir) Clean() {
	d.cleaner.running.Lock()
	defer d.cleaner.running.Unlock()
	for d.cleanDirtiest() {
	}
}

// CleanerStats tells what the cleaner did.
func (d *Dir) CleanerStats() CleanerStats {
	d.cleaner.mu.Lock()
	defer d.cleaner.mu.Unlock()
	s := d.cleaner.stats
	s.Failing = len(d.cleaner.failing)
	return s
}

// cleanDirtiest is false if there was nothing to clean.
func (d *Dir) cleanDirtiest() bool {
	now := d.options.Now()
	o := &d.options.Cleaner
	var best dirt
	var of *Partition
	dirtiest := 0.0
	failing := map[*Partition]time.Time{}
	for _, p := range d.partitions() {
		cfg := p.config.Load()
		if !o.of(p.name, cfg) {
			continue
		}
		d.cleaner.mu.Lock()
		again, failed := d.cleaner.failing[p]
		d.cleaner.mu.Unlock()
		if failed {
			failing[p] = again // the others are closed or compacted no more
		}
		p.flushRolled() // an error takes the partition offline, with a line in the log
		x := p.measure(d.cleanedTo(p.name), cfg, now)
		dirtiest = max(dirtiest, x.ratio())
		if x.dirty == 0 || failed && now.Before(again) {
			continue
		}
		x.overdue = x.late(cfg, now)
		if (x.overdue || x.ratio() > cfg.MinDirty) && (of == nil || x.ratio() > best.ratio()) {
			best, of = x, p
		}
	}
	d.cleaner.mu.Lock()
	d.cleaner.stats.Dirtiest, d.cleaner.failing = dirtiest, failing
	d.cleaner.mu.Unlock()
	if of == nil {
		return false
	}
	return d.cleanPartition(of, best, now)
}

// cleanPartition cleans one. An error is told once, and the cleaning tried again
// after the backoff. It is false if the cleaner is to stop.
func (d *Dir) cleanPartition(p *Partition, x dirt, now time.Time) bool {
	o := d.options.Cleaner
	c := &cleaning{p: p, cfg: p.config.Load(), now: now, pace: newPace(o.BytesPerSec, d.chores.stop, p.Failed)}
	begun := time.Now()
	end, err := c.run(x, o.Memory, o.Load)
	if err == nil {
		err = d.setCleaned(p, end)
	}
	took := time.Since(begun)
	d.cleaner.mu.Lock()
	defer d.cleaner.mu.Unlock()
	s := &d.cleaner.stats
	s.BytesRead += c.read
	s.BytesKept += c.written
	switch {
	case errors.Is(err, errCleanerStopped):
		return false
	case err != nil && p.Failed() != nil: // it was closed, or the log tells why it is offline
		return true
	case err != nil:
		_, told := d.cleaner.failing[p]
		// From now on, not from when it began: else one that fails late is due
		// again at once, as the dirtiest, and no other is ever cleaned.
		d.cleaner.failing[p] = d.options.Now().Add(o.Backoff)
		s.Failures++
		if !told && !errors.Is(err, errOvertaken) {
			d.options.Log.Error("a log could not be cleaned and stays as it is; it is tried again, and told when it succeeds", "partition", p.dir, "again_after", o.Backoff, "error", err)
		}
		return true
	}
	delete(d.cleaner.failing, p)
	s.Runs++
	s.BytesCleaned += x.clean + x.dirty
	s.Last, s.Took, s.KeysFill = d.options.Now(), took, float64(c.keys.held)/float64(len(c.keys.slots))
	d.options.Log.Info("log cleaned", "partition", p.dir, "from", x.from, "to", end, "bytes", x.clean+x.dirty, "bytes_kept", c.written,
		"dirty_ratio", fmt.Sprintf("%.2f", x.ratio()), "overdue", x.overdue, "keys", c.keys.held, "took", took.Round(time.Millisecond))
	return true
}

// cleanedTo is the offset up to which the partition was cleaned.
func (d *Dir) cleanedTo(name TopicPartition) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cleaned[name]
}

// setCleaned notes it, unless the partition was removed meanwhile: another may have
// its name.
func (d *Dir) setCleaned(p *Partition, end int64) error {
	d.checkpointing.Lock()
	defer d.checkpointing.Unlock()
	d.mu.Lock()
	_, open := d.open[p]
	if open {
		d.cleaned[p.name] = end
	}
	d.mu.Unlock()
	if !open {
		return nil
	}
	return d.writeCleaned()
}

// writeCleaned writes the checkpoint. checkpointing is held.
func (d *Dir) writeCleaned() error {
	d.mu.Lock()
	content := formatOffsetCheckpoint(d.cleaned)
	d.mu.Unlock()
	return vfs.Replace(d.options.FS, filepath.Join(d.path, cleanedName), d.path, content)
}

// cleanUntilStopped is the cleaner's goroutine.
func (d *Dir) cleanUntilStopped() {
	for {
		wait := time.NewTimer(d.options.Cleaner.Backoff)
		select {
		case <-d.chores.stop:
			wait.Stop()
			return
		case <-wait.C:
			d.Clean()
		}
	}
}
