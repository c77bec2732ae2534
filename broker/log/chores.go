package log

import (
	"sync"
	"time"
)

// tendEvery is how often the directory looks at what is due, the precision of
// flush.ms and file.delete.delay.ms.
const tendEvery = time.Second

// producerCheck is producer.id.expiration.check.interval.ms.
const producerCheck = 10 * time.Minute

// chores are what a directory does by itself: one goroutine for what is due at
// a time, and one for flushes of rolled segments, which may take long.
type chores struct {
	stop chan struct{}
	kick chan struct{}
	done sync.WaitGroup
	once sync.Once

	mu      sync.Mutex
	rolled  map[*Partition]struct{}
	doomed  []doomed
	retain  time.Time // when each was done last
	points  time.Time
	forgets time.Time
	tended  time.Time
	// doubted is until when nothing goes because of its age; see [Dir.doubtClock].
	doubted time.Time

	tending sync.Mutex
}

// doomed is a file or directory that is removed later.
type doomed struct {
	path string
	at   time.Time
}

func (c *chores) begin(d *Dir) {
	now := d.options.Now()
	c.retain, c.points, c.forgets, c.tended = now, now, now, now
	c.stop, c.kick = make(chan struct{}), make(chan struct{}, 1)
	if d.options.Manual {
		return
	}
	c.done.Go(func() {
		tick := time.NewTicker(tendEvery)
		defer tick.Stop()
		for {
			select {
			case <-c.stop:
				return
			case <-tick.C:
				d.tend(d.options.Now())
			}
		}
	})
	if !d.options.Cleaner.Off {
		c.done.Go(d.cleanUntilStopped)
	}
	c.done.Go(func() {
		for {
			select {
			case <-c.stop:
				return
			case <-c.kick:
				d.flushRolled()
			}
		}
	})
}

func (c *chores) end() {
	c.once.Do(func() { close(c.stop) })
	c.done.Wait()
}

// wantFlush notes a partition whose last segment but one is to be flushed. Its
// mu may be held.
func (d *Dir) wantFlush(p *Partition) {
	c := &d.chores
	c.mu.Lock()
	if c.rolled == nil {
		c.rolled = map[*Partition]struct{}{}
	}
	c.rolled[p] = struct{}{}
	c.mu.Unlock()
	select {
	case c.kick <- struct{}{}:
	default:
	}
}

func (d *Dir) flushRolled() {
	c := &d.chores
	c.mu.Lock()
	rolled := c.rolled
	c.rolled = nil
	c.mu.Unlock()
	for p := range rolled {
		p.flushRolled() // an error takes the partition offline, with a line in the log
	}
}

// removeLater removes a file or directory after the delay.
func (d *Dir) removeLater(path string, delay time.Duration) {
	c := &d.chores
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doomed = append(c.doomed, doomed{path, d.options.Now().Add(max(delay, 0))})
}

// Tend does what is due: it flushes by flush.ms, deletes by retention, removes
// deleted files, writes checkpoints and forgets old producers. A directory that
// is not Manual calls it every second.
func (d *Dir) Tend() {
	d.flushRolled()
	d.tend(d.options.Now())
}

func (d *Dir) tend(now time.Time) {
	c := &d.chores
	c.tending.Lock()
	defer c.tending.Unlock()
	due := func(last *time.Time, every time.Duration) bool {
		if now.Sub(*last) < every {
			return false
		}
		*last = now
		return true
	}
	d.doubtClock(now)
	aged := !now.Before(c.doubted)
	retain := due(&c.retain, d.options.RetentionCheck)
	forget := due(&c.forgets, producerCheck)
	for _, p := range d.partitions() {
		p.flushIfDue(now) // an error takes the partition offline, with a line in the log
		if retain {
			if err := p.expire(now, aged); err != nil && p.Failed() == nil {
				d.options.Log.Error("retention failed and is tried again later", "partition", p.dir, "error", err)
			}
		}
		if forget && aged {
			p.appending.Lock()
			p.producers.expire(now, d.options.ProducerExpiry)
			p.appending.Unlock()
		}
	}
	if due(&c.points, d.options.Checkpoint) {
		if err := d.checkpoint(); err != nil {
			d.options.Log.Error("checkpoints could not be written and are tried again later", "directory", d.path, "error", err)
		}
	}
	d.removeDoomed(now)
}

const (
	// smallJump is what NTP sets a clock by, and no more.
	smallJump = time.Minute
	// doubt is how long a clock that jumped is not believed.
	doubt = time.Hour
)

// doubtClock looks for a clock that was set forward, by mistake perhaps: records
// then seem to be old at once, and would be gone before anybody can set it back.
// So for an hour nothing goes because of its age. A machine that slept looks the
// same, and can wait, too.
func (d *Dir) doubtClock(now time.Time) {
	c := &d.chores
	last := c.tended
	c.tended = now
	switch jump := now.Round(0).Sub(last.Round(0)) - now.Sub(last); { // by the calendar, less by the monotonic clock
	case jump > smallJump:
		c.doubted = now.Add(doubt)
		d.options.Log.Warn("the clock was set forward, or the machine slept: no records are deleted because of their age for a while; set the clock back if it is wrong", "by", jump.Round(time.Second), "for", doubt)
	case jump < -smallJump:
		d.options.Log.Warn("the clock was set back", "by", -jump.Round(time.Second))
	}
}

func (d *Dir) removeDoomed(now time.Time) {
	c := &d.chores
	c.mu.Lock()
	var due, later []doomed
	for _, x := range c.doomed {
		if x.at.After(now) {
			later = append(later, x)
		} else {
			due = append(due, x)
		}
	}
	c.doomed = later
	c.mu.Unlock()
	for _, x := range due {
		if err := removeAll(d.options.FS, x.path); err != nil {
			d.options.Log.Warn("a deleted file could not be removed; the next start tries again", "file", x.path, "error", err)
		}
	}
}
