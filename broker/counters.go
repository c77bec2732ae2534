package broker

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/log"
	"copyscope/broker/wire"
	"copyscope/internal/trace"
)

// Counting costs a few atomic additions for each request and partition, and no
// memory that grows with what clients send: requests are counted by the keys
// and versions that are served, records by the topics that exist.

// RequestBuckets are the upper bounds of the buckets of request times.
var RequestBuckets = []time.Duration{100 * time.Microsecond, 250 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, 30 * time.Second}

// requestCounter counts the requests of one API key.
type requestCounter struct {
	min      int16
	versions []atomic.Int64 // from min on
	buckets  []atomic.Int64 // one more than the bounds
	ns       atomic.Int64
	errors   errorCounter
}

// served counts an answer: the time from the whole request until the answer was
// handed to the kernel, long polls included.
func (c *requestCounter) served(version int16, took time.Duration) {
	c.versions[version-c.min].Add(1)
	at := 0
	for at < len(RequestBuckets) && took > RequestBuckets[at] {
		at++
	}
	c.buckets[at].Add(1)
	c.ns.Add(int64(took))
}

// counters are the broker's; the topics have their own.
type counters struct {
	requests map[int16]*requestCounter // fixed once the broker runs
	engines  map[string]*engineCounter // fixed, too

	mu    sync.Mutex
	paths map[way]*PathStats
}

func newCounters() *counters {
	c := &counters{requests: map[int16]*requestCounter{}, engines: newEngineCounters(), paths: map[way]*PathStats{}}
	for key, api := range apis {
		c.requests[key] = &requestCounter{min: api.min, versions: make([]atomic.Int64, api.max-api.min+1), buckets: make([]atomic.Int64, len(RequestBuckets)+1)}
	}
	return c
}

// way is how records went out.
type way struct{ path, protocol string }

// sent counts a region that a transfer program has sent over a connection of
// the security protocol.
func (c *counters) sent(s trace.Served, protocol string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	by := way{s.Path, protocol}
	p := c.paths[by]
	if p == nil {
		p = &PathStats{Path: s.Path, Protocol: protocol, SyscallsByName: map[string]int64{}}
		c.paths[by] = p
	}
	p.Regions++
	p.Bytes += s.Bytes
	p.SocketBytes += s.SocketBytes
	for name, n := range s.SyscallsByName {
		p.SyscallsByName[name] += n
	}
}

// topicCounters count what a topic's partitions took and gave.
type topicCounters struct {
	bytesIn, messagesIn, bytesOut  atomic.Int64
	produceRequests, failedProduce atomic.Int64
	fetchRequests, failedFetch     atomic.Int64
}

// countProduce counts what became of one partition's part of a request. The
// topic may be nil: it is unknown, and nothing is counted.
func (t *topic) countProduce(records []byte, code int16) {
	if t == nil {
		return
	}
	t.counted.produceRequests.Add(1)
	if code != codeNone || len(records) < log.HeaderBytes {
		t.counted.failedProduce.Add(1)
		return
	}
	t.counted.bytesIn.Add(int64(len(records)))
	t.counted.messagesIn.Add(int64(log.Batch(records).Records()))
}

// countFetch counts what an answer holds.
func (b *Broker) countFetch(r wire.FetchResponse) {
	errors := &b.counted.requests[int16(kmsg.Fetch)].errors
	errors.add(r.ErrorCode)
	for _, answered := range r.Topics {
		t, _ := b.named(answered.Name, answered.ID)
		for _, p := range answered.Partitions {
			errors.add(p.ErrorCode)
			if t == nil {
				continue
			}
			t.counted.fetchRequests.Add(1)
			if p.ErrorCode != codeNone {
				t.counted.failedFetch.Add(1)
			}
			t.counted.bytesOut.Add(p.Bytes)
		}
	}
}
