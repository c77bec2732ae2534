package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.FindCoordinator, decodeFindCoordinator)
	register(kmsg.JoinGroup, decodeJoinGroup)
	register(kmsg.SyncGroup, decodeSyncGroup)
	register(kmsg.Heartbeat, decodeHeartbeat)
	register(kmsg.LeaveGroup, decodeLeaveGroup)
	register(kmsg.DescribeGroups, decodeDescribeGroups)
	register(kmsg.ListGroups, decodeListGroups)
	register(kmsg.DeleteGroups, decodeDeleteGroups)
	register(kmsg.ConsumerGroupHeartbeat, decodeConsumerGroupHeartbeat)
	register(kmsg.ConsumerGroupDescribe, decodeConsumerGroupDescribe)
}

// Least bytes of an array's element, in any version.
const (
	minProtocolBytes   = 2  // compact: name, metadata
	minAssignmentBytes = 2  // compact: member id, assignment
	minLeaverBytes     = 3  // compact: member id, instance id, tags
	minOwnedBytes      = 18 // topic id; compact: partitions, tags
)

// data is bytes that are not null and may outlive the frame.
func (r *reader) data() []byte { return append([]byte{}, r.bytes(false)...) }

// FindCoordinatorRequest.json, versions 0 to 6.
func decodeFindCoordinator(r *reader, req *kmsg.FindCoordinatorRequest) {
	if req.Version < 4 {
		req.CoordinatorKey = r.str()
	}
	if req.Version >= 1 {
		req.CoordinatorType = r.int8()
	}
	if req.Version >= 4 {
		req.CoordinatorKeys = list(r, 1, r.str)
	}
}

// JoinGroupRequest.json, versions 0 to 9.
func decodeJoinGroup(r *reader, req *kmsg.JoinGroupRequest) {
	req.Group = r.str()
	req.SessionTimeoutMillis = r.int32()
	if req.Version >= 1 {
		req.RebalanceTimeoutMillis = r.int32()
	}
	req.MemberID = r.str()
	if req.Version >= 5 {
		req.InstanceID = r.nullableStr()
	}
	req.ProtocolType = r.str()
	req.Protocols = list(r, minProtocolBytes, func() kmsg.JoinGroupRequestProtocol {
		p := kmsg.NewJoinGroupRequestProtocol()
		p.Name, p.Metadata = r.str(), r.data()
		r.structEnd()
		return p
	})
	if req.Version >= 8 {
		req.Reason = r.nullableStr()
	}
}

// SyncGroupRequest.json, versions 0 to 5.
func decodeSyncGroup(r *reader, req *kmsg.SyncGroupRequest) {
	req.Group, req.Generation, req.MemberID = r.str(), r.int32(), r.str()
	if req.Version >= 3 {
		req.InstanceID = r.nullableStr()
	}
	if req.Version >= 5 {
		req.ProtocolType, req.Protocol = r.nullableStr(), r.nullableStr()
	}
	req.GroupAssignment = list(r, minAssignmentBytes, func() kmsg.SyncGroupRequestGroupAssignment {
		a := kmsg.NewSyncGroupRequestGroupAssignment()
		a.MemberID, a.MemberAssignment = r.str(), r.data()
		r.structEnd()
		return a
	})
}

// HeartbeatRequest.json, versions 0 to 4.
func decodeHeartbeat(r *reader, req *kmsg.HeartbeatRequest) {
	req.Group, req.Generation, req.MemberID = r.str(), r.int32(), r.str()
	if req.Version >= 3 {
		req.InstanceID = r.nullableStr()
	}
}

// LeaveGroupRequest.json, versions 0 to 5.
func decodeLeaveGroup(r *reader, req *kmsg.LeaveGroupRequest) {
	req.Group = r.str()
	if req.Version < 3 {
		req.MemberID = r.str()
		return
	}
	req.Members = list(r, minLeaverBytes, func() kmsg.LeaveGroupRequestMember {
		m := kmsg.NewLeaveGroupRequestMember()
		m.MemberID, m.InstanceID = r.str(), r.nullableStr()
		if req.Version >= 5 {
			m.Reason = r.nullableStr()
		}
		r.structEnd()
		return m
	})
}

// DescribeGroupsRequest.json, versions 0 to 6.
func decodeDescribeGroups(r *reader, req *kmsg.DescribeGroupsRequest) {
	req.Groups = list(r, 1, r.str)
	if req.Version >= 3 {
		req.IncludeAuthorizedOperations = r.bool()
	}
}

// ListGroupsRequest.json, versions 0 to 5.
func decodeListGroups(r *reader, req *kmsg.ListGroupsRequest) {
	if req.Version >= 4 {
		req.StatesFilter = list(r, 1, r.str)
	}
	if req.Version >= 5 {
		req.TypesFilter = list(r, 1, r.str)
	}
}

// DeleteGroupsRequest.json, versions 0 to 2.
func decodeDeleteGroups(r *reader, req *kmsg.DeleteGroupsRequest) { req.Groups = list(r, 1, r.str) }

// ConsumerGroupHeartbeatRequest.json, versions 0 and 1. A list that is null says
// that nothing changed, an empty one that there is nothing.
func decodeConsumerGroupHeartbeat(r *reader, req *kmsg.ConsumerGroupHeartbeatRequest) {
	req.Group, req.MemberID, req.MemberEpoch = r.str(), r.str(), r.int32()
	req.InstanceID, req.RackID = r.nullableStr(), r.nullableStr()
	req.RebalanceTimeoutMillis = r.int32()
	req.SubscribedTopicNames = list(r, 1, r.str)
	if req.Version >= 1 {
		req.SubscribedTopicRegex = r.nullableStr()
	}
	req.ServerAssignor = r.nullableStr()
	req.Topics = list(r, minOwnedBytes, func() kmsg.ConsumerGroupHeartbeatRequestTopic {
		t := kmsg.NewConsumerGroupHeartbeatRequestTopic()
		_, t.TopicID = r.topic(true)
		t.Partitions = list(r, 4, r.int32)
		r.structEnd()
		return t
	})
}

// ConsumerGroupDescribeRequest.json, versions 0 and 1.
func decodeConsumerGroupDescribe(r *reader, req *kmsg.ConsumerGroupDescribeRequest) {
	req.Groups = list(r, 1, r.str)
	req.IncludeAuthorizedOperations = r.bool()
}
