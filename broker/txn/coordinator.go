package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/broker/statelog"
)

// Store keeps the coordinator's records, by transactional id.
type Store interface {
	statelog.Log
	// Epoch is that of the coordinator of the transactional id: the leader epoch
	// of the partition that has its records.
	Epoch(id string) int32
}

// Marker ends a producer's transaction in a partition.
type Marker struct {
	Producer
	CoordinatorEpoch int32
	Commit           bool
}

// Participants are the partitions.
type Participants interface {
	// End writes the marker; nil if it is stored, or if the partition is no more.
	// It may come twice. After ErrRefused it does not come again; after any other
	// error it does.
	End(at TopicPartition, m Marker) error
}

// Config are the coordinator's settings; zero values stand for the defaults,
// which are Kafka's.
type Config struct {
	// MaxTimeout is the longest timeout that a transaction may have
	// (transaction.max.timeout.ms).
	MaxTimeout time.Duration
	// AbortCheck is how often it is looked for transactions that take longer than
	// theirs (transaction.abort.timed.out.transaction.cleanup.interval.ms).
	AbortCheck time.Duration
	// Expiration is how long a transactional id that is not used is known
	// (transactional.id.expiration.ms), ExpireCheck how often that is looked at
	// (transaction.remove.expired.transaction.cleanup.interval.ms).
	Expiration, ExpireCheck time.Duration
	// MarkerRetry is how soon a marker that could not be written is tried again;
	// the next time after twice as long, up to 10 s.
	MarkerRetry time.Duration
	// MaxBytes bounds what all transactional ids and their partitions take in
	// memory.
	MaxBytes int64
	// NewProducerID is one that nobody has.
	NewProducerID func() (int64, error)
	Log           *slog.Logger
	// Now is the clock, nil for the system's. How long something takes goes by its
	// monotonic readings, so that a clock that is set ends no transaction.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	set := func(to *time.Duration, d time.Duration) {
		if *to == 0 {
			*to = d
		}
	}
	set(&c.MaxTimeout, 15*time.Minute)
	set(&c.AbortCheck, 10*time.Second)
	set(&c.Expiration, 7*24*time.Hour)
	set(&c.ExpireCheck, time.Hour)
	set(&c.MarkerRetry, 100*time.Millisecond)
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Coordinator holds the transactional ids.
type Coordinator struct {
	cfg          Config
	store        Store
	participants Participants
	bytes        atomic.Int64 // see MaxBytes
	tidy         statelog.Tidying
	counted      counters
	running      sync.WaitGroup // what timers do

	mu     sync.Mutex
	closed bool
	byID   map[string]*transaction
	timers map[*time.Timer]struct{}
}

// transaction is one transactional id.
type transaction struct {
	id string
	// appends is held, shared, while records are appended in the transaction, and
	// alone while its markers are written: no record comes behind its marker.
	appends sync.RWMutex

	mu sync.Mutex
	metadata
	marked map[TopicPartition]bool // that have the marker, while it prepares
	retry  time.Duration           // after which markers were last tried again
	dead   bool                    // it expired, or was never stored
}

// Open reads the transactional ids from the store, and ends the transactions
// that were about to.
func Open(ctx context.Context, store Store, participants Participants, cfg Config) (*Coordinator, error) {
	c := &Coordinator{cfg: cfg.withDefaults(), store: store, participants: participants, byID: map[string]*transaction{}, timers: map[*time.Timer]struct{}{}}
	if err := c.load(ctx); err != nil {
		return nil, fmt.Errorf("transactions: %w", err)
	}
	for _, t := range c.all() {
		if t.state.preparing() {
			c.complete(t)
		}
	}
	c.tidyUp()
	c.every(c.cfg.AbortCheck, c.abortTimedOut)
	c.every(c.cfg.ExpireCheck, func() {
		c.expire()
		c.tidyUp()
	})
	return c, nil
}

func (c *Coordinator) load(ctx context.Context) error {
	err := c.store.Replay(ctx, func(r statelog.Replayed) error {
		if r.End != statelog.Open {
			return nil
		}
		c.tidy.Wrote(r.Record)
		id, m, err := parseRecord(r.Record)
		switch {
		case err != nil:
			return err
		case m == nil:
			delete(c.byID, id)
		default:
			m.read(c.cfg.Now())
			c.byID[id] = &transaction{id: id, metadata: *m}
		}
		return nil
	})
	for id, t := range c.byID {
		c.bytes.Add(idBytes(id) + partitionBytes*int64(len(t.partitions)))
	}
	return err
}

