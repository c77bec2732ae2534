package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
)

func init() { register(kmsg.Heartbeat, 0, 4, whole(heartbeat)) }

// Heartbeat, API key 12, versions 0 to 4: REBALANCE_IN_PROGRESS tells a member
// to join again. Source: HeartbeatRequest.json.
func heartbeat(_ context.Context, c *connection, req *kmsg.HeartbeatRequest, resp *kmsg.HeartbeatResponse) error {
	err := c.b.groups.Heartbeat(group.Identity{Group: req.Group, Member: req.MemberID, Instance: req.InstanceID, Generation: req.Generation})
	resp.ErrorCode = c.b.groupCode(err, req.Group)
	return nil
}
