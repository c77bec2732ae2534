// Package batchview puts a stored batch in the words of the pages, whoever stores it: the
// broker of this process or a cluster.
package batchview

import (
	"copyscope/broker/log"
	"copyscope/web"
)

var codecs = map[log.Codec]string{log.Uncompressed: "none", log.Gzip: "gzip", log.Snappy: "snappy", log.LZ4: "lz4", log.Zstd: "zstd"}

// Of is the batch as pages see it. Its memory is that of b.
func Of(b log.StoredBatch) web.StoredBatch {
	codec := codecs[b.Codec]
	if codec == "" {
		codec = "unknown"
	}
	return web.StoredBatch{
		Segment: b.Segment, Position: b.Position, Bytes: b.Bytes, Base: b.Base, Last: b.Last, Records: b.BatchInfo.Records, Codec: codec,
		Control: b.Control, LogAppendTime: b.LogAppendTime, ProducerID: b.ProducerID, ProducerEpoch: b.ProducerEpoch,
		FirstSequence: b.FirstSequence, LeaderEpoch: b.LeaderEpoch, CRC: b.CRC, Damage: b.Damage,
		Each: func(visit func(web.StoredRecord) error) error {
			return b.Records(func(r log.RecordInfo) error {
				out := web.StoredRecord{Offset: r.Offset, Timestamp: r.Timestamp, Key: r.Key, Value: r.Value}
				for _, h := range r.Headers {
					out.Headers = append(out.Headers, web.RecordHeader(h))
				}
				return visit(out)
			})
		},
	}
}
