package web

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"copyscope/internal/lesson"
	"copyscope/internal/trace"
)

// Limits of the runs that are kept for pages.
const (
	// keptEvents is how many events of a run can be stepped through, at 36 bytes.
	keptEvents = lesson.ReachedEvents
	// keptBytes bounds the logs of all runs; the least recently used go first, and
	// are made again when a page comes back to them.
	keptBytes = 1 << 30
	// eventBytes is what an event takes in a log, its counts included.
	eventBytes = 40
	// keptLanes is how many runs are kept for one page.
	keptLanes = 4
)

// keptRuns are the runs of which pages have windows only.
type keptRuns struct {
	mu     sync.Mutex
	all    []*keptRun // the most recently used last
	budget int64
}

// keptRun is a simulated run that a page steps through.
type keptRun struct {
	client *Client
	lane   string
	source laneSource
	playing
	total int // events that can be stepped through
	whole int // events that there are

	log     atomic.Pointer[trace.Log] // nil: it has to be made again
	dropped atomic.Bool
	ready   chan struct{} // closed when the survey is there, or has failed
	survey  *survey       // nil: it has failed

	mu sync.Mutex // one window at a time
}

// keep keeps a run for a lane of a page, instead of the one that it had.
func (k *keptRuns) keep(c *Client, lane string, r *shownRun) *keptRun {
	run := &keptRun{client: c, lane: lane, source: r.source, playing: r.playing, total: min(r.log.Len(), keptEvents), whole: r.total, ready: make(chan struct{})}
	run.log.Store(r.log)
	k.drop(func(other *keptRun) bool { return other.client == c && other.lane == lane })
	k.mu.Lock()
	defer k.mu.Unlock()
	of := 0
	for i := len(k.all) - 1; i >= 0; i-- {
		if k.all[i].client != c {
			continue
		}
		if of++; of == keptLanes {
			k.all[i].drop()
			k.all = slices.Delete(k.all, i, i+1)
			break
		}
	}
	if of == 0 {
		context.AfterFunc(c.ctx, func() { k.drop(func(other *keptRun) bool { return other.client == c }) })
	}
	k.all = append(k.all, run)
	k.fit()
	return run
}

// find is the run of a lane, or nil. It counts as used.
func (k *keptRuns) find(c *Client, lane string) *keptRun {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.all, func(r *keptRun) bool { return r.client == c && r.lane == lane })
	if i < 0 {
		return nil
	}
	run := k.all[i]
	k.all = append(slices.Delete(k.all, i, i+1), run)
	return run
}

// restore gives a run its log again.
func (k *keptRuns) restore(run *keptRun, log *trace.Log) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if run.dropped.Load() {
		return
	}
	run.log.Store(log)
	k.fit()
}

// fit lets the logs go that are too many, but for that of the last run; k.mu is
// held.
func (k *keptRuns) fit() {
	var sum int64
	for i, run := range slices.Backward(k.all) {
		if run.log.Load() == nil {
			continue
		}
		sum += int64(run.total) * eventBytes
		if sum > k.budget && i < len(k.all)-1 {
			run.log.Store(nil)
		}
	}
}

// drop forgets runs.
func (k *keptRuns) drop(which func(*keptRun) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = slices.DeleteFunc(k.all, func(r *keptRun) bool {
		if !which(r) {
			return false
		}
		r.drop()
		return true
	})
}

func (r *keptRun) drop() {
	r.dropped.Store(true)
	r.log.Store(nil)
}

// look surveys the run; progress is told how far that is.
func (r *keptRun) look(ctx context.Context, progress func(done, total int64)) error {
	defer close(r.ready)
	log := r.log.Load()
	if log == nil {
		return context.Canceled
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	v, err := surveyOf(ctx, r.playing, log, r.total, checkEvents, func(done, total int64) {
		if r.dropped.Load() {
			stop()
		}
		progress(done, total)
	})
	r.survey = v
	return err
}
