package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.LeaveGroup, 0, 5, whole(leaveGroup)) }

// LeaveGroup, API key 13, versions 0 to 5: from version 3 on many members at
// once, static ones by their instance (KIP-345). Ignored: reason (KIP-800).
// Source: LeaveGroupRequest.json.
func leaveGroup(_ context.Context, c *connection, req *kmsg.LeaveGroupRequest, resp *kmsg.LeaveGroupResponse) error {
	if req.Version < 3 {
		answers, err := c.b.groups.Leave(req.Group, []group.Leaver{{Member: req.MemberID}})
		if err == nil {
			err = answers[0]
		}
		resp.ErrorCode = c.b.groupCode(err, req.Group)
		return nil
	}
	var leavers []group.Leaver
	for _, m := range req.Members {
		leavers = append(leavers, group.Leaver{Member: m.MemberID, Instance: m.InstanceID})
	}
	answers, err := c.b.groups.Leave(req.Group, leavers)
	if resp.ErrorCode = c.b.groupCode(err, req.Group); err != nil {
		return nil
	}
	for i, m := range req.Members {
		out := kmsg.NewLeaveGroupResponseMember()
		out.MemberID, out.InstanceID, out.ErrorCode = m.MemberID, m.InstanceID, c.b.groupCode(answers[i], req.Group)
		resp.Members = append(resp.Members, out)
	}
	return nil
}
