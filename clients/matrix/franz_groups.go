package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// member is a consumer of a group that polls until it is closed.
type member struct {
	client *kgo.Client
	done   chan struct{}

	mu         sync.Mutex
	assigned   map[int32]bool
	lost       int // partitions revoked or lost, in all
	rebalances int
	lines      []string // "partition offset value"
	failed     error
}

func join(ctx context.Context, brokers, group, topic string, more ...kgo.Opt) (*member, error) {
	m := &member{done: make(chan struct{}), assigned: map[int32]bool{}}
	gone := func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, p := range parts[topic] {
			delete(m.assigned, p)
			m.lost++
		}
	}
	client, err := connect(brokers, append([]kgo.Opt{
		kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.HeartbeatInterval(300 * time.Millisecond), kgo.SessionTimeout(10 * time.Second), kgo.FetchMaxWait(200 * time.Millisecond),
		kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.rebalances++
			for _, p := range parts[topic] {
				m.assigned[p] = true
			}
		}),
		kgo.OnPartitionsRevoked(gone), kgo.OnPartitionsLost(gone),
	}, more...)...)
	if err != nil {
		return nil, err
	}
	m.client = client
	go m.poll(ctx)
	return m, nil
}

// poll commits what each poll brought before the next rebalance is let in, so
// that no record may come twice.
func (m *member) poll(ctx context.Context) {
	defer close(m.done)
	for {
		fetches := m.client.PollFetches(ctx)
		if fetches.IsClientClosed() || ctx.Err() != nil {
			m.client.AllowRebalance()
			return
		}
		records := fetches.Records()
		err := fetches.Err()
		if len(records) > 0 && err == nil {
			err = m.client.CommitRecords(ctx, records...)
		}
		m.mu.Lock()
		for _, r := range records {
			m.lines = append(m.lines, fmt.Sprintf("%d %d %s", r.Partition, r.Offset, r.Value))
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			m.failed = errors.Join(m.failed, err)
		}
		m.mu.Unlock()
		m.client.AllowRebalance()
	}
}

// leave closes it: it leaves the group, unless it is a static member.
func (m *member) leave() []string {
	m.client.CloseAllowingRebalance()
	<-m.done
	return m.lines
}

// view is a copy of what a member knows.
type view struct {
	assigned         []int32
	lost, rebalances int
	records          int
	failed           error
}

func (v view) String() string {
	return fmt.Sprintf("owns %v, lost %d, %d rebalances, %d records, failed: %v", v.assigned, v.lost, v.rebalances, v.records, v.failed)
}

func (m *member) view() view {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := view{lost: m.lost, rebalances: m.rebalances, records: len(m.lines), failed: m.failed}
	for p := range m.assigned {
		v.assigned = append(v.assigned, p)
	}
	slices.Sort(v.assigned)
	return v
}