// Close ends the timers and waits for what they do. Calls that come later still
// reach the store.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.closed = true
	for t := range c.timers {
		t.Stop()
	}
	c.mu.Unlock()
	c.running.Wait()
}

// later runs f when the time is over, unless the coordinator is closed by then.
func (c *Coordinator) later(d time.Duration, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		c.mu.Lock()
		delete(c.timers, timer)
		if c.closed {
			c.mu.Unlock()
			return
		}
		c.running.Add(1)
		c.mu.Unlock()
		defer c.running.Done()
		f()
	})
	c.timers[timer] = struct{}{}
}

// every runs f again and again.
func (c *Coordinator) every(d time.Duration, f func()) {
	c.later(d, func() {
		f()
		c.every(d, f)
	})
}

// longestID is what a stored record's key can hold.
const longestID = 1<<15 - 1

func checkID(id string) error {
	if id == "" || len(id) > longestID {
		return fmt.Errorf("%w: it has %d bytes, 1 to %d are possible", ErrID, len(id), longestID)
	}
	return nil
}

// What a transactional id and a partition in a transaction take in memory, about.
const partitionBytes = 64

func idBytes(id string) int64 { return int64(512 + 2*len(id)) }

// grow changes what is taken in memory; it fails if that is too much.
func (c *Coordinator) grow(by int64) error {
	if total := c.bytes.Add(by); by > 0 && total > c.cfg.MaxBytes {
		c.bytes.Add(-by)
		return fmt.Errorf("%w: all transactional ids and their partitions take %d bytes, at most %d are kept", ErrFull, total, c.cfg.MaxBytes)
	}
	return nil
}

// find is the transactional id, locked. Who gets it unlocks it.
func (c *Coordinator) find(id string) *transaction {
	c.mu.Lock()
	t := c.byID[id]
	c.mu.Unlock()
	if t == nil {
		return nil
	}
	t.mu.Lock()
	if t.dead {
		t.mu.Unlock()
		return nil
	}
	return t
}

// of is the transactional id, locked.
func (c *Coordinator) of(id string) (*transaction, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	t := c.find(id)
	if t == nil {
		return nil, fmt.Errorf("%w: there is no transactional id %.100q", ErrMapping, id)
	}
	return t, nil
}

// forget takes a transactional id away that is dead.
func (c *Coordinator) forget(t *transaction) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[t.id] == t {
		delete(c.byID, t.id)
		c.grow(-idBytes(t.id))
	}
}

// all are the transactional ids, by name.
func (c *Coordinator) all() []*transaction {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*transaction, 0, len(c.byID))
	for _, id := range slices.Sorted(maps.Keys(c.byID)) {
		out = append(out, c.byID[id])
	}
	return out
}

// keep stores the transaction's next step and takes it. mu is held.
func (c *Coordinator) keep(t *transaction, next metadata) error {
	grown := partitionBytes * int64(len(next.partitions)-len(t.partitions))
	if err := c.grow(grown); err != nil {
		return err
	}
	r := next.record(t.id)
	if err := c.store.Append(t.id, []statelog.Record{r}); err != nil {
		c.grow(-grown)
		c.cfg.Log.Error("the state of a transactional id could not be stored", "transactional_id", t.id, "state", next.state, "error", err)
		return fmt.Errorf("%w: %v", ErrStore, err)
	}
	t.metadata, t.marked, t.retry = next, nil, 0
	if c.tidy.Wrote(r) {
		c.later(0, c.tidyUp) // not here: the transactional id is locked
	}
	return nil
}

// tidyUp writes what lives anew, if it is time.
func (c *Coordinator) tidyUp() {
	err := c.tidy.IfDue(c.store, func() (live int64, err error) {
		for _, t := range c.all() {
			n, err := c.rewrite(t)
			if err != nil {
				return live, fmt.Errorf("transactional id %.100q: %w", t.id, err)
			}
			live += n
		}
		return live, nil
	})
	if err != nil && !errors.Is(err, ErrClosed) {
		c.cfg.Log.Error("the stored transactional ids could not be written anew; they stay as they are", "error", err)
	}
}

func (c *Coordinator) rewrite(t *transaction) (bytes int64, err error) {
	c.mu.Lock()
	closed := c.closed
	c.mu.Unlock()
	if closed {
		return 0, ErrClosed // what was written anew is there twice, which is no harm
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead || t.producer.Epoch == noEpoch {
		return 0, nil
	}
	r := t.record(t.id)
	return r.Size(), c.store.Append(t.id, []statelog.Record{r})
}
