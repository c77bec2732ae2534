package decoder

// groupValue is a group of the classic protocol.
var groupValue = value{latest: 4, flexible: 4, refine: decodeMembers, fields: fieldsOf(
	attribute{name: "protocolType", of: stringType},
	attribute{name: "generation", of: int32Type},
	attribute{name: "protocol", of: stringType},
	attribute{name: "leader", of: stringType},
	attribute{name: "currentStateTimestamp", of: int64Type, since: 2},
	attribute{name: "members", of: array{fieldsOf(
		attribute{name: "memberId", of: stringType},
		attribute{name: "groupInstanceId", of: stringType, since: 3},
		attribute{name: "clientId", of: stringType},
		attribute{name: "clientHost", of: stringType},
		attribute{name: "rebalanceTimeout", of: int32Type, since: 1},
		attribute{name: "sessionTimeout", of: int32Type},
		attribute{name: "subscription", of: bytesType},
		attribute{name: "assignment", of: bytesType},
	)}},
)}

var topicPartitions = array{fieldsOf(
	attribute{name: "topic", of: stringType},
	attribute{name: "partitions", of: array{int32Type}},
)}

// What consumers tell each other through their leader (ConsumerProtocolSubscription
// and -Assignment, versions 0 to 3).
var (
	subscription = fieldsOf(
		attribute{name: "topics", of: array{stringType}},
		attribute{name: "userData", of: bytesType},
		attribute{name: "ownedPartitions", of: topicPartitions, since: 1},
		attribute{name: "generationId", of: int32Type, since: 2},
		attribute{name: "rackId", of: stringType, since: 3},
	)
	assignment = fieldsOf(
		attribute{name: "assignedPartitions", of: topicPartitions},
		attribute{name: "userData", of: bytesType},
	)
)

const latestConsumerProtocol = 3

// decodeMembers replaces the bytes of consumers' subscriptions and assignments by
// what they are. Those of other protocols, and what is none, stay as they are.
func decodeMembers(group Object) Object {
	if group[0].Value != "consumer" { // ConsumerProtocol.PROTOCOL_TYPE
		return group
	}
	decode := func(s structure) func(any) any {
		return func(v any) any {
			b, _ := v.([]byte)
			version, rest, ok := cutVersion(b)
			if !ok || version < 0 || version > latestConsumerProtocol {
				return v
			}
			data, err := read(rest, s, version, false)
			if err != nil {
				return v
			}
			return data
		}
	}
	return group.with("members", func(members any) any {
		all, _ := members.([]any)
		for i, m := range all {
			all[i] = m.(Object).with("subscription", decode(subscription)).with("assignment", decode(assignment))
		}
		return members
	})
}
