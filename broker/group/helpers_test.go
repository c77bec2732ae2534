package group_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/group"
	"copyscope/broker/statelog"
)

// memory is a store that fails when it is told to; failTrim is set before it is
// used.
type memory struct {
	mu      sync.Mutex
	records []statelog.Replayed
	cut     int
	fail    error
	largest int // bytes of one append

	failTrim error
	trims    int
}

func (m *memory) Append(id string, records []group.Record) error {
	return m.AppendPending(id, statelog.NoProducer, records)
}

func (m *memory) Partition(string) int { return 0 }

// ends is what stores that a producer's transaction ended.
func (m *memory) ends(producer int64, as statelog.Outcome) func() error {
	return func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.fail == nil {
			m.records = append(m.records, statelog.Replayed{Producer: statelog.Producer{ID: producer}, End: as})
		}
		return m.fail
	}
}

func (m *memory) AppendPending(_ string, by statelog.Producer, records []group.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	bytes := 0
	for _, r := range records {
		m.records = append(m.records, statelog.Replayed{Record: r, Producer: by})
		bytes += len(r.Key) + len(r.Value)
	}
	m.largest = max(m.largest, bytes)
	return nil
}

// left is how many records there are that were not cut off, and how often it was
// tried to.
func (m *memory) left() (records, trims int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records) - m.cut, m.trims
}

// failing makes each append fail with the error, nil: no more.
func (m *memory) failing(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) Replay(_ context.Context, visit func(statelog.Replayed) error) error {
	m.mu.Lock()
	records := slices.Clone(m.records[m.cut:])
	m.mu.Unlock()
	for _, r := range records {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) End() statelog.Mark {
	m.mu.Lock()
	defer m.mu.Unlock()
	return statelog.Mark{int64(len(m.records))}
}

func (m *memory) Trim(mark statelog.Mark) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trims++
	if m.failTrim == nil {
		m.cut = int(mark[0])
	}
	return m.failTrim
}

func open(t *testing.T, store group.Store, cfg group.Config) *group.Coordinator {
	t.Helper()
	c, err := group.Open(t.Context(), store, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// delay is the initial one of the tests' groups.
const delay = 3 * time.Second

func settings() group.Config { return group.Config{InitialDelay: delay} }

// asks is what a consumer of the group g joins with.
func asks(change ...func(*group.Join)) group.Join {
	j := group.Join{Group: "g", ClientID: "client", Session: 10 * time.Second, Rebalance: time.Minute, ProtocolType: "consumer",
		Protocols: []group.Protocol{{Name: "range", Metadata: []byte("topics")}}, SkipsAssignment: true}
	for _, f := range change {
		f(&j)
	}
	return j
}

// reads makes a consumer's subscription of the topics.
func reads(topics ...string) func(*group.Join) {
	return func(j *group.Join) {
		s := kmsg.NewConsumerMemberMetadata()
		s.Topics = topics
		for i := range j.Protocols {
			j.Protocols[i].Metadata = s.AppendTo(nil)
		}
	}
}

func as(member string) func(*group.Join) { return func(j *group.Join) { j.Member = member } }

func instance(id string) func(*group.Join) { return func(j *group.Join) { j.Instance = &id } }

func knows(names ...string) func(*group.Join) {
	return func(j *group.Join) {
		j.Protocols = nil
		for _, n := range names {
			j.Protocols = append(j.Protocols, group.Protocol{Name: n, Metadata: []byte("topics")})
		}
	}
}

// begin lets a member join without waiting for it.
func begin(t *testing.T, c *group.Coordinator, j group.Join) <-chan group.Joined {
	done := make(chan group.Joined, 1)
	ctx := t.Context()
	go func() { done <- c.Join(ctx, j) }()
	return done
}

func identity(j group.Joined) group.Identity {
	return group.Identity{Group: "g", Member: j.Member, Generation: j.Generation}
}

// lead brings the assignments of a leader: each member's is its id.
func lead(t *testing.T, c *group.Coordinator, j group.Joined) group.Synced {
	t.Helper()
	to := map[string][]byte{}
	for _, m := range j.Members {
		to[m.ID] = []byte(m.ID)
	}
	return c.Sync(t.Context(), group.Sync{Identity: identity(j), Assignments: to})
}

// settle makes a stable group of one.
func settle(t *testing.T, c *group.Coordinator, change ...func(*group.Join)) group.Joined {
	t.Helper()
	j := c.Join(t.Context(), asks(change...))
	if j.Err != nil {
		t.Fatal(j.Err)
	}
	if s := lead(t, c, j); s.Err != nil {
		t.Fatal(s.Err)
	}
	return j
}
