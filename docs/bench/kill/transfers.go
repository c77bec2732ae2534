//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

// transfers is the load of transactional producers that move money. Half of them
// speak the protocol of transactions from before KIP-890.
type transfers struct {
	address string
	s       settings
	book    *bank
	audit   *audit
	cancel  context.CancelFunc
	working sync.WaitGroup
}

const tellers = 4

func startTransfers(ctx context.Context, address string, s settings) (work, error) {
	s.partitions = max(s.partitions, 2)
	if _, err := createTopic(ctx, address, s); err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(context.Background())
	l := &transfers{address: address, s: s, book: newBank(), cancel: cancel}
	l.audit = newAudit(l.book, s.partitions)
	for n := range tellers {
		l.working.Go(func() { l.newTeller(n).work(running) })
	}
	return l, nil
}

// hold holds nothing back: producers that go on decide nothing for others.
func (l *transfers) hold() (release func()) { return func() {} }

func (l *transfers) check(ctx context.Context) error { return l.audit.check(ctx, l.address) }

func (l *transfers) failed() error { return l.book.failed() }

// finish ends what producers left behind: another takes the id of each.
func (l *transfers) finish(ctx context.Context) error {
	l.cancel()
	l.working.Wait()
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for n := range tellers {
		cl, err := l.newTeller(n).client()
		if err != nil {
			return err
		}
		_, _, err = cl.ProducerID(ctx)
		cl.Close()
		if err != nil {
			return fmt.Errorf("HANGS: transactional id %s: %w", tellerID(n), err)
		}
	}
	return errors.Join(l.check(ctx), l.failed())
}

func (l *transfers) whole(ctx context.Context) error {
	l.audit = newAudit(l.book, l.s.partitions)
	return l.audit.checkAll(ctx, l.address)
}

func (l *transfers) stop() {
	l.cancel()
	l.working.Wait()
}

func (l *transfers) String() string { return fmt.Sprintf("%s; %s", l.book, l.audit) }

// teller makes transfers under one transactional id.
type teller struct {
	of   *transfers
	n    int
	dice *rand.Rand
	made int
}

func tellerID(n int) string { return fmt.Sprint("teller-", n) }

func (l *transfers) newTeller(n int) *teller {
	return &teller{of: l, n: n, dice: rand.New(rand.NewPCG(l.s.seed, uint64(1+n)))}
}

func (t *teller) client() (*kgo.Client, error) {
	opts := []kgo.Opt{
		kgo.SeedBrokers(t.of.address),
		kgo.TransactionalID(tellerID(t.n)),
		kgo.TransactionTimeout(time.Minute),
		kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0),
		kgo.RecordRetries(20),
		kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.MetadataMinAge(50 * time.Millisecond),
	}
	if t.n%2 == 1 {
		opts = append(opts, kgo.MaxVersions(kversion.V3_7_0()))
	}
	return kgo.NewClient(opts...)
}

// work makes transfers until ctx ends. After an error it begins anew, as another
// producer of the same id.
func (t *teller) work(ctx context.Context) {
	for ctx.Err() == nil {
		cl, err := t.client()
		if err != nil {
			t.of.book.fail(err)
			return
		}
		for err == nil && ctx.Err() == nil {
			err = t.transfer(cl)
		}
		if errors.Is(err, errLeft) && t.dice.IntN(2) == 0 {
			t.comesBack(cl)
		}
		cl.Close()
	}
}

// impatience is how long some wait for the end of a transaction: a broker that was
// killed needs longer to come back.
const impatience = 10 * time.Millisecond

// errLeft: the producer goes away in the middle of a transaction.
var errLeft = errors.New("the teller left")

func (t *teller) transfer(cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	t.made++
	x := transfer{id: fmt.Sprintf("%d-%d", t.n, t.made), from: t.dice.IntN(accounts), to: t.dice.IntN(accounts), amount: 1 + t.dice.IntN(100), acked: [perTransfer]int64{-1, -1, -1}}
	t.of.book.begin(x)
	err := t.end(ctx, cl, &x)
	t.of.book.decide(x)
	return err
}

func (t *teller) end(ctx context.Context, cl *kgo.Client, x *transfer) error {
	x.told = aborted // until a commit is asked for
	records := make([]*kgo.Record, perTransfer)
	for i := range records {
		records[i] = &kgo.Record{Partition: x.partition(i, t.of.s.partitions), Key: []byte(x.id), Value: []byte(x.value(i))}
	}
	if err := cl.ProduceSync(ctx, records...).FirstErr(); err != nil {
		return err
	}
	for i, r := range records {
		x.acked[i] = r.Offset
	}
	how := t.dice.IntN(16)
	if how == 0 {
		return errLeft
	}
	commit := how > 3
	if commit {
		x.told = doubtful
	}
	if t.dice.IntN(4) == 0 { // some do not wait for a broker that is away
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, impatience)
		defer cancel()
	}
	err := cl.EndTransaction(ctx, kgo.TransactionEndTry(commit))
	if err == nil && commit {
		x.told = committed
	}
	return err
}

// comesBack is when who left wants to commit after another has taken the id.
func (t *teller) comesBack(zombie *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cl, err := t.client()
	if err != nil {
		t.of.book.fail(err)
		return
	}
	defer cl.Close()
	if _, _, err := cl.ProducerID(ctx); err != nil {
		if ctx.Err() != nil {
			t.of.book.fail(fmt.Errorf("HANGS: transactional id %s: %w", tellerID(t.n), err))
		}
		return
	}
	if err := zombie.EndTransaction(ctx, kgo.TryCommit); err == nil {
		t.of.book.fail(fmt.Errorf("transactional id %s: FENCED: a producer commits whose id another has taken", tellerID(t.n)))
	}
}
