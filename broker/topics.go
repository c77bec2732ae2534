package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"copyscope/broker/log"
	"copyscope/broker/vfs"
)

// catalogue is the set of topics, and its file topics.json (topicfile.go).
//
// The file is the truth, and each change of it is one replacement. A crash at
// any point leaves a topic whole or gone, since the steps are these:
//
//	create   1. the file names the topic       2. its directories are made
//	grow     1. the file has the new number    2. the new directories are made
//	delete   1. the file has the topic under   2. the directories are removed
//	            "deleting"                     3. the file forgets it
//
// A start does what is left: it makes the directories that the file names
// (restore.go), and removes those under "deleting". Were they removed before
// the file says so, a topic with half its records would be left; were the
// file to forget the topic first, the start would adopt what is left of it.
type catalogue struct {
	disk          vfs.FS
	dir           string
	logs          *log.Dir
	maxPartitions int
	base          configBase
	log           *slog.Logger

	mu       sync.RWMutex
	topics   map[string]*topic
	ids      map[topicID]*topic
	deleting map[string]topicOnFile // whose directories could not be removed yet
	changes  atomic.Uint64          // counts what changed of topics, ids and their partitions' number

	// changing is held while topics are created, altered or deleted, file access
	// included; it is taken before mu.
	changing sync.Mutex
}

var (
	errTopicExists     = errors.New("the topic exists")
	errTopicUnknown    = errors.New("there is no such topic")
	errTopicInternal   = errors.New("the topic is the broker's own")
	errPartitionLimit  = errors.New("too many partitions")
	errPartitionNumber = errors.New("invalid number of partitions")
)

func (c *catalogue) path() string { return filepath.Join(c.dir, "topics.json") }

func (c *catalogue) close() error { return c.logs.Close() }

// get is the topic with the name, or nil.
func (c *catalogue) get(name string) *topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.topics[name]
}

// byID is the topic with the id, or nil.
func (c *catalogue) byID(id topicID) *topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.ids[id]
}

// all lists the topics by name.
func (c *catalogue) all() []*topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	out := make([]*topic, 0, len(c.topics))
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		out = append(out, c.topics[name])
	}
	return out
}

// file is the catalogue as it is written.
func (c *catalogue) file() catalogueFile {
	c.mu.RLock()
	defer c.mu.RUnlock()
	f := catalogueFile{catalogueSchema, make(map[string]topicOnFile, len(c.topics)), maps.Clone(c.deleting)}
	for name, t := range c.topics {
		f.Topics[name] = t.onFile()
	}
	return f
}

func (t *topic) onFile() topicOnFile {
	return topicOnFile{encodeID(t.id), len(t.all()), t.configs.Load().set}
}

// wantedTopic is a topic that should be.
type wantedTopic struct {
	name       string
	partitions int
	set        map[string]string // the configs that are not left to their default
	internal   bool              // the broker itself wants it
}

// newTopic is what became of a wanted topic: it is there, or err says why not.
type newTopic struct {
	*topic
	err error
}

