package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"copyscope/broker/log"
)

// topic is one topic. Its partitions never change; its configs do.
type topic struct {
	name       string
	id         topicID
	partitions []*log.Partition
	configs    atomic.Pointer[topicConfigs]
}

// partition is the one with the number, or nil.
func (t *topic) partition(n int32) *log.Partition {
	if n < 0 || int(n) >= len(t.partitions) {
		return nil
	}
	return t.partitions[n]
}

// TopicInfo describes a topic to those who show it.
type TopicInfo struct {
	Name string
	// ID is the topic's id as Kafka's tools print it.
	ID         string
	Partitions []PartitionInfo
	// Configs are the values in force, defaults included.
	Configs map[string]string
}

// PartitionInfo describes a partition: Low is the first offset, High the one
// that the next record gets, Bytes the size of the stored batches.
type PartitionInfo struct {
	Partition        int32
	Low, High, Bytes int64
}

func (t *topic) info() TopicInfo {
	i := TopicInfo{Name: t.name, ID: encodeID(t.id), Configs: map[string]string{}}
	for n, p := range t.partitions {
		low, high := p.Offsets()
		i.Partitions = append(i.Partitions, PartitionInfo{int32(n), low, high, p.Bytes()})
	}
	for _, name := range configNames() {
		i.Configs[name] = t.configs.Load().get(name)
	}
	return i
}

// catalogue is the set of topics, and its file topics.json:
//
//	{"schema":1,"topics":{"NAME":{"id":"…","partitions":1,"configs":{}}}}
//
// The file is replaced before the directories of a new topic are made, so that
// a crash between the two leaves a topic with empty partitions and no stray
// data.
type catalogue struct {
	dir           string
	logs          *log.Dir
	maxPartitions int
	log           *slog.Logger

	mu     sync.RWMutex
	topics map[string]*topic

	// changing is held while a topic is created or altered, file access
	// included; it is taken before mu.
	changing sync.Mutex
}

const catalogueSchema = 1

type catalogueFile struct {
	Schema int                    `json:"schema"`
	Topics map[string]topicOnFile `json:"topics"`
}

type topicOnFile struct {
	ID         string       `json:"id"`
	Partitions int          `json:"partitions"`
	Configs    topicConfigs `json:"configs"`
}

var (
	errTopicExists     = errors.New("the topic exists")
	errPartitionLimit  = errors.New("too many partitions")
	errPartitionNumber = errors.New("invalid number of partitions")
)

// openCatalogue reads the file and recovers the topics in it, until the context
// ends. Nothing is made or changed before the whole file was found to be good.
func openCatalogue(ctx context.Context, dir string, maxPartitions int, logger *slog.Logger) (*catalogue, error) {
	progress := &recoveryProgress{}
	logs, err := log.OpenDir(ctx, dir, log.DirOptions{Log: logger, Read: progress.read})
	if err != nil {
		return nil, err
	}
	c := &catalogue{dir: dir, logs: logs, maxPartitions: maxPartitions, log: logger, topics: map[string]*topic{}}
	b, err := os.ReadFile(c.path())
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	var f catalogueFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("%s is damaged (%w); restore it from a copy", c.path(), err)
	}
	if f.Schema != catalogueSchema {
		return nil, fmt.Errorf("%s has schema %d, this program knows %d; use the version that wrote it", c.path(), f.Schema, catalogueSchema)
	}
	if err := f.check(maxPartitions); err != nil {
		return nil, fmt.Errorf("%s: %w; restore it from a copy", c.path(), err)
	}
	progress.begin(logger, f.partitions())
	for _, name := range slices.Sorted(maps.Keys(f.Topics)) {
		t, err := c.restore(ctx, name, f.Topics[name], progress)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: topic %q: %w", c.path(), name, err), c.close())
		}
		c.topics[name] = t
	}
	progress.end()
	return c, nil
}

// partitions is how many all topics have together.
func (f catalogueFile) partitions() (n int) {
	for _, on := range f.Topics {
		n += on.Partitions
	}
	return n
}

// check holds a file that was read to what create would have allowed.
func (f catalogueFile) check(maxPartitions int) error {
	for name, on := range f.Topics {
		if err := checkTopicName(name); err != nil {
			return err
		}
		if _, err := decodeID(on.ID); err != nil {
			return fmt.Errorf("topic %q: %w", name, err)
		}
		if on.Partitions < 1 || on.Partitions > maxPartitions {
			return fmt.Errorf("topic %q: %d partitions, 1 to %d are possible", name, on.Partitions, maxPartitions)
		}
	}
	if n := f.partitions(); n > maxPartitions {
		return fmt.Errorf("%d partitions in all, this broker holds at most %d", n, maxPartitions)
	}
	return nil
}

func (c *catalogue) path() string { return filepath.Join(c.dir, "topics.json") }

// restore opens a topic that the file names.
func (c *catalogue) restore(ctx context.Context, name string, on topicOnFile, progress *recoveryProgress) (*topic, error) {
	id, err := decodeID(on.ID)
	if err != nil {
		return nil, err
	}
	for key, value := range on.Configs {
		if _, err := on.Configs.with(key, &value); err != nil {
			// Written on another system, perhaps: its paths are not here.
			c.log.Warn("a topic's config is not valid here; its default is used", "topic", name, "error", err)
			delete(on.Configs, key)
		}
	}
	return c.open(ctx, wantedTopic{name, on.Partitions, on.Configs}, id, progress)
}

