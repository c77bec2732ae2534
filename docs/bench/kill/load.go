//go:build linux

package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// load is an idempotent producer that goes on whatever happens to the broker:
// it tries each record again until it is acknowledged.
type load struct {
	client  *kgo.Client
	cancel  context.CancelFunc
	working sync.WaitGroup

	mu  sync.Mutex
	err error
}

// A record is 16 to 1,039 bytes: its number, and padding. So many are produced
// in a second, in bursts.
const (
	recordsPerBurst = 200
	burstEvery      = 10 * time.Millisecond
)

func startLoad(address string, book *ledger) (*load, error) {
	cl, err := kgo.NewClient(
		kgo.SeedBrokers(address),
		kgo.DefaultProduceTopic(topic),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchMaxBytes(64<<10),
		kgo.ProducerLinger(0),
		kgo.RecordRetries(math.MaxInt),
		kgo.RequestRetries(math.MaxInt32),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }),
		kgo.MetadataMinAge(50*time.Millisecond),
		kgo.StopProducerOnDataLossDetected(), // otherwise it would start anew under another id
	)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{client: cl, cancel: cancel}
	l.working.Go(func() { l.produce(ctx, book) })
	return l, nil
}

func (l *load) produce(ctx context.Context, book *ledger) {
	ticks := time.NewTicker(burstEvery)
	defer ticks.Stop()
	for number := uint64(0); ; {
		for range recordsPerBurst {
			number++
			value := make([]byte, 16+(number*7919)%1024)
			binary.BigEndian.PutUint64(value, number)
			r := &kgo.Record{Partition: int32(number % uint64(len(book.partitions))), Value: value}
			l.client.Produce(context.Background(), r, func(r *kgo.Record, err error) {
				if err != nil {
					l.fail(fmt.Errorf("record %d was given up: %w", binary.BigEndian.Uint64(r.Value), err))
					return
				}
				book.acknowledged(r.Partition, r.Offset, binary.BigEndian.Uint64(r.Value))
			})
		}
		select {
		case <-ctx.Done():
			book.produced(number)
			return
		case <-ticks.C:
		}
	}
}

func (l *load) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
}

func (l *load) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// finish ends the load when all that was begun is acknowledged.
func (l *load) finish(ctx context.Context) error {
	l.cancel()
	l.working.Wait()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return errors.Join(l.client.Flush(ctx), l.failed())
}

func (l *load) stop() {
	l.cancel()
	l.working.Wait()
	l.client.Close()
}
