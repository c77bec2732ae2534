package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.Fetch, decodeFetch)
	register(kmsg.ListOffsets, decodeListOffsets)
	register(kmsg.OffsetForLeaderEpoch, decodeOffsetForLeaderEpoch)
}

// FetchRequest.json, versions 4 to 18. From 15 on the replica's id is a tagged
// field, which consumers do not send.
func decodeFetch(r *reader, req *kmsg.FetchRequest) {
	if req.Version < 15 {
		req.ReplicaID = r.int32()
	}
	req.MaxWaitMillis = r.int32()
	req.MinBytes = r.int32()
	req.MaxBytes = r.int32()
	req.IsolationLevel = r.int8()
	if req.Version >= 7 {
		req.SessionID, req.SessionEpoch = r.int32(), r.int32()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.FetchRequestTopic {
		t := kmsg.NewFetchRequestTopic()
		t.Topic, t.TopicID = r.topic(req.Version >= fetchByID)
		t.Partitions = list(r, 16, func() kmsg.FetchRequestTopicPartition {
			p := kmsg.NewFetchRequestTopicPartition()
			p.Partition = r.int32()
			if req.Version >= 9 {
				p.CurrentLeaderEpoch = r.int32()
			}
			p.FetchOffset = r.int64()
			if req.Version >= 12 {
				p.LastFetchedEpoch = r.int32()
			}
			if req.Version >= 5 {
				p.LogStartOffset = r.int64()
			}
			p.PartitionMaxBytes = r.int32()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
	if req.Version >= 7 {
		req.ForgottenTopics = list(r, minTopicBytes, func() kmsg.FetchRequestForgottenTopic {
			t := kmsg.NewFetchRequestForgottenTopic()
			t.Topic, t.TopicID = r.topic(req.Version >= fetchByID)
			t.Partitions = list(r, 4, r.int32)
			r.structEnd()
			return t
		})
	}
	if req.Version >= 11 {
		req.Rack = r.str()
	}
}

// ListOffsetsRequest.json, versions 1 to 11.
func decodeListOffsets(r *reader, req *kmsg.ListOffsetsRequest) {
	req.ReplicaID = r.int32()
	if req.Version >= 2 {
		req.IsolationLevel = r.int8()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.ListOffsetsRequestTopic {
		t := kmsg.NewListOffsetsRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 12, func() kmsg.ListOffsetsRequestTopicPartition {
			p := kmsg.NewListOffsetsRequestTopicPartition()
			p.Partition = r.int32()
			if req.Version >= 4 {
				p.CurrentLeaderEpoch = r.int32()
			}
			p.Timestamp = r.int64()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
	if req.Version >= 10 {
		req.TimeoutMillis = r.int32()
	}
}

// OffsetForLeaderEpochRequest.json, versions 2 to 4.
func decodeOffsetForLeaderEpoch(r *reader, req *kmsg.OffsetForLeaderEpochRequest) {
	if req.Version >= 3 {
		req.ReplicaID = r.int32()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.OffsetForLeaderEpochRequestTopic {
		t := kmsg.NewOffsetForLeaderEpochRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 12, func() kmsg.OffsetForLeaderEpochRequestTopicPartition {
			p := kmsg.NewOffsetForLeaderEpochRequestTopicPartition()
			p.Partition, p.CurrentLeaderEpoch, p.LeaderEpoch = r.int32(), r.int32(), r.int32()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
}
