package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.AlterConfigs, 0, 2, whole(alterConfigs)) }

// AlterConfigs, API key 33, versions 0 to 2, for topics: the configs given are
// all that are set from now on; the others go back to their defaults. Old
// clients have only this. A config without a value, or named more than once, is
// refused.
//
// Source: AlterConfigsRequest.json, ConfigAdminManager.preprocess.
func alterConfigs(ctx context.Context, c *connection, req *kmsg.AlterConfigsRequest, resp *kmsg.AlterConfigsResponse) error {
	var wanted []configChange
	for _, r := range req.Resources {
		wanted = append(wanted, configChange{resourceName{r.ResourceType, r.ResourceName}, func(now topicConfigs) (topicConfigs, error) {
			return applyOps(topicConfigs{base: now.base}, setOps(r.Configs))
		}})
	}
	answers, err := c.b.alter(ctx, wanted, req.ValidateOnly)
	for _, a := range answers {
		out := kmsg.NewAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = a.kind, a.name
		out.ErrorCode, out.ErrorMessage = a.refused.told()
		resp.Resources = append(resp.Resources, out)
	}
	return err
}

// setOps are the same as operations that set.
func setOps(configs []kmsg.AlterConfigsRequestResourceConfig) []kmsg.IncrementalAlterConfigsRequestResourceConfig {
	ops := make([]kmsg.IncrementalAlterConfigsRequestResourceConfig, len(configs))
	for i, kv := range configs {
		ops[i] = kmsg.IncrementalAlterConfigsRequestResourceConfig{Name: kv.Name, Op: kmsg.IncrementalAlterConfigOpSet, Value: kv.Value}
	}
	return ops
}
