package log

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"
)

// expire deletes segments that the topic's retention does not keep, from the
// oldest on (UnifiedLog.deleteOldSegments): by time, by size, and those below
// the first offset. The active segment is rolled before it goes. By time only if
// ages can be believed.
func (p *Partition) expire(now time.Time, aged bool) error {
	p.appending.Lock()
	defer p.appending.Unlock()
	if err := p.writable(); err != nil {
		return err
	}
	cfg := p.config.Load()
	n := p.expired(cfg, now, aged)
	if n == 0 {
		return nil
	}
	if n == len(p.segments) {
		if err := p.roll(); err != nil {
			return fmt.Errorf("%w: new segment of %s: %w", ErrStorage, p.dir, err)
		}
		if cfg.FlushMessages > 1 {
			p.publish()
		}
	}
	return p.deleteFirst(n, cfg.FileDelay)
}

// expired is how many segments at the beginning are not kept. What readers do
// not see yet is kept.
func (p *Partition) expired(cfg *Config, now time.Time, aged bool) (n int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	total := int64(0)
	for _, s := range p.segments {
		total += s.held.bytes
	}
	for ; n < len(p.segments); n++ {
		s := p.segments[n]
		empty := s.held.bytes == 0 // compaction left nothing of it, if it is not the last
		if empty && n == len(p.segments)-1 || s.held.next > p.visible {
			break
		}
		// Kafka goes by the first offset of the segment behind, so the active
		// one stays when only its first offset is beyond it.
		below := n < len(p.segments)-1 && p.segments[n+1].base <= p.low
		latest := s.held.latest.timestamp
		if latest < 0 { // producers that set no time
			latest = s.created.UnixMilli()
		}
		old := aged && cfg.Delete && cfg.RetentionAge >= 0 && (empty || since(now, latest) > cfg.RetentionAge)
		large := cfg.Delete && cfg.RetentionBytes >= 0 && total-s.held.bytes >= cfg.RetentionBytes
		if !below && !old && !large {
			break
		}
		total -= s.held.bytes
	}
	return n
}

// since is the time from the timestamp, in ms, to now.
func since(now time.Time, timestamp int64) time.Duration {
	ms := now.UnixMilli() - timestamp
	const most = math.MaxInt64 / int64(time.Millisecond)
	return time.Duration(min(max(ms, -most), most)) * time.Millisecond
}

// deleteFirst takes the first n segments out of the log. Their files are
// renamed at once and removed after the delay, so that readers that are about
// to open one still can.
func (p *Partition) deleteFirst(n int, delay time.Duration) error {
	gone := p.segments[:n]
	p.dropSegments(gone)
	var all []error
	for _, s := range gone {
		p.owner.options.Log.Info("segment deleted", "file", s.log.path, "bytes", s.held.bytes, "latest_timestamp", s.held.latest.timestamp)
		name := s.log.path[:len(s.log.path)-len(logSuffix)]
		for _, suffix := range []string{logSuffix, indexSuffix, timeSuffix, txnSuffix, snapshotSuffix} {
			err := p.fs().Rename(name+suffix, name+suffix+deletedSuffix)
			if err == nil {
				p.owner.removeLater(name+suffix+deletedSuffix, delay)
			} else if !errors.Is(err, fs.ErrNotExist) {
				all = append(all, err)
			}
		}
		all = append(all, s.drop())
	}
	p.mu.Lock()
	kept := p.epochs.within(p.low, p.next)
	changed := len(kept) != len(p.epochs) || len(kept) > 0 && kept[0] != p.epochs[0]
	p.epochs = kept
	p.mu.Unlock()
	if changed {
		all = append(all, p.storeEpochs(kept))
	}
	if err := errors.Join(all...); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	return nil
}
