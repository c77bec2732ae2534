package broker

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Metadata, API key 3, versions 0 to 12: this broker, and topics by name or
// (from 10 on) by id. A named topic that does not exist is created with one
// partition if the request allows it, as it does before version 4 (Kafka:
// auto.create.topics.enable, num.partitions).
//
// Ignored: the requests for authorized operations (there is no authorizer).
// Source: MetadataRequest.json.
func metadata(c *connection, req *kmsg.MetadataRequest, resp *kmsg.MetadataResponse) {
	self := kmsg.NewMetadataResponseBroker()
	at := c.b.reachable(c.conn)
	self.NodeID, self.Host, self.Port = nodeID, at.host, at.port
	resp.Brokers = append(resp.Brokers, self)
	resp.ClusterID = kmsg.StringPtr(c.b.dir.clusterID)
	resp.ControllerID = nodeID

	if len(req.Topics) == 0 && (req.Topics == nil || req.Version == 0) { // all
		for _, t := range c.b.topics.all() {
			resp.Topics = append(resp.Topics, describeTopic(t))
		}
		return
	}
	create := req.AllowAutoTopicCreation || req.Version < 4
	for _, t := range req.Topics {
		if t.Topic == nil {
			resp.Topics = append(resp.Topics, c.b.topicByID(t.TopicID))
			continue
		}
		resp.Topics = append(resp.Topics, c.b.topicByName(*t.Topic, create))
	}
}

func describeTopic(t *topic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic = kmsg.StringPtr(t.name)
	out.TopicID = t.id
	for n := range t.partitions {
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Partition, p.Leader, p.LeaderEpoch = int32(n), nodeID, 0
		p.Replicas, p.ISR = []int32{nodeID}, []int32{nodeID}
		out.Partitions = append(out.Partitions, p)
	}
	return out
}

func (b *Broker) topicByName(name string, create bool) kmsg.MetadataResponseTopic {
	t := b.topics.get(name)
	var err error
	if t == nil && create {
		// Another connection may create it meanwhile: then it is there.
		if t, err = b.topics.create(name, 1, nil); errors.Is(err, errTopicExists) {
			t, err = b.topics.get(name), nil
		} else if err == nil {
			b.log.Info("topic created on demand", "topic", name)
		}
	} else if t == nil {
		err = checkTopicName(name)
	}
	if t != nil {
		return describeTopic(t)
	}
	out := kmsg.NewMetadataResponseTopic()
	out.Topic = kmsg.StringPtr(name)
	out.ErrorCode = codeUnknownTopic
	if err != nil {
		out.ErrorCode = codeLogged(b.log, err, "topic", name)
	}
	return out
}

func (b *Broker) topicByID(id topicID) kmsg.MetadataResponseTopic {
	for _, t := range b.topics.all() {
		if t.id == id {
			return describeTopic(t)
		}
	}
	out := kmsg.NewMetadataResponseTopic()
	out.TopicID = id
	out.ErrorCode = codeUnknownTopicID
	return out
}
