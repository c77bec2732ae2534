package broker

import (
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

// The settings of consumer groups whose assignment the broker makes (KIP-848;
// GroupCoordinatorConfig.java).
const (
	propertyConsumerSession     = "group.consumer.session.timeout.ms"
	propertyConsumerMinSession  = "group.consumer.min.session.timeout.ms"
	propertyConsumerMaxSession  = "group.consumer.max.session.timeout.ms"
	propertyConsumerInterval    = "group.consumer.heartbeat.interval.ms"
	propertyConsumerMinInterval = "group.consumer.min.heartbeat.interval.ms"
	propertyConsumerMaxInterval = "group.consumer.max.heartbeat.interval.ms"
	propertyConsumerSize        = "group.consumer.max.size"
	propertyConsumerAssignors   = "group.consumer.assignors"
	propertyConsumerMigration   = "group.consumer.migration.policy"
)

var consumerGroupProperties = []Property{
	{propertyConsumerSession, "45000", "How long a member of a consumer group (KIP-848) may be silent, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerMinSession, "45000", "The least that that may be, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerMaxSession, "60000", "The most that that may be, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerInterval, "5000", "How often members of consumer groups (KIP-848) are told to be heard of, in ms. A rebalance takes some of these.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerMinInterval, "5000", "The least that that may be, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerMaxInterval, "15000", "The most that that may be, in ms.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerSize, "2147483647", "How many members a consumer group (KIP-848) may have.", kmsg.ConfigTypeInt, number(1, math.MaxInt32)},
	{propertyConsumerAssignors, "uniform,range", "The assignors that members of consumer groups (KIP-848) may ask for. The first is used if none does.", kmsg.ConfigTypeList, checkAssignors},
	{propertyConsumerMigration, string(group.Bidirectional), "Which groups with members change their type: upgrade makes a classic group a consumer group (KIP-848) as a member of that joins, downgrade a classic one again when the last such member leaves; bidirectional is both, disabled neither. Empty groups always do.", kmsg.ConfigTypeString,
		oneOf(string(group.Bidirectional), string(group.Upgrade), string(group.Downgrade), string(group.Disabled))},
}

func checkAssignors(value string) error {
	names := listOf(value)
	if len(names) == 0 {
		return fmt.Errorf("%.100q names no assignor; there are uniform and range", value)
	}
	for _, name := range names {
		if assignor.Named(name) == nil {
			return fmt.Errorf("%.100q: there is no assignor %.100q; there are uniform and range", value, name)
		}
	}
	return nil
}

// checkConsumerGroups compares the settings with each other.
func (d Defaults) checkConsumerGroups() error {
	for _, k := range []struct{ name, least, most string }{
		{propertyConsumerSession, propertyConsumerMinSession, propertyConsumerMaxSession},
		{propertyConsumerInterval, propertyConsumerMinInterval, propertyConsumerMaxInterval},
	} {
		if n := d.int(k.name); n < d.int(k.least) || n > d.int(k.most) {
			return fmt.Errorf("%s=%d is not from %d (%s) to %d (%s); set these, too", k.name, n, d.int(k.least), k.least, d.int(k.most), k.most)
		}
	}
	if session, interval := d.int(propertyConsumerSession), d.int(propertyConsumerInterval); interval >= session {
		return fmt.Errorf("%s=%d is not less than the %d of %s: members would be out between two heartbeats", propertyConsumerInterval, interval, session, propertyConsumerSession)
	}
	return nil
}
