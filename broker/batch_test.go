package broker_test

import (
	"encoding/binary"
	"hash/crc32"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// batchOf is a record batch as a producer sends it.
func batchOf(values ...string) []byte {
	var records []byte
	for i, v := range values {
		r := kmsg.Record{OffsetDelta: int32(i), Value: []byte(v)}
		r.Length = int32(len(r.AppendTo(nil)) - 1) // the length field is one byte while it is 0
		records = r.AppendTo(records)
	}
	n := int32(len(values))
	rb := kmsg.RecordBatch{
		PartitionLeaderEpoch: -1, Magic: 2, LastOffsetDelta: n - 1, NumRecords: n,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: records,
	}
	return sealed(rb.AppendTo(nil))
}

// sealed sets length and checksum.
func sealed(b []byte) []byte {
	binary.BigEndian.PutUint32(b[8:], uint32(len(b)-12))
	binary.BigEndian.PutUint32(b[17:], crc32.Checksum(b[21:], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

// edited is a batch, changed and sealed again.
func edited(f func(b []byte)) []byte {
	b := batchOf("a", "b")
	f(b)
	return sealed(b)
}

// zstdBatch is a batch whose records are compressed.
func zstdBatch(t *testing.T, values ...string) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	plain := batchOf(values...)
	b := z.EncodeAll(plain[61:], plain[:61:61])
	b[22] = 4
	return sealed(b)
}

func produceReq(version, acks int16, topic string, partition int32, records []byte) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Version, req.Acks = version, acks
	req.Topics = []kmsg.ProduceRequestTopic{{Topic: topic, Partitions: []kmsg.ProduceRequestTopicPartition{{Partition: partition, Records: records}}}}
	return req
}

func fetchReq(topic string, offset int64, change ...func(*kmsg.FetchRequest)) *kmsg.FetchRequest {
	req := kmsg.NewPtrFetchRequest()
	req.Version, req.MaxBytes, req.MinBytes, req.SessionEpoch = 11, 50<<20, 1, -1
	p := kmsg.NewFetchRequestTopicPartition()
	p.FetchOffset, p.PartitionMaxBytes = offset, 1<<20
	req.Topics = []kmsg.FetchRequestTopic{{Topic: topic, Partitions: []kmsg.FetchRequestTopicPartition{p}}}
	for _, f := range change {
		f(req)
	}
	return req
}

func createReq(topics ...kmsg.CreateTopicsRequestTopic) *kmsg.CreateTopicsRequest {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.Version, req.Topics = 7, topics
	return req
}

func topicReq(name string, partitions int32, configs ...string) kmsg.CreateTopicsRequestTopic {
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, partitions, 1
	for i := 0; i < len(configs); i += 2 {
		t.Configs = append(t.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: configs[i], Value: &configs[i+1]})
	}
	return t
}

// create makes a topic, and fails the test if that is refused.
func (c raw) create(topics ...kmsg.CreateTopicsRequestTopic) {
	c.t.Helper()
	for _, t := range ask[*kmsg.CreateTopicsResponse](c, createReq(topics...), 1).Topics {
		if t.ErrorCode != 0 {
			c.t.Fatalf("create topic %s: error %d: %v", t.Topic, t.ErrorCode, t.ErrorMessage)
		}
	}
}

// setPath alters the topic's fetch path; the error code comes back.
func (c raw) setPath(topic, path string) (code int16, message string) {
	c.t.Helper()
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Version = 1
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	r.Configs = []kmsg.IncrementalAlterConfigsRequestResourceConfig{{Name: "copyscope.fetch.path", Op: kmsg.IncrementalAlterConfigOpSet, Value: &path}}
	req.Resources = append(req.Resources, r)
	out := ask[*kmsg.IncrementalAlterConfigsResponse](c, req, 2).Resources[0]
	if out.ErrorMessage != nil {
		message = *out.ErrorMessage
	}
	return out.ErrorCode, message
}
