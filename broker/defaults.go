package broker

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Defaults are Kafka's broker properties, by name, with their values: what
// topics get that say nothing else, and whether they are created on demand.
// What is not named has Kafka's default. [Properties] are those there are.
type Defaults map[string]string

// Property is one of the broker's.
type Property struct {
	Name string
	// Value is what it is when it is not set, "" if it then says nothing.
	Value string
	Doc   string

	kind  kmsg.ConfigType
	check func(value string) error
}

const (
	propertyAutoCreate  = "auto.create.topics.enable"
	propertyDelete      = "delete.topic.enable"
	propertyPartitions  = "num.partitions"
	propertyReplication = "default.replication.factor"

	propertyInitialDelay     = "group.initial.rebalance.delay.ms"
	propertyMinSession       = "group.min.session.timeout.ms"
	propertyMaxSession       = "group.max.session.timeout.ms"
	propertyGroupSize        = "group.max.size"
	propertyOffsetMetadata   = "offset.metadata.max.bytes"
	propertyOffsetRetention  = "offsets.retention.minutes"
	propertyOffsetExpiry     = "offsets.retention.check.interval.ms"
	propertyOffsetPartitions = "offsets.topic.num.partitions"

	propertyTxnMaxTimeout  = "transaction.max.timeout.ms"
	propertyTxnAbortCheck  = "transaction.abort.timed.out.transaction.cleanup.interval.ms"
	propertyTxnExpiration  = "transactional.id.expiration.ms"
	propertyTxnExpiryCheck = "transaction.remove.expired.transaction.cleanup.interval.ms"
	propertyTxnPartitions  = "transaction.state.log.num.partitions"
	propertyTxnReplication = "transaction.state.log.replication.factor"
	propertyTxnMinISR      = "transaction.state.log.min.isr"
	propertyTxnSegment     = "transaction.state.log.segment.bytes"
)

