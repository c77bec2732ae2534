package consumerrecord

import (
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kbin"

	"copyscope/broker/assignor"
)

// valueVersion is that of all values.
const valueVersion = 0

// Group is ConsumerGroupMetadataValue: the epoch of the group, which grows with
// each change that needs a new assignment.
type Group struct{ Epoch int32 }

// Topics is ConsumerGroupPartitionMetadataValue: what the group is subscribed to,
// of that which there was when its epoch was raised. Racks are not kept: there is
// one node. Kafka writes it up to 4.0, and reads it.
type Topics struct{ Topics []Topic }

// Topic is one of them.
type Topic struct {
	ID         assignor.TopicID
	Name       string
	Partitions int32
}

// Member is ConsumerGroupMemberMetadataValue: what a member said of itself.
type Member struct {
	Instance, Rack       *string
	ClientID, ClientHost string
	Names                []string
	RegularExpression    *string
	RebalanceMs          int32
	Assignor             *string
	Classic              *ClassicMember // of who speaks the classic protocol
}

// ClassicMember is what such a member said besides.
type ClassicMember struct {
	SessionMs int32
	Protocols []Protocol
}

// Protocol is an assignor that it knows, and its subscription under it.
type Protocol struct {
	Name     string
	Metadata []byte
}

// TargetEpoch is ConsumerGroupTargetAssignmentMetadataValue: the epoch for which
// the targets were computed.
type TargetEpoch struct{ Epoch int32 }

// Target is ConsumerGroupTargetAssignmentMemberValue: what a member is to have.
type Target struct{ Partitions []TopicPartitions }

// TopicPartitions are partitions of one topic. Epochs are those in which each was
// assigned (KIP-1251), nil where they are not told.
type TopicPartitions struct {
	Topic   assignor.TopicID
	Numbers []int32
	Epochs  []int32
}

// Current is ConsumerGroupCurrentMemberAssignmentValue: what a member has, and
// what it was told to give up.
type Current struct {
	Epoch, Previous    int32
	State              int8 // MemberState.java: 0 stable, 1 unrevoked, 2 unreleased partitions
	Assigned, Revoking []TopicPartitions
}

// RegularExpression is ConsumerGroupRegularExpressionValue: the topics that an
// expression matched, when, and in which version of the metadata.
type RegularExpression struct {
	Topics               []string
	Version, TimestampMs int64
}

func begin() []byte { return kbin.AppendInt16(nil, valueVersion) }

// noTags ends a structure.
func noTags(b []byte) []byte { return kbin.AppendUvarint(b, 0) }

func appendList[T any](b []byte, all []T, each func([]byte, T) []byte) []byte {
	b = kbin.AppendCompactArrayLen(b, len(all))
	for _, one := range all {
		b = each(b, one)
	}
	return b
}

func (v Group) Bytes() []byte { return noTags(kbin.AppendInt32(begin(), v.Epoch)) }

func (v TargetEpoch) Bytes() []byte { return noTags(kbin.AppendInt32(begin(), v.Epoch)) }

func (v Topics) Bytes() []byte {
	b := appendList(begin(), v.Topics, func(b []byte, t Topic) []byte {
		b = kbin.AppendInt32(kbin.AppendCompactString(kbin.AppendUuid(b, t.ID), t.Name), t.Partitions)
		return noTags(kbin.AppendCompactArrayLen(b, 0))
	})
	return noTags(b)
}

func (v Member) Bytes() []byte {
	b := kbin.AppendCompactNullableString(begin(), v.Instance)
	b = kbin.AppendCompactNullableString(b, v.Rack)
	b = kbin.AppendCompactString(kbin.AppendCompactString(b, v.ClientID), v.ClientHost)
	b = appendList(b, v.Names, kbin.AppendCompactString)
	b = kbin.AppendCompactNullableString(b, v.RegularExpression)
	b = kbin.AppendCompactNullableString(kbin.AppendInt32(b, v.RebalanceMs), v.Assignor)
	if v.Classic == nil {
		return noTags(b)
	}
	classic := kbin.AppendInt32([]byte{isThere}, v.Classic.SessionMs)
	classic = noTags(appendList(classic, v.Classic.Protocols, func(b []byte, p Protocol) []byte {
		return noTags(kbin.AppendCompactBytes(kbin.AppendCompactString(b, p.Name), p.Metadata))
	}))
	return oneTag(b, classicTag, classic)
}

// Tagged fields: a topic's assignment epochs, and what a classic member has. A
// structure that may be missing begins with whether it is there.
const (
	epochsTag  = 0
	classicTag = 0
	isThere    = 1
)

// oneTag ends a structure that has one tagged field.
func oneTag(b []byte, tag uint32, field []byte) []byte {
	b = kbin.AppendUvarint(kbin.AppendUvarint(b, 1), tag)
	return append(kbin.AppendUvarint(b, uint32(len(field))), field...)
}

