package broker

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
)

func init() { register(kmsg.InitProducerID, 0, 5, whole(initProducerID)) }

// InitProducerID, API key 22, versions 0 to 5. An idempotent producer gets an id
// that none had before, and epoch 0. One that has an id already, and says so from
// version 3 on, gets a new one too, as with Kafka: it is for transactional
// producers that the epoch is raised (KIP-360).
//
// A transactional producer takes its transactional id, and fences whoever had it
// ([txn.Coordinator.Init]). Source: InitProducerIdRequest.json,
// TransactionCoordinator.handleInitProducerId.
func initProducerID(_ context.Context, c *connection, req *kmsg.InitProducerIDRequest, resp *kmsg.InitProducerIDResponse) error {
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	hasID, hasEpoch := req.ProducerID != -1, req.ProducerEpoch != -1
	switch {
	case req.TransactionalID != nil && *req.TransactionalID == "", hasID != hasEpoch:
		resp.ErrorCode = codeInvalidRequest
	case req.TransactionalID != nil:
		var expected *txn.Producer
		if hasID {
			expected = &txn.Producer{ID: req.ProducerID, Epoch: req.ProducerEpoch}
		}
		p, err := c.b.txns.Init(*req.TransactionalID, time.Duration(req.TransactionTimeoutMillis)*time.Millisecond, expected)
		resp.ErrorCode = c.b.txnCode(err, req.Version, 4, *req.TransactionalID)
		resp.ProducerID, resp.ProducerEpoch = p.ID, p.Epoch
	default:
		id, err := c.b.dir.producers.next()
		if err != nil {
			resp.ErrorCode = codeLogged(c.b.log, err)
			return nil
		}
		resp.ProducerID, resp.ProducerEpoch = id, 0
	}
	return nil
}