// ownProperties are those of topics, groups and transactions.
var ownProperties = []Property{
	{propertyAutoCreate, "true", "Whether a topic is created when a client asks for it.", kmsg.ConfigTypeBoolean, boolean},
	{propertyDelete, "true", "Whether topics can be deleted.", kmsg.ConfigTypeBoolean, boolean},
	{propertyPartitions, "1", "How many partitions a topic gets that does not say it.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyReplication, "1", "How many replicas a topic gets that does not say it. There is one node, so it is 1.", kmsg.ConfigTypeInt, checkInSync},
	{propertyInitialDelay, "50", "How long an empty group waits for more members after its first, in ms. Kafka's default is 3000.", kmsg.ConfigTypeInt, number(0, math.MaxInt32)},
	{propertyMinSession, "6000", "The shortest session timeout that a group's member may ask for, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyMaxSession, "1800000", "The longest session timeout that a group's member may ask for, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyGroupSize, "1000", "How many members a group may have.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyOffsetMetadata, "4096", "How many bytes may be stored with a committed offset.", kmsg.ConfigTypeInt, number(1, math.MaxInt16)},
	{propertyOffsetRetention, "10080", "How many minutes the offsets of a group without members are kept.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyOffsetExpiry, "600000", "How often it is looked for offsets to expire, in ms.", kmsg.ConfigTypeLong, number(1, math.MaxInt32)},
	{propertyOffsetPartitions, "1", "How many partitions the topic of the committed offsets gets when it is made. Kafka's default is 50, for a cluster; one node needs one.", kmsg.ConfigTypeInt, number(1, 1000)},
	{propertyTxnMaxTimeout, "900000", "The longest timeout that a producer may ask for its transactions, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyTxnAbortCheck, "10000", "How often it is looked for transactions to abort that took longer than their timeout, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyTxnExpiration, "604800000", "How long a transactional id that is not used is known, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyTxnExpiryCheck, "3600000", "How often it is looked for transactional ids to expire, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyTxnPartitions, "1", "How many partitions the topic of the transactions' state gets when it is made. Kafka's default is 50, for a cluster; one node needs one.", kmsg.ConfigTypeInt, number(1, 1000)},
	{propertyTxnReplication, "1", "How many replicas that topic gets. There is one node, so it is 1. Kafka's default is 3.", kmsg.ConfigTypeShort, checkInSync},
	{propertyTxnMinISR, "1", "How many of them must have what is acknowledged. There is one node, so it is 1. Kafka's default is 2.", kmsg.ConfigTypeInt, checkInSync},
	{propertyTxnSegment, "104857600", "The size of that topic's segments.", kmsg.ConfigTypeInt, number(1<<20, math.MaxInt32)},
}

// noTopicProperties are those that are no default of a topic's config.
func noTopicProperties() []Property {
	return slices.Concat(ownProperties, logProperties, cleanerProperties, quotaProperties, consumerGroupProperties)
}

// Properties are all that [Defaults] can name, by name.
func Properties() []Property {
	all := noTopicProperties()
	for _, d := range configDefs {
		for i, s := range d.from {
			p := Property{Name: s.property, Doc: "The default of the topics' " + d.name + ": " + d.doc, kind: d.kind, check: d.check}
			if s.factor != 1 {
				p.check = scaled(d.check, s.factor)
				p.Doc = fmt.Sprintf("The default of the topics' %s, in %d ms, if %s is not set: %s", d.name, s.factor, d.from[0].property, d.doc)
			}
			if i == 0 && len(d.from) == 1 {
				p.Value = d.value
			} else if i == len(d.from)-1 && s.factor != 1 {
				p.Value = unscaled(d.value, s.factor)
			}
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Property) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// scaled checks a value in another unit.
func scaled(check func(string) error, factor int64) func(string) error {
	return func(value string) error {
		of, err := scale(value, factor)
		if err != nil {
			return err
		}
		return check(of)
	}
}

// scale is the value in the topic config's unit; what is negative is no limit.
func scale(value string, factor int64) (string, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n > math.MaxInt64/factor {
		return "", fmt.Errorf("%.100q is not a number up to %d", value, math.MaxInt64/factor)
	}
	if n < 0 {
		return "-1", nil
	}
	return strconv.FormatInt(n*factor, 10), nil
}

func unscaled(value string, factor int64) string {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 {
		return value
	}
	return strconv.FormatInt(n/factor, 10)
}

// Check says what is wrong with a property: there is none of the name, or it
// cannot have the value.
func (d Defaults) Check() error {
	known := map[string]Property{}
	for _, p := range Properties() {
		known[p.Name] = p
	}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		p, ok := known[name]
		if !ok {
			names := slices.Sorted(maps.Keys(known))
			return fmt.Errorf("the broker has no property %.100q; nearest is %q, all are %s", name, nearest(name, names), strings.Join(names, ", "))
		}
		if err := p.check(strings.TrimSpace(d[name])); err != nil {
			return fmt.Errorf("property %s: %w", name, err)
		}
	}
	return nil
}

// CheckTogether says which properties, each possible, are not together.
func (d Defaults) CheckTogether() error { return d.checkConsumerGroups() }

// get is the value in force.
func (d Defaults) get(name string) string {
	if v, ok := d[name]; ok {
		return strings.TrimSpace(v)
	}
	for _, p := range noTopicProperties() {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func (d Defaults) bool(name string) bool { return strings.EqualFold(d.get(name), "true") }

func (d Defaults) int(name string) int {
	n, _ := strconv.Atoi(d.get(name))
	return n
}

// resolve is what topics inherit.
func (d Defaults) resolve() (configBase, error) {
	if err := errors.Join(d.Check(), d.CheckTogether()); err != nil {
		return nil, err
	}
	base := configBase{}
	for _, def := range configDefs {
		base[def.name] = inherited{value: def.value}
		for _, s := range def.from {
			set, ok := d[s.property]
			if !ok {
				continue
			}
			value := strings.TrimSpace(set)
			if s.factor != 1 {
				value, _ = scale(value, s.factor) // Check saw that it can be
			}
			base[def.name] = inherited{value, s.property}
			break
		}
	}
	return base, nil
}
