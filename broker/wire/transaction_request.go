package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.AddPartitionsToTxn, decodeAddPartitionsToTxn)
	register(kmsg.AddOffsetsToTxn, decodeAddOffsetsToTxn)
	register(kmsg.EndTxn, decodeEndTxn)
	register(kmsg.WriteTxnMarkers, decodeWriteTxnMarkers)
	register(kmsg.TxnOffsetCommit, decodeTxnOffsetCommit)
	register(kmsg.DescribeProducers, decodeDescribeProducers)
	register(kmsg.DescribeTransactions, decodeDescribeTransactions)
	register(kmsg.ListTransactions, decodeListTransactions)
}

// minTransactionBytes is the least of a transaction in AddPartitionsToTxn: id,
// producer id and epoch, whether it is only asked, topics, tags.
const minTransactionBytes = 14

// AddPartitionsToTxnRequest.json, versions 0 to 5.
func decodeAddPartitionsToTxn(r *reader, req *kmsg.AddPartitionsToTxnRequest) {
	if req.Version < 4 {
		req.TransactionalID, req.ProducerID, req.ProducerEpoch = r.str(), r.int64(), r.int16()
		req.Topics = list(r, minTopicBytes, func() kmsg.AddPartitionsToTxnRequestTopic {
			t := kmsg.NewAddPartitionsToTxnRequestTopic()
			t.Topic, t.Partitions = r.partitions()
			return t
		})
		return
	}
	req.Transactions = list(r, minTransactionBytes, func() kmsg.AddPartitionsToTxnRequestTransaction {
		t := kmsg.NewAddPartitionsToTxnRequestTransaction()
		t.TransactionalID, t.ProducerID, t.ProducerEpoch, t.VerifyOnly = r.str(), r.int64(), r.int16(), r.bool()
		t.Topics = list(r, minTopicBytes, func() kmsg.AddPartitionsToTxnRequestTransactionTopic {
			of := kmsg.NewAddPartitionsToTxnRequestTransactionTopic()
			of.Topic, of.Partitions = r.partitions()
			return of
		})
		r.structEnd()
		return t
	})
}

// partitions is a structure of a topic's name and numbers of its partitions.
func (r *reader) partitions() (topic string, numbers []int32) {
	topic, numbers = r.str(), list(r, 4, r.int32)
	r.structEnd()
	return topic, numbers
}

// AddOffsetsToTxnRequest.json, versions 0 to 4.
func decodeAddOffsetsToTxn(r *reader, req *kmsg.AddOffsetsToTxnRequest) {
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = r.str(), r.int64(), r.int16(), r.str()
}

// EndTxnRequest.json, versions 0 to 5.
func decodeEndTxn(r *reader, req *kmsg.EndTxnRequest) {
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = r.str(), r.int64(), r.int16(), r.bool()
}

// minMarkerBytes is the least of a marker: producer id and epoch, whether it
// commits, topics, the coordinator's epoch, tags.
const minMarkerBytes = 17

// WriteTxnMarkersRequest.json, versions 1 and 2.
func decodeWriteTxnMarkers(r *reader, req *kmsg.WriteTxnMarkersRequest) {
	req.Markers = list(r, minMarkerBytes, func() kmsg.WriteTxnMarkersRequestMarker {
		m := kmsg.NewWriteTxnMarkersRequestMarker()
		m.ProducerID, m.ProducerEpoch, m.Committed = r.int64(), r.int16(), r.bool()
		m.Topics = list(r, minTopicBytes, func() kmsg.WriteTxnMarkersRequestMarkerTopic {
			t := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
			t.Topic, t.Partitions = r.partitions()
			return t
		})
		m.CoordinatorEpoch = r.int32()
		if req.Version >= 2 {
			m.TransactionVersion = r.int8()
		}
		r.structEnd()
		return m
	})
}

// TxnOffsetCommitRequest.json, versions 0 to 5.
func decodeTxnOffsetCommit(r *reader, req *kmsg.TxnOffsetCommitRequest) {
	req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch = r.str(), r.str(), r.int64(), r.int16()
	req.Generation = -1
	if req.Version >= 3 {
		req.Generation, req.MemberID, req.InstanceID = r.int32(), r.str(), r.nullableStr()
	}
	req.Topics = list(r, minTopicBytes, func() kmsg.TxnOffsetCommitRequestTopic {
		t := kmsg.NewTxnOffsetCommitRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 13, func() kmsg.TxnOffsetCommitRequestTopicPartition {
			p := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset = r.int32(), r.int64()
			if req.Version >= 2 {
				p.LeaderEpoch = r.int32()
			}
			p.Metadata = r.nullableStr()
			r.structEnd()
			return p
		})
		r.structEnd()
		return t
	})
}

// DescribeProducersRequest.json, version 0.
func decodeDescribeProducers(r *reader, req *kmsg.DescribeProducersRequest) {
	req.Topics = list(r, minTopicBytes, func() kmsg.DescribeProducersRequestTopic {
		t := kmsg.NewDescribeProducersRequestTopic()
		t.Topic, t.Partitions = r.partitions()
		return t
	})
}

// DescribeTransactionsRequest.json, version 0.
func decodeDescribeTransactions(r *reader, req *kmsg.DescribeTransactionsRequest) {
	req.TransactionalIDs = list(r, 1, r.str)
}

// ListTransactionsRequest.json, versions 0 and 1.
func decodeListTransactions(r *reader, req *kmsg.ListTransactionsRequest) {
	req.StateFilters = list(r, 1, r.str)
	req.ProducerIDFilters = list(r, 8, r.int64)
	req.DurationFilterMillis = -1
	if req.Version >= 1 {
		req.DurationFilterMillis = r.int64()
	}
}
