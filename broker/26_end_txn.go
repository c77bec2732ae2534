package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
)

func init() { register(kmsg.EndTxn, 0, 5, whole(endTxn)) }

// endTxnRaises is from which version on an end raises the producer's epoch, and
// tells it (KIP-890).
const endTxnRaises = 5

// EndTxn, API key 26, versions 0 to 5: commits or aborts. What is answered
// without an error is decided for good, and its markers are written, but in
// partitions that are offline. Source: EndTxnRequest.json.
func endTxn(_ context.Context, c *connection, req *kmsg.EndTxnRequest, resp *kmsg.EndTxnResponse) error {
	next, err := c.b.txns.End(req.TransactionalID, txn.Producer{ID: req.ProducerID, Epoch: req.ProducerEpoch}, req.Commit, versionOf(req.Version, endTxnRaises))
	resp.ErrorCode = c.b.txnCode(err, req.Version, 2, req.TransactionalID)
	resp.ProducerID, resp.ProducerEpoch = next.ID, next.Epoch
	return nil
}
