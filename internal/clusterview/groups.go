package clusterview

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/web"
)

// Groups are those of the last poll.
func (v *View) Groups(_ context.Context, most int) ([]web.ConsumerGroup, int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last.groups[:min(most, len(v.last.groups))], v.last.groupsOf, nil
}

// Group is one group as it is now.
func (v *View) Group(ctx context.Context, id string) (web.ConsumerGroup, error) {
	c, cancel := within(ctx)
	defer cancel()
	listed, err := v.listed(c)
	if err != nil {
		return web.ConsumerGroup{}, asked(ctx, err)
	}
	i := slices.IndexFunc(listed, func(g web.ConsumerGroup) bool { return g.ID == id })
	if i < 0 {
		return web.ConsumerGroup{}, web.ErrNoGroup
	}
	all := listed[i : i+1]
	committed, err := v.described(c, all)
	if err != nil {
		return web.ConsumerGroup{}, asked(ctx, err)
	}
	var topics []string
	for _, o := range committed[id] {
		topics = append(topics, o.Topic)
	}
	slices.Sort(topics)
	var ends kadm.ListedOffsets
	if topics = slices.Compact(topics); len(topics) > 0 {
		if ends, err = v.admin.ListEndOffsets(c, topics...); err != nil && len(ends) == 0 {
			return web.ConsumerGroup{}, asked(ctx, err)
		}
	}
	lags(all, committed, func(topic string, partition int32) (int64, bool) {
		end, ok := ends.Lookup(topic, partition)
		return end.Offset, ok && end.Err == nil && end.Offset >= 0
	})
	return all[0], nil
}

// groups are the first of the cluster's groups by id, and how many there are. The ends of
// their partitions are those of the topics.
func (v *View) groups(ctx context.Context, topics []web.StoredTopic) ([]web.ConsumerGroup, int, error) {
	all, err := v.listed(ctx)
	if err != nil {
		return nil, 0, err
	}
	total := len(all)
	all = all[:min(len(all), mostGroups)]
	committed, err := v.described(ctx, all)
	if err != nil {
		return nil, 0, err
	}
	lags(all, committed, func(topic string, partition int32) (int64, bool) {
		i, ok := slices.BinarySearchFunc(topics, topic, func(t web.StoredTopic, name string) int { return cmp.Compare(t.Name, name) })
		if !ok {
			return 0, false
		}
		for _, p := range topics[i].Partitions {
			if p.Partition == partition {
				return p.High, !p.Offline
			}
		}
		return 0, false
	})
	return all, total, nil
}

// listed are the groups by id, with their types and states alone.
func (v *View) listed(ctx context.Context) (all []web.ConsumerGroup, err error) {
	answered := 0
	for _, shard := range v.client.RequestSharded(ctx, kmsg.NewPtrListGroupsRequest()) {
		if shard.Err != nil {
			err = shard.Err
			continue
		}
		answered++
		for _, g := range shard.Resp.(*kmsg.ListGroupsResponse).Groups {
			all = append(all, web.ConsumerGroup{ID: g.Group, Type: groupType(g.GroupType), State: groupState(g.GroupState), ProtocolType: g.ProtocolType})
		}
	}
	if answered == 0 {
		return nil, err
	}
	slices.SortFunc(all, func(a, b web.ConsumerGroup) int { return cmp.Compare(a.ID, b.ID) })
	return slices.CompactFunc(all, func(a, b web.ConsumerGroup) bool { return a.ID == b.ID }), nil
}