// check says which of the topics could be created together.
func (c *catalogue) check(wanted []wantedTopic) []error {
	refused := make([]error, len(wanted))
	if len(wanted) == 0 {
		return refused
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	held, taken := 0, map[string]string{}
	for name, t := range c.topics {
		held += len(t.all())
		taken[metricName(name)] = name
	}
	for i, w := range wanted {
		if refused[i] = c.checkOne(w, held, taken[metricName(w.name)]); refused[i] == nil {
			held += w.partitions
			taken[metricName(w.name)] = w.name
		}
	}
	return refused
}

// metricName is the name as metrics have it: '.' and '_' are one there, so
// Kafka takes no two topics that differ in nothing else (Topic.hasCollision).
func metricName(topic string) string { return strings.ReplaceAll(topic, ".", "_") }

// checkOne is for a topic beside which others hold so many partitions, and one
// of them, perhaps, the name.
func (c *catalogue) checkOne(w wantedTopic, held int, taken string) error {
	if err := checkTopicName(w.name); err != nil {
		return fmt.Errorf("%w: %w", errTopicName, err)
	}
	_, leaving := c.deleting[w.name]
	switch {
	case internalTopics[w.name] && !w.internal:
		return fmt.Errorf("%w: %w: %q is made when it is needed", errTopicName, errTopicInternal, w.name)
	case w.partitions < 1:
		return fmt.Errorf("%w: %d, at least 1 is needed", errPartitionNumber, w.partitions)
	case taken == w.name:
		return fmt.Errorf("%w: %q", errTopicExists, w.name)
	case leaving:
		return fmt.Errorf("%w: %q is being deleted, and what it stored could not be removed yet", errTopicExists, w.name)
	case taken != "":
		return fmt.Errorf("%w: %q differs from the topic %q only in '.' and '_', which are one in the names of metrics", errTopicName, w.name, taken)
	case w.partitions > c.maxPartitions-held:
		return fmt.Errorf("%w: %d more; this broker has %d and holds at most %d", errPartitionLimit, w.partitions, held, c.maxPartitions)
	}
	return nil
}

// internal is the internal topic with the name. It is made if it is missing;
// what there is keeps its partitions and configs.
func (c *catalogue) internal(ctx context.Context, name string, partitions int, set map[string]string) (*topic, error) {
	if t := c.get(name); t != nil {
		return t, nil
	}
	made := c.create(ctx, []wantedTopic{{name, partitions, set, true}})[0]
	if errors.Is(made.err, errTopicExists) {
		if t := c.get(name); t != nil { // another was faster
			return t, nil
		}
	}
	return made.topic, made.err
}

// create makes the topics that check allows. However many they are, the file
// is written once, and once more if some could not be made or the context
// ended.
func (c *catalogue) create(ctx context.Context, wanted []wantedTopic) []newTopic {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.finishDeleting(ctx, wanted)
	made := make([]newTopic, len(wanted))
	f, ids := c.file(), make([]topicID, len(wanted))
	known := len(f.Topics)
	for i, err := range c.check(wanted) {
		if made[i].err = err; err == nil {
			ids[i] = newID()
			f.Topics[wanted[i].name] = topicOnFile{encodeID(ids[i]), wanted[i].partitions, wanted[i].set}
		}
	}
	if len(f.Topics) == known {
		return made
	}
	if err := f.write(c.disk, c.path()); err != nil {
		for i := range made {
			made[i].err = cmp.Or(made[i].err, err)
		}
		return made
	}
	var jobs []*opening
	of := make([][]*opening, len(wanted))
	for i, w := range wanted {
		if made[i].err == nil {
			of[i] = openings(w.name, ids[i], 0, w.partitions, c.configs(w.set).partition())
			jobs = append(jobs, of[i]...)
		}
	}
	c.open(ctx, jobs)
	undone := false
	for i, w := range wanted {
		if made[i].err != nil {
			continue
		}
		partitions, err := opened(of[i])
		if err != nil {
			made[i].err, undone = fmt.Errorf("%w: %w", log.ErrStorage, err), true
			c.forget(w.name, f.Topics[w.name], partitions)
			continue
		}
		made[i].topic = newTopicOf(w.name, ids[i], partitions, c.configs(w.set))
		c.add(made[i].topic)
	}
	if undone {
		c.rewrite("topics that could not be made are still in the file; a restart makes them")
	}
	return made
}

func (c *catalogue) add(t *topic) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics[t.name], c.ids[t.id] = t, t
	c.changes.Add(1)
}

// rewrite writes what is in memory; if that fails it says what that means.
func (c *catalogue) rewrite(otherwise string) {
	if err := c.file().write(c.disk, c.path()); err != nil {
		c.log.Error(otherwise, "file", c.path(), "error", err)
	}
}

// delete removes the topics, each once, with all that they store.
func (c *catalogue) delete(topics []*topic) []error {
	c.changing.Lock()
	defer c.changing.Unlock()
	refused := make([]error, len(topics))
	f, left := c.file(), 0
	for i, t := range topics {
		if c.get(t.name) != t { // another was faster
			refused[i] = fmt.Errorf("%w: %q", errTopicUnknown, t.name)
			continue
		}
		f.Deleting[t.name] = f.Topics[t.name]
		delete(f.Topics, t.name)
		left++
	}
	if left == 0 {
		return refused
	}
	if err := f.write(c.disk, c.path()); err != nil {
		for i := range refused {
			refused[i] = cmp.Or(refused[i], err)
		}
		return refused
	}
	for i, t := range topics {
		if refused[i] != nil {
			continue
		}
		t.deleted.Store(true)
		c.mu.Lock()
		delete(c.topics, t.name)
		delete(c.ids, t.id)
		c.mu.Unlock()
		c.changes.Add(1)
		c.forget(t.name, t.onFile(), t.all())
	}
	c.rewrite("topics that are deleted are still in the file; a restart deletes them")
	return refused
}

