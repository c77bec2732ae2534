package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Topic is a topic under load and the addresses of its partitions' leaders.
type Topic struct {
	Name string
	// Leaders are by partition; empty for one that is left alone.
	Leaders []string
	// Starts are the partitions' first offsets, Ends those of their next
	// records. Only what is fetched needs them.
	Starts, Ends []int64
	// Secure is how the brokers are reached over TLS, nil for plain text.
	Secure *tls.Config
	// Eager has the reader woken for every packet, instead of when much has come: a
	// server whose send buffer holds less than that would wait for it.
	Eager bool
}

// TopicSpec says which topic to use. Without a name a fresh one is made, which
// is deleted afterwards if the broker can.
type TopicSpec struct {
	Name       string
	Partitions int
	Configs    map[string]string // of a fresh one
}

// openTopic finds or makes the topic. remove deletes what was made; its error
// says that the broker cannot.
func openTopic(ctx context.Context, brokers string, secure *tls.Config, spec TopicSpec) (t Topic, remove func() error, err error) {
	cl, err := kgo.NewClient(seeds(brokers, secure, kgo.RequestRetries(2), kgo.RetryTimeout(10*time.Second))...)
	if err != nil {
		return t, nil, fmt.Errorf("--brokers %q: %w", brokers, err)
	}
	defer cl.Close()
	remove = func() error { return nil }
	t.Name, t.Secure = spec.Name, secure
	if t.Name == "" {
		t.Name = fmt.Sprintf("copyscope-bench-%d", time.Now().UnixNano())
		if err := createTopics(ctx, cl, []string{t.Name}, spec.Partitions, spec.Configs); err != nil {
			return t, nil, fmt.Errorf("create a topic on %s: %w", brokers, err)
		}
		remove = func() error { return deleteTopic(brokers, secure, t.Name) }
	}
	t.Leaders, err = leaders(ctx, cl, t.Name)
	if err != nil {
		return t, nil, errors.Join(fmt.Errorf("topic %q on %s: %w", t.Name, brokers, err), remove())
	}
	if spec.Name == "" {
		if err := led(ctx, brokers, t); err != nil {
			return t, nil, errors.Join(err, remove())
		}
	}
	return t, remove, nil
}

// seeds are the options of a client that asks these brokers.
func seeds(brokers string, secure *tls.Config, more ...kgo.Opt) []kgo.Opt {
	if secure != nil {
		more = append(more, kgo.DialTLSConfig(secure))
	}
	return append(more, kgo.SeedBrokers(brokers))
}

// createTopics makes topics of one replica.
func createTopics(ctx context.Context, cl *kgo.Client, names []string, partitions int, configs map[string]string) error {
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = 60_000
	for _, name := range names {
		topic := kmsg.NewCreateTopicsRequestTopic()
		topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), 1
		for name, value := range configs {
			config := kmsg.NewCreateTopicsRequestTopicConfig()
			config.Name, config.Value = name, &value
			topic.Configs = append(topic.Configs, config)
		}
		req.Topics = append(req.Topics, topic)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("topic %q: %w", t.Topic, withMessage(err, t.ErrorMessage))
		}
	}
	return nil
}

func deleteTopic(brokers string, secure *tls.Config, name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	cl, err := kgo.NewClient(seeds(brokers, secure, kgo.RequestRetries(1))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TopicNames = []string{name}
	topic := kmsg.NewDeleteTopicsRequestTopic()
	topic.Topic = &name
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return fmt.Errorf("topic %q stays: %w", name, err)
	}
	for _, t := range resp.Topics {
		if err := kerr.ErrorForCode(t.ErrorCode); err != nil {
			return fmt.Errorf("topic %q stays: %w", name, err)
		}
	}
	return nil
}

func withMessage(err error, message *string) error {
	if message == nil || *message == "" {
		return err
	}
	return fmt.Errorf("%w (%s)", err, *message)
}

