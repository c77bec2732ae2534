package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"
)

// AlterConfigs, API key 33, versions 0 to 2, for topics: the configs given are
// all that are set from now on; the others go back to their defaults. Old
// clients have only this.
//
// Source: AlterConfigsRequest.json.
func alterConfigs(c *connection, req *kmsg.AlterConfigsRequest, resp *kmsg.AlterConfigsResponse) {
	for _, r := range req.Resources {
		out := kmsg.NewAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = r.ResourceType, r.ResourceName
		refused := c.b.alter(r.ResourceType, r.ResourceName, req.ValidateOnly, func(topicConfigs) (next topicConfigs, err error) {
			for _, kv := range r.Configs {
				if next, err = next.with(kv.Name, kv.Value); err != nil {
					return nil, err
				}
			}
			return next, nil
		})
		if refused != nil {
			out.ErrorCode, out.ErrorMessage = refused.code, kmsg.StringPtr(refused.reason)
		}
		resp.Resources = append(resp.Resources, out)
	}
}
