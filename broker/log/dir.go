package log

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"

	"copyscope/broker/vfs"
)

// ID is a topic's id: 128 random bits, all zero for none.
type ID [16]byte

// DirOptions are for [OpenDir]; zero values stand for the obvious.
type DirOptions struct {
	Log *slog.Logger
	Now func() time.Time
	// Read, which may be nil, is told the bytes of each read of a recovery.
	Read func(bytes int)
	// FS is where the files are, [vfs.OS] by default.
	FS vfs.FS

	// OpenFiles bounds the files that are open and not in use; 8000 by default.
	OpenFiles int
	// RetentionCheck is log.retention.check.interval.ms, 5 minutes by default.
	RetentionCheck time.Duration
	// Checkpoint is log.flush.offset.checkpoint.interval.ms, 1 minute by default.
	Checkpoint time.Duration
	// ProducerExpiry is producer.id.expiration.ms, a day by default.
	ProducerExpiry time.Duration
	// Cleaner is for compacted partitions.
	Cleaner CleanerOptions
	// Manual: nothing happens by itself, but when [Dir.Tend] or [Dir.Clean] is called.
	Manual bool
}

func (o DirOptions) withDefaults() DirOptions {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FS == nil {
		o.FS = vfs.OS
	}
	o.Cleaner = o.Cleaner.withDefaults()
	if o.OpenFiles == 0 {
		o.OpenFiles = 8000
	}
	for _, d := range []struct {
		to *time.Duration
		of time.Duration
	}{{&o.RetentionCheck, 5 * time.Minute}, {&o.Checkpoint, time.Minute}, {&o.ProducerExpiry, 24 * time.Hour}} {
		if *d.to == 0 {
			*d.to = d.of
		}
	}
	return o
}

// Dir is a log directory: the partitions, and the files that tell of all of
// them together. It does not lock itself; its owner does.
type Dir struct {
	path    string
	options DirOptions
	files   *fileCache
	clean   bool // the last stop was

	chores  chores
	cleaner cleaner
	// checkpointing is held by whoever writes the checkpoint files.
	checkpointing sync.Mutex

	mu     sync.Mutex
	open   map[*Partition]struct{}
	points map[TopicPartition]int64 // recovery points of those that are not open
	starts map[TopicPartition]int64 // first offsets, likewise
	// cleaned are the offsets up to which compacted partitions are clean.
	cleaned map[TopicPartition]int64
	// stale are removed partitions that the checkpoint files may still name.
	stale map[TopicPartition]struct{}
	// uncleaned: the file still names partitions that cleaned does not.
	uncleaned bool
	failed    bool // a partition is not recovered: the stop is not clean
	closed    bool
}

// Appended tells what became of a batch.
type Appended struct {
	// Base and Last are the offsets of its first and last record.
	Base, Last int64
	// LogAppendTime is in ms, -1 unless the topic stamps records itself.
	LogAppendTime int64
	// Duplicate: an idempotent producer sent it before; offsets and time are
	// of then, and nothing was appended.
	Duplicate bool
	// Calls put it into the segment.
	Calls Calls
}

// Found is a partition that is on the disk. ID is zero if it has no
// partition.metadata.
type Found struct {
	Topic     string
	Partition int32
	ID        ID
}

// OpenDir reads what the last stop left in the directory, which must exist.
func OpenDir(ctx context.Context, path string, o DirOptions) (*Dir, error) {
	o = o.withDefaults()
	d := &Dir{path: path, options: o, files: newFileCache(o.FS, o.OpenFiles), open: map[*Partition]struct{}{}, stale: map[TopicPartition]struct{}{}}
	var err error
	if d.points, err = d.readCheckpoint(pointsName); err != nil {
		return nil, err
	}
	if d.starts, err = d.readCheckpoint(startsName); err != nil {
		return nil, err
	}
	if d.cleaned, err = d.readCheckpoint(cleanedName); err != nil {
		return nil, err
	}
	if err := d.removeDeleted(); err != nil {
		return nil, err
	}
	if d.clean, err = d.takeCleanMark(); err != nil {
		return nil, err
	}
	d.chores.begin(d)
	return d, nil
}

// partitionName is that of a partition's directory: topic and number.
var partitionName = regexp.MustCompile(`^([a-zA-Z0-9._-]{1,249})-([0-9]{1,10})$`)