// leaders asks until every partition has a leader.
func leaders(ctx context.Context, cl *kgo.Client, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		addresses, err := leadersNow(ctx, cl, name)
		if err == nil || !kerr.IsRetriable(err) {
			return addresses, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// led waits until the leaders of a fresh topic know that they are: Kafka tells of
// them before.
func led(ctx context.Context, brokers string, t Topic) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		_, err := offsets(ctx, brokers, t, latest)
		if err == nil || !kerr.IsRetriable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func leadersNow(ctx context.Context, cl *kgo.Client, name string) ([]string, error) {
	req := kmsg.NewPtrMetadataRequest()
	topic := kmsg.NewMetadataRequestTopic()
	topic.Topic = &name
	req.Topics = append(req.Topics, topic)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return nil, err
	}
	brokers := map[int32]string{}
	for _, b := range resp.Brokers {
		brokers[b.NodeID] = net.JoinHostPort(b.Host, strconv.Itoa(int(b.Port)))
	}
	if len(resp.Topics) != 1 {
		return nil, fmt.Errorf("the broker tells of %d topics, asked for 1", len(resp.Topics))
	}
	if err := kerr.ErrorForCode(resp.Topics[0].ErrorCode); err != nil {
		return nil, err
	}
	found := map[int32]string{}
	for _, p := range resp.Topics[0].Partitions {
		if brokers[p.Leader] == "" {
			return nil, kerr.LeaderNotAvailable
		}
		found[p.Partition] = brokers[p.Leader]
	}
	var addresses []string
	for _, p := range slices.Sorted(maps.Keys(found)) {
		if int(p) != len(addresses) {
			return nil, fmt.Errorf("partition %d is missing", len(addresses))
		}
		addresses = append(addresses, found[p])
	}
	return addresses, nil
}

// share is what one worker has: partitions that one broker leads.
type share struct {
	address    string
	secure     *tls.Config
	eager      bool
	partitions []int32
}

// shares deals the partitions out to n workers: each partition to one of them,
// or, where there are fewer partitions than workers, to several. A worker is one
// connection and so reaches one leader: with fewer workers than leaders, the
// partitions of the others are left out.
func (t Topic) shares(n int) []share {
	byLeader := map[string][]int32{}
	for p, address := range t.Leaders {
		if address != "" {
			byLeader[address] = append(byLeader[address], int32(p))
		}
	}
	addresses := slices.Sorted(maps.Keys(byLeader))
	out := make([]share, n)
	for w := range out {
		address := addresses[w%len(addresses)]
		all := byLeader[address]
		mine, of := w/len(addresses), (n-w%len(addresses)+len(addresses)-1)/len(addresses)
		out[w].address, out[w].secure, out[w].eager = address, t.Secure, t.Eager
		for i := range all {
			if i%of == mine {
				out[w].partitions = append(out[w].partitions, all[i])
			}
		}
		if len(out[w].partitions) == 0 {
			out[w].partitions = []int32{all[mine%len(all)]}
		}
	}
	return out
}

// readable is the topic as it can be read from its beginning: it knows where
// its partitions start and end, and leaves those alone that are empty.
func (t Topic) readable(ctx context.Context, brokers string) (Topic, error) {
	starts, err := offsets(ctx, brokers, t, earliest)
	if err != nil {
		return t, err
	}
	ends, err := offsets(ctx, brokers, t, latest)
	if err != nil {
		return t, err
	}
	r := Topic{Name: t.Name, Secure: t.Secure, Eager: t.Eager, Leaders: slices.Clone(t.Leaders), Starts: starts, Ends: ends}
	empty := 0
	for p := range ends {
		if ends[p] <= starts[p] {
			r.Leaders[p] = ""
			empty++
		}
	}
	if empty == len(ends) {
		return t, fmt.Errorf("topic %q is empty: produce to it first, or let bench make its own topic", t.Name)
	}
	return r, nil
}

// Timestamps that stand for an offset (ListOffsetsRequest.json).
const (
	latest   = -1 // that of the next record
	earliest = -2
)

// offsets asks for an offset of each partition.
func offsets(ctx context.Context, brokers string, t Topic, timestamp int64) ([]int64, error) {
	cl, err := kgo.NewClient(seeds(brokers, t.Secure)...)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	req := kmsg.NewPtrListOffsetsRequest()
	topic := kmsg.NewListOffsetsRequestTopic()
	topic.Topic = t.Name
	for p := range t.Leaders {
		partition := kmsg.NewListOffsetsRequestTopicPartition()
		partition.Partition, partition.Timestamp = int32(p), timestamp
		topic.Partitions = append(topic.Partitions, partition)
	}
	req.Topics = append(req.Topics, topic)
	found := make([]int64, len(t.Leaders))
	for _, shard := range cl.RequestSharded(ctx, req) {
		if shard.Err != nil {
			return nil, fmt.Errorf("list offsets of %q: %w", t.Name, shard.Err)
		}
		for _, topic := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range topic.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("list offsets of %s-%d: %w", t.Name, p.Partition, err)
				}
				if p.Partition < 0 || int(p.Partition) >= len(found) {
					return nil, fmt.Errorf("list offsets of %q: the answer is of partition %d, there are %d", t.Name, p.Partition, len(found))
				}
				found[p.Partition] = p.Offset
			}
		}
	}
	return found, nil
}
