package broker_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

// often lets members of consumer groups be heard of often, so that a test need
// not wait.
func often(c *broker.Config) {
	c.Defaults = broker.Defaults{"group.consumer.min.heartbeat.interval.ms": "50", "group.consumer.heartbeat.interval.ms": "50"}
}

// holder is a member of the group g that notes its partitions of "t", and reads.
type holder struct {
	*kgo.Client
	mu   sync.Mutex
	held map[int32]bool
	read []string
}

func hold(t *testing.T, addr string, opts ...kgo.Opt) *holder {
	t.Helper()
	h := &holder{held: map[int32]bool{}}
	note := func(has bool) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, p map[string][]int32) {
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, n := range p["t"] {
				if has {
					h.held[n] = true
				} else {
					delete(h.held, n)
				}
			}
		}
	}
	h.Client = member(t, addr, append([]kgo.Opt{kgo.ServerSideBalancer(), kgo.OnPartitionsAssigned(note(true)), kgo.OnPartitionsRevoked(note(false)), kgo.OnPartitionsLost(note(false))}, opts...)...)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		for {
			f := h.PollFetches(ctx)
			if ctx.Err() != nil || f.IsClientClosed() {
				return
			}
			h.mu.Lock()
			f.EachRecord(func(r *kgo.Record) { h.read = append(h.read, string(r.Value)) })
			h.mu.Unlock()
		}
	}()
	return h
}

func (h *holder) has() (partitions int, read []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.held), slices.Clone(h.read)
}

// wantHeld waits until each has as many partitions as are wanted.
func wantHeld(t *testing.T, want int, all ...*holder) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var have []int
		for _, h := range all {
			n, _ := h.has()
			have = append(have, n)
		}
		if slices.IndexFunc(have, func(n int) bool { return n != want }) < 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("they have %v partitions, want %d each", have, want)
		}
	}
}

func describeConsumers(t *testing.T, addr string) kmsg.ConsumerGroupDescribeResponseGroup {
	t.Helper()
	req := kmsg.NewPtrConsumerGroupDescribeRequest()
	req.Groups = []string{"g"}
	resp, err := req.RequestWith(deadline(t), client(t, addr))
	if err != nil {
		t.Fatal(err)
	}
	return resp.Groups[0]
}

// franz-go's members of the consumer protocol share the partitions, each record
// is read once, and what they are and have committed outlives a restart.
func TestConsumerGroupOfFranzGo(t *testing.T) {
	dir := t.TempDir()
	b := start(t, dir, often)
	dial(t, b.addr).create(topicReq("t", 4))
	a := hold(t, b.addr)
	wantHeld(t, 4, a)
	c := hold(t, b.addr, kgo.Balancers(kgo.RangeBalancer()), kgo.InstanceID("static"))
	wantHeld(t, 2, a, c)
	pr := client(t, b.addr, kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	var want []string
	for i := range 20 {
		want = append(want, strconv.Itoa(100+i))
	}
	produce(t, pr, "t", want...)
	var got []string
	for end := time.Now().Add(20 * time.Second); len(got) < len(want) && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		_, one := a.has()
		_, other := c.has()
		got = slices.Concat(one, other)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Fatalf("read were %q", got)
	}
	for _, h := range []*holder{a, c} {
		if err := h.CommitUncommittedOffsets(deadline(t)); err != nil {
			t.Fatal(err)
		}
	}
	before := describeConsumers(t, b.addr)
	if before.State != "Stable" || len(before.Members) != 2 || before.AssignorName != "uniform" && before.AssignorName != "range" {
		t.Errorf("described is %+v", before)
	}
	b.stop()
	b = start(t, dir, often, func(c *broker.Config) { c.Listen = b.addr })
	after := describeConsumers(t, b.addr)
	if after.Epoch != before.Epoch || len(after.Members) != 2 || after.Members[0].MemberID != before.Members[0].MemberID {
		t.Errorf("it came back as %+v, it was %+v", after, before)
	}
	wantHeld(t, 2, a, c)
	a.Close()
	wantHeld(t, 4, c)
	if _, read := c.has(); len(read) > len(want) {
		t.Errorf("records were read again: %q", read)
	}
}
