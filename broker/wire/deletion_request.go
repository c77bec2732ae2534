package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.DeleteTopics, decodeDeleteTopics)
	register(kmsg.DeleteRecords, decodeDeleteRecords)
}

// DeleteTopicsRequest.json, versions 0 to 6. From 6 on a topic has a name or an
// id.
func decodeDeleteTopics(r *reader, req *kmsg.DeleteTopicsRequest) {
	if req.Version < 6 {
		req.TopicNames = list(r, 1, r.str)
	} else {
		req.Topics = list(r, 18, func() kmsg.DeleteTopicsRequestTopic {
			t := kmsg.NewDeleteTopicsRequestTopic()
			t.Topic = r.nullableStr()
			copy(t.TopicID[:], r.span(int64(len(t.TopicID))))
			r.structEnd()
			return t
		})
	}
	req.TimeoutMillis = r.int32()
}

// DeleteRecordsRequest.json, versions 0 to 2.
func decodeDeleteRecords(r *reader, req *kmsg.DeleteRecordsRequest) {
	req.Topics = list(r, 2, func() kmsg.DeleteRecordsRequestTopic {
		t := kmsg.NewDeleteRecordsRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 12, func() kmsg.DeleteRecordsRequestTopicPartition {
			p := kmsg.NewDeleteRecordsRequestTopicPartition()
			p.Partition, p.Offset = r.int32(), r.int64()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
	req.TimeoutMillis = r.int32()
}
