package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.DescribeConfigs, decodeDescribeConfigs)
	register(kmsg.AlterConfigs, decodeAlterConfigs)
	register(kmsg.IncrementalAlterConfigs, decodeIncrementalAlterConfigs)
}

// Least bytes of an array's element, in any version.
const (
	minResourceBytes = 3 // type; compact: name, array
	minConfigBytes   = 2 // compact: name, value
)

// DescribeConfigsRequest.json, versions 0 to 4.
func decodeDescribeConfigs(r *reader, req *kmsg.DescribeConfigsRequest) {
	req.Resources = list(r, minResourceBytes, func() kmsg.DescribeConfigsRequestResource {
		to := kmsg.NewDescribeConfigsRequestResource()
		to.ResourceType, to.ResourceName = kmsg.ConfigResourceType(r.int8()), r.str()
		to.ConfigNames = list(r, 1, r.str)
		r.structEnd()
		return to
	})
	if req.Version >= 1 {
		req.IncludeSynonyms = r.bool()
	}
	if req.Version >= 3 {
		req.IncludeDocumentation = r.bool()
	}
}

// AlterConfigsRequest.json, versions 0 to 2.
func decodeAlterConfigs(r *reader, req *kmsg.AlterConfigsRequest) {
	req.Resources = list(r, minResourceBytes, func() kmsg.AlterConfigsRequestResource {
		to := kmsg.NewAlterConfigsRequestResource()
		to.ResourceType, to.ResourceName = kmsg.ConfigResourceType(r.int8()), r.str()
		to.Configs = list(r, minConfigBytes, func() kmsg.AlterConfigsRequestResourceConfig {
			c := kmsg.NewAlterConfigsRequestResourceConfig()
			c.Name, c.Value = r.str(), r.nullableStr()
			r.structEnd()
			return c
		})
		r.structEnd()
		return to
	})
	req.ValidateOnly = r.bool()
}

// IncrementalAlterConfigsRequest.json, versions 0 and 1.
func decodeIncrementalAlterConfigs(r *reader, req *kmsg.IncrementalAlterConfigsRequest) {
	req.Resources = list(r, minResourceBytes, func() kmsg.IncrementalAlterConfigsRequestResource {
		to := kmsg.NewIncrementalAlterConfigsRequestResource()
		to.ResourceType, to.ResourceName = kmsg.ConfigResourceType(r.int8()), r.str()
		to.Configs = list(r, minConfigBytes, func() kmsg.IncrementalAlterConfigsRequestResourceConfig {
			c := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
			c.Name, c.Op, c.Value = r.str(), kmsg.IncrementalAlterConfigOp(r.int8()), r.nullableStr()
			r.structEnd()
			return c
		})
		r.structEnd()
		return to
	})
	req.ValidateOnly = r.bool()
}
