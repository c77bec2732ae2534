package decoder

// Offsets is __consumer_offsets (CoordinatorRecordType.java has the types).
var Offsets = Topic{name: "__consumer_offsets", records: map[int16]record{
	0: {"OffsetCommit", offsetKey, offsetValue}, // of Kafka before 0.9
	1: {"OffsetCommit", offsetKey, offsetValue},
	2: {"GroupMetadata", keyOf("group"), groupValue},
	// The types from 3 on are those of the consumer protocol (KIP-848).
	3: {"ConsumerGroupMetadata", keyOf("groupId"), flexible(structure{
		fields: []attribute{{name: "epoch", of: int32Type}},
		tagged: map[uint64]attribute{0: {name: "metadataHash", of: int64Type}, 1: {name: "creationTimeMs", of: int64Type}},
	})},
	4: {"ConsumerGroupPartitionMetadata", keyOf("groupId"), flexible(fieldsOf(
		attribute{name: "topics", of: array{fieldsOf(
			attribute{name: "topicId", of: uuidType},
			attribute{name: "topicName", of: stringType},
			attribute{name: "numPartitions", of: int32Type},
			attribute{name: "partitionMetadata", of: array{fieldsOf(
				attribute{name: "partition", of: int32Type},
				attribute{name: "racks", of: array{stringType}},
			)}},
		)}},
	))},
	5: {"ConsumerGroupMemberMetadata", keyOf("groupId", "memberId"), flexible(structure{
		fields: []attribute{
			{name: "instanceId", of: stringType},
			{name: "rackId", of: stringType},
			{name: "clientId", of: stringType},
			{name: "clientHost", of: stringType},
			{name: "subscribedTopicNames", of: array{stringType}},
			{name: "subscribedTopicRegex", of: stringType},
			{name: "rebalanceTimeoutMs", of: int32Type},
			{name: "serverAssignor", of: stringType},
		},
		tagged: map[uint64]attribute{0: {name: "classicMemberMetadata", of: nullable{fieldsOf(
			attribute{name: "sessionTimeoutMs", of: int32Type},
			attribute{name: "supportedProtocols", of: array{fieldsOf(
				attribute{name: "name", of: stringType},
				attribute{name: "metadata", of: bytesType},
			)}},
		)}}},
	})},
	6: {"ConsumerGroupTargetAssignmentMetadata", keyOf("groupId"), flexible(structure{
		fields: []attribute{{name: "assignmentEpoch", of: int32Type}},
		tagged: map[uint64]attribute{0: {name: "assignmentTimestamp", of: int64Type}},
	})},
	7: {"ConsumerGroupTargetAssignmentMember", keyOf("groupId", "memberId"), flexible(fieldsOf(
		attribute{name: "topicPartitions", of: array{fieldsOf(
			attribute{name: "topicId", of: uuidType},
			attribute{name: "partitions", of: array{int32Type}},
		)}},
	))},
	8: {"ConsumerGroupCurrentMemberAssignment", keyOf("groupId", "memberId"), flexible(fieldsOf(
		attribute{name: "memberEpoch", of: int32Type},
		attribute{name: "previousMemberEpoch", of: int32Type},
		attribute{name: "state", of: memberStates},
		attribute{name: "assignedPartitions", of: ownedPartitions},
		attribute{name: "partitionsPendingRevocation", of: ownedPartitions},
	))},
	16: {"ConsumerGroupRegularExpression", keyOf("groupId", "regularExpression"), flexible(fieldsOf(
		attribute{name: "topics", of: array{stringType}},
		attribute{name: "version", of: int64Type},
		attribute{name: "timestamp", of: int64Type},
	))},
}}

// keyOf is a key of strings.
func keyOf(names ...string) (s structure) {
	for _, name := range names {
		s.fields = append(s.fields, attribute{name: name, of: stringType})
	}
	return s
}

// flexible is a value of which there is version 0 alone, a flexible one.
func flexible(s structure) value { return value{fields: s} }

var offsetKey = structure{fields: append(keyOf("group", "topic").fields, attribute{name: "partition", of: int32Type})}

var offsetValue = value{latest: 4, flexible: 4, fields: structure{
	fields: []attribute{
		{name: "offset", of: int64Type},
		{name: "leaderEpoch", of: int32Type, since: 3},
		{name: "metadata", of: stringType},
		{name: "commitTimestamp", of: int64Type},
		{name: "expireTimestamp", of: int64Type, since: 1, until: 1},
	},
	tagged: map[uint64]attribute{0: {name: "topicId", of: uuidType}},
}}

// memberStates are those of MemberState.java. Kafka's tool tells their numbers.
var memberStates = names{0: "STABLE", 1: "UNREVOKED_PARTITIONS", 2: "UNRELEASED_PARTITIONS"}

var ownedPartitions = array{structure{
	fields: []attribute{{name: "topicId", of: uuidType}, {name: "partitions", of: array{int32Type}}},
	tagged: map[uint64]attribute{0: {name: "assignmentEpochs", of: array{int32Type}}}, // KIP-1251
}}
