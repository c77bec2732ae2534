package broker

import (
	"cmp"
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.SyncGroup, 0, 5, waits(whole(syncGroup))) }

// SyncGroup, API key 14, versions 0 to 5: the leader brings what each member is
// assigned, the others wait for it. From version 5 on the protocol's type and name
// must be told (KIP-559). Source: SyncGroupRequest.json.
func syncGroup(ctx context.Context, c *connection, req *kmsg.SyncGroupRequest, resp *kmsg.SyncGroupResponse) error {
	s := group.Sync{
		Identity:     group.Identity{Group: req.Group, Member: req.MemberID, Instance: req.InstanceID, Generation: req.Generation},
		ProtocolType: req.ProtocolType, Protocol: req.Protocol, Assignments: map[string][]byte{},
	}
	for _, a := range req.GroupAssignment {
		s.Assignments[a.MemberID] = a.MemberAssignment
	}
	if none := ""; req.Version >= 5 { // which no group has
		s.ProtocolType, s.Protocol = cmp.Or(s.ProtocolType, &none), cmp.Or(s.Protocol, &none)
	}
	a := c.b.groups.Sync(ctx, s)
	resp.ErrorCode = c.b.groupCode(a.Err, req.Group)
	resp.MemberAssignment = a.Assignment
	if resp.MemberAssignment == nil {
		resp.MemberAssignment = []byte{}
	}
	if a.Err == nil {
		resp.ProtocolType, resp.Protocol = &a.ProtocolType, &a.Protocol
	}
	return nil
}
