package log

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Flush forces everything that was appended to the disk.
func (p *Partition) Flush() error {
	p.mu.RLock()
	next := p.next
	p.mu.RUnlock()
	return p.SyncTo(next)
}

// SyncTo forces the log up to the offset to the disk, which readers may then
// see. Those who wait at the same time share one fsync(2). After an error of
// fsync the partition is offline: the kernel tells it once, and throws away
// what it could not write, so a second one would lie (fsync(2), "EIO"; the
// PostgreSQL wiki calls it fsyncgate).
func (p *Partition) SyncTo(offset int64) error {
	p.flushing.Lock()
	defer p.flushing.Unlock()
	p.mu.Lock()
	failed, flushed, next, made := p.failed, p.flushed, p.next, p.made
	needed := failed == nil && (flushed < offset || len(p.unforced) > 0)
	var marks []mark
	var unforced []*segment
	if needed {
		marks = append(marks, p.marks(flushed)...)
		unforced = p.unforced
		p.forcing = len(unforced)
	}
	p.mu.Unlock()
	if !needed {
		return failed
	}
	for _, f := range forcedFiles(marks, unforced) {
		if err := p.syncFile(f); err != nil {
			return p.fail(fmt.Errorf("fsync: %w", err))
		}
	}
	if made != p.named {
		if err := p.syncNames(); err != nil {
			return p.fail(fmt.Errorf("fsync of a directory: %w", err))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed != nil {
		return p.failed
	}
	p.flushed = max(p.flushed, next)
	p.unforced, p.forcing = p.unforced[len(unforced):], 0
	p.named = made
	p.dirty = time.Time{}
	if p.next > next {
		p.dirty = p.owner.options.Now()
	}
	p.publishTo(next, marks)
	return nil
}

// forcedFiles are those to force: of a segment that grew its batches, of one
// that changed its shape all.
func forcedFiles(grown []mark, shaped []*segment) (all []*cachedFile) {
	for _, m := range grown {
		if !slices.Contains(shaped, m.segment) {
			all = append(all, &m.segment.log)
		}
	}
	for _, s := range shaped {
		all = append(all, s.present()...)
	}
	return all
}

func (p *Partition) syncFile(f *cachedFile) error {
	file, err := f.acquire()
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !p.has(f) {
			return nil // retention took it meanwhile
		}
		return err
	}
	defer f.release()
	return file.Sync()
}

// syncNames forces the names of the partition's files, and, the first time, its
// own.
func (p *Partition) syncNames() error {
	if err := p.fs().SyncDir(p.dir); err != nil || p.named > 0 {
		return err
	}
	return p.fs().SyncDir(filepath.Dir(p.dir))
}

// flushIfDue flushes what has waited for flush.ms.
func (p *Partition) flushIfDue(now time.Time) error {
	p.mu.RLock()
	dirty := p.dirty
	p.mu.RUnlock()
	if dirty.IsZero() || now.Sub(dirty) < p.config.Load().FlushAge {
		return nil
	}
	return p.Flush()
}

// flushRolled forces what lies before the active segment, which makes a
// recovery short (UnifiedLog.roll).
func (p *Partition) flushRolled() error {
	p.mu.RLock()
	base := p.active().base
	p.mu.RUnlock()
	return p.SyncTo(base)
}
