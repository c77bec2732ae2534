package talkfeed

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/internal/talk"
)

// Config says which feed a server has.
type Config struct {
	Address Address
	// Client are further options of the client: TLS, authentication.
	Client []kgo.Opt
	// Token is the speaker's; all servers of a room have the same.
	Token string
	// New begins a new room, whatever is in the topic.
	New bool
	Log *slog.Logger
}

// Feed is a server's end of a room's log. It is web.TalkFeed.
type Feed struct {
	config Config
	keys   keys
	client *kgo.Client
	server string // this server's number, anew with each start
	room   string

	// What Join and Follow use, one after the other.
	numbers map[string]uint64 // the last record of each server
	passed  map[foreign]bool  // what has been passed over

	sending sync.Mutex // keeps the records in the order of their numbers; before mu
	number  uint64     // of the last record that was sent

	mu      sync.Mutex
	waiting map[uint64]func(error) // by the number of the record
}

const (
	// Records are bounded, and so is what is read of them at a time.
	fetchBytes      = 1 << 20
	decompressBytes = 8 << 20 // ours are not compressed
	answerBytes     = 16 << 20
	// mostWaiting bounds the events that wait to be written: an audience's answers
	// within the seconds in which a cluster elects a leader.
	mostWaiting = 10_000
	// giveUp is how long an event waits to be written before its author is told.
	giveUp = 10 * time.Second
	// Pauses between tries, from 50 ms: a room waits for its log.
	firstPause, longestPause = 50 * time.Millisecond, 500 * time.Millisecond
)

// Open connects to the cluster and takes or makes the topic. Close ends it.
func Open(ctx context.Context, c Config) (*Feed, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.Address.Brokers...), kgo.ClientID("copyscope-talk"),
		kgo.DialTimeout(3 * time.Second), kgo.MetadataMinAge(250 * time.Millisecond),
		kgo.RetryBackoffFn(func(tries int) time.Duration { return min(longestPause, firstPause<<min(tries, 10)) }),
		// An idempotent producer with acks=all is this client's default.
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.DefaultProduceTopic(c.Address.Topic),
		kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(maxMessage / 2),
		kgo.MaxBufferedRecords(mostWaiting), kgo.RecordDeliveryTimeout(giveUp), kgo.ProduceRequestTimeout(giveUp),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{c.Address.Topic: {0: kgo.NewOffset().AtStart()}}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset().AtStart()),
		kgo.FetchMaxPartitionBytes(fetchBytes), kgo.FetchMaxBytes(fetchBytes), kgo.BrokerMaxReadBytes(answerBytes),
		kgo.MaxDecompressBatchBytes(decompressBytes),
	}, c.Client...)...)
	if err != nil {
		return nil, fmt.Errorf("feed %s: %w", c.Address, err)
	}
	warning, err := ensure(ctx, client, c.Address)
	if err != nil {
		client.Close()
		return nil, err
	}
	if warning != "" {
		c.Log.Warn("talk: " + warning)
	}
	return &Feed{config: c, keys: keysOf(c.Token, c.Address.Topic), client: client, server: rand.Text(), numbers: map[string]uint64{}, passed: map[foreign]bool{},
		waiting: map[uint64]func(error){}}, nil
}

// Close ends the connections. Who waits for an event is told that it is lost.
func (f *Feed) Close() {
	f.client.Close()
	f.mu.Lock()
	waiting := f.waiting
	f.waiting = map[uint64]func(error){}
	f.mu.Unlock()
	for _, done := range waiting {
		done(talk.ErrLost)
	}
}