// until waits until a condition on the members holds.
func until(ctx context.Context, what string, holds func() bool, members ...*member) error {
	deadline := time.Now().Add(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		var said error
		for i, m := range members {
			v := m.view()
			said = errors.Join(said, fmt.Errorf("member %d: %v", i, v))
			if v.failed != nil {
				return fmt.Errorf("while waiting: %s: %w", what, said)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within 30 s: %s\n%w", what, said)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func franzRange(ctx context.Context, e *env, prefix string) error {
	return franzRebalance(ctx, e, prefix, 4, kgo.Balancers(kgo.RangeBalancer()))
}

func franzCooperative(ctx context.Context, e *env, prefix string) error {
	return franzRebalance(ctx, e, prefix, 2, kgo.Balancers(kgo.CooperativeStickyBalancer()))
}

// franzConsumer: the broker assigns (KIP-848).
func franzConsumer(ctx context.Context, e *env, prefix string) error {
	return franzRebalance(ctx, e, prefix, 2, kgo.ServerSideBalancer())
}

// franzRebalance: as a second member joins, the first may lose only as many
// partitions as the balancer moves (all with an eager one).
func franzRebalance(ctx context.Context, e *env, prefix string, moved int, how ...kgo.Opt) error {
	const partitions, each = 4, 100
	topic, group := prefix, prefix+"-group"
	if err := createTopic(ctx, e.brokers, topic, partitions, nil); err != nil {
		return err
	}
	fill := func(round int) error { return fillPartitions(ctx, e.brokers, topic, partitions, each, round) }
	if err := fill(0); err != nil {
		return err
	}
	first, err := join(ctx, e.brokers, group, topic, how...)
	if err != nil {
		return err
	}
	defer first.leave()
	err = until(ctx, "the first has all", func() bool {
		v := first.view()
		return len(v.assigned) == partitions && v.records == partitions*each
	}, first)
	if err != nil {
		return err
	}
	second, err := join(ctx, e.brokers, group, topic, how...)
	if err != nil {
		return err
	}
	defer second.leave()
	err = until(ctx, "both have two partitions", func() bool {
		return len(first.view().assigned) == 2 && len(second.view().assigned) == 2
	}, first, second)
	if err != nil {
		return err
	}
	if v := first.view(); v.lost != moved {
		return fmt.Errorf("the first lost %d partitions as the second joined, expected were %d", v.lost, moved)
	}
	if err := fill(1); err != nil {
		return err
	}
	err = until(ctx, "both have their half of the second filling", func() bool {
		return first.view().records == partitions*each+2*each && second.view().records == 2*each
	}, first, second)
	if err != nil {
		return err
	}
	lines := second.leave()
	err = until(ctx, "the first has all again", func() bool { return len(first.view().assigned) == partitions }, first)
	if err != nil {
		return err
	}
	if err := fill(2); err != nil {
		return err
	}
	err = until(ctx, "the first has the third filling", func() bool { return first.view().records >= 10*each }, first)
	if err != nil {
		return err
	}
	if err := everyRecordOnce(append(lines, first.leave()...), partitions, 3*each); err != nil {
		return err
	}
	if err := fill(3); err != nil {
		return err
	}
	third, err := join(ctx, e.brokers, group, topic, how...)
	if err != nil {
		return err
	}
	defer third.leave()
	err = until(ctx, "a third resumes", func() bool { return third.view().records >= partitions*each }, third)
	if err != nil {
		return err
	}
	for _, line := range third.leave() {
		if !strings.Contains(line, " round3 ") {
			return fmt.Errorf("after the commits the third got %q again", line)
		}
	}
	return nil
}

func franzStatic(ctx context.Context, e *env, prefix string) error {
	topic, group := prefix, prefix+"-group"
	if err := createTopic(ctx, e.brokers, topic, 2, nil); err != nil {
		return err
	}
	start := func(instance string) (*member, error) {
		return join(ctx, e.brokers, group, topic, kgo.InstanceID(instance), kgo.Balancers(kgo.RangeBalancer()))
	}
	a, err := start("a")
	if err != nil {
		return err
	}
	defer a.leave()
	b, err := start("b")
	if err != nil {
		return err
	}
	defer b.leave()
	err = until(ctx, "both have one", func() bool {
		return len(a.view().assigned) == 1 && len(b.view().assigned) == 1
	}, a, b)
	if err != nil {
		return err
	}
	before, others := a.view(), b.view().assigned
	b.leave() // a static member does not leave the group
	again, err := start("b")
	if err != nil {
		return err
	}
	defer again.leave()
	err = until(ctx, "the restarted one has its partition", func() bool { return slices.Equal(again.view().assigned, others) }, a, again)
	if err != nil {
		return err
	}
	if err := fillPartitions(ctx, e.brokers, topic, 2, 10, 0); err != nil {
		return err
	}
	err = until(ctx, "both consume", func() bool { return a.view().records == 10 && again.view().records == 10 }, a, again)
	if err != nil {
		return err
	}
	if v := a.view(); v.rebalances != before.rebalances || !slices.Equal(v.assigned, before.assigned) {
		return fmt.Errorf("the other member went from %v to %v", before, v)
	}
	return nil
}
