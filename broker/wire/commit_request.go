package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.OffsetCommit, decodeOffsetCommit)
	register(kmsg.OffsetFetch, decodeOffsetFetch)
	register(kmsg.OffsetDelete, decodeOffsetDelete)
}

// commitByID is from which version on offset requests name topics by id
// (KIP-848, KIP-516).
const commitByID = 10

// OffsetCommitRequest.json, versions 2 to 10.
func decodeOffsetCommit(r *reader, req *kmsg.OffsetCommitRequest) {
	req.Group, req.Generation, req.MemberID = r.str(), r.int32(), r.str()
	if req.Version >= 7 {
		req.InstanceID = r.nullableStr()
	}
	if req.Version <= 4 {
		req.RetentionTimeMillis = r.int64()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.OffsetCommitRequestTopic {
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic, t.TopicID = r.topic(req.Version >= commitByID)
		t.Partitions = list(r, 13, func() kmsg.OffsetCommitRequestTopicPartition {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset = r.int32(), r.int64()
			if req.Version >= 6 {
				p.LeaderEpoch = r.int32()
			}
			p.Metadata = r.nullableStr()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
}

// OffsetFetchRequest.json, versions 1 to 10.
func decodeOffsetFetch(r *reader, req *kmsg.OffsetFetchRequest) {
	if req.Version < 8 {
		req.Group = r.str()
		req.Topics = list(r, minTopicBytes, func() kmsg.OffsetFetchRequestTopic {
			t := kmsg.NewOffsetFetchRequestTopic()
			t.Topic = r.str()
			t.Partitions = list(r, 4, r.int32)
			r.structEnd()
			return t
		})
	} else {
		req.Groups = list(r, minTopicBytes, func() kmsg.OffsetFetchRequestGroup {
			g := kmsg.NewOffsetFetchRequestGroup()
			g.Group = r.str()
			if req.Version >= 9 {
				g.MemberID, g.MemberEpoch = r.nullableStr(), r.int32()
			}
			g.Topics = list(r, minTopicBytes, func() kmsg.OffsetFetchRequestGroupTopic {
				t := kmsg.NewOffsetFetchRequestGroupTopic()
				t.Topic, t.TopicID = r.topic(req.Version >= commitByID)
				t.Partitions = list(r, 4, r.int32)
				r.structEnd()
				return t
			})
			r.structEnd()
			return g
		})
	}
	if req.Version >= 7 {
		req.RequireStable = r.bool()
	}
}

// OffsetDeleteRequest.json, version 0.
func decodeOffsetDelete(r *reader, req *kmsg.OffsetDeleteRequest) {
	req.Group = r.str()
	req.Topics = list(r, minTopicBytes, func() kmsg.OffsetDeleteRequestTopic {
		t := kmsg.NewOffsetDeleteRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 4, func() kmsg.OffsetDeleteRequestTopicPartition {
			return kmsg.OffsetDeleteRequestTopicPartition{Partition: r.int32()}
		})
		return t
	})
}
