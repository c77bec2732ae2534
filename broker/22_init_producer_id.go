package broker

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func init() { register(kmsg.InitProducerID, 0, 5, whole(initProducerID)) }

// InitProducerID, API key 22, versions 0 to 5, for idempotent producers: each
// gets an id that none had before, and epoch 0. One that has an id already, and
// says so from version 3 on, gets a new one too, as with Kafka: it is for
// transactional producers that the epoch is raised (KIP-360).
//
// Transactions are not served. A transactional id is refused with
// TRANSACTIONAL_ID_AUTHORIZATION_FAILED: every client takes that for final, and
// tries others again for a while or for ever.
//
// Ignored: the transaction's timeout. Source: InitProducerIdRequest.json,
// TransactionCoordinator.handleInitProducerId.
func initProducerID(_ context.Context, c *connection, req *kmsg.InitProducerIDRequest, resp *kmsg.InitProducerIDResponse) error {
	resp.ProducerID, resp.ProducerEpoch = -1, -1
	hasID, hasEpoch := req.ProducerID != -1, req.ProducerEpoch != -1
	switch {
	case req.TransactionalID != nil && *req.TransactionalID == "", hasID != hasEpoch:
		resp.ErrorCode = codeInvalidRequest
	case req.TransactionalID != nil:
		resp.ErrorCode = codeTransactionalID
		c.b.log.Warn("a transactional producer was refused: this broker has no transactions", "client", c.peer())
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
