//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// protocols are those of groups: the classic one, and that by which the broker
// assigns (KIP-848).
var protocols = []struct {
	name string
	opts []kgo.Opt
}{{"classic", nil}, {"consumer", []kgo.Opt{kgo.ServerSideBalancer()}}}

// A group has so many members that stay, and one that joins and leaves.
const steadyMembers = 2

// consumeInGroups are the members of a group of each protocol.
func (s *soak) consumeInGroups() (all []load) {
	for _, p := range protocols {
		for i := range steadyMembers {
			all = append(all, load{fmt.Sprintf("member %d of the %s group", i, p.name), func(ctx context.Context) { s.member(ctx, p.name, p.opts) }})
		}
		all = append(all, load{"member of the " + p.name + " group that comes and goes", func(ctx context.Context) {
			for s.rate.next(ctx, 5*time.Second) {
				stay, leave := context.WithTimeout(ctx, about(6*time.Second))
				s.member(stay, p.name, p.opts)
				leave()
				s.book.did("joins and leaves in the "+p.name+" group", 1)
			}
		}})
	}
	return all
}

func readBy(protocol string) string { return "records read in groups of the " + protocol + " protocol" }

// member reads what is committed until ctx is over, and leaves the group.
func (s *soak) member(ctx context.Context, protocol string, opts []kgo.Opt) {
	topics := make([]string, len(paths))
	for i, p := range paths {
		topics[i] = topicOf + p
	}
	cl, err := s.client(append(opts, kgo.ConsumerGroup("soak-"+protocol), kgo.ConsumeTopics(topics...), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.AutoCommitInterval(2*time.Second), kgo.FetchMaxWait(time.Second))...)
	if err != nil {
		s.book.note(ctx, asMember, err)
		return
	}
	defer cl.Close()
	for ctx.Err() == nil {
		fetches := cl.PollFetches(ctx)
		fetches.EachError(func(_ string, _ int32, err error) { s.book.note(ctx, asMember, err) })
		s.book.did(readBy(protocol), int64(fetches.NumRecords()))
	}
}

// catchUp reads a path's topic from its first record to what was its end, each
// time with a client of its own.
func (s *soak) catchUp(ctx context.Context) {
	for n := 0; s.rate.next(ctx, 2*time.Second); n++ {
		path := paths[n%len(paths)]
		records, err := s.readAll(ctx, topicOf+path)
		if err != nil {
			s.book.note(ctx, asCatchUp, err)
			continue
		}
		s.book.did("catch-up reads by "+path, 1)
		s.book.did("records of catch-up reads", records)
	}
}

func (s *soak) readAll(ctx context.Context, topic string) (records int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	from := map[int32]kgo.Offset{}
	for p := range int32(partitions) {
		from[p] = kgo.NewOffset().AtStart()
	}
	cl, err := s.client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}), kgo.KeepControlRecords(), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	ends, err := kadm.NewClient(cl).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if err == nil {
			err = o.Err
		}
		if o.Offset > 0 {
			left[o.Partition] = o.Offset
		}
	})
	for len(left) > 0 && err == nil {
		fetches := cl.PollFetches(ctx)
		if err = fetches.Err0(); err != nil {
			break
		}
		fetches.EachError(func(_ string, _ int32, met error) { err = met })
		records += int64(fetches.NumRecords())
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 && p.Records[n-1].Offset >= left[p.Partition]-1 || p.LogStartOffset >= left[p.Partition] {
				delete(left, p.Partition)
			}
		})
	}
	return records, err
}

// makeAndDelete makes topics under names that were never used, appends to them,
// reads, and deletes them; each third while a reader waits for more.
func (s *soak) makeAndDelete(ctx context.Context) {
	for n := 0; s.rate.next(ctx, 3*time.Second); n++ {
		if err := s.passing(ctx, fmt.Sprintf("soak-passing-%d", n), n%3 == 0); err != nil {
			s.book.note(ctx, asAdmin, err)
			continue
		}
		s.book.did("topics made and deleted", 1)
	}
}

func (s *soak) passing(ctx context.Context, topic string, watched bool) error {
	return s.admin(ctx, func(ctx context.Context, admin *kadm.Client) error {
		if _, err := admin.CreateTopic(ctx, 3, 1, map[string]*string{"file.delete.delay.ms": kadm.StringPtr("0")}, topic); err != nil {
			return err
		}
		cl, err := s.client(kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(5*time.Second))
		if err != nil {
			return err
		}
		defer cl.Close()
		if err := s.sent(ctx, cl, []*kgo.Record{{Topic: topic, Value: payload()}, {Topic: topic, Value: payload()}}); err != nil {
			return err
		}
		if fetches := cl.PollFetches(ctx); fetches.Err0() != nil {
			return fetches.Err0()
		}
		if !watched {
			cl.Close()
		}
		deleted, err := admin.DeleteTopic(ctx, topic)
		if err != nil {
			return err
		}
		return deleted.Err
	})
}
