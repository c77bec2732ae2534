package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/quota"
	"copyscope/broker/wire"
)

func init() { register(kmsg.Produce, 0, wire.MaxProduceVersion, serveProduce) }

// Produce, API key 0. Versions 0 to 13 are understood, 3 to 13 stored: before
// 3 there were no record batches, so those answer UNSUPPORTED_VERSION.
//
// Each partition's batch is checked where it lies in the frame, gets its
// offset, and goes to the file with one pwrite(2). acks 1 and all (-1) mean the
// same on one node: the kernel has the bytes. acks 0 gets no answer; an error
// then ends the connection, as the client has no other way to learn of it
// (KafkaApis.scala).
//
// Batches of a transaction are written if the partition is in it (producetxn.go).
//
// Ignored: timeout. Source: ProduceRequest.json.
func serveProduce(c *connection, _ context.Context, r request) error {
	resp := kmsg.NewPtrProduceResponse()
	resp.SetVersion(r.Version)
	body, err := r.message(resp.IsFlexible())
	if err != nil {
		return err
	}
	req, err := wire.DecodeProduce(r.Version, body)
	if err != nil {
		return err
	}
	var failed error
	in := c.writeInTransaction(r, req)
	defer in.done()
	for _, t := range req.Topics {
		to := kmsg.NewProduceResponseTopic()
		to.Topic, to.TopicID = t.Name, t.ID
		into, unknown := c.b.named(t.Name, t.ID)
		for _, p := range t.Partitions {
			answer, err := c.produce(r, req.Acks, into, unknown, p, in)
			if err != nil {
				failed = err
			}
			into.countProduce(p.Records, answer.ErrorCode)
			to.Partitions = append(to.Partitions, answer)
		}
		resp.Topics = append(resp.Topics, to)
	}
	in.done() // the answer may take its time
	c.charge(quota.ProducerByteRate, float64(r.size))
	if req.Acks != 0 {
		return c.respond(r, resp)
	}
	c.throttled()
	c.b.counted.answered(r.Key, resp)
	if failed != nil {
		return fmt.Errorf("produce without acknowledgement failed: %w", failed)
	}
	return nil
}

// named is the topic that a request names, by name or, if the name is empty, by
// id, or else the code of why there is none.
func (b *Broker) named(name string, id topicID) (*topic, int16) {
	if name != "" {
		if t := b.topics.get(name); t != nil {
			return t, codeNone
		}
		return nil, codeUnknownTopic
	}
	if t := b.topics.byID(id); t != nil {
		return t, codeNone
	}
	if id == (topicID{}) {
		return nil, codeUnknownTopic
	}
	return nil, codeUnknownTopicID
}

// produce stores one partition's batch. unknown is why there is no topic.
func (c *connection) produce(r request, acks int16, t *topic, unknown int16, p wire.ProducePartition, in *inTransaction) (kmsg.ProduceResponseTopicPartition, error) {
	answer := kmsg.NewProduceResponseTopicPartition()
	answer.Partition = p.Index
	answer.BaseOffset = -1
	fail := func(code int16, err error) (kmsg.ProduceResponseTopicPartition, error) {
		answer.ErrorCode = code
		answer.ErrorMessage = kmsg.StringPtr(err.Error())
		return answer, fmt.Errorf("%s: %w", t.partitionName(p.Index), err)
	}
	switch {
	case r.Version < 3:
		return fail(codeUnsupportedVersion, fmt.Errorf("produce version %d has no record batches; use 3 or later", r.Version))
	case acks < -1 || acks > 1:
		return fail(codeInvalidRequiredAcks, fmt.Errorf("acks %d; 0, 1 and -1 (all) are possible", acks))
	}
	if t == nil {
		return fail(unknown, fmt.Errorf("there is no such topic"))
	}
	to, code := t.lookup(p.Index)
	switch {
	case code == codeStorage:
		return fail(code, fmt.Errorf("the partition is offline"))
	case to == nil:
		return fail(code, fmt.Errorf("there is no such partition"))
	case t.internal(): // Kafka: internalTopicsAllowed
		return fail(codeInvalidTopic, fmt.Errorf("topic %q is the broker's own", t.name))
	}
	if log.CodecOf(p.Records) == log.Zstd && r.Version < 7 {
		return fail(codeUnsupportedCodec, fmt.Errorf("zstd needs produce version 7, this is %d", r.Version))
	}
	if code, err := in.refuses(t, p); err != nil {
		return fail(code, err)
	}
	appended, err := c.append(r.ClientID, t, p.Index, to, p.Records)
	if err != nil {
		return fail(t.failure(c.b.log, err, p.Index), err)
	}
	answer.BaseOffset, answer.LogAppendTime = appended.Base, appended.LogAppendTime
	answer.LogStartOffset, _ = to.Offsets()
	return answer, nil
}
