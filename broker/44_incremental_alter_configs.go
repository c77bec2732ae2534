package broker

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
)

// IncrementalAlterConfigs, API key 44, versions 0 and 1, for topics: configs
// are set, or go back to their defaults; those not named stay. A change is in
// force for the next fetch, and stored before the answer.
//
// Append and subtract are for lists; no config here is one. Source:
// IncrementalAlterConfigsRequest.json, KIP-339.
func incrementalAlterConfigs(c *connection, req *kmsg.IncrementalAlterConfigsRequest, resp *kmsg.IncrementalAlterConfigsResponse) {
	for _, r := range req.Resources {
		out := kmsg.NewIncrementalAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = r.ResourceType, r.ResourceName
		refused := c.b.alter(r.ResourceType, r.ResourceName, req.ValidateOnly, func(now topicConfigs) (topicConfigs, error) {
			return applyOps(now, r.Configs)
		})
		if refused != nil {
			out.ErrorCode, out.ErrorMessage = refused.code, kmsg.StringPtr(refused.reason)
		}
		resp.Resources = append(resp.Resources, out)
	}
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

// alter changes a topic's configs.
func (b *Broker) alter(kind kmsg.ConfigResourceType, name string, validateOnly bool, change func(topicConfigs) (topicConfigs, error)) *refusal {
	t, refused := b.configured(kind, name)
	if refused != nil {
		return refused
	}
	err := b.topics.alter(t, change, validateOnly)
	switch {
	case err == nil:
		if !validateOnly {
			b.log.Info("topic configs altered", "topic", name, "set", *t.configs.Load())
		}
		return nil
	case errors.Is(err, log.ErrStorage):
		return &refusal{codeLogged(b.log, err, "topic", name), err.Error()}
	}
	return &refusal{codeInvalidConfig, err.Error()}
}
