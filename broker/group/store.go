package group

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Store keeps records in the order in which they came.
type Store interface {
	// Append stores records of one group, all or none, and returns when they
	// are acknowledged.
	Append(group string, records []Record) error
	// Replay visits all records. What they alias is valid during the visit.
	Replay(ctx context.Context, visit func(Record) error) error
	// End marks the place behind the last record.
	End() Mark
	// Trim forgets what lies before the mark, when what lies behind it is on
	// the disk.
	Trim(Mark) error
}

// Mark is a place in each of the store's logs.
type Mark []int64

// load brings the stored records into an empty coordinator.
func (c *Coordinator) load(ctx context.Context) error {
	err := c.store.Replay(ctx, func(r Record) error {
		c.tidy.wrote([]Record{r})
		r.Key = append([]byte(nil), r.Key...)
		if r.Value != nil {
			r.Value = append([]byte{}, r.Value...)
		}
		return c.apply(r)
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, g := range c.groups {
		if g.state == Empty && len(g.offsets) == 0 && g.protocolType == "" {
			delete(c.groups, id)
			continue
		}
		c.bytes.Add(groupBytes(id))
		g.awake()
	}
	return nil
}

// awake begins the sessions of members that were stored. The shortest may end
// while the others are begun.
func (g *Group) awake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.members {
		m.synced = true
		g.c.bytes.Add(m.size())
		g.heard(m)
	}
}

// tidying counts what was stored since the live records were last written.
//
// Kafka compacts the topic. Here the live records are written once more, behind
// all others, and what lies before them is cut off. Each group's are written
// under its lock, so nothing newer comes before them; and nothing is cut before
// all are on the disk, so that an end at any moment leaves at least one copy.
type tidying struct {
	mu    sync.Mutex
	bytes int64 // stored since
	live  int64 // bytes of the live records at that time
	busy  bool
	asked bool // somebody was told to tidy, and it was not done yet

	running sync.Mutex // held while what lives is written anew
}

// tidyFrom: less than this is not worth the work.
const tidyFrom = 8 << 20

// batchBytes is about how much is stored at once, where it need not be all or
// none.
const batchBytes = 1 << 20

func (r Record) size() int64 {
	const overhead = 12 // in a batch, about
	return int64(len(r.Key)+len(r.Value)) + overhead
}

func sizeOf(records []Record) (n int64) {
	for _, r := range records {
		n += r.size()
	}
	return n
}

// wrote says whether the caller is to see that it is tidied. If that fails,
// nobody else is told so: the next look for old offsets tries it again.
func (t *tidying) wrote(records []Record) (tidyNow bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += sizeOf(records)
	tidyNow = t.due() && !t.asked
	t.asked = t.asked || tidyNow
	return tidyNow
}

func (t *tidying) due() bool { return t.bytes >= max(tidyFrom, 4*t.live) }

// begin says whether it is time, and that the caller does it.
func (t *tidying) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy || !t.due() {
		return false
	}
	t.busy = true
	return true
}

func (t *tidying) end(live int64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	if err == nil {
		t.bytes, t.live, t.asked = 0, live, false
	}
}

// tidyUp writes what lives anew, if it is time.
func (c *Coordinator) tidyUp() {
	if err := c.tidyIfDue(); err != nil && !errors.Is(err, ErrClosed) {
		c.cfg.Log.Error("the stored consumer groups could not be written anew; they stay as they are", "error", err)
	}
}

func (c *Coordinator) tidyIfDue() error {
	if !c.tidy.begin() {
		return nil
	}
	c.tidy.running.Lock()
	defer c.tidy.running.Unlock()
	mark := c.store.End()
	var live int64
	var err error
	for _, g := range c.all() {
		var n int64
		if c.closed.Load() {
			err = ErrClosed // what was written anew is there twice, which is no harm
			break
		}
		if n, err = g.rewrite(); err != nil {
			err = fmt.Errorf("group %q: %w", g.id, err)
			break
		}
		live += n
	}
	if err == nil {
		err = c.store.Trim(mark)
	}
	c.tidy.end(live, err)
	return err
}

// rewrite stores what is known of the group once more.
func (g *Group) rewrite() (bytes int64, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var batch []Record
	var inBatch int64
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := g.c.store.Append(g.id, batch)
		bytes += inBatch
		batch, inBatch = nil, 0
		return err
	}
	add := func(r Record) error {
		batch, inBatch = append(batch, r), inBatch+r.size()
		if inBatch < batchBytes {
			return nil
		}
		return flush()
	}
	if g.state == Stable || g.state == Empty && g.protocolType != "" {
		err = add(g.record())
	} else if g.state != Empty && g.state != Dead {
		// In a rebalance: what was stored before it is not known any more. The
		// end of the rebalance stores the new generation; until then, after a
		// restart, the members join anew.
		err = add(groupTombstone(g.id))
	}
	for at, o := range g.offsets {
		if err != nil {
			break
		}
		err = add(offsetRecord(g.id, at, o))
	}
	if err == nil {
		err = flush()
	}
	return bytes, err
}
