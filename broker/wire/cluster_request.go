package wire

import "github.com/twmb/franz-go/pkg/kmsg"

func init() {
	register(kmsg.InitProducerID, decodeInitProducerID)
	register(kmsg.DescribeLogDirs, decodeDescribeLogDirs)
	register(kmsg.DescribeCluster, decodeDescribeCluster)
}

// InitProducerIdRequest.json, versions 0 to 5.
func decodeInitProducerID(r *reader, req *kmsg.InitProducerIDRequest) {
	req.TransactionalID = r.nullableStr()
	req.TransactionTimeoutMillis = r.int32()
	req.ProducerID, req.ProducerEpoch = -1, -1
	if req.Version >= 3 {
		req.ProducerID, req.ProducerEpoch = r.int64(), r.int16()
	}
}

// DescribeLogDirsRequest.json, versions 0 to 4. No topics, as null, asks for
// all.
func decodeDescribeLogDirs(r *reader, req *kmsg.DescribeLogDirsRequest) {
	req.Topics = list(r, 2, func() kmsg.DescribeLogDirsRequestTopic {
		t := kmsg.NewDescribeLogDirsRequestTopic()
		t.Topic = r.str()
		t.Partitions = list(r, 4, r.int32)
		r.structEnd()
		return t
	})
}

// DescribeClusterRequest.json, versions 0 to 2.
func decodeDescribeCluster(r *reader, req *kmsg.DescribeClusterRequest) {
	req.IncludeClusterAuthorizedOperations = r.bool()
	if req.Version >= 1 {
		req.EndpointType = r.int8()
	}
	if req.Version >= 2 {
		req.IncludeFencedBrokers = r.bool()
	}
}
