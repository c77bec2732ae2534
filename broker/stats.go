package broker

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

// Stats is what the broker has counted since it was opened.
type Stats struct {
	Connections int
	Requests    []RequestStats
	Paths       []PathStats
	Engines     []EngineStats
	Topics      []TopicStats
	Cleaner     CleanerStats
	Lags        []GroupLag
	// LagsOmitted is how many groups are left out of Lags, or cut.
	LagsOmitted int
	// Throttles are how often, and for how long, clients were told to wait, by quota.
	Throttles []QuotaWaits
	// Throttled is how many connections wait now.
	Throttled int64
	// Groups are how many there are.
	Groups map[GroupKind]int
	// Transactions are the coordinator's.
	Transactions TransactionStats
}

// QuotaWaits are how often clients were told to wait for a quota.
type QuotaWaits = quota.Waits

// GroupKind is a type of groups and a state of such, under Kafka's names.
type GroupKind struct{ Type, State string }

func (b *Broker) groupStats() map[GroupKind]int {
	n := map[GroupKind]int{}
	for _, g := range b.groups.List() {
		n[GroupKind{string(g.Type), string(g.State)}]++
	}
	return n
}

// TransactionStats tell of transactions: those that ended since the broker was
// opened, and of the aborted ones those that took longer than their timeout and
// those whose producer was fenced by another. IDs are the transactional ids by
// state, under Kafka's names.
type TransactionStats struct {
	Committed, Aborted, TimedOut, Fenced int64
	IDs                                  map[string]int
}

func (b *Broker) transactionStats() TransactionStats {
	s := b.txns.Stats()
	out := TransactionStats{Committed: s.Committed, Aborted: s.Aborted, TimedOut: s.TimedOut, Fenced: s.Fenced, IDs: map[string]int{}}
	for state, n := range s.ByState {
		out.IDs[state.String()] = n
	}
	return out
}

// RequestStats are of one API key. Buckets belong to [RequestBuckets], with one
// more for what took longer.
type RequestStats struct {
	API       string // as Kafka's JMX names it, such as Fetch
	ByVersion map[int16]int64
	Buckets   []int64
	Sum       time.Duration
	// Errors are the error codes but 0 in its answers: an answer for several
	// partitions, topics or groups has several.
	Errors map[int16]int64
}

// PathStats are of one fetch path on connections of one security protocol: what
// its transfer programs sent. SocketBytes are what the sockets took, which over
// TLS is more than the bytes of records.
type PathStats struct {
	Path           string
	Protocol       string // Kafka's security.protocol, such as PLAINTEXT or SASL_SSL
	Regions, Bytes int64
	SocketBytes    int64
	SyscallsByName map[string]int64
}

// TopicStats are of one topic. The requests are counted for each partition in
// them.
type TopicStats struct {
	TopicInfo
	BytesIn, MessagesIn, BytesOut  int64
	ProduceRequests, FailedProduce int64
	FetchRequests, FailedFetch     int64
}

// Stats tells what was counted.
func (b *Broker) Stats() Stats {
	var s Stats
	b.mu.Lock()
	s.Connections = len(b.connections)
	b.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(b.counted.requests)) {
		s.Requests = append(s.Requests, b.counted.requests[key].stats(key))
	}
	s.Paths, s.Engines = b.counted.pathStats(), b.counted.engineStats()
	for _, t := range b.topics.all() {
		c := &t.counted
		s.Topics = append(s.Topics, TopicStats{TopicInfo: t.info(),
			BytesIn: c.bytesIn.Load(), MessagesIn: c.messagesIn.Load(), BytesOut: c.bytesOut.Load(),
			ProduceRequests: c.produceRequests.Load(), FailedProduce: c.failedProduce.Load(),
			FetchRequests: c.fetchRequests.Load(), FailedFetch: c.failedFetch.Load()})
	}
	s.Cleaner = b.topics.logs.CleanerStats()
	s.Lags, s.LagsOmitted = b.lags(s.Topics)
	s.Groups = b.groupStats()
	s.Transactions = b.transactionStats()
	s.Throttles, s.Throttled = b.limits.Stats(), b.muted.Load()
	return s
}

// apiName is the request as Kafka's JMX names it.
func apiName(key int16) string { return strings.TrimSuffix(kmsg.NameForKey(key), "Request") }

func (c *requestCounter) stats(key int16) RequestStats {
	s := RequestStats{API: apiName(key), ByVersion: map[int16]int64{}, Sum: time.Duration(c.ns.Load()), Errors: c.errors.counts()}
	for i := range c.versions {
		if n := c.versions[i].Load(); n > 0 {
			s.ByVersion[c.min+int16(i)] = n
		}
	}
	for i := range c.buckets {
		s.Buckets = append(s.Buckets, c.buckets[i].Load())
	}
	return s
}

func (c *counters) pathStats() (all []PathStats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, stats := range c.paths {
		p := *stats
		p.SyscallsByName = maps.Clone(p.SyscallsByName)
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b PathStats) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Protocol, b.Protocol))
	})
	return all
}