// open opens the partitions, making what is missing.
func (c *catalogue) open(ctx context.Context, w wantedTopic, id topicID, progress *recoveryProgress) (*topic, error) {
	t := &topic{name: w.name, id: id}
	t.configs.Store(&w.configs)
	for n := range w.partitions {
		p, r, err := c.logs.Open(ctx, w.name, log.ID(id), int32(n), w.configs.partition())
		if err != nil {
			return nil, err // what is open is closed with the directory
		}
		progress.opened()
		if r.Cut > 0 {
			c.log.Warn("the log did not end with a whole, valid batch; the rest was cut off",
				"topic", w.name, "partition", n, "at_byte", r.Bytes, "cut_bytes", r.Cut, "next_offset", r.Next, "reason", r.Reason)
		}
		t.partitions = append(t.partitions, p)
	}
	return t, nil
}

func (c *catalogue) close() error { return c.logs.Close() }

// get is the topic with the name, or nil.
func (c *catalogue) get(name string) *topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.topics[name]
}

// all lists the topics by name.
func (c *catalogue) all() []*topic {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []*topic
	for _, name := range slices.Sorted(maps.Keys(c.topics)) {
		out = append(out, c.topics[name])
	}
	return out
}

// wantedTopic is a topic that should be.
type wantedTopic struct {
	name       string
	partitions int
	configs    topicConfigs
}

// newTopic is what became of a wanted topic: it is there, or err says why not.
type newTopic struct {
	*topic
	err error
}

// check says which of the topics could be created together.
func (c *catalogue) check(wanted []wantedTopic) []error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	held := 0
	for _, t := range c.topics {
		held += len(t.partitions)
	}
	taken := map[string]bool{}
	refused := make([]error, len(wanted))
	for i, w := range wanted {
		if refused[i] = c.checkOne(w, held, taken[w.name]); refused[i] == nil {
			held += w.partitions
			taken[w.name] = true
		}
	}
	return refused
}

// checkOne is for a topic beside which others hold so many partitions.
func (c *catalogue) checkOne(w wantedTopic, held int, taken bool) error {
	if err := checkTopicName(w.name); err != nil {
		return fmt.Errorf("%w: %w", errTopicName, err)
	}
	switch {
	case w.partitions < 1:
		return fmt.Errorf("%w: %d, at least 1 is needed", errPartitionNumber, w.partitions)
	case taken || c.topics[w.name] != nil:
		return fmt.Errorf("%w: %q", errTopicExists, w.name)
	case w.partitions > c.maxPartitions-held:
		return fmt.Errorf("%w: %d more; this broker has %d and holds at most %d", errPartitionLimit, w.partitions, held, c.maxPartitions)
	}
	return nil
}

// create makes the topics that check allows. However many they are, the file
// is written once, and once more if some could not be made or the context
// ended.
func (c *catalogue) create(ctx context.Context, wanted []wantedTopic) []newTopic {
	c.changing.Lock()
	defer c.changing.Unlock()
	made := make([]newTopic, len(wanted))
	f, ids := c.file(), make([]topicID, len(wanted))
	known := len(f.Topics)
	for i, err := range c.check(wanted) {
		if made[i].err = err; err == nil {
			ids[i] = newID()
			f.Topics[wanted[i].name] = topicOnFile{encodeID(ids[i]), wanted[i].partitions, wanted[i].configs}
		}
	}
	if len(f.Topics) == known {
		return made
	}
	stored := c.write(f)
	known = len(f.Topics)
	for i := range made {
		if made[i].err != nil {
			continue
		}
		if made[i].err = stored; stored != nil {
			continue
		}
		if made[i].topic, made[i].err = c.open(ctx, wanted[i], ids[i], nil); made[i].err != nil {
			made[i].err = fmt.Errorf("%w: %w", log.ErrStorage, made[i].err)
			delete(f.Topics, wanted[i].name)
		}
	}
	if len(f.Topics) < known {
		if err := c.write(f); err != nil {
			c.log.Error("topics that could not be made are still in the file; a restart makes them", "file", c.path(), "error", err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range made {
		if made[i].topic != nil {
			c.topics[made[i].name] = made[i].topic
		}
	}
	return made
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
		if next[i], refused[i] = a.change(*a.topic.configs.Load()); refused[i] == nil {
			on := f.Topics[a.topic.name]
			on.Configs = next[i]
			f.Topics[a.topic.name], changed = on, true
		}
	}
	if validateOnly || !changed {
		return refused
	}
	err := c.write(f)
	for i, a := range all {
		switch {
		case refused[i] != nil:
		case err != nil:
			refused[i] = err
		default:
			a.topic.configs.Store(&next[i])
			for _, p := range a.topic.partitions {
				p.Configure(next[i].partition())
			}
		}
	}
	return refused
}

// file is the catalogue as it is written.
func (c *catalogue) file() catalogueFile {
	f := catalogueFile{catalogueSchema, map[string]topicOnFile{}}
	for _, t := range c.all() {
		f.Topics[t.name] = topicOnFile{encodeID(t.id), len(t.partitions), *t.configs.Load()}
	}
	return f
}

func (c *catalogue) write(f catalogueFile) error {
	b, err := json.MarshalIndent(f, "", "  ")
	if err == nil {
		err = replaceFile(c.path(), append(b, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", log.ErrStorage, err)
	}
	return nil
}
