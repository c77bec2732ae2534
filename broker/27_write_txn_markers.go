package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/txn"
)

func init() { register(kmsg.WriteTxnMarkers, 1, 2, whole(writeTxnMarkers)) }

// WriteTxnMarkers, API key 27, versions 1 and 2: ends transactions in partitions,
// whatever their coordinator knows of them. Brokers send it to each other, and an
// administrator does to end a transaction that hangs (KIP-664,
// kafka-transactions.sh abort). Ignored: the transaction version (2), as the
// marker's epoch tells it. A partition that is named again for a producer gets
// INVALID_REQUEST. Source: WriteTxnMarkersRequest.json.
func writeTxnMarkers(ctx context.Context, c *connection, req *kmsg.WriteTxnMarkersRequest, resp *kmsg.WriteTxnMarkersResponse) error {
	type ended struct {
		producer int64
		at       txn.TopicPartition
	}
	named := map[ended]bool{}
	for _, m := range req.Markers {
		out := kmsg.NewWriteTxnMarkersResponseMarker()
		out.ProducerID = m.ProducerID
		marker := log.Marker{ProducerID: m.ProducerID, Epoch: m.ProducerEpoch, CoordinatorEpoch: m.CoordinatorEpoch, Commit: m.Committed}
		for _, t := range m.Topics {
			topic := kmsg.NewWriteTxnMarkersResponseMarkerTopic()
			topic.Topic = t.Topic
			for _, n := range t.Partitions {
				if err := ctx.Err(); err != nil {
					return err
				}
				of := kmsg.NewWriteTxnMarkersResponseMarkerTopicPartition()
				of.Partition = n
				this := ended{m.ProducerID, txn.TopicPartition{Topic: t.Topic, Partition: n}}
				if of.ErrorCode = codeInvalidRequest; !named[this] {
					named[this] = true
					of.ErrorCode = codeLogged(c.b.log, c.b.endTransaction(this.at, marker), "topic", t.Topic, "partition", n)
				}
				topic.Partitions = append(topic.Partitions, of)
			}
			out.Topics = append(out.Topics, topic)
		}
		resp.Markers = append(resp.Markers, out)
	}
	return nil
}
