package broker

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"copyscope/broker/txn"
)

// What the coordinator refuses is told as each version of a request knows it: who
// does not know a code that asks to try again gets one that it does.
func TestCodesOfTransactions(t *testing.T) {
	b := &Broker{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	for _, k := range []struct {
		err                       error
		produce11, produce12      int16
		offsets, endTxn1, endTxn2 int16
	}{
		{nil, 0, 0, 0, 0, 0},
		{txn.ErrConcurrent, 19, 51, 51, 51, 51},
		{txn.ErrStore, 19, 19, 16, 16, 16},
		{txn.ErrClosed, 19, 19, 15, 15, 15},
		{txn.ErrFenced, 47, 47, 47, 47, 90},
		{txn.ErrMapping, 49, 49, 49, 49, 49},
		{txn.ErrState, 48, 48, 48, 48, 48},
		{txn.ErrID, 42, 42, 42, 42, 42},
		{txn.ErrFull, 44, 44, 44, 44, 44},
		{errors.New("another"), -1, -1, -1, -1, -1},
	} {
		err := k.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		got := [5]int16{b.produceCode(err, 11, "x"), b.produceCode(err, 12, "x"), b.writeCode(err, "x"), b.txnCode(err, 1, 2, "x"), b.txnCode(err, 2, 2, "x")}
		if want := [5]int16{k.produce11, k.produce12, k.offsets, k.endTxn1, k.endTxn2}; got != want {
			t.Errorf("%v: %v, want %v", k.err, got, want)
		}
	}
}
