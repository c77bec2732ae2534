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
// Append and subtract are for lists; no config here is one. Source:
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

func applyOps(now topicConfigs, ops []kmsg.IncrementalAlterConfigsRequestResourceConfig) (topicConfigs, error) {
	for _, op := range ops {
		value := op.Value
		switch op.Op {
		case kmsg.IncrementalAlterConfigOpSet:
			if value == nil {
				return nil, fmt.Errorf("config %s: a value is needed to set it", op.Name)
			}
		case kmsg.IncrementalAlterConfigOpDelete:
			value = nil
		default:
			return nil, fmt.Errorf("config %s: %s is for lists, it is none", op.Name, op.Op)
		}
		var err error
		if now, err = now.with(op.Name, value); err != nil {
			return nil, err
		}
	}
	return now, nil
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
	named := map[resourceName]int{}
	for _, w := range wanted {
		named[w.resourceName]++
	}
	var answers []configAnswer
	var all []alteration
	var at []int // all[i] is answered by answers[at[i]]
	for _, w := range wanted {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		times := named[w.resourceName]
		if times == 0 {
			continue // answered before
		}
		named[w.resourceName] = 0
		t, refused := b.configured(w.kind, w.name)
		if times > 1 {
			refused = &refusal{codeInvalidRequest, fmt.Sprintf("%s is named %d times; name it once", w.name, times)}
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
			b.log.Info("topic configs altered", "topic", t.name, "set", *t.configs.Load())
		}
		return nil
	case errors.Is(err, log.ErrStorage):
		return &refusal{codeLogged(b.log, err, "topic", t.name), err.Error()}
	}
	return &refusal{codeInvalidConfig, err.Error()}
}
