package group

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/statelog"
)

// Config are the coordinator's settings; zero values stand for the defaults.
type Config struct {
	// MinSession and MaxSession bound what members ask for
	// (group.min.session.timeout.ms 6 s, group.max.session.timeout.ms 30 min).
	MinSession, MaxSession time.Duration
	// InitialDelay is how long an empty group waits for more members after the
	// first (group.initial.rebalance.delay.ms). Kafka waits 3 s, which spares a
	// large group its first rebalances; who tries things at one machine would
	// wait for nothing, so here it is 50 ms.
	InitialDelay time.Duration
	// MaxMembers bounds a group (group.max.size), MaxGroups the groups, and
	// MaxBytes what the groups take in memory but for their offsets: names, ids
	// that were handed out, members' subscriptions and assignments.
	MaxMembers, MaxGroups int
	MaxBytes              int64
	// MaxMetadata bounds what is stored with an offset
	// (offset.metadata.max.bytes).
	MaxMetadata int
	// Retention is how long the offsets of a group without members, and of
	// topics without subscribers, are kept (offsets.retention.minutes), Expiry
	// how often that is looked at
	// (offsets.retention.check.interval.ms).
	Retention, Expiry time.Duration
	Log               *slog.Logger

	// ConsumerSession is how long a member of a group of type Consumer may be
	// silent (group.consumer.session.timeout.ms), ConsumerInterval how often it is
	// told to be heard of (group.consumer.heartbeat.interval.ms), ConsumerMembers
	// how many such a group may have (group.consumer.max.size).
	ConsumerSession, ConsumerInterval time.Duration
	ConsumerMembers                   int
	// Assignors are those that members may ask for; the first is used if none
	// does (group.consumer.assignors).
	Assignors []string
	// Migration says which groups with members change their type; "" is
	// [Bidirectional].
	Migration Policy
	// Topics are the broker's; nil: there are none.
	Topics Topics
	// Now is the clock, nil for the system's. How long something takes goes by its
	// monotonic readings, so that a clock that is set expires no offsets.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	set := func(to *time.Duration, d time.Duration) {
		if *to == 0 {
			*to = d
		}
	}
	set(&c.MinSession, 6*time.Second)
	set(&c.MaxSession, 30*time.Minute)
	set(&c.InitialDelay, 50*time.Millisecond)
	set(&c.Retention, 7*24*time.Hour)
	set(&c.Expiry, 10*time.Minute)
	set(&c.ConsumerSession, 45*time.Second)
	set(&c.ConsumerInterval, 5*time.Second)
	if c.ConsumerMembers == 0 {
		c.ConsumerMembers = math.MaxInt32
	}
	if len(c.Assignors) == 0 {
		c.Assignors = assignor.Names()
	}
	if c.Migration == "" {
		c.Migration = Bidirectional
	}
	if c.Topics == nil {
		c.Topics = noTopics{}
	}
	if c.MaxMembers == 0 {
		c.MaxMembers = 1000
	}
	if c.MaxGroups == 0 {
		c.MaxGroups = 10000
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 20
	}
	if c.MaxMetadata == 0 {
		c.MaxMetadata = 4096
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Coordinator holds the groups.
type Coordinator struct {
	cfg   Config
	store Store
	bytes atomic.Int64 // see MaxBytes
	tidy  statelog.Tidying

	closed atomic.Bool // set under mu, read anywhere

	mu     sync.Mutex
	groups map[string]*Group
	expiry *time.Timer

	order atomic.Int64 // numbers the offsets in the order in which they were stored
	opens opens
}

// Open reads the groups from the store. Members that were there come back with
// their assignments, and have a session timeout to be heard of.
func Open(ctx context.Context, store Store, cfg Config) (*Coordinator, error) {
	c := &Coordinator{cfg: cfg.withDefaults(), store: store, groups: map[string]*Group{}}
	if err := c.load(ctx); err != nil {
		return nil, fmt.Errorf("consumer groups: %w", err)
	}
	c.tidyUp()
	c.mu.Lock() // expire sets it anew
	defer c.mu.Unlock()
	c.expiry = time.AfterFunc(c.cfg.Expiry, c.expire)
	return c, nil
}

// Close ends the timers and answers those who wait. Calls that are under way, and
// commits and departures that come later, still reach the store.
func (c *Coordinator) Close() {
	c.mu.Lock()
	c.closed.Store(true)
	c.expiry.Stop()
	c.mu.Unlock()
	for _, g := range c.all() {
		g.mu.Lock()
		g.stop()
		g.mu.Unlock()
	}
	c.tidy.Apart(func() error { return nil })
}

// at is a time that was stored, as long ago by the clock that is never set.
func (c *Coordinator) at(ms int64) time.Time {
	now := c.cfg.Now()
	return now.Add(time.UnixMilli(ms).Sub(now))
}

// later runs f when the time is over, unless the coordinator is closed by then.
func (c *Coordinator) later(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() {
		if !c.closed.Load() {
			f()
		}
	})
}

// longestName is what a string in a record (OffsetCommitKey.json,
// GroupMetadataValue.json) and in messages that are not flexible can hold: its
// length has 16 bits.
const longestName = 1<<15 - 1

func checkID(id string) error {
	if id == "" || len(id) > longestName {
		return fmt.Errorf("%w: it has %d bytes, 1 to %d are possible", ErrGroupID, len(id), longestName)
	}
	return nil
}

// find is the group, locked, or nil. Who gets it unlocks it.
func (c *Coordinator) find(id string) *Group {
	c.mu.Lock()
	g := c.groups[id]
	c.mu.Unlock()
	if g == nil {
		return nil
	}
	g.mu.Lock()
	if g.state == Dead { // it was forgotten meanwhile
		g.mu.Unlock()
		return nil
	}
	return g
}

