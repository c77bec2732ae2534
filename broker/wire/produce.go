package wire

// ProduceRequest is decoded here and not by kmsg for two reasons: the records
// stay where they are in the frame, and a frame of 100 MiB that claims millions
// of partitions must not be believed.
//
//	transactional id   string, null   (version 3 on)
//	acks               int16
//	timeout            int32, ms
//	topics             array of
//	  name             string; from 13 on the topic's id, 16 bytes
//	  partitions       array of
//	    index          int32
//	    records        bytes, null
//
// Flexible from version 9 on: compact lengths, and tagged fields at the end of
// each structure.
type ProduceRequest struct {
	TransactionalID *string // nil before version 3, and for who is in no transaction
	Acks            int16
	Topics          []ProduceTopic
}

// ProduceTopic is what is for one topic.
type ProduceTopic struct {
	Name       string   // up to version 12
	ID         [16]byte // from 13 on
	Partitions []ProducePartition
}

// ProducePartition is what is for one partition. Records alias the frame.
type ProducePartition struct {
	Index   int32
	Records []byte
}

// MaxProduceVersion is the highest version that [DecodeProduce] knows. Version
// 12 changes what producers do in transactions (KIP-890), not the message; 13
// names topics by id (KIP-516).
const (
	MaxProduceVersion = 13

	produceByID = 13
)

// maxProduceElements bounds the topics and partitions of one request together.
// An honest one has not more than there are; decoded and answered, those in a
// frame of 100 MiB could take gigabytes.
const maxProduceElements = 1 << 14

// Least bytes of an array's element, in any version.
const (
	minTopicBytes     = 2 // compact: name, partitions
	minPartitionBytes = 5 // index; compact: records
)

// DecodeProduce decodes versions 0 to MaxProduceVersion.
func DecodeProduce(version int16, body []byte) (ProduceRequest, error) {
	r := reader{rest: body, flexible: version >= 9, elements: maxProduceElements}
	var p ProduceRequest
	if version >= 3 {
		p.TransactionalID = r.nullableStr()
	}
	p.Acks = r.int16()
	r.int32() // timeout: appending never waits for another broker
	for range r.array(minTopicBytes) {
		var t ProduceTopic
		t.Name, t.ID = r.topic(version >= produceByID)
		for range r.array(minPartitionBytes) {
			t.Partitions = append(t.Partitions, ProducePartition{Index: r.int32(), Records: r.bytes(false)})
			r.structEnd()
			if r.bad {
				break
			}
		}
		r.structEnd()
		if r.bad {
			break
		}
		p.Topics = append(p.Topics, t)
	}
	r.structEnd()
	if err := r.failed("Produce", version, maxProduceElements); err != nil {
		return ProduceRequest{}, err
	}
	return p, nil
}