func appendPartitions(b []byte, all []TopicPartitions) []byte {
	return appendList(b, all, func(b []byte, t TopicPartitions) []byte {
		b = appendList(kbin.AppendUuid(b, t.Topic), t.Numbers, kbin.AppendInt32)
		if t.Epochs == nil {
			return noTags(b)
		}
		return oneTag(b, epochsTag, appendList(nil, t.Epochs, kbin.AppendInt32))
	})
}

func (v Target) Bytes() []byte { return noTags(appendPartitions(begin(), v.Partitions)) }

func (v Current) Bytes() []byte {
	b := kbin.AppendInt32(kbin.AppendInt32(begin(), v.Epoch), v.Previous)
	b = kbin.AppendInt8(b, v.State)
	return noTags(appendPartitions(appendPartitions(b, v.Assigned), v.Revoking))
}

func (v RegularExpression) Bytes() []byte {
	b := appendList(begin(), v.Topics, kbin.AppendCompactString)
	return noTags(kbin.AppendInt64(kbin.AppendInt64(b, v.Version), v.TimestampMs))
}

// read reads a value: its version, fields and tags.
func read(b []byte, fields func(*kbin.Reader)) error { return readTagged(b, fields, nil) }

func readTagged(b []byte, fields func(*kbin.Reader), tagged map[uint32]func([]byte)) error {
	r := kbin.Reader{Src: b}
	if version := r.Int16(); r.Ok() && version != valueVersion {
		return fmt.Errorf("value of version %d, known is %d", version, valueVersion)
	}
	fields(&r)
	readTags(&r, tagged)
	if !r.Ok() {
		return errors.New("a value that is cut short or has wrong lengths")
	}
	return nil
}

// readTags reads the tagged fields that end a structure, and passes over those
// that are not wanted.
func readTags(r *kbin.Reader, wanted map[uint32]func([]byte)) {
	for n := r.Uvarint(); n > 0 && r.Ok(); n-- {
		tag := r.Uvarint()
		field := r.Span(int(r.Uvarint()))
		if read := wanted[tag]; read != nil && r.Ok() {
			read(field)
		}
	}
}

// readList reads as many elements as there are, and no more than there can be.
func readList[T any](r *kbin.Reader, element func(*kbin.Reader) T) (all []T) {
	for n := r.CompactArrayLen(); n > 0 && r.Ok(); n-- {
		all = append(all, element(r))
	}
	return all
}

func (v *Group) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) { v.Epoch = r.Int32() })
}

func (v *TargetEpoch) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) { v.Epoch = r.Int32() })
}

func (v *Topics) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) {
		v.Topics = readList(r, func(r *kbin.Reader) (t Topic) {
			t.ID, t.Name, t.Partitions = r.Uuid(), r.CompactString(), r.Int32()
			readList(r, func(r *kbin.Reader) int32 { // the racks of each partition
				n := r.Int32()
				readList(r, (*kbin.Reader).CompactString)
				readTags(r, nil)
				return n
			})
			readTags(r, nil)
			return t
		})
	})
}

func (v *Member) Read(b []byte) error {
	return readTagged(b, func(r *kbin.Reader) {
		v.Instance, v.Rack = r.CompactNullableString(), r.CompactNullableString()
		v.ClientID, v.ClientHost = r.CompactString(), r.CompactString()
		v.Names = readList(r, (*kbin.Reader).CompactString)
		v.RegularExpression = r.CompactNullableString()
		v.RebalanceMs, v.Assignor = r.Int32(), r.CompactNullableString()
	}, map[uint32]func([]byte){classicTag: func(field []byte) { v.Classic = readClassic(&kbin.Reader{Src: field}) }})
}

// readClassic is nil for a structure that is not there, or cannot be read.
func readClassic(r *kbin.Reader) *ClassicMember {
	if r.Int8() != isThere {
		return nil
	}
	c := ClassicMember{SessionMs: r.Int32()}
	c.Protocols = readList(r, func(r *kbin.Reader) (p Protocol) {
		p.Name, p.Metadata = r.CompactString(), append([]byte{}, r.CompactBytes()...)
		readTags(r, nil)
		return p
	})
	if !r.Ok() {
		return nil
	}
	return &c
}

func readPartitions(r *kbin.Reader) []TopicPartitions {
	return readList(r, func(r *kbin.Reader) (t TopicPartitions) {
		t.Topic = r.Uuid()
		t.Numbers = readList(r, (*kbin.Reader).Int32)
		readTags(r, map[uint32]func([]byte){epochsTag: func(field []byte) {
			t.Epochs = readList(&kbin.Reader{Src: field}, (*kbin.Reader).Int32)
		}})
		return t
	})
}

func (v *Target) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) { v.Partitions = readPartitions(r) })
}

func (v *Current) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) {
		v.Epoch, v.Previous, v.State = r.Int32(), r.Int32(), r.Int8()
		v.Assigned, v.Revoking = readPartitions(r), readPartitions(r)
	})
}

func (v *RegularExpression) Read(b []byte) error {
	return read(b, func(r *kbin.Reader) {
		v.Topics = readList(r, (*kbin.Reader).CompactString)
		v.Version, v.TimestampMs = r.Int64(), r.Int64()
	})
}
