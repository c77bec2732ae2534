package clusterview

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/web"
)

// named says whether Kafka allows a topic's name (Topic.java): a cluster that tells of
// another is none whose names can be links and commands.
func named(name string) bool {
	if name == "" || name == "." || name == ".." || len(name) > 249 {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// StoredTopics are those of the last poll, by name.
func (v *View) StoredTopics(context.Context) ([]web.StoredTopic, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last.topics, nil
}

// StoredTopic is one topic as it is now.
func (v *View) StoredTopic(ctx context.Context, name string) (web.StoredTopic, []web.TopicConfig, error) {
	if !named(name) {
		return web.StoredTopic{}, nil, web.ErrNoTopic
	}
	c, cancel := within(ctx)
	defer cancel()
	m, err := v.admin.Metadata(c, name)
	if err == nil {
		err = m.Topics[name].Err
	}
	if err != nil {
		return web.StoredTopic{}, nil, asked(ctx, err)
	}
	topics, _, err := v.stored(c, m)
	if err != nil {
		return web.StoredTopic{}, nil, asked(ctx, err)
	}
	if len(topics) != 1 {
		return web.StoredTopic{}, nil, web.ErrNoTopic
	}
	described, err := v.admin.DescribeTopicConfigs(c, name)
	if err == nil {
		_, err = described.On(name, nil)
	}
	if err == nil {
		one, _ := described.On(name, nil)
		err = withMessage(one.Err, one.ErrMessage)
		return topics[0], configs(one.Configs), asked(ctx, err)
	}
	return topics[0], nil, asked(ctx, err)
}

// stored makes topics of metadata, with offsets and sizes: what a cluster does not tell
// of a partition leaves it without.
func (v *View) stored(ctx context.Context, m kadm.Metadata) (all []web.StoredTopic, hidden int, err error) {
	var names []string
	set := kadm.TopicsSet{}
	for name, t := range m.Topics {
		switch {
		case t.Err != nil:
		case !named(name):
			hidden++
		default:
			names = append(names, name)
			set.Add(name, t.Partitions.Numbers()...)
		}
	}
	if len(names) == 0 {
		return nil, hidden, nil
	}
	slices.Sort(names)
	var (
		starts, ends     kadm.ListedOffsets
		dirs             kadm.DescribedAllLogDirs
		noStarts, noEnds error
		asking           sync.WaitGroup
		sizes            map[string]map[int32]replica
	)
	asking.Go(func() { starts, noStarts = v.admin.ListStartOffsets(ctx, names...) })
	asking.Go(func() { ends, noEnds = v.admin.ListEndOffsets(ctx, names...) })
	asking.Go(func() {
		var whole kadm.TopicsSet // of all topics: a null, which is shorter
		if len(m.Topics) == 1 {
			whole = set
		}
		dirs, _ = v.admin.DescribeAllLogDirs(ctx, whole) // without it no size is known
	})
	asking.Wait()
	if err := cmp.Or(noStarts, noEnds); err != nil && len(starts) == 0 {
		return nil, hidden, err
	}
	sizes = replicas(m, dirs)
	for _, name := range names {
		t := m.Topics[name]
		out := web.StoredTopic{Name: name, Internal: t.IsInternal}
		if t.ID != (kadm.TopicID{}) {
			out.ID = base64.RawURLEncoding.EncodeToString(t.ID[:]) // as Kafka's tools write it (Uuid.java)
		}
		for _, p := range t.Partitions.Sorted() {
			part := web.StoredPartition{Partition: p.Partition, Bytes: -1, Segments: -1}
			low, okLow := starts.Lookup(name, p.Partition)
			high, okHigh := ends.Lookup(name, p.Partition)
			part.Offline = p.Leader < 0 || !okLow || !okHigh || low.Err != nil || high.Err != nil || low.Offset < 0 || high.Offset < low.Offset
			if !part.Offline {
				part.Low, part.High = low.Offset, high.Offset
			}
			if r, ok := sizes[name][p.Partition]; ok {
				part.Bytes = max(0, r.bytes)
			}
			out.Partitions = append(out.Partitions, part)
		}
		all = append(all, out)
	}
	return all, hidden, nil
}

// replica is the leader's of a partition.
type replica struct {
	bytes int64
	dir   string
}

// replicas are those of the leaders, by topic and partition.
func replicas(m kadm.Metadata, dirs kadm.DescribedAllLogDirs) map[string]map[int32]replica {
	out := map[string]map[int32]replica{}
	for broker, all := range dirs {
		for _, dir := range all {
			for topic, parts := range dir.Topics {
				for n, p := range parts {
					if m.Topics[topic].Partitions[n].Leader != broker || p.IsFuture {
						continue
					}
					if out[topic] == nil {
						out[topic] = map[int32]replica{}
					}
					out[topic][n] = replica{p.Size, dir.Dir}
				}
			}
		}
	}
	return out
}

// configs are a topic's in the words of Kafka, by name.
func configs(all []kadm.Config) (out []web.TopicConfig) {
	for _, c := range all {
		if !named(c.Key) { // a form's field is called so
			continue
		}
		t := web.TopicConfig{Name: c.Key, Value: c.MaybeValue(), Effect: true, Source: sourceName(c.Source), Set: c.Source == kmsg.ConfigSourceDynamicTopicConfig}
		for _, s := range c.Synonyms { // what would be in force without the topic's own
			if s.Source != kmsg.ConfigSourceDynamicTopicConfig && s.Value != nil {
				t.Default = *s.Value
				break
			}
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b web.TopicConfig) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// sourceName is where a value comes from; another that a newer Kafka has is unknown.
func sourceName(s kmsg.ConfigSource) string {
	switch s {
	case kmsg.ConfigSourceDynamicTopicConfig, kmsg.ConfigSourceDynamicBrokerConfig, kmsg.ConfigSourceDynamicDefaultBrokerConfig,
		kmsg.ConfigSourceStaticBrokerConfig, kmsg.ConfigSourceDefaultConfig, kmsg.ConfigSourceGroupConfig:
		return s.String()
	}
	return "UNKNOWN"
}

// TopicDefaults are told of a topic alone, so there are none.
func (v *View) TopicDefaults() []web.TopicConfig { return nil }
