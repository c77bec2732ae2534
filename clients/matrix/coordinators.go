package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// coordinatorRows are about the topics in which coordinators keep their state:
// Kafka's own tool reads them, and a Kafka goes on with them.
func coordinatorRows(k *kit) (rows []row) {
	for i, m := range jvms {
		rows = append(rows, row{
			client: "Kafka's DumpLogSegments " + k.versions[m], scenario: "__consumer_offsets, __transaction_state", files: true, needs: []tool{java},
			asserts: "commits, a group of the classic and one of the consumer protocol with their members and assignments, transactions: all decoded",
			run:     func(ctx context.Context, e *env, prefix string) error { return dumpCoordinators(ctx, e, i, prefix) },
		})
	}
	return append(rows, row{
		client: "Apache Kafka " + k.versions[kafkaModule] + ", the broker", scenario: "goes on with our groups and transactions", files: true, needs: []tool{java}, run: kafkaCoordinates,
		asserts: "__consumer_offsets and __transaction_state replaced by ours: offsets of both kinds of groups, committed in a transaction too; a transactional id keeps its producer id, and its next producer has a later epoch",
	})
}

// coordinated is what a coordinator is to know.
type coordinated struct {
	topic    string
	groups   map[string]int64 // the offset that each committed
	producer int64            // the producer id of the topic's transactional id
	epoch    int16
}

// coordinatedRecords are in the topic outside of transactions, and in each of two;
// the one that commits comes first.
const coordinatedRecords = 40

// coordinate makes groups of both types, each with a member that came and left, and
// transactions, one of which commits a group's offsets.
func coordinate(ctx context.Context, brokers, topic string) (*coordinated, error) {
	if err := errors.Join(createTopic(ctx, brokers, topic, 1, nil), produceAt(ctx, brokers, topic, hourAgo, 1, coordinatedRecords),
		transact(ctx, brokers, topic, coordinatedRecords, kgo.TryCommit, kgo.TryAbort)); err != nil {
		return nil, err
	}
	c := &coordinated{topic: topic, groups: map[string]int64{topic + "-plain": 7}}
	if err := commitOffset(ctx, brokers, topic+"-plain", topic, 7); err != nil {
		return nil, err
	}
	for name, how := range map[string][]kgo.Opt{
		topic + "-classic":  {kgo.Balancers(kgo.RangeBalancer())},
		topic + "-consumer": {kgo.ServerSideBalancer()},
	} {
		m, err := join(ctx, brokers, name, topic, append(how, kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
		if err != nil {
			return nil, err
		}
		err = until(ctx, name+" has read all", func() bool { return m.view().records == 2*coordinatedRecords }, m)
		m.leave()
		if err != nil {
			return nil, err
		}
		c.groups[name] = 2 * coordinatedRecords // the next after the last that is committed
	}
	if err := transform(ctx, brokers, topic); err != nil {
		return nil, err
	}
	c.groups[topic+"-transforms"] = 2 * coordinatedRecords
	a, done, err := admin(brokers)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := c.committed(ctx, a); err != nil {
		return nil, err
	}
	t, err := transactionOf(ctx, a, topic)
	c.producer, c.epoch = t.ProducerID, t.ProducerEpoch
	return c, err
}

// transform reads what is committed in the topic, and commits that in a transaction.
func transform(ctx context.Context, brokers, topic string) error {
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(brokers), kgo.TransactionalID(topic+"-transform"), kgo.ConsumerGroup(topic+"-transforms"),
		kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		return err
	}
	defer session.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, 30*time.Second, errors.New("not transformed within 30 s"))
	defer cancel()
	for last := int64(-1); last < 2*coordinatedRecords-1; {
		polled := session.PollRecords(ctx, 1000)
		if err := polled.Err0(); err != nil {
			return fmt.Errorf("up to offset %d: %w", last, err)
		}
		if err := session.Begin(); err != nil {
			return err
		}
		ended, err := session.End(ctx, kgo.TryCommit)
		if err != nil {
			return err
		}
		for _, r := range polled.Records() {
			if ended {
				last = r.Offset
			}
		}
	}
	return nil
}

