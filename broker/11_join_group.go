package broker

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
	"copyscope/broker/log"
)

func init() { register(kmsg.JoinGroup, 0, 9, waits(serveJoinGroup)) }

// JoinGroup, API key 11, versions 0 to 9. The answer waits until all members
// have joined, or until the client leaves.
//
// From version 4 on a new member is given an id first and joins with it
// (KIP-394); from 5 on it may be static (KIP-345); from 9 on a leader that comes
// back is told to leave the assignment as it is (KIP-814). Ignored: reason
// (KIP-800). Source: JoinGroupRequest.json.
func serveJoinGroup(c *connection, ctx context.Context, r request) error {
	req, err := decode[*kmsg.JoinGroupRequest](r)
	if err != nil {
		return err
	}
	j := group.Join{
		Group: req.Group, Member: req.MemberID, Instance: req.InstanceID, ClientID: r.ClientID, ClientHost: c.host(),
		Session: time.Duration(req.SessionTimeoutMillis) * time.Millisecond, Rebalance: time.Duration(req.RebalanceTimeoutMillis) * time.Millisecond,
		ProtocolType: req.ProtocolType, NeedsID: req.Version >= 4, SkipsAssignment: req.Version >= 9,
	}
	for _, p := range req.Protocols {
		j.Protocols = append(j.Protocols, group.Protocol{Name: p.Name, Metadata: p.Metadata})
	}
	a := c.b.groups.Join(ctx, j)
	resp := req.ResponseKind().(*kmsg.JoinGroupResponse)
	resp.ErrorCode = c.b.groupCode(a.Err, req.Group)
	resp.Generation, resp.LeaderID, resp.MemberID, resp.SkipAssignment = a.Generation, a.Leader, a.Member, a.SkipAssignment
	resp.Protocol = kmsg.StringPtr(a.Protocol)
	if a.Err == nil {
		resp.ProtocolType = &a.ProtocolType
	} else if req.Version >= 7 {
		resp.Protocol = nil
	}
	for _, m := range a.Members {
		out := kmsg.NewJoinGroupResponseMember()
		out.MemberID, out.InstanceID, out.ProtocolMetadata = m.ID, m.Instance, m.Metadata
		resp.Members = append(resp.Members, out)
	}
	return c.respond(r, resp)
}

// groupCode is Kafka's code for an error of a consumer group. What the disk did
// not take is not acknowledged, and asked for again.
func (b *Broker) groupCode(err error, id string) int16 {
	if errors.Is(err, log.ErrStorage) {
		b.log.Error("a consumer group could not be stored", "group", id, "error", err)
		return codeCoordinatorNotAvailable
	}
	return codeLogged(b.log, err, "group", id)
}

// host is the client's address as Kafka tells it of group members.
func (c *connection) host() string {
	host, _, _ := net.SplitHostPort(c.peer())
	return "/" + host
}
