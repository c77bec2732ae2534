package log

import (
	"errors"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"

	"copyscope/broker/vfs"
)

// The files of a log directory that tell of all partitions (LogManager.scala):
//
//	recovery-point-offset-checkpoint  up to where each is on the disk
//	log-start-offset-checkpoint       where each begins, if not with a segment
//	cleaner-offset-checkpoint         up to where each is clean (cleaner.go)
//	.kafka_cleanshutdown              there after a clean stop alone:
//	                                  {"version":0,"brokerEpoch":-1}
const (
	pointsName   = "recovery-point-offset-checkpoint"
	startsName   = "log-start-offset-checkpoint"
	cleanName    = ".kafka_cleanshutdown"
	deleteSuffix = "-delete" // of a directory
)

// readCheckpoint reads one of them. Without it, everything is scanned.
func (d *Dir) readCheckpoint(name string) (map[TopicPartition]int64, error) {
	path := filepath.Join(d.path, name)
	b, err := vfs.ReadFile(d.options.FS, path, maxCheckpointBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return map[TopicPartition]int64{}, nil
	}
	if err != nil {
		return nil, err
	}
	found, err := ParseOffsetCheckpoint(b)
	if err != nil {
		d.options.Log.Warn("a checkpoint cannot be read and is left out of account", "file", path, "reason", err)
		return map[TopicPartition]int64{}, nil
	}
	return found, nil
}

// checkpointed is what the files said of a partition when they were read, and
// whether they said anything.
func (d *Dir) checkpointed(name TopicPartition) (start, point int64, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	point, known = d.points[name]
	return d.starts[name], point, known
}

// forget is for a partition that is removed, or whose directory is.
func (d *Dir) forget(name TopicPartition) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.starts, name)
	delete(d.points, name)
	if _, cleaned := d.cleaned[name]; cleaned {
		delete(d.cleaned, name)
		d.uncleaned = true
	}
	d.stale[name] = struct{}{}
}

// disown makes sure that the checkpoint files say nothing of a former partition
// of the name: after a crash its first offset would hide the new one's records,
// and its recovery point have them trusted unread. Kafka writes the files at
// each removal (LogManager.asyncDelete); here it is when a name comes again.
func (d *Dir) disown(name TopicPartition) error {
	d.checkpointing.Lock()
	defer d.checkpointing.Unlock()
	d.mu.Lock()
	_, point := d.points[name]
	_, start := d.starts[name]
	_, stale := d.stale[name]
	_, cleaned := d.cleaned[name]
	d.mu.Unlock()
	if !point && !start && !stale && !cleaned {
		return nil
	}
	d.forget(name)
	return d.writeCheckpoints()
}

// checkpoint writes both files.
func (d *Dir) checkpoint() error {
	d.checkpointing.Lock()
	defer d.checkpointing.Unlock()
	return d.writeCheckpoints()
}

// writeCheckpoints is checkpoint for who holds checkpointing.
func (d *Dir) writeCheckpoints() error {
	d.mu.Lock()
	uncleaned := d.uncleaned
	d.uncleaned = false
	points, starts, stale := maps.Clone(d.points), maps.Clone(d.starts), d.stale
	d.stale = map[TopicPartition]struct{}{}
	d.mu.Unlock()
	for _, p := range d.partitions() {
		p.mu.RLock()
		points[p.name] = p.safe()
		delete(starts, p.name)
		if p.low > p.segments[0].base {
			starts[p.name] = p.low
		}
		p.mu.RUnlock()
	}
	err := errors.Join(
		vfs.Replace(d.options.FS, filepath.Join(d.path, pointsName), d.path, formatOffsetCheckpoint(points)),
		vfs.Replace(d.options.FS, filepath.Join(d.path, startsName), d.path, formatOffsetCheckpoint(starts)))
	if uncleaned {
		err = errors.Join(err, d.writeCleaned())
	}
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		maps.Copy(d.stale, stale)
		d.uncleaned = d.uncleaned || uncleaned
	}
	return err
}

// takeCleanMark removes the mark of a clean stop: should this run not end
// clean, the next start must know.
func (d *Dir) takeCleanMark() (clean bool, err error) {
	path := filepath.Join(d.path, cleanName)
	err = d.options.FS.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, d.options.FS.SyncDir(d.path)
}

func (d *Dir) putCleanMark() error {
	return vfs.Replace(d.options.FS, filepath.Join(d.path, cleanName), d.path, []byte(`{"version":0,"brokerEpoch":-1}`))
}

// removeDeleted removes the directories of partitions that were deleted.
func (d *Dir) removeDeleted() error {
	entries, err := d.options.FS.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasSuffix(e.Name(), deleteSuffix) {
			if err := removeAll(d.options.FS, filepath.Join(d.path, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeAll removes a file, or a directory of files. Of a symbolic link the link is
// removed, and nothing of what it names: to remove it is tried before anything that
// would follow it.
func removeAll(f vfs.FS, path string) error {
	failed := f.Remove(path)
	if failed == nil || errors.Is(failed, fs.ErrNotExist) {
		return nil
	}
	entries, err := f.ReadDir(path)
	if err != nil || len(entries) == 0 {
		return failed
	}
	for _, e := range entries {
		if err := removeAll(f, filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return f.Remove(path)
}
