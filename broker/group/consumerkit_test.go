package group_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"copyscope/broker/assignor"
	"copyscope/broker/group"
)

// catalogue is a broker's topics, as a test changes them.
type catalogue struct {
	mu      sync.Mutex
	topics  map[string]group.Topic
	changes uint64
	made    int
}

func (c *catalogue) Changes() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes
}

func (c *catalogue) Topic(name string) (group.Topic, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, ok := c.topics[name]
	return t, ok
}

func (c *catalogue) Names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.topics))
}

// set makes a topic, or gives it so many partitions; 0 deletes it.
func (c *catalogue) set(name string, partitions int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changes++
	t, known := c.topics[name]
	switch {
	case partitions == 0:
		delete(c.topics, name)
		return
	case !known:
		c.made++
		t.ID = assignor.TopicID{byte(c.made), byte(c.made >> 8)}
	}
	t.Partitions = partitions
	c.topics[name] = t
}

// total is how many partitions the topics have.
func (c *catalogue) total(names ...string) (n int) {
	for _, name := range names {
		t, _ := c.Topic(name)
		n += int(t.Partitions)
	}
	return n
}

func topicsOf(sizes map[string]int32) *catalogue {
	c := &catalogue{topics: map[string]group.Topic{}}
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		c.set(name, sizes[name])
	}
	return c
}

const (
	session  = 45 * time.Second // Kafka's defaults
	interval = 5 * time.Second
)

// modern runs the test in a time of its own, with these topics.
func modern(t *testing.T, sizes map[string]int32, f func(t *testing.T, c *group.Coordinator, topics *catalogue, store *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, topics := &memory{}, topicsOf(sizes)
		c := open(t, store, group.Config{InitialDelay: delay, Topics: topics})
		defer c.Close()
		f(t, c, topics, store)
	})
}

// consumer is a client of the group g: what it believes of itself.
type consumer struct {
	c     *group.Coordinator
	id    string
	epoch int32
	owned assignor.Partitions
	says  group.ConsumerHeartbeat // what it tells when it tells all
	told  time.Time               // when it was answered last
	lost  bool                    // the last answer did not come
}

func newConsumer(c *group.Coordinator, id string, names ...string) *consumer {
	return &consumer{c: c, id: id, owned: assignor.Partitions{}, says: group.ConsumerHeartbeat{Rebalance: time.Minute, Names: append([]string{}, names...)}}
}

// ask is a heartbeat with all of itself.
func (m *consumer) ask() group.ConsumerHeartbeat {
	h := m.says
	h.Group, h.Member, h.Epoch, h.BringsID = "g", m.id, m.epoch, true
	h.Owned = maps.Clone(m.owned)
	return h
}

// keepAlive says only that it is there.
func (m *consumer) keepAlive() group.ConsumerHeartbeat {
	return group.ConsumerHeartbeat{Group: "g", Member: m.id, Epoch: m.epoch, Instance: m.says.Instance, Rebalance: -1, BringsID: true}
}

// beat tells all of itself, and takes what it is told.
func (m *consumer) beat() group.ConsumerAnswer { return m.send(m.ask()) }

func (m *consumer) send(h group.ConsumerHeartbeat) group.ConsumerAnswer {
	a := m.c.ConsumerHeartbeat(h)
	m.take(a)
	return a
}

// take does what the answer says: fenced, it has nothing any more and begins
// again.
func (m *consumer) take(a group.ConsumerAnswer) {
	m.told, m.lost = time.Now(), false
	if a.Err != nil {
		m.epoch, m.owned = 0, assignor.Partitions{}
		return
	}
	m.epoch = a.Epoch
	if a.Assigned != nil {
		m.owned = partitionsOf(a.Assigned)
	}
}

func partitionsOf(assigned map[assignor.TopicID][]int32) assignor.Partitions {
	all := assignor.Partitions{}
	for id, numbers := range assigned {
		for _, n := range numbers {
			all[assignor.Partition{Topic: id, Number: n}] = struct{}{}
		}
	}
	return all
}

// leave goes with the epoch: -1 for good, -2 to come back.
func (m *consumer) leave(epoch int32) group.ConsumerAnswer {
	h := m.keepAlive()
	h.Epoch = epoch
	a := m.c.ConsumerHeartbeat(h)
	m.epoch, m.owned = 0, assignor.Partitions{}
	return a
}

// checkOwners sees that no two have a partition, and says how many are owned.
func checkOwners(t *testing.T, members ...*consumer) (owned int) {
	t.Helper()
	owner := map[assignor.Partition]string{}
	for _, m := range members {
		for p := range m.owned {
			if other, twice := owner[p]; twice {
				t.Fatalf("%s and %s both have %v", other, m.id, p)
			}
			owner[p] = m.id
		}
	}
	return len(owner)
}

// settleAll lets all be heard of in turn until the group is stable.
func settleAll(t *testing.T, members ...*consumer) {
	t.Helper()
	const most = 20
	for range most {
		for _, m := range members {
			if a := m.beat(); a.Err != nil {
				t.Fatalf("%s: %v", m.id, a.Err)
			}
			checkOwners(t, members...)
		}
		if d, _ := members[0].c.DescribeConsumers("g"); d.State == group.Stable {
			return
		}
	}
	d, _ := members[0].c.DescribeConsumers("g")
	t.Fatalf("after %d rounds the group is %+v", most, d)
}

func wantConsumers(t *testing.T, c *group.Coordinator, state group.State, members int) {
	t.Helper()
	synctest.Wait()
	if d, ok := c.DescribeConsumers("g"); !ok || d.State != state || len(d.Members) != members {
		t.Errorf("the group is %s with %d members (there: %v), want %s with %d", d.State, len(d.Members), ok, state, members)
	}
}
