package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.OffsetFetch, 1, 10, whole(offsetFetch)) }

// OffsetFetch, API key 9, versions 1 to 10: what groups have committed, of the
// partitions asked for or, from version 2 on, of all. From version 8 on many
// groups at once (KIP-709), from 10 on topics are named by id. A partition for
// which nothing was committed has the offset -1. A group, or a partition of one,
// that is named again in one request gets INVALID_REQUEST, as in DescribeGroups.
//
// Who asks for what is stable (version 7 on) is told UNSTABLE_OFFSET_COMMIT of a
// partition whose next offset a transaction has, and asks again (KIP-447).
//
// From version 9 on a member of a consumer group (KIP-848) says its id and epoch,
// which must be right. Source: OffsetFetchRequest.json.
func offsetFetch(ctx context.Context, c *connection, req *kmsg.OffsetFetchRequest, resp *kmsg.OffsetFetchResponse) error {
	if req.Version >= 8 {
		named := map[string]bool{}
		for _, g := range req.Groups {
			if err := ctx.Err(); err != nil {
				return err
			}
			if named[g.Group] {
				again := kmsg.NewOffsetFetchResponseGroup()
				again.Group, again.ErrorCode = g.Group, codeInvalidRequest
				resp.Groups = append(resp.Groups, again)
				continue
			}
			named[g.Group] = true
			resp.Groups = append(resp.Groups, c.b.committedByGroup(req.Version, g, req.RequireStable))
		}
		return nil
	}
	answers := c.b.answersOnce(req.Group, req.RequireStable)
	asked := req.Topics
	if asked == nil && req.Version >= 2 {
		for _, at := range group.InOrder(answers.committed) {
			if n := len(asked); n == 0 || asked[n-1].Topic != at.Topic {
				asked = append(asked, kmsg.OffsetFetchRequestTopic{Topic: at.Topic})
			}
			last := &asked[len(asked)-1]
			last.Partitions = append(last.Partitions, at.Partition)
		}
	}
	for _, t := range asked {
		out := kmsg.NewOffsetFetchResponseTopic()
		out.Topic = t.Topic
		for _, n := range t.Partitions {
			of := kmsg.NewOffsetFetchResponseTopicPartition()
			of.Partition = n
			of.Offset, of.LeaderEpoch, of.Metadata, of.ErrorCode = answers.of(t.Topic, n)
			out.Partitions = append(out.Partitions, of)
		}
		resp.Topics = append(resp.Topics, out)
	}
	return nil
}

// once answers for each partition of a group once: a partition's metadata can be
// a thousand times as large as its number in the request.
type once struct {
	committed map[group.TopicPartition]group.Offset
	pending   map[group.TopicPartition]bool
	told      map[group.TopicPartition]bool // of committed alone
}

func (b *Broker) answersOnce(id string, stable bool) once {
	// What is pending is asked for first: what commits meanwhile is told as
	// pending, and never an older offset as stable.
	a := once{told: map[group.TopicPartition]bool{}}
	if stable {
		a.pending = b.groups.Pending(id)
	}
	a.committed = b.groups.Committed(id)
	return a
}

func (a once) of(topic string, n int32) (offset int64, epoch int32, metadata *string, code int16) {
	at := group.TopicPartition{Topic: topic, Partition: n}
	o, ok := a.committed[at]
	switch {
	case a.pending[at]:
		return -1, -1, kmsg.StringPtr(""), codeUnstableOffsetCommit
	case !ok:
		return -1, -1, kmsg.StringPtr(""), codeNone
	case a.told[at]:
		return -1, -1, kmsg.StringPtr(""), codeInvalidRequest
	}
	a.told[at] = true
	return o.Offset, o.LeaderEpoch, &o.Metadata, codeNone
}

func (b *Broker) committedByGroup(version int16, g kmsg.OffsetFetchRequestGroup, stable bool) kmsg.OffsetFetchResponseGroup {
	out := kmsg.NewOffsetFetchResponseGroup()
	out.Group = g.Group
	if err := b.groups.MayFetch(g.Group, g.MemberID, g.MemberEpoch); version >= 9 && err != nil {
		out.ErrorCode = b.groupCode(err, g.Group)
		return out
	}
	answers := b.answersOnce(g.Group, stable)
	if g.Topics == nil {
		for _, at := range group.InOrder(answers.committed) {
			t := b.topics.get(at.Topic)
			if t == nil && version >= 10 {
				continue // it has no id any more
			}
			if n := len(out.Topics); n == 0 || out.Topics[n-1].Topic != at.Topic {
				topic := kmsg.NewOffsetFetchResponseGroupTopic()
				topic.Topic = at.Topic
				if t != nil {
					topic.TopicID = t.id
				}
				out.Topics = append(out.Topics, topic)
			}
			last := &out.Topics[len(out.Topics)-1]
			last.Partitions = append(last.Partitions, answers.partition(at.Topic, at.Partition))
		}
		return out
	}
	for _, t := range g.Topics {
		topic := kmsg.NewOffsetFetchResponseGroupTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		name, code := t.Topic, codeNone
		if version >= 10 {
			in, unknown := b.named("", t.TopicID)
			if code = unknown; in != nil {
				name = in.name
			}
		}
		for _, n := range t.Partitions {
			p := answers.partition(name, n)
			if code != codeNone {
				p.ErrorCode = code
			}
			topic.Partitions = append(topic.Partitions, p)
		}
		out.Topics = append(out.Topics, topic)
	}
	return out
}

func (a once) partition(topic string, n int32) kmsg.OffsetFetchResponseGroupTopicPartition {
	p := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	p.Partition = n
	p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode = a.of(topic, n)
	return p
}
