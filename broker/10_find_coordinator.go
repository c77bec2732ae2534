package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.FindCoordinator, 0, 6, whole(findCoordinator)) }

// Kinds of coordinator (FindCoordinatorRequest.json).
const (
	coordinatorOfGroup       = 0
	coordinatorOfTransaction = 1
)

// FindCoordinator, API key 10, versions 0 to 6: one node coordinates all groups and transactions.
// From version 4 on many are asked for at once (KIP-699).
//
// Share groups (type 2) are not served: INVALID_REQUEST, which ends a client's
// search, and not COORDINATOR_NOT_AVAILABLE, which it would try again until its
// timeout. Kafka answers the same where it does not serve them (before version 6,
// KafkaApis.getCoordinator). Source: FindCoordinatorRequest.json.
func findCoordinator(_ context.Context, c *connection, req *kmsg.FindCoordinatorRequest, resp *kmsg.FindCoordinatorResponse) error {
	at := c.b.reachable(c.conn)
	answer := func(key string) kmsg.FindCoordinatorResponseCoordinator {
		out := kmsg.NewFindCoordinatorResponseCoordinator()
		out.Key, out.NodeID, out.Host, out.Port = key, nodeID, at.host, at.port
		refuse := func(code int16, reason string) kmsg.FindCoordinatorResponseCoordinator {
			out.ErrorCode, out.ErrorMessage = code, &reason
			out.NodeID, out.Host, out.Port = -1, "", -1
			return out
		}
		switch {
		case req.CoordinatorType == coordinatorOfTransaction:
			return out
		case req.CoordinatorType != coordinatorOfGroup:
			return refuse(codeInvalidRequest, "this broker coordinates consumer groups and transactions, and no share groups")
		case key == "":
			return refuse(codeInvalidGroupID, "the group id is empty")
		}
		return out
	}
	if req.Version >= 4 {
		for _, key := range req.CoordinatorKeys {
			resp.Coordinators = append(resp.Coordinators, answer(key))
		}
		return nil
	}
	of := answer(req.CoordinatorKey)
	resp.ErrorCode, resp.ErrorMessage, resp.NodeID, resp.Host, resp.Port = of.ErrorCode, of.ErrorMessage, of.NodeID, of.Host, of.Port
	return nil
}
