package broker

import (
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

func openCatalogue(dir string, maxPartitions int, logger *slog.Logger) (*catalogue, error) {
	c := &catalogue{dir: dir, maxPartitions: maxPartitions, log: logger, topics: map[string]*topic{}}
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
	for name, on := range f.Topics {
		t, err := c.restore(name, on)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: topic %q: %w", c.path(), name, err), c.close())
		}
		c.topics[name] = t
	}
	return c, nil
}

func (c *catalogue) path() string { return filepath.Join(c.dir, "topics.json") }

// restore opens a topic that the file names.
func (c *catalogue) restore(name string, on topicOnFile) (*topic, error) {
	if err := checkTopicName(name); err != nil {
		return nil, err
	}
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
	return c.open(name, id, on.Partitions, on.Configs)
}

// open opens the partitions, making what is missing.
func (c *catalogue) open(name string, id topicID, partitions int, configs topicConfigs) (*topic, error) {
	t := &topic{name: name, id: id}
	t.configs.Store(&configs)
	for n := range partitions {
		dir := filepath.Join(c.dir, fmt.Sprintf("%s-%d", name, n))
		p, r, err := log.Open(dir)
		if err != nil {
			return nil, errors.Join(err, t.close())
		}
		if r.Cut > 0 {
			c.log.Warn("the log did not end with a whole, valid batch; the rest was cut off",
				"topic", name, "partition", n, "at_byte", r.Bytes, "cut_bytes", r.Cut, "next_offset", r.Next, "reason", r.Reason)
		}
		t.partitions = append(t.partitions, p)
	}
	return t, nil
}

func (t *topic) close() error {
	var all []error
	for _, p := range t.partitions {
		all = append(all, p.Close())
	}
	return errors.Join(all...)
}

func (c *catalogue) close() error {
	var all []error
	for _, t := range c.all() {
		all = append(all, t.close())
	}
	return errors.Join(all...)
}

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

// check says whether such a topic could be created.
func (c *catalogue) check(name string, partitions int) error {
	if err := checkTopicName(name); err != nil {
		return fmt.Errorf("%w: %w", errTopicName, err)
	}
	if partitions < 1 {
		return fmt.Errorf("%w: %d, at least 1 is needed", errPartitionNumber, partitions)
	}
	held := 0
	for _, t := range c.all() {
		if t.name == name {
			return fmt.Errorf("%w: %q", errTopicExists, name)
		}
		held += len(t.partitions)
	}
	if partitions > c.maxPartitions-held {
		return fmt.Errorf("%w: %d more; this broker has %d and holds at most %d", errPartitionLimit, partitions, held, c.maxPartitions)
	}
	return nil
}

// create makes a topic that check allows.
func (c *catalogue) create(name string, partitions int, configs topicConfigs) (*topic, error) {
	c.changing.Lock()
	defer c.changing.Unlock()
	if err := c.check(name, partitions); err != nil {
		return nil, err
	}
	id := newID()
	f := c.file()
	f.Topics[name] = topicOnFile{encodeID(id), partitions, configs}
	if err := c.write(f); err != nil {
		return nil, err
	}
	t, err := c.open(name, id, partitions, configs)
	if err != nil {
		delete(f.Topics, name)
		return nil, fmt.Errorf("%w: %w", log.ErrStorage, errors.Join(err, c.write(f)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics[name] = t
	return t, nil
}

// alter sets the topic's configs to what change makes of them.
func (c *catalogue) alter(t *topic, change func(topicConfigs) (topicConfigs, error), validateOnly bool) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	next, err := change(*t.configs.Load())
	if err != nil || validateOnly {
		return err
	}
	f := c.file()
	on := f.Topics[t.name]
	on.Configs = next
	f.Topics[t.name] = on
	if err := c.write(f); err != nil {
		return err
	}
	t.configs.Store(&next)
	return nil
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
