package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

func init() { register(kmsg.IncrementalAlterConfigs, 0, 1, whole(incrementalAlterConfigs)) }

// IncrementalAlterConfigs, API key 44, versions 0 and 1, for topics: configs
// are set, or go back to their defaults; those not named stay. A change is in
// force for the next fetch, and stored before the answer.
//
// Append and subtract are for lists, and begin with what is in force. Source:
// IncrementalAlterConfigsRequest.json, KIP-339.
func incrementalAlterConfigs(ctx context.Context, c *connection, req *kmsg.IncrementalAlterConfigsRequest, resp *kmsg.IncrementalAlterConfigsResponse) error {
	var wanted []configChange
	for _, r := range req.Resources {
		wanted = append(wanted, configChange{resourceName{r.ResourceType, r.ResourceName}, func(now topicConfigs) (topicConfigs, error) {
			return applyOps(now, r.Configs)
		}})
	}
	answers, err := c.b.alter(ctx, wanted, req.ValidateOnly)
	for _, a := range answers {
		out := kmsg.NewIncrementalAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = a.kind, a.name
		out.ErrorCode, out.ErrorMessage = a.refused.told()
		resp.Resources = append(resp.Resources, out)
	}
	return err
}

func applyOps(now topicConfigs, ops []kmsg.IncrementalAlterConfigsRequestResourceConfig) (next topicConfigs, err error) {
	next = now
	named := map[string]bool{}
	for _, op := range ops {
		if named[op.Name] { // Kafka: "Error due to duplicate config keys"
			return now, fmt.Errorf("%w: config %.100s is named more than once", errRequest, op.Name)
		}
		named[op.Name] = true
		switch op.Op {
		case kmsg.IncrementalAlterConfigOpSet:
			if op.Value == nil {
				return now, fmt.Errorf("%w: config %.100s: a value is needed to set it", errRequest, op.Name)
			}
			next, err = next.with(op.Name, op.Value)
		case kmsg.IncrementalAlterConfigOpDelete:
			next, err = next.with(op.Name, nil)
		case kmsg.IncrementalAlterConfigOpAppend:
			next, err = next.change(op.Name, op.Value, true)
		case kmsg.IncrementalAlterConfigOpSubtract:
			next, err = next.change(op.Name, op.Value, false)
		default:
			return now, fmt.Errorf("%w: config %.100s: there is no operation %d", errRequest, op.Name, op.Op)
		}
		if err != nil {
			return now, err
		}
	}
	return next, nil
}

// configChange is a change that a request asks for.
type configChange struct {
	resourceName
	change func(topicConfigs) (topicConfigs, error)
}

// configAnswer is what became of it; refused is nil if it was made.
type configAnswer struct {
	resourceName
	refused *refusal
}

// alter makes the changes, together. A resource that is named more than once is
// refused, as Kafka does, and answered once.
func (b *Broker) alter(ctx context.Context, wanted []configChange, validateOnly bool) ([]configAnswer, error) {
	var answers []configAnswer
	var all []alteration
	var at []int // all[i] is answered by answers[at[i]]
	for w, repeated := range eachOnce(wanted, func(w configChange) resourceName { return w.resourceName }) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t, refused := b.configured(w.kind, w.name)
		if repeated != nil {
			refused = &refusal{codeOf(repeated), repeated.Error()}
		}
		if refused == nil {
			all, at = append(all, alteration{t, w.change}), append(at, len(answers))
		}
		answers = append(answers, configAnswer{w.resourceName, refused})
	}
	for i, err := range b.topics.alter(all, validateOnly) {
		answers[at[i]].refused = b.altered(all[i].topic, err, validateOnly)
	}
	return answers, nil
}

// altered logs what became of an alteration, and says why it was refused.
func (b *Broker) altered(t *topic, err error, validateOnly bool) *refusal {
	switch {
	case err == nil:
		if !validateOnly {
			b.log.Info("topic configs altered", "topic", t.name, "set", t.configs.Load().set)
		}
		return nil
	case errors.Is(err, log.ErrStorage), errors.Is(err, errRequest), errors.Is(err, errTopicUnknown):
		return &refusal{codeLogged(b.log, err, "topic", t.name), err.Error()}
	}
	return &refusal{codeInvalidConfig, err.Error()}
}
