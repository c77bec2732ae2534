package broker

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/internal/transfer"
)

// topicConfigs are what a topic has: the values that were set, and for the
// others the broker's. Neither map is changed once readers can see it.
type topicConfigs struct {
	set  map[string]string
	base configBase
}

// configBase are the values that hold where a topic sets none, by the topic
// config's name: the broker's, where its properties say something, or else
// Kafka's.
type configBase map[string]inherited

// inherited is a value and the broker property from which it comes, "" for
// none.
type inherited struct{ value, property string }

// configs are those of a topic that sets these.
func (c *catalogue) configs(set map[string]string) topicConfigs { return topicConfigs{set, c.base} }

func (c topicConfigs) get(name string) string {
	if v, ok := c.set[name]; ok {
		return v
	}
	return c.base[name].value
}

// program is the one that sends the topic's records.
func (c topicConfigs) program() transfer.Program {
	p, _ := transfer.Lookup(c.get(configFetchPath))
	return p
}

// partition is what the configs say to the topic's partitions. All values were
// checked when they were set.
func (c topicConfigs) partition() log.Config {
	cfg := log.Defaults()
	cfg.MaxMessageBytes = int(c.int64(configMaxMessage))
	cfg.SegmentBytes, cfg.SegmentAge, cfg.SegmentJitter = c.int64(configSegmentBytes), c.age(configSegmentAge), c.age(configSegmentJitter)
	cfg.IndexBytes, cfg.IndexIntervalBytes = c.int64(configIndexBytes), c.int64(configIndexInterval)
	cfg.Preallocate = c.bool(configPreallocate)
	policies := listOf(c.get(configCleanup))
	cfg.Delete, cfg.Compacted = slices.Contains(policies, cleanupDelete), slices.Contains(policies, cleanupCompact)
	cfg.TombstoneAge, cfg.MinLag, cfg.MaxLag = c.age(configTombstoneAge), c.age(configMinLag), c.age(configMaxLag)
	cfg.MinDirty, _ = strconv.ParseFloat(c.get(configMinDirty), 64)
	cfg.RetentionBytes, cfg.RetentionAge, cfg.FileDelay = c.int64(configRetentionBytes), c.age(configRetentionAge), c.age(configFileDelay)
	cfg.FlushMessages, cfg.FlushAge = c.int64(configFlushMessages), c.age(configFlushAge)
	cfg.LogAppendTime = c.get(configTimeType) == timeOfAppend
	cfg.TimeBefore, cfg.TimeAfter = c.age(configTimeBefore), c.age(configTimeAfter)
	cfg.Mapped = c.get(configEngine) == engineMmap
	return cfg
}

func (c topicConfigs) int64(name string) int64 {
	n, _ := strconv.ParseInt(c.get(name), 10, 64)
	return n
}

func (c topicConfigs) bool(name string) bool { return strings.EqualFold(c.get(name), "true") }

// age is a config in ms; -1, for no limit, stays -1. What a [time.Duration] of
// 292 years cannot hold is as good as for ever.
func (c topicConfigs) age(name string) time.Duration {
	switch ms := c.int64(name); {
	case ms < 0:
		return -1
	case ms > math.MaxInt64/int64(time.Millisecond):
		return math.MaxInt64
	default:
		return time.Duration(ms) * time.Millisecond
	}
}

// mostValueBytes bounds a value, which is written with all others at each change of
// the catalogue. Only lists could have more, of which none needs it; and what does
// not fit 16 bits could not be told to who asks with DescribeConfigs before version
// 4, whose strings are no longer.
const mostValueBytes = 4096

// with is a copy of c in which the config has the value, or, for nil, none of
// its own.
func (c topicConfigs) with(name string, value *string) (topicConfigs, error) {
	d, ok := findConfig(name)
	if !ok {
		if why, _ := whyAbsent(absentConfigs, name); why != "" {
			return c, fmt.Errorf("topics have no config %.100q here: %s; all that there are: %s", name, why, strings.Join(configNames(), ", "))
		}
		return c, fmt.Errorf("topics have no config %.100q here; nearest is %q, all are %s", name, nearest(name, configNames()), strings.Join(configNames(), ", "))
	}
	next := topicConfigs{maps.Clone(c.set), c.base}
	if next.set == nil {
		next.set = map[string]string{}
	}
	if value == nil {
		delete(next.set, name)
		return next, nil
	}
	v := strings.TrimSpace(*value) // as Kafka does (ConfigDef.parseType)
	if len(v) > mostValueBytes {
		return c, fmt.Errorf("config %s: the value has %d bytes; give one of at most %d", name, len(v), mostValueBytes)
	}
	if err := d.check(v); err != nil {
		return c, fmt.Errorf("config %s: %w", name, err)
	}
	next.set[name] = v
	return next, nil
}

// change is a copy of c in which the list has the values more, or less.
func (c topicConfigs) change(name string, values *string, add bool) (topicConfigs, error) {
	d, ok := findConfig(name)
	switch {
	case ok && d.kind != kmsg.ConfigTypeList:
		return c, fmt.Errorf("config %s: only lists can be appended to or subtracted from, and it is a %s", name, strings.ToLower(d.kind.String()))
	case values == nil:
		return c, fmt.Errorf("config %s: a value is needed to append or to subtract", name)
	case len(*values) > mostValueBytes: // each is looked for among all
		return c, fmt.Errorf("config %s: the values have %d bytes; give at most %d", name, len(*values), mostValueBytes)
	}
	now := listOf(c.get(name))
	for _, v := range listOf(*values) {
		switch has := slices.Contains(now, v); {
		case add && !has:
			now = append(now, v)
		case !add && has:
			now = slices.DeleteFunc(now, func(have string) bool { return have == v })
		}
	}
	joined := strings.Join(now, ",")
	return c.with(name, &joined)
}

// listOf are the elements of a list in the form of Kafka's configs.
func listOf(value string) []string {
	var all []string
	for v := range strings.SplitSeq(value, ",") {
		if v = strings.TrimSpace(v); v != "" {
			all = append(all, v)
		}
	}
	return all
}

func findConfig(name string) (configDef, bool) {
	i := slices.IndexFunc(configDefs, func(d configDef) bool { return d.name == name })
	if i < 0 {
		return configDef{}, false
	}
	return configDefs[i], true
}

func configNames() []string {
	names := make([]string, len(configDefs))
	for i, d := range configDefs {
		names[i] = d.name
	}
	return names
}

// nearest is the candidate that takes the fewest edits to reach.
func nearest(value string, candidates []string) string {
	const longest = 100 // what is longer is no typing error, and costly to compare
	value = value[:min(len(value), longest)]
	return slices.MinFunc(candidates, func(a, b string) int {
		return levenshtein.ComputeDistance(value, a) - levenshtein.ComputeDistance(value, b)
	})
}
