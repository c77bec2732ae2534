//go:build linux

package main

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// producer sends records of a number each, over and over.
type producer struct {
	of      *trial
	name    string
	topic   string
	promise history.Promise
	ones    bool // batches of one record alone, to the partition that has nothing else
	opts    []kgo.Opt
}

// partitionOfOnes has batches of one record alone, all of one size: what a recovery
// should have cut off fits exactly behind what comes in its place.
const (
	partitionOfOnes = partitions - 1
	bytesOfOnes     = 600
	batchOfOnes     = 1024 // kgo makes batches no smaller; two records are more
)

// A burst is at most so many records, and they come that often.
const (
	mostBurst  = 6
	burstEvery = 25 * time.Millisecond
)

// impatient are the options of clients that do not wait long for a network that
// fails, nor for a broker that comes back.
func impatient(address string) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(address),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
		kgo.MetadataMinAge(50 * time.Millisecond),
		kgo.DialTimeout(2 * time.Second),
		kgo.RequestTimeoutOverhead(time.Second),
		kgo.AlwaysRetryEOF(),
	}
}

func (p producer) client() (*kgo.Client, error) {
	return kgo.NewClient(append(append(impatient(p.of.proxy.Address()), p.opts...),
		kgo.DefaultProduceTopic(p.topic), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProduceRequestTimeout(2*time.Second), kgo.RecordDeliveryTimeout(10*time.Second),
		kgo.RecordRetries(math.MaxInt), kgo.MaxBufferedRecords(200))...)
}

// work sends until ctx ends. After an error it goes on as another producer: what
// was not answered may be anywhere.
func (p producer) work(ctx context.Context) {
	for life := 0; ctx.Err() == nil; life++ {
		cl, err := p.client()
		if err != nil {
			p.of.fail(err)
			return
		}
		p.session(ctx, cl, fmt.Sprintf("%s.%d", p.name, life))
		cl.Close()
	}
}

func (p producer) session(ctx context.Context, cl *kgo.Client, name string) {
	var failed atomic.Bool
	var answers sync.WaitGroup
	for n, burst := 0, 0; ctx.Err() == nil && !failed.Load(); burst++ {
		partition, records := int32(burst%partitionOfOnes), 1+burst%mostBurst
		if p.ones {
			partition, records = partitionOfOnes, 1
		}
		for range records {
			answers.Add(1)
			value := fmt.Sprintf("%s-%d", name, n)
			n++
			op := p.of.history.Invoke(history.Op{Kind: history.Produce, Worker: name, Topic: p.topic, Partition: partition, Offset: -1, Value: value, Promise: p.promise})
			cl.Produce(ctx, &kgo.Record{Partition: partition, Value: content(value)}, func(r *kgo.Record, err error) {
				defer answers.Done()
				if err != nil {
					failed.Store(true)
					p.of.history.Complete(op, history.Unknown, err, nil)
					return
				}
				p.of.history.Complete(op, history.OK, nil, func(o *history.Op) { o.Offset = r.Offset })
				p.of.progress.Add(1)
			})
		}
		victim.Sleep(ctx, burstEvery)
	}
	if !failed.Load() {
		within, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		cl.Flush(within)
	}
	cl.Close() // ends what is under way with an error
	answers.Wait()
}

// producers are those of a trial.
func (t *trial) producers() []producer {
	return []producer{
		{t, "plain-all", topicWritten, history.AtLeastOnce, false, []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.AllISRAcks()), kgo.MaxProduceRequestsInflightPerBroker(1)}},
		{t, "plain-1", topicMapped, history.AtLeastOnce, false, []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck()), kgo.MaxProduceRequestsInflightPerBroker(1)}},
		{t, "idempotent-w", topicWritten, history.Once, false, nil},
		{t, "idempotent-m", topicMapped, history.Once, false, nil},
		{t, onesName + "-w", topicWritten, history.Once, true, []kgo.Opt{kgo.ProducerBatchMaxBytes(batchOfOnes)}},
		{t, onesName + "-m", topicMapped, history.Once, true, []kgo.Opt{kgo.ProducerBatchMaxBytes(batchOfOnes)}},
	}
}