// findOrMake is the group, locked, made if it is missing.
func (c *Coordinator) findOrMake(id string) (*Group, error) {
	for {
		if g := c.find(id); g != nil {
			return g, nil
		}
		if err := c.make(id); err != nil {
			return nil, err
		}
	}
}

func (c *Coordinator) make(id string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed.Load():
		return ErrClosed
	case c.groups[id] != nil:
		return nil
	case len(c.groups) >= c.cfg.MaxGroups:
		return fmt.Errorf("%w: this broker coordinates at most %d groups", ErrFull, c.cfg.MaxGroups)
	}
	if err := c.grow(groupBytes(id)); err != nil {
		return err
	}
	c.groups[id] = newGroup(c, id)
	return nil
}

// all are the groups by id.
func (c *Coordinator) all() []*Group {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*Group, 0, len(c.groups))
	for _, g := range c.groups {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b *Group) int { return strings.Compare(a.id, b.id) })
	return all
}

// forget takes a group away that has neither offsets nor, since it was made,
// expired or deleted, had members. Its lock must not be held; if somebody else
// has it, the group is in use and stays.
func (c *Coordinator) forget(g *Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !g.mu.TryLock() {
		return
	}
	defer g.mu.Unlock()
	if c.groups[g.id] == g && g.state == Empty && g.modern == nil && g.protocolType == "" && len(g.pending) == 0 && len(g.offsets) == 0 && len(g.open) == 0 {
		g.state = Dead
		delete(c.groups, g.id)
		c.grow(-groupBytes(g.id))
	}
}

// Listed is a group as ListGroups tells it.
type Listed struct {
	ID, ProtocolType string
	State            State
	Type             Type
}

// List tells of all groups.
func (c *Coordinator) List() []Listed {
	var out []Listed
	for _, g := range c.all() {
		g.mu.Lock()
		listed := Listed{g.id, g.protocolType, g.stateNow(), g.kind()}
		if listed.Type == Consumer {
			listed.ProtocolType = consumers
		}
		out = append(out, listed)
		g.mu.Unlock()
	}
	return out
}

// Description is a group as DescribeGroups tells it.
type Description struct {
	State                  State
	ProtocolType, Protocol string
	Members                []DescribedMember
}

// DescribedMember is one of its members. Metadata is the subscription under the
// group's protocol.
type DescribedMember struct {
	ID                   string
	Instance             *string
	ClientID, ClientHost string
	Metadata, Assignment []byte
}

// Describe tells of one classic group; one that is not there, or is of another
// type, is dead.
func (c *Coordinator) Describe(id string) Description {
	g := c.find(id)
	if g == nil {
		return Description{State: Dead}
	}
	defer g.mu.Unlock()
	if g.modern != nil {
		return Description{State: Dead}
	}
	d := Description{State: g.state, ProtocolType: g.protocolType, Protocol: g.protocol}
	for _, m := range g.inOrder() {
		out := DescribedMember{ID: m.id, Instance: m.instance, ClientID: m.clientID, ClientHost: m.clientHost}
		if g.state == Stable || g.state == CompletingRebalance {
			out.Metadata = m.metadata(g.protocol)
		}
		if g.state == Stable {
			out.Assignment = m.assignment
		}
		d.Members = append(d.Members, out)
	}
	if g.state == PreparingRebalance || g.state == Empty {
		d.Protocol = ""
	}
	return d
}

// Delete removes a group that has no members, with its offsets.
func (c *Coordinator) Delete(id string) error {
	if err := checkID(id); err != nil {
		return err
	}
	g := c.find(id)
	if g == nil {
		return ErrNotFound
	}
	err := g.delete()
	if err == nil {
		c.forget(g)
	}
	return err
}

// delete lets go of the lock, which is held.
func (g *Group) delete() error {
	defer g.mu.Unlock()
	if g.state == Dead {
		return ErrNotFound
	}
	if !g.vacant() || len(g.pending) > 0 {
		return ErrNotEmpty
	}
	if err := g.dropOffsets(g.inAny(func(TopicPartition) bool { return true })); err != nil {
		return err
	}
	if g.modern != nil {
		return g.dropModern()
	}
	if err := g.c.append(g.id, []Record{groupTombstone(g.id)}); err != nil {
		return err
	}
	g.protocolType = ""
	return nil
}

// expire drops offsets that nobody needs any more, from time to time.
func (c *Coordinator) expire() {
	now := c.cfg.Now()
	for _, g := range c.all() {
		if err := g.expireOffsets(now); err != nil {
			c.cfg.Log.Error("offsets of a consumer group could not be expired", "group", g.id, "error", err)
		}
		c.forget(g)
	}
	c.tidyUp()
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed.Load() {
		c.expiry.Reset(c.cfg.Expiry)
	}
}

// append stores records, all or none.
func (c *Coordinator) append(group string, records []Record) error {
	err := c.store.Append(group, records)
	if err == nil && c.tidy.Wrote(records...) {
		c.later(0, c.tidyUp) // not here: the group is locked
	}
	return err
}

// grow changes what the groups take in memory; it fails if that is too much.
func (c *Coordinator) grow(by int64) error {
	if total := c.bytes.Add(by); by > 0 && total > c.cfg.MaxBytes {
		c.bytes.Add(-by)
		return fmt.Errorf("%w: all groups' names, ids, subscriptions and assignments take %d bytes, at most %d are kept", ErrFull, total, c.cfg.MaxBytes)
	}
	return nil
}
