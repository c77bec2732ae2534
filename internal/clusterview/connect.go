// Package clusterview is what the pages see of a Kafka cluster that is not of this
// process: what it tells any client over its protocol, and, of a broker whose process is
// on this host, its segments and what of them is in the page cache. It also puts the
// load on a cluster that a page may ask for ([Load]).
//
//   - [Connect] is the first contact, which says what is wrong with it.
//   - A poller ([View.State]) asks for the lists and whether the cluster is there; what
//     one page shows of one thing is asked for then, and waits for [patience] at most.
//   - What the cluster says is its own word: names that Kafka forbids are left out, the
//     rest is made harmless where it is shown (package web), and its answers are bounded
//     in size and time.
package clusterview

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/kafkalogin"
	"copyscope/web"
)

const (
	// patience is how long anything waits for the cluster.
	patience = 4 * time.Second
	// dialPatience is how long a connection to one broker may take, so that there is
	// time to try another one.
	dialPatience = 2 * time.Second
	// mostAnswer bounds one answer of a broker, in bytes. A batch that is larger cannot
	// be looked at; Kafka's own default for the largest is 1 MiB (message.max.bytes).
	mostAnswer = 64 << 20
	clientID   = "copyscope"
)

// Options say which cluster, and how this client says who it is.
type Options struct {
	// Seeds are host:port of brokers; one that answers is enough.
	Seeds []string
	kafkalogin.Known
	Log *slog.Logger
}

// client makes a client, which connects when it is asked something.
func (o Options) client(more ...kgo.Opt) (*kgo.Client, error) {
	options := append([]kgo.Opt{
		kgo.SeedBrokers(o.Seeds...), kgo.ClientID(clientID), kgo.BrokerMaxReadBytes(mostAnswer), kgo.DialTimeout(dialPatience),
		kgo.RequestRetries(2), kgo.RetryTimeout(patience), kgo.RequestTimeoutOverhead(patience), kgo.MetadataMinAge(500 * time.Millisecond),
	}, more...)
	return kgo.NewClient(append(options, o.Known.Options()...)...)
}

// View shows a cluster.
type View struct {
	options Options
	client  *kgo.Client
	admin   *kadm.Client
	hosts   hosts

	stop   context.CancelFunc
	ended  sync.WaitGroup
	asking sync.Mutex // held while the poller's questions are under way

	mu   sync.Mutex
	last snapshot
	lost error
	from time.Time // since when it is lost
}

var (
	_ web.BrokerStore = (*View)(nil)
	_ web.Cluster     = (*View)(nil)
	_ web.Broker      = (*View)(nil)
)

// Connect asks the brokers until one answers, and then follows the cluster until Close.
// If none does it says what is wrong with each, and what may help, within some seconds.
func Connect(ctx context.Context, o Options) (*View, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	client, err := o.client()
	if err != nil {
		return nil, fmt.Errorf("the cluster %s: %w", strings.Join(o.Seeds, ","), err)
	}
	v := &View{options: o, client: client, admin: kadm.NewClient(client)}
	v.admin.SetTimeoutMillis(int32(patience / time.Millisecond))
	if err := v.first(ctx); err != nil {
		client.Close()
		return nil, err
	}
	if err := v.refresh(ctx); err != nil {
		client.Close()
		return nil, fmt.Errorf("the cluster %s answers at first, but not about its topics: %w", strings.Join(o.Seeds, ","), err)
	}
	following, stop := context.WithCancel(context.Background())
	v.stop = stop
	v.ended.Go(func() { v.follow(following) })
	return v, nil
}

// Close ends what the view began.
func (v *View) Close() {
	v.stop()
	v.ended.Wait()
	v.client.Close()
}

// first asks the seeds in their order who they are. One is enough.
func (v *View) first(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all []error
	for i, seed := range v.client.SeedBrokers() {
		err := v.greet(ctx, seed)
		if err == nil {
			return nil
		}
		all = append(all, fmt.Errorf("--kafka %s: %w", v.options.Seeds[min(i, len(v.options.Seeds)-1)], v.remedy(err)))
	}
	return errors.Join(all...)
}

// needed are the requests without which nothing can be shown: of record batches of
// version 2, which Kafka has since 0.11 (KIP-98).
var needed = []struct {
	key     kmsg.Key
	version int16
}{{kmsg.Fetch, 4}, {kmsg.ListOffsets, 1}, {kmsg.Metadata, 4}, {kmsg.DescribeConfigs, 0}}

// errTooOld: the broker lacks a request that is needed.
var errTooOld = errors.New("the broker is older than Kafka 0.11")

func (v *View) greet(ctx context.Context, seed *kgo.Broker) error {
	ask := kmsg.NewPtrApiVersionsRequest()
	ask.ClientSoftwareName, ask.ClientSoftwareVersion = clientID, "1"
	answer, err := seed.Request(ctx, ask)
	if err != nil {
		return err
	}
	has := map[int16]int16{}
	for _, k := range answer.(*kmsg.ApiVersionsResponse).ApiKeys {
		has[k.ApiKey] = k.MaxVersion
	}
	for _, n := range needed {
		if top, ok := has[n.key.Int16()]; !ok || top < n.version {
			return fmt.Errorf("%w: it does not know %s version %d", errTooOld, n.key.Name(), n.version)
		}
	}
	// Versions are told to anybody: who must authenticate hears of it now.
	who := kmsg.NewPtrMetadataRequest()
	who.Topics = []kmsg.MetadataRequestTopic{}
	_, err = seed.Request(ctx, who)
	return err
}

// dialed: an error of a connection that was not made.
func dialed(err error) bool {
	op := (*net.OpError)(nil)
	return errors.As(err, &op) && op.Op == "dial"
}
