package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.Fetch, decodeFetch)
	register(kmsg.ListOffsets, decodeListOffsets)
}

// FetchRequest.json, versions 4 to 12.
func decodeFetch(r *reader, req *kmsg.FetchRequest) {
	req.ReplicaID = r.int32()
	req.MaxWaitMillis = r.int32()
	req.MinBytes = r.int32()
	req.MaxBytes = r.int32()
	req.IsolationLevel = r.int8()
	if req.Version >= 7 {
		req.SessionID, req.SessionEpoch = r.int32(), r.int32()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.FetchRequestTopic {
		t := kmsg.NewFetchRequestTopic()
		t.Topic = r.str()
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
			t.Topic = r.str()
			t.Partitions = list(r, 4, r.int32)
			r.structEnd()
			return t
		})
	}
	if req.Version >= 11 {
		req.Rack = r.str()
	}
}

// ListOffsetsRequest.json, versions 1 to 6.
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
}
