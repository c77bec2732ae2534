package broker

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.DescribeConfigs, 0, 4, whole(describeConfigs)) }

// DescribeConfigs, API key 32, versions 0 to 4, for topics and for the broker:
// its number, or "" for all brokers, as there is one. What the broker has is
// set when it starts, and read only. No names of configs stand for all. Each resource is answered once, however
// often it is named.
//
// Source: DescribeConfigsRequest.json, ConfigHelper.describeConfigs.
func describeConfigs(ctx context.Context, c *connection, req *kmsg.DescribeConfigsRequest, resp *kmsg.DescribeConfigsResponse) error {
	named := map[resourceName]bool{}
	for _, r := range req.Resources {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := resourceName{r.ResourceType, r.ResourceName}
		if named[name] {
			continue
		}
		named[name] = true
		out := kmsg.NewDescribeConfigsResponseResource()
		out.ResourceType, out.ResourceName = r.ResourceType, r.ResourceName
		all, refused := c.b.described(name)
		out.ErrorCode, out.ErrorMessage = refused.told()
		for _, d := range all {
			if len(r.ConfigNames) > 0 && !slices.Contains(r.ConfigNames, d.Name) {
				continue
			}
			if !req.IncludeSynonyms {
				d.ConfigSynonyms = nil
			}
			if !req.IncludeDocumentation {
				d.Documentation = nil
			}
			out.Configs = append(out.Configs, d)
		}
		resp.Resources = append(resp.Resources, out)
	}
	return nil
}

// described are the configs of a resource.
func (b *Broker) described(r resourceName) ([]kmsg.DescribeConfigsResponseResourceConfig, *refusal) {
	if r.kind == kmsg.ConfigResourceTypeBroker {
		if r.name != "" && r.name != strconv.Itoa(nodeID) {
			return nil, &refusal{codeInvalidRequest, fmt.Sprintf("there is no broker %.100q, only %d", r.name, nodeID)}
		}
		return b.describeSelf(), nil
	}
	t, refused := b.configured(r.kind, r.name)
	if refused != nil {
		return nil, refused
	}
	return describeTopicConfigs(*t.configs.Load()), nil
}

// resourceName names what has configs.
type resourceName struct {
	kind kmsg.ConfigResourceType
	name string
}

// describeTopicConfigs describes every config in force.
func describeTopicConfigs(configs topicConfigs) []kmsg.DescribeConfigsResponseResourceConfig {
	var out []kmsg.DescribeConfigsResponseResourceConfig
	for _, d := range configDefs {
		k := kmsg.NewDescribeConfigsResponseResourceConfig()
		k.Name, k.ConfigType = d.name, d.kind
		k.Value = kmsg.StringPtr(configs.get(d.name))
		k.Documentation = kmsg.StringPtr(d.doc)
		if set, ok := configs.set[d.name]; ok {
			k.ConfigSynonyms = append(k.ConfigSynonyms, synonym(d.name, set, kmsg.ConfigSourceDynamicTopicConfig))
		}
		if of := configs.base[d.name]; of.property != "" {
			k.ConfigSynonyms = append(k.ConfigSynonyms, synonym(of.property, of.value, kmsg.ConfigSourceStaticBrokerConfig))
		}
		byDefault := d.name
		if len(d.from) > 0 { // Kafka names the broker's property here
			byDefault = d.from[0].property
		}
		k.ConfigSynonyms = append(k.ConfigSynonyms, synonym(byDefault, d.value, kmsg.ConfigSourceDefaultConfig))
		k.Source = k.ConfigSynonyms[0].Source // the first is the one in force
		k.IsDefault = k.Source != kmsg.ConfigSourceDynamicTopicConfig
		out = append(out, k)
	}
	return out
}

// synonym is one of the places from which a config's value can come.
func synonym(name, value string, source kmsg.ConfigSource) kmsg.DescribeConfigsResponseResourceConfigConfigSynonym {
	s := kmsg.NewDescribeConfigsResponseResourceConfigConfigSynonym()
	s.Name, s.Value, s.Source = name, kmsg.StringPtr(value), source
	return s
}

// refusal is an error code with what a person should know.
type refusal struct {
	code   int16
	reason string
}

// told is what the client is told; a nil refusal is none.
func (r *refusal) told() (code int16, message *string) {
	if r == nil {
		return codeNone, nil
	}
	return r.code, &r.reason
}

// configured is the topic whose configs a request names.
func (b *Broker) configured(kind kmsg.ConfigResourceType, name string) (*topic, *refusal) {
	switch kind {
	case kmsg.ConfigResourceTypeTopic:
	case kmsg.ConfigResourceTypeBroker:
		return nil, &refusal{codeInvalidRequest, "the broker's configs are set when it starts; they cannot be altered while it runs"}
	default:
		return nil, &refusal{codeInvalidRequest, "configs of " + kind.String() + " are not served here, only those of topics and of the broker"}
	}
	if err := checkTopicName(name); err != nil {
		return nil, &refusal{codeInvalidTopic, err.Error()}
	}
	t := b.topics.get(name)
	if t == nil {
		return nil, &refusal{codeUnknownTopic, "there is no topic " + name}
	}
	return t, nil
}
