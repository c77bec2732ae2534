package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DeleteTopics, 0, 6, whole(deleteTopics)) }

// DeleteTopics, API key 20, versions 0 to 6: topics by name or, from 6 on, by
// id. When the answer comes they are gone for everyone: who fetches from one or
// appends to it is told that it is unknown, and another topic may have the name.
// A topic that is named more than once is refused, as Kafka does, and answered
// once; by name and by id it is the same topic.
//
// Unlike Kafka, which leaves it to its authorizer, the broker's own topics are
// refused with INVALID_TOPIC_EXCEPTION: its groups live in them.
//
// Their partitions count for the quota controller_mutation_rate; what is more is
// refused with THROTTLING_QUOTA_EXCEEDED from version 5 on.
//
// Ignored: timeout. Source: DeleteTopicsRequest.json, ControllerApis.deleteTopics.
func deleteTopics(ctx context.Context, c *connection, req *kmsg.DeleteTopicsRequest, resp *kmsg.DeleteTopicsResponse) error {
	asked := req.Topics
	for _, name := range req.TopicNames {
		asked = append(asked, kmsg.DeleteTopicsRequestTopic{Topic: &name})
	}
	var topics []*topic
	var at []int // topics[i] is answered by resp.Topics[at[i]]
	for t, repeated := range eachOnce(asked, c.b.deletionKey) {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewDeleteTopicsResponseTopic()
		out.Topic, out.TopicID = t.Topic, t.TopicID
		found, refused := c.b.deletable(t, req.Version)
		if repeated != nil {
			refused = &refusal{codeOf(repeated), repeated.Error()}
		}
		if refused == nil {
			out.Topic, out.TopicID = &found.name, found.id
			topics, at = append(topics, found), append(at, len(resp.Topics))
		}
		out.ErrorCode, out.ErrorMessage = refused.told()
		resp.Topics = append(resp.Topics, out)
	}
	topics, at = affordable(c, req.Version >= 5, topics, at, nil, func(t *topic) int { return len(t.all()) }, func(i int, err error) {
		resp.Topics[i].ErrorCode, resp.Topics[i].ErrorMessage = codeOf(err), kmsg.StringPtr(err.Error())
	})
	var gone []string
	for i, err := range c.b.topics.delete(topics) {
		out := &resp.Topics[at[i]]
		if err != nil {
			out.ErrorCode, out.ErrorMessage = codeLogged(c.b.log, err, "topic", topics[i].name), kmsg.StringPtr(err.Error())
			continue
		}
		c.b.log.Info("topic deleted", "topic", topics[i].name, "id", encodeID(topics[i].id))
		gone = append(gone, topics[i].name)
	}
	if len(gone) > 0 {
		c.b.groups.TopicsDeleted(gone)
	}
	return nil
}

// deletionKey is what two ways to name one topic have in common.
type deletionKey struct {
	name string
	id   topicID
}

func (b *Broker) deletionKey(t kmsg.DeleteTopicsRequestTopic) deletionKey {
	if t.Topic != nil {
		return deletionKey{name: *t.Topic}
	}
	if found := b.topics.byID(t.TopicID); found != nil {
		return deletionKey{name: found.name}
	}
	return deletionKey{id: t.TopicID}
}

// deletable is the topic that is named, or says why it cannot be deleted.
func (b *Broker) deletable(t kmsg.DeleteTopicsRequestTopic, version int16) (*topic, *refusal) {
	unknown := topicID{}
	if !b.cfg.Defaults.bool(propertyDelete) {
		code := codeDeletionDisabled
		if version < 3 { // whose clients do not know the code
			code = codeInvalidRequest
		}
		return nil, &refusal{code, propertyDelete + " is false"}
	}
	var found *topic
	switch {
	case t.Topic != nil && t.TopicID != unknown:
		return nil, &refusal{codeInvalidRequest, "name a topic by its name or by its id, not by both"}
	case t.Topic != nil:
		if found = b.topics.get(*t.Topic); found == nil {
			return nil, &refusal{codeUnknownTopic, fmt.Sprintf("there is no topic %.300q", *t.Topic)}
		}
	case t.TopicID != unknown:
		if found = b.topics.byID(t.TopicID); found == nil {
			return nil, &refusal{codeUnknownTopicID, "there is no topic of the id " + encodeID(t.TopicID)}
		}
	default:
		return nil, &refusal{codeInvalidRequest, "neither a name nor an id is given"}
	}
	if found.internal() {
		return nil, &refusal{codeInvalidTopic, fmt.Sprintf("topic %q is the broker's own", found.name)}
	}
	return found, nil
}
