package broker

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

func init() { register(kmsg.DescribeClientQuotas, 0, 1, whole(describeClientQuotas)) }

// DescribeClientQuotas, API key 48, versions 0 and 1: the quotas of users, clients
// and addresses that a filter means. A type of entity that there is not gets
// UNSUPPORTED_VERSION, any other filter that cannot be INVALID_REQUEST.
//
// Source: DescribeClientQuotasRequest.json, ClientQuotasImage.describe (KIP-546).
func describeClientQuotas(_ context.Context, c *connection, req *kmsg.DescribeClientQuotasRequest, resp *kmsg.DescribeClientQuotasResponse) error {
	filter := quota.Filter{Strict: req.Strict}
	for _, part := range req.Components {
		filter.Match = append(filter.Match, quota.Match{Type: part.EntityType, How: quota.How(part.MatchType), Name: part.Match})
	}
	all, err := c.b.dir.quotas.Describe(filter)
	if err != nil {
		resp.ErrorCode, resp.ErrorMessage = codeInvalidRequest, kmsg.StringPtr(err.Error())
		if errors.Is(err, quota.ErrType) {
			resp.ErrorCode = codeUnsupportedVersion
		}
		return nil
	}
	resp.Entries = make([]kmsg.DescribeClientQuotasResponseEntry, 0, len(all))
	for _, d := range all {
		entry := kmsg.NewDescribeClientQuotasResponseEntry()
		for _, p := range d.Entity.Parts() {
			part := kmsg.NewDescribeClientQuotasResponseEntryEntity()
			part.Type, part.Name = p.Type, p.Name
			entry.Entity = append(entry.Entity, part)
		}
		for _, key := range slices.Sorted(maps.Keys(d.Values)) {
			value := kmsg.NewDescribeClientQuotasResponseEntryValue()
			value.Key, value.Value = key, d.Values[key]
			entry.Values = append(entry.Values, value)
		}
		resp.Entries = append(resp.Entries, entry)
	}
	return nil
}
