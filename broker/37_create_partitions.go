package broker

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.CreatePartitions, 0, 3, whole(createPartitions)) }

// CreatePartitions, API key 37, versions 0 to 3: topics get more partitions,
// up to the number given. A topic that is named more than once is refused, as
// Kafka does, and answered once; so are the broker's own, whose records lie
// where a hash modulo their number says.
//
// New partitions count for the quota controller_mutation_rate; what is more is
// refused with THROTTLING_QUOTA_EXCEEDED from version 3 on.
//
// Ignored: timeout. Source: CreatePartitionsRequest.json,
// ReplicationControlManager.createPartitions.
func createPartitions(ctx context.Context, c *connection, req *kmsg.CreatePartitionsRequest, resp *kmsg.CreatePartitionsResponse) error {
	var wanted []growth
	var at []int // wanted[i] is answered by resp.Topics[at[i]]
	for t, repeated := range eachOnce(req.Topics, func(t kmsg.CreatePartitionsRequestTopic) string { return t.Topic }) {
		out := kmsg.NewCreatePartitionsResponseTopic()
		out.Topic = t.Topic
		g, err := c.b.growthOf(t)
		if repeated != nil {
			err = repeated
		}
		if err == nil {
			wanted, at = append(wanted, g), append(at, len(resp.Topics))
		} else {
			out.ErrorCode, out.ErrorMessage = codeOf(err), kmsg.StringPtr(err.Error())
		}
		resp.Topics = append(resp.Topics, out)
	}
	if c.use.counted {
		wanted, at = affordable(c, req.Version >= 3, wanted, at, c.b.topics.checkGrowth(wanted), func(g growth) int { return g.partitions - len(g.topic.all()) }, func(i int, err error) {
			resp.Topics[i].ErrorCode, resp.Topics[i].ErrorMessage = codeOf(err), kmsg.StringPtr(err.Error())
		})
	}
	grow := c.b.topics.grow
	if req.ValidateOnly {
		grow = func(_ context.Context, wanted []growth) []error { return c.b.topics.checkGrowth(wanted) }
	}
	refused := grow(ctx, wanted)
	if err := ctx.Err(); err != nil {
		return err
	}
	for i, err := range refused {
		out := &resp.Topics[at[i]]
		switch {
		case err != nil:
			out.ErrorCode, out.ErrorMessage = codeLogged(c.b.log, err, "topic", out.Topic), kmsg.StringPtr(err.Error())
		case !req.ValidateOnly:
			c.b.log.Info("topic has more partitions", "topic", out.Topic, "partitions", wanted[i].partitions)
		}
	}
	return nil
}

// growthOf is what the request asks for.
func (b *Broker) growthOf(req kmsg.CreatePartitionsRequestTopic) (growth, error) {
	t := b.topics.get(req.Topic)
	switch {
	case t == nil:
		return growth{}, fmt.Errorf("%w: %.300q", errTopicUnknown, req.Topic)
	case t.internal():
		return growth{}, fmt.Errorf("%w: %q", errTopicInternal, req.Topic)
	}
	g := growth{t, int(req.Count)}
	if req.Assignment == nil {
		return g, nil
	}
	if more := g.partitions - len(t.all()); more > 0 && more != len(req.Assignment) {
		return g, fmt.Errorf("%w: %d partitions are new, %d are assigned", errAssignment, more, len(req.Assignment))
	}
	for _, a := range req.Assignment {
		if !onlyHere(a.Replicas) {
			return g, fmt.Errorf("%w: a partition on nodes %s; the only node is %d", errAssignment, few(a.Replicas), nodeID)
		}
	}
	return g, nil
}
