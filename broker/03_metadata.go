package broker

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.Metadata, 0, 13, whole(metadata)) }

// Metadata, API key 3, versions 0 to 13: this broker, and topics by name or
// (from 10 on) by id. A named topic that does not exist is created if the
// broker (auto.create.topics.enable) and the request allow it, as requests before
// version 4 do, at most maxOnDemand for each request: the others are unknown, and
// clients ask again. A partition that is offline has no leader.
//
// Each name and each id is answered once, however often it is asked for: the
// answer is not larger than one that tells all topics, and the request.
//
// Everyone may do everything, and who asks for the authorized operations is told
// so (operations.go). Source: MetadataRequest.json.
func metadata(ctx context.Context, c *connection, req *kmsg.MetadataRequest, resp *kmsg.MetadataResponse) error {
	self := kmsg.NewMetadataResponseBroker()
	at := c.b.reachable(c.conn)
	self.NodeID, self.Host, self.Port = nodeID, at.host, at.port
	resp.Brokers = append(resp.Brokers, self)
	resp.ClusterID = kmsg.StringPtr(c.b.dir.clusterID)
	resp.ControllerID = nodeID
	if req.IncludeClusterAuthorizedOperations {
		resp.AuthorizedOperations = clusterOperations
	}
	if req.IncludeTopicAuthorizedOperations {
		defer func() {
			for i := range resp.Topics {
				if t := &resp.Topics[i]; t.ErrorCode == codeNone {
					t.AuthorizedOperations = topicOperations
				}
			}
		}()
	}

	if len(req.Topics) == 0 && (req.Topics == nil || req.Version == 0) { // all
		for _, t := range c.b.topics.all() {
			resp.Topics = append(resp.Topics, describeTopic(t))
		}
		return nil
	}
	names, ids := askedFor(req.Topics)
	refused := map[string]error{}
	if (req.AllowAutoTopicCreation || req.Version < 4) && c.b.cfg.Defaults.bool(propertyAutoCreate) {
		refused = c.createOnDemand(ctx, names)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		resp.Topics = append(resp.Topics, c.b.topicByName(name, refused[name]))
	}
	resp.Topics = append(resp.Topics, c.b.topicsByID(ids)...)
	return nil
}

// askedFor are the different names and ids. Who asks by id leaves the name null
// or, as the Java client does, empty.
func askedFor(topics []kmsg.MetadataRequestTopic) (names []string, ids []topicID) {
	knownNames, knownIDs := map[string]bool{}, map[topicID]bool{}
	for _, t := range topics {
		switch {
		case t.Topic == nil || t.TopicID != (topicID{}):
			if !knownIDs[t.TopicID] {
				knownIDs[t.TopicID] = true
				ids = append(ids, t.TopicID)
			}
		case !knownNames[*t.Topic]:
			knownNames[*t.Topic] = true
			names = append(names, *t.Topic)
		}
	}
	return names, ids
}

func describeTopic(t *topic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic = kmsg.StringPtr(t.name)
	out.TopicID, out.IsInternal = t.id, t.internal()
	all, self := t.all(), []int32{nodeID} // which all of them share
	out.Partitions = make([]kmsg.MetadataResponseTopicPartition, 0, len(all))
	for n, held := range all {
		p := kmsg.NewMetadataResponseTopicPartition()
		p.Partition, p.Replicas = int32(n), self
		if held == nil || held.Failed() != nil {
			p.ErrorCode, p.Leader, p.LeaderEpoch = codeLeaderNotAvailable, -1, -1
			p.OfflineReplicas = self
		} else {
			p.Leader, p.LeaderEpoch, p.ISR = nodeID, held.Epoch(), self
		}
		out.Partitions = append(out.Partitions, p)
	}
	return out
}

// maxOnDemand is how many topics one request may create by naming them.
const maxOnDemand = 100

// createOnDemand creates those that are missing, and says which could not be.
func (c *connection) createOnDemand(ctx context.Context, names []string) map[string]error {
	b := c.b
	var missing []wantedTopic
	left := 0
	for _, name := range names {
		switch {
		case b.topics.get(name) != nil || checkTopicName(name) != nil || internalTopics[name]:
		case len(missing) == maxOnDemand:
			left++
		default:
			missing = append(missing, wantedTopic{name: name, partitions: b.cfg.Defaults.int(propertyPartitions)})
		}
	}
	if left > 0 {
		b.log.Warn("one request names more new topics than are created on demand", "created", len(missing), "left", left)
	}
	refused := map[string]error{}
	for i, made := range b.topics.create(ctx, missing) {
		name := missing[i].name
		switch {
		case made.err == nil:
			c.mutates(missing[i].partitions, false) // which makes it wait, and refuses nothing
			b.log.Info("topic created on demand", "topic", name)
		case !errors.Is(made.err, errTopicExists): // another connection may have created it
			refused[name] = made.err
		}
	}
	return refused
}

// topicByName describes the topic, or says why there is none.
func (b *Broker) topicByName(name string, refused error) kmsg.MetadataResponseTopic {
	if t := b.topics.get(name); t != nil {
		return describeTopic(t)
	}
	out := kmsg.NewMetadataResponseTopic()
	out.Topic = kmsg.StringPtr(name)
	switch {
	case refused != nil:
		out.ErrorCode = codeLogged(b.log, refused, "topic", name)
	case checkTopicName(name) != nil:
		out.ErrorCode = codeInvalidTopic
	default:
		out.ErrorCode = codeUnknownTopic
	}
	return out
}

func (b *Broker) topicsByID(ids []topicID) []kmsg.MetadataResponseTopic {
	var all []kmsg.MetadataResponseTopic
	for _, id := range ids {
		if t := b.topics.byID(id); t != nil {
			all = append(all, describeTopic(t))
			continue
		}
		out := kmsg.NewMetadataResponseTopic()
		out.TopicID = id
		out.ErrorCode = codeUnknownTopicID
		all = append(all, out)
	}
	return all
}
