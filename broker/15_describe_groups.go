package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.DescribeGroups, 0, 6, whole(describeGroups)) }

// DescribeGroups, API key 15, versions 0 to 6. A group that is not there is told
// as dead; from version 6 on with GROUP_ID_NOT_FOUND (KIP-1043). A group is
// described once: named again in one request it gets INVALID_REQUEST, as an
// answer could be any number of times as large as the question. Source:
// DescribeGroupsRequest.json.
func describeGroups(ctx context.Context, c *connection, req *kmsg.DescribeGroupsRequest, resp *kmsg.DescribeGroupsResponse) error {
	named := map[string]bool{}
	for _, id := range req.Groups {
		if err := ctx.Err(); err != nil {
			return err
		}
		out := kmsg.NewDescribeGroupsResponseGroup()
		out.Group = id
		if named[id] {
			out.ErrorCode = codeInvalidRequest
			resp.Groups = append(resp.Groups, out)
			continue
		}
		named[id] = true
		d := c.b.groups.Describe(id)
		out.State, out.ProtocolType, out.Protocol = string(d.State), d.ProtocolType, d.Protocol
		if d.State == group.Dead && req.Version >= 6 {
			out.ErrorCode, out.ErrorMessage = codeGroupIDNotFound, kmsg.StringPtr("there is no such group")
		}
		if req.IncludeAuthorizedOperations {
			out.AuthorizedOperations = groupOperations
		}
		for _, m := range d.Members {
			of := kmsg.NewDescribeGroupsResponseGroupMember()
			of.MemberID, of.InstanceID, of.ClientID, of.ClientHost = m.ID, m.Instance, m.ClientID, m.ClientHost
			of.ProtocolMetadata, of.MemberAssignment = append([]byte{}, m.Metadata...), append([]byte{}, m.Assignment...)
			out.Members = append(out.Members, of)
		}
		resp.Groups = append(resp.Groups, out)
	}
	return nil
}
