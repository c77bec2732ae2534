package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.Metadata, decodeMetadata)
	register(kmsg.CreateTopics, decodeCreateTopics)
	register(kmsg.CreatePartitions, decodeCreatePartitions)
}

// MetadataRequest.json, versions 0 to 13. No topics, as null, asks for all.
func decodeMetadata(r *reader, req *kmsg.MetadataRequest) {
	req.Topics = list(r, minTopicBytes, func() kmsg.MetadataRequestTopic {
		t := kmsg.NewMetadataRequestTopic()
		if req.Version >= 10 {
			copy(t.TopicID[:], r.span(int64(len(t.TopicID))))
		}
		if t.Topic = r.nullableStr(); t.Topic == nil && req.Version < 10 {
			r.bad = true // there is no id that it could be
		}
		r.structEnd()
		return t
	})
	if req.Version >= 4 {
		req.AllowAutoTopicCreation = r.bool()
	}
	if req.Version >= 8 && req.Version <= 10 {
		req.IncludeClusterAuthorizedOperations = r.bool()
	}
	if req.Version >= 8 {
		req.IncludeTopicAuthorizedOperations = r.bool()
	}
}

// CreateTopicsRequest.json, versions 0 to 7.
func decodeCreateTopics(r *reader, req *kmsg.CreateTopicsRequest) {
	req.Topics = list(r, 9, func() kmsg.CreateTopicsRequestTopic {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic = r.str()
		t.NumPartitions = r.int32()
		t.ReplicationFactor = r.int16()
		t.ReplicaAssignment = list(r, 5, func() kmsg.CreateTopicsRequestTopicReplicaAssignment {
			a := kmsg.NewCreateTopicsRequestTopicReplicaAssignment()
			a.Partition = r.int32()
			a.Replicas = list(r, 4, r.int32)
			r.structEnd()
			return a
		})
		t.Configs = list(r, minConfigBytes, func() kmsg.CreateTopicsRequestTopicConfig {
			c := kmsg.NewCreateTopicsRequestTopicConfig()
			c.Name, c.Value = r.str(), r.nullableStr()
			r.structEnd()
			return c
		})
		r.structEnd()
		return t
	})
	req.TimeoutMillis = r.int32()
	if req.Version >= 1 {
		req.ValidateOnly = r.bool()
	}
}

// CreatePartitionsRequest.json, versions 0 to 3.
func decodeCreatePartitions(r *reader, req *kmsg.CreatePartitionsRequest) {
	req.Topics = list(r, 6, func() kmsg.CreatePartitionsRequestTopic {
		t := kmsg.NewCreatePartitionsRequestTopic()
		t.Topic, t.Count = r.str(), r.int32()
		t.Assignment = list(r, 1, func() kmsg.CreatePartitionsRequestTopicAssignment {
			a := kmsg.NewCreatePartitionsRequestTopicAssignment()
			a.Replicas = list(r, 4, r.int32)
			r.structEnd()
			return a
		})
		r.structEnd()
		return t
	})
	req.TimeoutMillis = r.int32()
	req.ValidateOnly = r.bool()
}
