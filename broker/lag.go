package broker

import (
	"unicode/utf8"

	"copyscope/broker/group"
)

// GroupLag is how far a consumer group is behind in a partition that it has
// committed an offset of.
type GroupLag struct {
	Group, Topic string
	Partition    int32
	Lag          int64 // records from the committed offset to the partition's end
}

// Clients make groups, and name them. What a scrape tells of them is bounded:
// the lags of the first groups by id, without ids that are too long for a label,
// or are no UTF-8, which a label must be.
const (
	mostLags     = 10_000
	longestLagID = 255 // bytes
)

// lags are those of the groups, and how many groups are left out, or cut.
func (b *Broker) lags(topics []TopicStats) (all []GroupLag, omitted int) {
	ends := map[group.TopicPartition]int64{}
	for _, t := range topics {
		for _, p := range t.Partitions {
			if !p.Offline {
				ends[group.TopicPartition{Topic: t.Name, Partition: p.Partition}] = p.High
			}
		}
	}
	for _, g := range b.groups.List() {
		if len(all) == mostLags || len(g.ID) > longestLagID || !utf8.ValidString(g.ID) {
			omitted++
			continue
		}
		committed := b.groups.Committed(g.ID)
		for _, at := range group.InOrder(committed) {
			end, ok := ends[at]
			if !ok {
				continue
			}
			if len(all) == mostLags {
				omitted++
				break
			}
			all = append(all, GroupLag{g.ID, at.Topic, at.Partition, max(0, end-committed[at].Offset)})
		}
	}
	return all, omitted
}