// described adds the members, and gives what each group has committed. What the cluster
// does not tell this client of a group leaves it as it was listed.
func (v *View) described(ctx context.Context, all []web.ConsumerGroup) (map[string][]kadm.Offset, error) {
	byType := map[string][]string{}
	at := map[string]*web.ConsumerGroup{}
	for i := range all {
		at[all[i].ID] = &all[i]
		byType[all[i].Type] = append(byType[all[i].Type], all[i].ID)
	}
	if ids := byType["classic"]; len(ids) > 0 {
		found, err := v.admin.DescribeGroups(ctx, ids...)
		if err != nil && len(found) == 0 {
			return nil, err
		}
		for id, d := range found {
			if g := at[id]; g != nil && d.Err == nil {
				classic(g, d)
			}
		}
	}
	if ids := byType["consumer"]; len(ids) > 0 {
		found, err := v.admin.DescribeConsumerGroups(ctx, ids...)
		if err != nil && len(found) == 0 {
			return nil, err
		}
		for id, d := range found {
			if g := at[id]; g != nil && d.Err == nil {
				consumer(g, d)
			}
		}
	}
	ids := append(slices.Clone(byType["classic"]), byType["consumer"]...)
	out := map[string][]kadm.Offset{}
	if len(ids) == 0 {
		return out, nil
	}
	for id, found := range v.admin.FetchManyOffsets(ctx, ids...) {
		if found.Err != nil {
			if word := (*kerr.Error)(nil); !errors.As(found.Err, &word) {
				return nil, found.Err // it was not the cluster that refused
			}
			continue
		}
		for _, o := range found.Fetched.Sorted() {
			if o.Err == nil && o.At >= 0 {
				out[id] = append(out[id], o.Offset)
			}
		}
	}
	return out, nil
}

func classic(g *web.ConsumerGroup, d kadm.DescribedGroup) {
	g.State, g.ProtocolType, g.Protocol = groupState(d.State), d.ProtocolType, d.Protocol
	for _, m := range d.Members {
		out := web.GroupMember{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost}
		if m.InstanceID != nil {
			out.Instance = *m.InstanceID
		}
		if has, ok := m.Assigned.AsConsumer(); ok {
			out.Known = true
			for _, t := range has.Topics {
				out.Assigned = append(out.Assigned, assigned(t.Topic, t.Partitions))
			}
		}
		g.Members = append(g.Members, out)
	}
}

func consumer(g *web.ConsumerGroup, d kadm.DescribedConsumerGroup) {
	g.State, g.ProtocolType, g.Protocol = groupState(d.State), "consumer", d.AssignorName
	for _, m := range d.Members {
		out := web.GroupMember{ID: m.MemberID, ClientID: m.ClientID, Host: m.ClientHost, Known: true}
		if m.InstanceID != nil {
			out.Instance = *m.InstanceID
		}
		for _, t := range m.Assignment.Sorted() {
			out.Assigned = append(out.Assigned, assigned(t.Topic, t.Partitions))
		}
		g.Members = append(g.Members, out)
	}
}

func assigned(topic string, partitions []int32) web.AssignedTopic {
	partitions = slices.Clone(partitions)
	slices.Sort(partitions)
	return web.AssignedTopic{Topic: topic, Partitions: partitions}
}

// lags puts what was committed beside where the logs end.
func lags(all []web.ConsumerGroup, committed map[string][]kadm.Offset, end func(topic string, partition int32) (int64, bool)) {
	for i := range all {
		for _, o := range committed[all[i].ID] {
			out := web.CommittedOffset{Topic: o.Topic, Partition: o.Partition, Committed: o.At, Metadata: o.Metadata}
			out.End, out.EndKnown = end(o.Topic, o.Partition)
			all[i].Offsets = append(all[i].Offsets, out)
		}
	}
}

// groupType is by which protocol a group is coordinated. Brokers before Kafka 3.8 do not
// tell, and have one (KIP-848).
func groupType(told string) string {
	switch told {
	case "", "classic", "Classic":
		return "classic"
	case "consumer", "Consumer":
		return "consumer"
	}
	return "other"
}

// groupState is one of Kafka's states (GroupState.java), or that it is none of them.
func groupState(told string) string {
	switch told {
	case "Empty", "PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling", "Stable", "Dead":
		return told
	}
	return "Unknown"
}
