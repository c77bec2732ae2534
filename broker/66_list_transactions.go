package broker

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/txn"
)

func init() { register(kmsg.ListTransactions, 0, 1, whole(listTransactions)) }

// ListTransactions, API key 66, versions 0 and 1: the transactional ids by state
// and producer id and, from version 1 on, those whose transaction began longer
// ago than a duration (KIP-994). A state's name that is none is told. Source:
// ListTransactionsRequest.json, TransactionStateManager.listTransactionStates.
func listTransactions(_ context.Context, c *connection, req *kmsg.ListTransactionsRequest, resp *kmsg.ListTransactionsResponse) error {
	states := map[txn.State]bool{}
	for _, name := range req.StateFilters {
		if s, ok := txn.ParseState(name); ok {
			states[s] = true
		} else {
			resp.UnknownStateFilters = append(resp.UnknownStateFilters, name)
		}
	}
	producers := map[int64]bool{}
	for _, id := range req.ProducerIDFilters {
		producers[id] = true
	}
	now := time.Now().UnixMilli()
	for _, d := range c.b.txns.List() {
		switch {
		case len(req.StateFilters) > 0 && !states[d.State],
			len(producers) > 0 && !producers[d.Producer.ID],
			req.Version >= 1 && req.DurationFilterMillis >= 0 && now-d.Started <= req.DurationFilterMillis:
			continue
		}
		out := kmsg.NewListTransactionsResponseTransactionState()
		out.TransactionalID, out.ProducerID, out.TransactionState = d.ID, d.Producer.ID, d.State.String()
		resp.TransactionStates = append(resp.TransactionStates, out)
	}
	return nil
}
