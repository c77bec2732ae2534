package load

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// produceFranz produces records by franz-go, which builds, checksums and sends
// the batches: what an application gets. The values are made beforehand.
func produceFranz(ctx context.Context, brokers string, t Topic, o ProduceOptions) (Tally, time.Duration, error) {
	acks := map[int16]kgo.Acks{0: kgo.NoAck(), 1: kgo.LeaderAck(), -1: kgo.AllISRAcks()}[o.Acks]
	requests := &answers{key: keyProduce}
	workers := make([]*franzProducer, o.Producers)
	for i := range workers {
		cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic(t.Name), kgo.ClientID(clientID), kgo.WithHooks(requests),
			kgo.RequiredAcks(acks), kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression()),
			kgo.ProducerBatchMaxBytes(int32(o.BatchBytes)), kgo.MaxProduceRequestsInflightPerBroker(o.Outstanding),
			kgo.MaxBufferedRecords(recordsIn(o.BatchBytes, o.RecordBytes)*(o.Outstanding+2)*len(t.Leaders)))
		if err != nil {
			return newTally(), 0, err
		}
		defer cl.Close()
		workers[i] = &franzProducer{Tally: newTally(), client: cl, size: int64(o.RecordBytes)}
	}
	q := o.Amount.begin()
	began := time.Now()
	err := together(ctx, workers, func(ctx context.Context, p *franzProducer) error { return p.run(ctx, q, o) })
	took := time.Since(began)
	sum := newTally()
	for _, p := range workers {
		sum.add(p.Tally)
	}
	sum.requests = requests.n.Load()
	return sum, took, err
}

type franzProducer struct {
	Tally
	client *kgo.Client
	size   int64
	mu     sync.Mutex // of the tally
	failed atomic.Pointer[error]
}

// differentValues is how many different values are sent in turn.
const differentValues = 256

func (p *franzProducer) run(ctx context.Context, q *quota, o ProduceOptions) error {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([][]byte, differentValues)
	for i := range values {
		values[i] = make([]byte, o.RecordBytes)
		for j := range values[i] {
			values[i][j] = byte(random.Uint32())
		}
	}
	for i := 0; q.take(p.size) && ctx.Err() == nil && p.failed.Load() == nil; i++ {
		sent := time.Now()
		p.client.Produce(ctx, &kgo.Record{Value: values[i%len(values)]}, func(_ *kgo.Record, err error) {
			if err != nil {
				p.failed.CompareAndSwap(nil, &err)
				return
			}
			p.acknowledged(time.Since(sent))
			if done := q.done.Add(p.size); o.Progress != nil && done%(1<<20) < p.size {
				o.Progress(done, q.total)
			}
		})
	}
	if err := p.client.Flush(ctx); err != nil {
		return err
	}
	if err := p.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (p *franzProducer) acknowledged(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.Took(d)
	p.bytes += p.size
	p.records++
}

// fetchFranz reads the topic once by franz-go, which decodes every record.
func fetchFranz(ctx context.Context, brokers string, t Topic, o FetchOptions) (Tally, time.Duration, error) {
	from := map[int32]kgo.Offset{}
	left := map[int32]int64{}
	for p, end := range t.Ends {
		if t.Leaders[p] != "" {
			from[int32(p)], left[int32(p)] = kgo.NewOffset().At(t.Starts[p]), end
		}
	}
	requests := &answers{key: keyFetch}
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.ClientID(clientID),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.Name: from}),
		kgo.FetchMaxBytes(int32(min(2*int64(o.MaxBytes), math.MaxInt32))), kgo.FetchMaxPartitionBytes(int32(o.MaxBytes)),
		kgo.WithHooks(requests), kgo.KeepControlRecords()) // a partition may end in one
	if err != nil {
		return newTally(), 0, err
	}
	defer cl.Close()
	sum := newTally()
	began := time.Now()
	for len(left) > 0 && (o.Amount.Bytes == 0 || sum.bytes < o.Amount.Bytes) && (o.Amount.Duration == 0 || time.Since(began) < o.Amount.Duration) {
		asked := time.Now()
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return sum, time.Since(began), err
		}
		sum.Took(time.Since(asked))
		f.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, r := range p.Records {
				if !r.Attrs.IsControl() {
					sum.bytes += int64(len(r.Key) + len(r.Value))
					sum.records++
				}
				if r.Offset+1 >= left[p.Partition] {
					delete(left, p.Partition)
				}
			}
		})
		if o.Progress != nil {
			o.Progress(sum.bytes, o.Amount.Bytes)
		}
	}
	sum.requests = requests.n.Load()
	return sum, time.Since(began), nil
}

// answers counts the answers to the requests of one API: franz-go sends them as
// it sees fit.
type answers struct {
	key int16
	n   atomic.Int64
}

var _ kgo.HookBrokerE2E = (*answers)(nil)

// OnBrokerE2E is told of each request when it is over.
func (a *answers) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e kgo.BrokerE2E) {
	if key == a.key && e.Err() == nil {
		a.n.Add(1)
	}
}
