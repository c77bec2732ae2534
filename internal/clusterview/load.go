package clusterview

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/web"
)

// What a load takes of a cluster. It is bounded: the cluster is somebody's.
const (
	// loadPrefix begins the names of the topics that loads make; no other is loaded.
	loadPrefix     = "copyscope-load-"
	loadPartitions = 4
	// loadBytes is what it produces at most, and loadSpare what that leaves of a
	// broker's disk at least, in bytes.
	loadBytes = 256 << 20
	loadSpare = 1 << 30
	// produceShare is the part of the time that producing may take.
	produceShare = 3
	// loadValue is the size of a record's value, in bytes, and loadBatch that of a
	// batch: Kafka's default for the largest is 1 MiB.
	loadValue = 32 << 10
	loadBatch = 900 << 10
)

// Load puts a load on a topic of its own, and counts at the client what it moves.
type Load struct {
	view              *View
	produced, fetched atomic.Int64 // bytes of values, and of batches
	sends, fetches    atomic.Int64 // records acknowledged, and answers with batches
}

var _ web.ClusterLoad = (*Load)(nil)

// NewLoad makes loads for the cluster.
func NewLoad(v *View) *Load { return &Load{view: v} }

// Run makes a topic, produces to it, reads it again and again until the time is over,
// and deletes it. An error that says that it stays is beside any other.
func (l *Load) Run(ctx context.Context, length time.Duration, told func(topic, doing string)) (err error) {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	topic := loadPrefix + hex.EncodeToString(random[:])
	if err := l.room(ctx); err != nil {
		return err
	}
	if err := l.view.CreateTopic(ctx, topic, loadPartitions, nil); err != nil {
		return fmt.Errorf("topic %s cannot be made for the load: %w", topic, err)
	}
	defer func() {
		// Also where the reader has stopped it, or the server ends.
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		if failed := l.view.DeleteTopic(c, topic); failed != nil && !errors.Is(failed, web.ErrNoTopic) {
			err = errors.Join(err, fmt.Errorf("topic %s stays, as it cannot be deleted: %w; delete it with kafka-topics.sh --delete --topic %s", topic, failed, topic))
		}
	}()
	until := time.Now().Add(length)
	told(topic, "produce")
	if err := l.produce(ctx, topic, length/produceShare); err != nil {
		return err
	}
	told(topic, "fetch")
	return l.fetch(ctx, topic, until)
}

// room asks the brokers whether their disks have it. Brokers before Kafka 3.3 do not say
// (KIP-827).
func (l *Load) room(ctx context.Context) error {
	c, cancel := within(ctx)
	defer cancel()
	dirs, err := l.view.admin.DescribeAllLogDirs(c, kadm.TopicsSet{})
	if err != nil {
		return nil // the topic's making says what is wrong
	}
	for _, broker := range dirs {
		for _, d := range broker {
			if d.UsableBytes > 0 && d.UsableBytes < loadBytes+loadSpare {
				return fmt.Errorf("a load may take %d MiB of a broker's disk, of which %d MiB are free, and is to leave %d MiB; make room first", loadBytes>>20, d.UsableBytes>>20, loadSpare>>20)
			}
		}
	}
	return nil
}

// produce sends random values, so that no codec makes them smaller, as an ordinary
// producer does.
func (l *Load) produce(ctx context.Context, topic string, length time.Duration) error {
	client, err := l.view.options.client(kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.RoundRobinPartitioner()), kgo.ProducerBatchMaxBytes(loadBatch),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedBytes(16<<20), kgo.ProducerLinger(5*time.Millisecond), kgo.RecordDeliveryTimeout(2*patience))
	if err != nil {
		return err
	}
	defer client.Close()
	value := make([]byte, loadValue)
	_, _ = rand.Read(value)
	until := time.Now().Add(length)
	var failed atomic.Pointer[error]
	for sent := 0; sent < loadBytes && time.Now().Before(until) && failed.Load() == nil && ctx.Err() == nil; sent += loadValue {
		client.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.CompareAndSwap(nil, &err)
				return
			}
			l.produced.Add(loadValue)
			l.sends.Add(1)
		})
	}
	if err := client.Flush(ctx); err != nil {
		return context.Cause(ctx)
	}
	if err := failed.Load(); err != nil {
		return said(*err)
	}
	return nil
}

// fetch reads each partition from its beginning again and again. What comes is counted
// and thrown away, so that the figures are the broker's and the network's.
func (l *Load) fetch(ctx context.Context, topic string, until time.Time) error {
	c, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	failures := make([]error, loadPartitions)
	var readers sync.WaitGroup
	for n := range loadPartitions {
		readers.Go(func() {
			failures[n] = l.read(c, topic, int32(n))
			if failures[n] != nil {
				cancel()
			}
		})
	}
	readers.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	for _, err := range failures {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			return said(err)
		}
	}
	return nil
}

func (l *Load) read(ctx context.Context, topic string, partition int32) error {
	led, err := l.view.leads(ctx, topic, partition)
	if err != nil {
		return err
	}
	ends, err := l.view.admin.ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	end, _ := ends.Lookup(topic, partition)
	if end.Offset <= 0 {
		return nil
	}
	for from := int64(0); ctx.Err() == nil; {
		set, _, err := led.fetch(ctx, from)
		if err != nil {
			return err
		}
		l.fetched.Add(int64(len(set)))
		l.fetches.Add(1)
		if from = behind(set, from); from >= end.Offset {
			from = 0
		}
	}
	return nil
}

// Traffic is what the loads have moved, as the client saw it, and what the brokers'
// processes on this host took meanwhile.
func (l *Load) Traffic() web.Traffic {
	t := web.Traffic{AtClient: true, Fetches: l.fetches.Load(), Produces: l.sends.Load(), Received: l.produced.Load(),
		Paths: map[string]web.PathTraffic{"produce": {Bytes: l.produced.Load()}, "fetch": {Bytes: l.fetched.Load()}}}
	t.CPU, t.NoCPU = l.brokersCPU()
	return t
}

// brokersCPU is the processor time of all brokers; why not where one is elsewhere.
func (l *Load) brokersCPU() (sum time.Duration, why string) {
	brokers := l.view.State().Brokers
	for _, b := range brokers {
		if b.PID == 0 {
			return -1, fmt.Sprintf("the processor time of broker %d is not known: %s", b.ID, b.NotHere)
		}
	}
	var seen []int
	for _, b := range brokers {
		if slices.Contains(seen, b.PID) {
			continue
		}
		seen = append(seen, b.PID)
		used, err := processorTime(b.PID)
		if err != nil {
			return -1, fmt.Sprintf("the processor time of broker %d is not known: %v", b.ID, err)
		}
		sum += used
	}
	return sum, ""
}

// Watched are the ports of the brokers whose processes are on this host.
func (l *Load) Watched() (ports []int) {
	for _, b := range l.view.State().Brokers {
		if b.PID != 0 {
			ports = append(ports, b.Port)
		}
	}
	return ports
}
