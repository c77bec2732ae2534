//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// load is one kind of client; run goes on until ctx is over.
type load struct {
	name string
	run  func(context.Context)
}

// patience bounds each single thing that a client does.
const patience = time.Minute

// The fetch paths, and the topic that each serves.
var paths = []string{"read-write", "mmap-write", "sendfile", "splice"}

const (
	topicOf        = "soak-" // and a path's name
	compactedTopic = "soak-compacted"
	partitions     = 2 // of each topic
	recordBytes    = 1000
)

// A topic's disk is bounded: so many bytes a partition, and what comes until
// retention looks again. Segments are small, so that they roll and go all the time.
const (
	segmentBytes   = 256 << 10
	retentionBytes = 1 << 20
)

// topicConfigs are those of the topics that stay for the whole run.
func topicConfigs() map[string]map[string]string {
	all := map[string]map[string]string{compactedTopic: {
		"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2", "segment.bytes": fmt.Sprint(segmentBytes / 4), "file.delete.delay.ms": "1000", "delete.retention.ms": "1000"}}
	for _, p := range paths {
		all[topicOf+p] = map[string]string{"copyscope.fetch.path": p, "segment.bytes": fmt.Sprint(segmentBytes),
			"retention.bytes": fmt.Sprint(retentionBytes), "file.delete.delay.ms": "1000"}
	}
	return all
}

// client makes one of franz-go.
func (s *soak) client(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(s.server.Kafka), kgo.MetadataMinAge(time.Second), kgo.RequestTimeoutOverhead(patience)}, opts...)...)
}

// makeTopics makes those that stay.
func (s *soak) makeTopics(ctx context.Context) error {
	return s.admin(ctx, func(ctx context.Context, admin *kadm.Client) error {
		for name, configs := range topicConfigs() {
			given := map[string]*string{}
			for k, v := range configs {
				given[k] = &v
			}
			if _, err := admin.CreateTopic(ctx, partitions, 1, given, name); err != nil {
				return fmt.Errorf("create the topic %s: %w", name, err)
			}
		}
		return nil
	})
}

// deleteAll takes away the topics and groups that the soak has made.
func (s *soak) deleteAll(ctx context.Context) error {
	return s.admin(ctx, func(ctx context.Context, admin *kadm.Client) error {
		details, err := admin.ListTopics(ctx)
		if err != nil {
			return err
		}
		_, err = admin.DeleteTopics(ctx, details.Names()...)
		if err != nil {
			return err
		}
		groups, err := admin.ListGroups(ctx)
		if err != nil {
			return err
		}
		_, err = admin.DeleteGroups(ctx, groups.Groups()...)
		return err
	})
}

func (s *soak) admin(ctx context.Context, do func(context.Context, *kadm.Client) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cl, err := s.client()
	if err != nil {
		return err
	}
	defer cl.Close()
	return do(ctx, kadm.NewClient(cl))
}

// produceIdempotent appends bursts to the paths' topics in turn. Each producer
// lives for some rounds, then another one, with a new id, takes its place.
func (s *soak) produceIdempotent(ctx context.Context) {
	const rounds, burst = 150, 20
	for round := 0; ctx.Err() == nil; {
		cl, err := s.client(kgo.ProducerBatchCompression(kgo.NoCompression()))
		if err != nil {
			s.book.note(ctx, asProducer, err)
			return
		}
		for range rounds {
			topic := topicOf + paths[round%len(paths)]
			round++
			records := make([]*kgo.Record, burst)
			for i := range records {
				records[i] = &kgo.Record{Topic: topic, Value: payload()}
			}
			if err := s.sent(ctx, cl, records); err != nil {
				s.book.note(ctx, asProducer, err)
			} else {
				s.book.did("records produced by idempotent producers", burst)
			}
			if !s.rate.next(ctx, 100*time.Millisecond) {
				break
			}
		}
		s.book.did("idempotent producers opened", 1)
		cl.Close()
	}
}

func (s *soak) sent(ctx context.Context, cl *kgo.Client, records []*kgo.Record) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return cl.ProduceSync(ctx, records...).FirstErr()
}

// payload is what no codec makes smaller.
func payload() []byte {
	b := make([]byte, recordBytes)
	rand.Read(b)
	return b
}

// produceTransactions commits two of three transactions over two topics, and aborts
// the third. After some, another producer takes over the transactional id; each
// other time it finds a transaction open, which it fences.
func (s *soak) produceTransactions(ctx context.Context) {
	const each, records = 12, 10
	for life := 0; ctx.Err() == nil; life++ {
		cl, err := s.clientOfTransactions(life / 2 % 3)
		if err != nil {
			s.book.note(ctx, asTransaction, err)
			return
		}
		for i := range each {
			if err := s.transaction(ctx, cl, records, i%3 != 2); err != nil {
				s.book.note(ctx, asTransaction, err)
				break
			}
			if !s.rate.next(ctx, 500*time.Millisecond) {
				break
			}
		}
		if life%2 == 0 && ctx.Err() == nil { // leave one open
			if err := cl.BeginTransaction(); err == nil {
				err = s.sent(ctx, cl, []*kgo.Record{{Topic: topicOf + "sendfile", Value: payload()}})
				s.book.note(ctx, asTransaction, err)
				s.book.did("transactions left open, to be fenced", 1)
			}
		}
		cl.CloseAllowingRebalance()
	}
}

func (s *soak) clientOfTransactions(id int) (*kgo.Client, error) {
	return s.client(kgo.TransactionalID(fmt.Sprint("soak-", id)), kgo.TransactionTimeout(patience))
}

func (s *soak) transaction(ctx context.Context, cl *kgo.Client, records int, commit bool) error {
	if err := cl.BeginTransaction(); err != nil {
		return err
	}
	all := make([]*kgo.Record, records)
	for i := range all {
		all[i] = &kgo.Record{Topic: topicOf + paths[i%2*2], Value: payload()}
	}
	sent := s.sent(ctx, cl, all)
	ending, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	end := cl.EndTransaction(ending, kgo.TransactionEndTry(commit && sent == nil))
	if err := errors.Join(sent, end); err != nil {
		return err
	}
	if commit {
		s.book.did("transactions committed", 1)
	} else {
		s.book.did("transactions aborted", 1)
	}
	return nil
}

// produceCompacted writes few keys again and again, and tombstones.
func (s *soak) produceCompacted(ctx context.Context) {
	cl, err := s.client()
	if err != nil {
		s.book.note(ctx, asCompacted, err)
		return
	}
	defer cl.Close()
	for n := 0; ; {
		records := make([]*kgo.Record, 10)
		for i := range records {
			records[i] = &kgo.Record{Topic: compactedTopic, Key: fmt.Append(nil, "key-", n%50), Value: payload()}
			if n++; n%17 == 0 {
				records[i].Value = nil
			}
		}
		if err := s.sent(ctx, cl, records); err != nil {
			s.book.note(ctx, asCompacted, err)
		} else {
			s.book.did("records produced to the compacted topic", int64(len(records)))
		}
		if !s.rate.next(ctx, 250*time.Millisecond) {
			return
		}
	}
}
