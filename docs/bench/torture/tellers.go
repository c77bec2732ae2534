//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// teller makes transactions under one transactional id.
type teller struct {
	of   *trial
	n    int
	dice *rand.Rand
	made int
	id   string // transactional, of the client at work
}

// tellers is how many there are; half of them speak the protocol of transactions
// from before KIP-890.
const tellers = 4

func (t *trial) newTeller(n int) *teller {
	return &teller{of: t, n: n, dice: rand.New(rand.NewPCG(t.seed, uint64(100+n)))}
}

// name is the transactional id. Where a cut may have taken what the coordinator
// knows, it is another after each: the coordinator may hand out an epoch of the old
// one again, and partitions take what is sent with it for what they have.
func (w *teller) name() string { return fmt.Sprintf("teller-%d.%d", w.n, w.of.forgotten.Load()) }

func (w *teller) client(address string) (*kgo.Client, error) {
	w.id = w.name()
	opts := append(impatient(address), kgo.TransactionalID(w.id), kgo.TransactionTimeout(time.Minute),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0), kgo.RecordRetries(50), kgo.ProduceRequestTimeout(2*time.Second))
	if w.n%2 == 1 {
		opts = append(opts, kgo.MaxVersions(kversion.V3_7_0()))
	}
	return kgo.NewClient(opts...)
}

// work makes transactions until ctx ends. After an error, and at times without one,
// it begins anew as another producer of the id.
func (w *teller) work(ctx context.Context) {
	for ctx.Err() == nil {
		cl, err := w.client(w.of.proxy.Address())
		if err != nil {
			w.of.fail(err)
			return
		}
		for err == nil && ctx.Err() == nil {
			err = w.transaction(cl)
			victim.Sleep(ctx, time.Duration(w.dice.Int64N(int64(60*time.Millisecond))))
		}
		cl.Close()
	}
}

var errLeft = fmt.Errorf("the producer left")

// transaction is one, of records in some partitions of both topics.
func (w *teller) transaction(cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience/2)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	w.made++
	txn := fmt.Sprintf("teller-%d-%d", w.n, w.made)
	how := w.dice.IntN(12)
	var records []*kgo.Record
	ops := map[*kgo.Record]int{}
	for i := range 2 + w.dice.IntN(4) {
		r := &kgo.Record{Topic: topicsOf[w.dice.IntN(len(topicsOf))], Partition: int32(w.dice.IntN(partitionOfOnes))}
		value := fmt.Sprintf("%s.%d", txn, i)
		r.Value = content(value)
		records = append(records, r)
		ops[r] = w.of.history.Invoke(history.Op{Kind: history.Produce, Worker: txn, Topic: r.Topic, Partition: r.Partition, Offset: -1, Value: value, Promise: history.InTxn, Txn: txn, TxnID: w.id})
	}
	var failed error
	for _, result := range cl.ProduceSync(ctx, records...) {
		if result.Err != nil {
			failed = result.Err
			w.of.history.Complete(ops[result.Record], history.Unknown, result.Err, nil)
			continue
		}
		w.of.history.Complete(ops[result.Record], history.OK, nil, func(o *history.Op) { o.Offset = result.Record.Offset })
	}
	if failed != nil {
		return failed
	}
	switch {
	case how == 0:
		return errLeft
	case how == 1:
		victim.Sleep(ctx, time.Second) // it stays open for a while
	}
	commit := how > 3
	op := w.of.history.Invoke(history.Op{Kind: history.EndTxn, Worker: w.id, Txn: txn, TxnID: w.id, Commits: commit, Offset: -1})
	if err := cl.EndTransaction(ctx, kgo.TransactionEndTry(commit)); err != nil {
		w.of.history.Complete(op, history.Unknown, err, nil)
		return err
	}
	w.of.history.Complete(op, history.OK, nil, nil)
	w.of.progress.Add(1)
	return nil
}

// settle ends what the producers left: another takes the id of each.
func (t *trial) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for n := range tellers {
		w := t.newTeller(n)
		cl, err := w.client(t.proxy.Address())
		if err != nil {
			return err
		}
		_, _, err = cl.ProducerID(ctx)
		cl.Close()
		if err != nil {
			return fmt.Errorf("transactional id %s cannot be taken: %w", w.id, err)
		}
	}
	return nil
}
