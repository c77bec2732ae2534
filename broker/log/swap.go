package log

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"copyscope/broker/vfs"
)

// How segments are replaced by one that a cleaning made of them
// (LocalLog.replaceSegments, LogLoader.removeTempFilesAndCollectSwapFiles). Each
// step is on the disk before the next begins:
//
//  1. BASE.log.cleaned and its indexes are written and forced.
//  2. They are renamed .swap, the batches last. From now on they count.
//  3. The files of the old segments are renamed .deleted.
//  4. The .swap files lose their ending.
//
// A start removes .cleaned, .deleted and the .swap of an index without batches.
// Where batches end in .swap it removes the segments that begin among their
// offsets and does step 4. Old segments that were not among them hold nothing but
// records that later ones supersede, and are cleaned again.

// segmentSuffixes are of the files that batches and their indexes are in.
var segmentSuffixes = []string{indexSuffix, timeSuffix, txnSuffix, logSuffix}

// replace puts the segment s, whose .cleaned files are on the disk, in the place
// of the old ones, which must still follow each other in the log. Before step 2
// is done, an error leaves the log as it was; later, and where the disk fails to
// force names, it takes the partition offline, and the next start ends the
// matter.
func (p *Partition) replace(old []*segment, s *segment) error {
	p.appending.Lock()
	defer p.appending.Unlock()
	p.flushing.Lock()
	defer p.flushing.Unlock()
	if err := p.writable(); err != nil {
		return err
	}
	p.mu.RLock()
	at := slices.Index(p.segments, old[0])
	there := at >= 0 && at+len(old) < len(p.segments) && slices.Equal(p.segments[at:at+len(old)], old)
	p.mu.RUnlock()
	if !there {
		return errOvertaken
	}
	var held []*cachedFile
	defer func() {
		for _, f := range held {
			f.release()
		}
	}()
	for _, o := range old {
		for _, f := range o.files() {
			if _, err := f.acquire(); err != nil {
				return err
			}
			held = append(held, f)
		}
	}
	name := func(s *segment) string { return strings.TrimSuffix(s.log.path, logSuffix) }
	for _, suffix := range []string{indexSuffix, timeSuffix, logSuffix} {
		if err := p.fs().Rename(name(s)+suffix+cleanedSuffix, name(s)+suffix+swapSuffix); err != nil {
			return errors.Join(err, p.unswap(name(s)))
		}
	}
	if err := p.syncReplaced(); err != nil {
		return err
	}
	for _, o := range old {
		for _, suffix := range segmentSuffixes {
			err := p.fs().Rename(name(o)+suffix, name(o)+suffix+deletedSuffix)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return p.fail(err)
			}
		}
	}
	if err := p.syncReplaced(); err != nil {
		return err
	}
	for _, suffix := range []string{indexSuffix, timeSuffix, logSuffix} {
		if err := p.fs().Rename(name(s)+suffix+swapSuffix, name(s)+suffix); err != nil {
			return p.fail(err)
		}
	}
	if err := p.syncReplaced(); err != nil {
		return err
	}
	p.mu.Lock()
	p.segments = slices.Concat(p.segments[:at], []*segment{s}, p.segments[at+len(old):])
	p.unforced = slices.DeleteFunc(slices.Clone(p.unforced), func(u *segment) bool { return slices.Contains(old, u) })
	p.mu.Unlock()
	delay := p.config.Load().FileDelay
	var all []error
	for _, f := range held {
		all = append(all, f.replace())
	}
	held = nil
	for i, o := range old {
		for _, suffix := range segmentSuffixes {
			p.owner.removeLater(name(o)+suffix+deletedSuffix, delay)
		}
		if i > 0 { // no segment begins there any more; a start would remove it
			if err := p.fs().Remove(name(o) + snapshotSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				all = append(all, err)
			}
		}
	}
	if err := errors.Join(all...); err != nil {
		p.owner.options.Log.Warn("files of segments that were cleaned could not be closed or removed", "partition", p.dir, "error", err)
	}
	return nil
}

// errOvertaken: retention took segments while they were cleaned.
var errOvertaken = errors.New("the segments are not there any more")

// unswap takes back what was renamed of step 2, which the batches have not been.
func (p *Partition) unswap(name string) error {
	var all []error
	for _, suffix := range []string{indexSuffix, timeSuffix} {
		if err := p.fs().Remove(name + suffix + swapSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// syncReplaced forces the names of a step.
func (p *Partition) syncReplaced() error {
	err := p.fs().SyncDir(p.dir)
	if errors.Is(err, syscall.EMFILE) && p.owner.files.shed() {
		err = p.fs().SyncDir(p.dir)
	}
	if err != nil {
		return p.fail(fmt.Errorf("fsync of a directory: %w", err))
	}
	return nil
}

// completeSwaps does at a start what a crash left to do of replacing segments. It
// says whether it changed the directory.
func completeSwaps(f vfs.FS, dir string, names []string) (changed bool, err error) {
	remove := func(name string) {
		changed = true
		if e := f.Remove(filepath.Join(dir, name)); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	var swaps []int64
	for _, name := range names {
		if base, ok := offsetOf(name, logSuffix+swapSuffix); ok {
			swaps = append(swaps, base)
		}
	}
	for _, name := range names {
		bare, ok := strings.CutSuffix(name, swapSuffix)
		if !ok {
			continue
		}
		if base, is := segmentFileOf(bare); !is || !slices.Contains(swaps, base) {
			remove(name)
		}
	}
	for _, base := range swaps {
		next, e := endOf(f, filepath.Join(dir, SegmentName(base)+swapSuffix), base)
		if e != nil {
			return changed, e
		}
		for _, name := range names {
			if at, is := segmentFileOf(name); is && (at == base || at > base && at < next) {
				remove(name)
			}
		}
		if err == nil {
			err = f.SyncDir(dir)
		}
		for _, suffix := range segmentSuffixes {
			name := fmt.Sprintf("%020d%s", base, suffix)
			if err == nil && slices.Contains(names, name+swapSuffix) {
				changed = true
				err = f.Rename(filepath.Join(dir, name+swapSuffix), filepath.Join(dir, name))
			}
		}
		if err == nil {
			err = f.SyncDir(dir)
		}
	}
	return changed, err
}

// segmentFileOf is the offset in the name of a segment's file.
func segmentFileOf(name string) (base int64, ok bool) {
	for _, suffix := range segmentSuffixes {
		if base, ok = offsetOf(name, suffix); ok {
			return base, true
		}
	}
	return 0, false
}

// endOf is the offset behind the last batch of a segment's file.
func endOf(f vfs.FS, path string, base int64) (next int64, err error) {
	file, err := f.Open(path, os.O_RDONLY)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	size, err := file.Size()
	if err != nil {
		return 0, err
	}
	next = base
	err = walk(file, 0, size, func(_ int64, h header) bool {
		next = h.last() + 1
		return true
	})
	if err != nil {
		return 0, fmt.Errorf("%s, which a cleaning made: %w", path, err)
	}
	return next, nil
}