// growth is a topic that should have more partitions.
type growth struct {
	topic      *topic
	partitions int
}

// checkGrowth says which of the topics could grow together.
func (c *catalogue) checkGrowth(wanted []growth) []error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	held := 0
	for _, t := range c.topics {
		held += len(t.all())
	}
	refused := make([]error, len(wanted))
	for i, w := range wanted {
		now := len(w.topic.all())
		switch {
		case c.topics[w.topic.name] != w.topic:
			refused[i] = fmt.Errorf("%w: %q", errTopicUnknown, w.topic.name)
		case w.partitions <= now:
			refused[i] = fmt.Errorf("%w: %d; topic %q has %d, and a topic never gets fewer", errPartitionNumber, w.partitions, w.topic.name, now)
		case w.partitions-now > c.maxPartitions-held:
			refused[i] = fmt.Errorf("%w: %d more; this broker has %d and holds at most %d", errPartitionLimit, w.partitions-now, held, c.maxPartitions)
		default:
			held += w.partitions - now
		}
	}
	return refused
}

// grow adds partitions to the topics that checkGrowth allows.
func (c *catalogue) grow(ctx context.Context, wanted []growth) []error {
	c.changing.Lock()
	defer c.changing.Unlock()
	refused := c.checkGrowth(wanted)
	f, changed := c.file(), false
	for i, w := range wanted {
		if refused[i] == nil {
			on := f.Topics[w.topic.name]
			on.Partitions, changed = w.partitions, true
			f.Topics[w.topic.name] = on
		}
	}
	if !changed {
		return refused
	}
	if err := f.write(c.disk, c.path()); err != nil {
		for i := range refused {
			refused[i] = cmp.Or(refused[i], err)
		}
		return refused
	}
	undone := false
	for i, w := range wanted {
		if refused[i] != nil {
			continue
		}
		jobs := openings(w.topic.name, w.topic.id, len(w.topic.all()), w.partitions, w.topic.configs.Load().partition())
		c.open(ctx, jobs)
		more, err := opened(jobs)
		if err != nil {
			refused[i], undone = fmt.Errorf("%w: %w", log.ErrStorage, err), true
			for _, p := range more {
				if p != nil {
					c.drop(p, w.topic.name)
				}
			}
			continue
		}
		all := slices.Concat(w.topic.all(), more)
		w.topic.partitions.Store(&all)
		c.changes.Add(1)
	}
	if undone {
		c.rewrite("partitions that could not be made are still in the file; a restart makes them")
	}
	return refused
}

// alteration sets a topic's configs to what change makes of them.
type alteration struct {
	topic  *topic
	change func(topicConfigs) (topicConfigs, error)
}

// alter makes the alterations, each of another topic, that are valid, and says
// what is wrong with the others. The file is written once.
func (c *catalogue) alter(all []alteration, validateOnly bool) []error {
	c.changing.Lock()
	defer c.changing.Unlock()
	refused, next := make([]error, len(all)), make([]topicConfigs, len(all))
	f, changed := c.file(), false
	for i, a := range all {
		on, known := f.Topics[a.topic.name]
		if !known || c.get(a.topic.name) != a.topic {
			refused[i] = fmt.Errorf("%w: %q", errTopicUnknown, a.topic.name)
			continue
		}
		if next[i], refused[i] = a.change(*a.topic.configs.Load()); refused[i] == nil {
			on.Configs, changed = next[i].set, true
			f.Topics[a.topic.name] = on
		}
	}
	if validateOnly || !changed {
		return refused
	}
	err := f.write(c.disk, c.path())
	for i, a := range all {
		switch {
		case refused[i] != nil:
		case err != nil:
			refused[i] = err
		default:
			a.topic.configs.Store(&next[i])
			for _, p := range a.topic.all() {
				if p != nil {
					p.Configure(next[i].partition())
				}
			}
		}
	}
	return refused
}
