package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/wire"
)

func init() { register(kmsg.Produce, 0, wire.MaxProduceVersion, serveProduce) }

// Produce, API key 0. Versions 0 to 11 are understood, 3 to 11 stored: before
// 3 there were no record batches, so those answer UNSUPPORTED_VERSION.
//
// Each partition's batch is checked where it lies in the frame, gets its
// offset, and goes to the file with one pwrite(2). acks 1 and all (-1) mean the
// same on one node: the kernel has the bytes. acks 0 gets no answer; an error
// then ends the connection, as the client has no other way to learn of it
// (KafkaApis.scala).
//
// Ignored: timeout. Not served: producer ids (idempotence) and transactions;
// batches that carry them are refused. Source: ProduceRequest.json.
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
	for _, t := range req.Topics {
		to := kmsg.NewProduceResponseTopic()
		to.Topic = t.Name
		for _, p := range t.Partitions {
			answer, err := c.b.produce(r.Version, req.Acks, t.Name, p)
			if err != nil {
				failed = err
			}
			to.Partitions = append(to.Partitions, answer)
		}
		resp.Topics = append(resp.Topics, to)
	}
	if req.Acks != 0 {
		return c.respond(r, resp)
	}
	if failed != nil {
		return fmt.Errorf("produce without acknowledgement failed: %w", failed)
	}
	return nil
}

// produce stores one partition's batch.
func (b *Broker) produce(version, acks int16, topic string, p wire.ProducePartition) (kmsg.ProduceResponseTopicPartition, error) {
	answer := kmsg.NewProduceResponseTopicPartition()
	answer.Partition = p.Index
	answer.BaseOffset = -1
	fail := func(code int16, err error) (kmsg.ProduceResponseTopicPartition, error) {
		answer.ErrorCode = code
		answer.ErrorMessage = kmsg.StringPtr(err.Error())
		return answer, fmt.Errorf("%s-%d: %w", topic, p.Index, err)
	}
	switch {
	case version < 3:
		return fail(codeUnsupportedVersion, fmt.Errorf("produce version %d has no record batches; use 3 or later", version))
	case acks < -1 || acks > 1:
		return fail(codeInvalidRequiredAcks, fmt.Errorf("acks %d; 0, 1 and -1 (all) are possible", acks))
	}
	t := b.topics.get(topic)
	to, code := t.lookup(p.Index)
	switch {
	case code == codeStorage:
		return fail(code, fmt.Errorf("the partition is offline"))
	case to == nil:
		return fail(code, fmt.Errorf("there is no such partition"))
	case t.internal(): // Kafka: internalTopicsAllowed
		return fail(codeInvalidTopic, fmt.Errorf("topic %q is the broker's own", topic))
	}
	if log.CodecOf(p.Records) == log.Zstd && version < 7 {
		return fail(codeUnsupportedCodec, fmt.Errorf("zstd needs produce version 7, this is %d", version))
	}
	appended, err := to.Produce(p.Records)
	if err != nil {
		return fail(t.failure(b.log, err, p.Index), err)
	}
	answer.BaseOffset, answer.LogAppendTime = appended.Base, appended.LogAppendTime
	answer.LogStartOffset, _ = to.Offsets()
	return answer, nil
}