// committed holds the offsets of all groups to what they committed.
func (c *coordinated) committed(ctx context.Context, a *kadm.Client) error {
	for name, want := range c.groups {
		got, err := a.FetchOffsets(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		at, _ := got.Lookup(c.topic, 0)
		if err := expect("offset that "+name+" committed", want, at.At); err != nil {
			return err
		}
	}
	return nil
}

func transactionOf(ctx context.Context, a *kadm.Client, topic string) (kadm.DescribedTransaction, error) {
	id := topic + "-transactions"
	described, err := a.DescribeTransactions(ctx, id)
	if err != nil {
		return kadm.DescribedTransaction{}, err
	}
	return described.On(id, nil)
}

// dumpCoordinators has Kafka's own tool decode what the server's coordinators wrote.
func dumpCoordinators(ctx context.Context, e *env, module int, prefix string) error {
	s, err := e.start(ctx, prefix, nil)
	if err != nil {
		return err
	}
	const topic = "kept"
	c, err := coordinate(ctx, s.addr, topic)
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	t := toolRun{module, e, prefix}
	for _, d := range []struct {
		of, decoder string
		want        []string
	}{
		{"__consumer_offsets", "--offsets-decoder", []string{topic + "-plain", topic + "-classic", topic + "-consumer", topic + "-transforms",
			`"clientId":"kgo"`, `"serverAssignor":"uniform"`, `"memberEpoch"`, `"assignmentEpoch"`}},
		{"__transaction_state", "--transaction-log-decoder", []string{topic + "-transactions", topic + "-transform", "CompleteCommit", "CompleteAbort", fmt.Sprint(c.producer)}},
	} {
		logs, _ := filepath.Glob(filepath.Join(s.data, d.of+"-*", "*.log"))
		out, err := t.run(ctx, "", "kafka-dump-log", "--files", strings.Join(logs, ","), d.decoder)
		if err != nil {
			return err
		}
		if strings.Contains(out, "isvalid: false") || strings.Contains(strings.ToLower(out), "could not be decoded") {
			return fmt.Errorf("kafka-dump-log %s: %s", d.decoder, ends(out))
		}
		if err := contains("kafka-dump-log "+d.decoder, out, d.want...); err != nil {
			return err
		}
	}
	return nil
}

// kafkaCoordinates lets a Kafka go on with the state of the server's coordinators.
func kafkaCoordinates(ctx context.Context, e *env, prefix string) error {
	const topic = "kept"
	ours, err := e.start(ctx, prefix+"-ours", nil)
	if err != nil {
		return err
	}
	c, err := coordinate(ctx, ours.addr, topic)
	if err := errors.Join(err, ours.stop()); err != nil {
		return err
	}
	name := prefix + "-theirs"
	first, err := e.startKafka(ctx, name, nil)
	if err != nil {
		return err
	}
	// Kafka makes both topics when they are needed.
	if err := errors.Join(createTopic(ctx, first.addr, topic, 1, nil), transact(ctx, first.addr, topic, 1, kgo.TryCommit),
		commitOffset(ctx, first.addr, "first", topic, 1), first.stop()); err != nil {
		return err
	}
	second, err := e.startKafka(ctx, name, func(data string) error {
		var errs []error
		for _, partition := range []string{topic + "-0", "__consumer_offsets-0", "__transaction_state-0"} {
			errs = append(errs, replacePartition(filepath.Join(data, partition), filepath.Join(ours.data, partition)))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		return err
	}
	return errors.Join(c.isKept(ctx, second.addr), second.stop())
}

// isKept looks at what a broker knows of the state that another wrote.
func (c *coordinated) isKept(ctx context.Context, brokers string) error {
	a, done, err := admin(brokers)
	if err != nil {
		return err
	}
	defer done()
	if err := eventually(ctx, func() error { return c.committed(ctx, a) }); err != nil {
		return err
	}
	before, err := transactionOf(ctx, a, c.topic)
	if err := errors.Join(err, expect("producer id", c.producer, before.ProducerID), expect("state", "CompleteAbort", before.State)); err != nil {
		return err
	}
	if err := transact(ctx, brokers, c.topic, 1, kgo.TryCommit); err != nil {
		return err
	}
	after, err := transactionOf(ctx, a, c.topic)
	if err == nil && (after.ProducerID != c.producer || after.ProducerEpoch <= c.epoch) {
		err = fmt.Errorf("the next producer is %d in epoch %d, expected was %d after epoch %d", after.ProducerID, after.ProducerEpoch, c.producer, c.epoch)
	}
	return err
}
