package broker

import "copyscope/broker/group"

// acceptedOffsets are those of a commit that can be stored: each of the others
// has its own code in the answer, these have that of the whole.
type acceptedOffsets struct {
	b       *Broker
	offsets map[group.TopicPartition]group.Offset
	answers []struct{ topic, partition int } // where they are in the answer
}

func (b *Broker) accepting() *acceptedOffsets {
	return &acceptedOffsets{b: b, offsets: map[group.TopicPartition]group.Offset{}}
}

// take looks at the offset of one partition, whose place in the answer is told;
// unknown is why there is no topic.
func (a *acceptedOffsets) take(in *topic, unknown int16, n int32, offset int64, leaderEpoch int32, note *string, topic, partition int) int16 {
	metadata := ""
	if note != nil {
		metadata = *note
	}
	switch {
	case in == nil:
		return unknown
	case n < 0 || int(n) >= len(in.all()):
		return codeUnknownTopic
	case !a.b.groups.MetadataFits(metadata):
		return codeOffsetMetadataTooLarge
	}
	a.answers = append(a.answers, struct{ topic, partition int }{topic, partition})
	a.offsets[group.TopicPartition{Topic: in.name, Partition: n}] = group.Offset{Offset: offset, LeaderEpoch: leaderEpoch, Metadata: metadata}
	return codeNone
}