// Found lists the partitions on the disk.
func (d *Dir) Found() (found []Found, err error) {
	entries, err := d.options.FS.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		m := partitionName.FindStringSubmatch(e.Name())
		if m == nil || !e.IsDir() {
			continue
		}
		n, err := strconv.ParseInt(m[2], 10, 32)
		if err != nil {
			continue
		}
		f := Found{Topic: m[1], Partition: int32(n)}
		b, err := vfs.ReadFile(d.options.FS, filepath.Join(d.path, e.Name(), metadataName), 4096)
		if err == nil {
			f.ID, err = ParsePartitionMetadata(b)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			d.options.Log.Warn("a partition's topic id cannot be read", "partition", e.Name(), "error", err)
		}
		found = append(found, f)
	}
	return found, nil
}

// StoppedClean says whether the last stop closed every log: then nothing is recovered
// that it knew of.
func (d *Dir) StoppedClean() bool { return d.clean }

func (d *Dir) partitionPath(name TopicPartition) string {
	return filepath.Join(d.path, fmt.Sprintf("%s-%d", name.Topic, name.Partition))
}

// Open opens a partition, making it if it is missing, and recovers it if the
// last stop was not clean. It is safe for several goroutines.
func (d *Dir) Open(ctx context.Context, topic string, id ID, n int32, cfg Config) (*Partition, Recovery, error) {
	p, r, err := d.openPartition(ctx, TopicPartition{topic, n}, id, cfg)
	if err != nil {
		d.mu.Lock()
		d.failed = true // its recovery is still to be done
		d.mu.Unlock()
		return nil, r, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[p] = struct{}{}
	return p, r, nil
}

// random is for segment.jitter.ms.
func (d *Dir) random() uint64 { return rand.Uint64() }

// partitions are those that are open.
func (d *Dir) partitions() []*Partition {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*Partition, 0, len(d.open))
	for p := range d.open {
		all = append(all, p)
	}
	return all
}

// Remove closes a partition and deletes it: its directory is out of the way at
// once, its files go after file.delete.delay.ms. Regions that are being sent
// stay readable.
func (d *Dir) Remove(p *Partition) error {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.flushing.Lock()
	defer p.flushing.Unlock()
	d.mu.Lock()
	delete(d.open, p)
	d.mu.Unlock()
	d.forget(p.name)
	p.mu.Lock()
	p.failed = fmt.Errorf("%w: %s: %w", ErrStorage, p.dir, errClosed)
	segments := p.segments
	p.signal()
	p.mu.Unlock()
	err := d.discard(p.name, p.config.Load().FileDelay)
	for _, s := range segments {
		err = errors.Join(err, s.drop())
	}
	return err
}

// Discard deletes a partition that is on the disk and not open, such as one of
// a topic that was deleted just before a crash.
func (d *Dir) Discard(f Found) error {
	name := TopicPartition{f.Topic, f.Partition}
	d.forget(name)
	return d.discard(name, 0)
}

// discard renames a partition's directory as Kafka does
// (LocalLog.logDeleteDirName), which cuts the name where it would be too long.
func (d *Dir) discard(name TopicPartition, delay time.Duration) error {
	const longest = 255
	from := d.partitionPath(name)
	suffix := fmt.Sprintf(".%016x%016x%s", rand.Uint64(), rand.Uint64(), deleteSuffix)
	short := filepath.Base(from)
	to := filepath.Join(d.path, short[:min(len(short), longest-len(suffix))]+suffix)
	if err := d.options.FS.Rename(from, to); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	d.removeLater(to, delay)
	if err := d.options.FS.SyncDir(d.path); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return nil
}

// Close closes all partitions and notes the clean stop. Closing again does
// nothing.
func (d *Dir) Close() error {
	d.chores.end()
	d.mu.Lock()
	again := d.closed
	d.closed = true
	d.mu.Unlock()
	if again {
		return nil
	}
	all := d.partitions()
	errs := make([]error, len(all))
	// Closing waits for the disk: several at once share its writes.
	const together = 16
	var wait sync.WaitGroup
	turn := make(chan struct{}, together)
	for i, p := range all {
		turn <- struct{}{}
		wait.Go(func() {
			errs[i] = p.Close()
			<-turn
		})
	}
	wait.Wait()
	err := errors.Join(errs...)
	d.mu.Lock()
	clean := err == nil && !d.failed
	d.mu.Unlock()
	if checkpoint := d.checkpoint(); checkpoint != nil {
		return errors.Join(err, checkpoint)
	}
	if clean {
		err = d.putCleanMark()
	}
	return err
}
