package broker_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// transfers are what the producers were told of their transactions: committed,
// aborted, or nothing for sure.
type transfers struct {
	mu     sync.Mutex
	told   map[string]string
	commit int
}

func (l *transfers) tell(id, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.told[id] = how; how == "committed" {
		l.commit++
	}
}

func (l *transfers) committed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.commit
}

// Money moves between accounts in several partitions, by several producers, each
// transfer a transaction of two records, while the broker is killed again and
// again. Whoever reads what is committed sees each transfer whole or not at all,
// each once; sees those that were acknowledged, and none that was aborted; and so
// no money is made or lost.
func TestTransfersOutliveKills(t *testing.T) {
	const accounts, producers, kills, transfersBetween = 6, 3, 6, 40
	dir := t.TempDir()
	b := startChild(t, dir)
	admin := kadm.NewClient(client(t, b.addr))
	if _, err := admin.CreateTopics(deadline(t), 3, 1, nil, "ledger"); err != nil {
		t.Fatal(err)
	}
	l := &transfers{told: map[string]string{}}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for p := range producers {
		k := protocols[p%len(protocols)]
		all.Go(func() { keepTransferring(ctx, t, b.addr, p, accounts, l, k.opts) })
	}
	for n := range kills {
		for end := time.Now().Add(time.Minute); l.committed() < (n+1)*transfersBetween; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("after %d kills %d transfers were committed", n, l.committed())
			}
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // anywhere in a transaction
		b.kill()
		b = startChild(t, dir, childListen+"="+b.addr)
	}
	for end := time.Now().Add(time.Minute); l.committed() < (kills+1)*transfersBetween && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	cancel()
	all.Wait()
	// Producers that come back end what their predecessors left.
	for p := range producers {
		cl := transactional(t, b.addr, fmt.Sprint("bank ", p))
		inTransaction(t, cl, "end", kgo.TryCommit, "end")
	}
	audit(t, b.addr, l)
}

// keepTransferring moves money until ctx ends. After an error it begins anew, as another
// producer of the same transactional id.
func keepTransferring(ctx context.Context, t *testing.T, addr string, p, accounts int, l *transfers, opts []kgo.Opt) {
	dice := rand.New(rand.NewPCG(uint64(p), 1))
	for n := 0; ctx.Err() == nil; {
		cl, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(addr), kgo.TransactionalID(fmt.Sprint("bank ", p)), kgo.TransactionTimeout(time.Minute),
			kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.RecordRetries(5),
			kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond })}, opts...)...)
		if err != nil {
			t.Error(err)
			return
		}
		for err == nil && ctx.Err() == nil {
			n++
			err = transferOnce(cl, fmt.Sprintf("%d-%d", p, n), dice, accounts, l)
		}
		cl.Close()
	}
}

func transferOnce(cl *kgo.Client, id string, dice *rand.Rand, accounts int, l *transfers) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	from, to, amount := dice.IntN(accounts), dice.IntN(accounts), 1+dice.IntN(100)
	record := func(account, amount int) *kgo.Record {
		return &kgo.Record{Topic: "ledger", Partition: int32(account % 3), Key: []byte(id), Value: fmt.Appendf(nil, "%d %d", account, amount)}
	}
	err := cl.ProduceSync(ctx, record(from, -amount), record(to, amount)).FirstErr()
	if err != nil {
		return err // it is not told: nobody has committed it
	}
	commit := dice.IntN(4) > 0
	if err := cl.EndTransaction(ctx, kgo.TransactionEndTry(commit)); err != nil {
		if commit {
			l.tell(id, "perhaps")
		}
		return err
	}
	if commit {
		l.tell(id, "committed")
	} else {
		l.tell(id, "aborted")
	}
	return nil
}

// audit reads what is committed.
func audit(t *testing.T, addr string, l *transfers) {
	t.Helper()
	plain := client(t, addr)
	ends, err := kadm.NewClient(plain).ListCommittedOffsets(deadline(t), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	highs, err := kadm.NewClient(plain).ListEndOffsets(deadline(t), "ledger")
	if err != nil {
		t.Fatal(err)
	}
	highs.Each(func(o kadm.ListedOffset) {
		if at, _ := ends.Lookup("ledger", o.Partition); at.Offset != o.Offset {
			t.Errorf("partition %d ends at %d, what is committed at %d: a transaction hangs", o.Partition, o.Offset, at.Offset)
		}
	})
	cl := client(t, addr, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.ConsumeTopics("ledger"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	seen, sum := map[string][]int{}, 0
	left := map[int32]int64{}
	highs.Each(func(o kadm.ListedOffset) { left[o.Partition] = o.Offset })
	for ctx := deadline(t); len(left) > 0; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) {
			if r.Offset+1 >= left[r.Partition] {
				delete(left, r.Partition)
			}
			if r.Attrs.IsControl() {
				return
			}
			_, amount, _ := strings.Cut(string(r.Value), " ")
			n, err := strconv.Atoi(amount)
			if err != nil {
				t.Fatal(err)
			}
			seen[string(r.Key)] = append(seen[string(r.Key)], n)
			sum += n
		})
	}
	if sum != 0 {
		t.Errorf("the accounts have %d together", sum)
	}
	for id, amounts := range seen {
		if len(amounts) != 2 || amounts[0]+amounts[1] != 0 {
			t.Errorf("of transfer %s %v is seen", id, amounts)
		}
		if how := l.told[id]; how != "committed" && how != "perhaps" {
			t.Errorf("transfer %s is seen, and was %q", id, how)
		}
	}
	for id, how := range l.told {
		if how == "committed" && len(seen[id]) == 0 {
			t.Errorf("transfer %s was acknowledged, and is not seen", id)
		}
	}
	t.Logf("%d transfers were told of, %d are seen", len(l.told), len(seen))
}
