//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// group has members that come and go, read the topic, and commit how far they are.
type group struct {
	of   *trial
	name string
	opts []kgo.Opt
}

const members = 2

func (t *trial) groups() []group {
	return []group{
		{t, "classic", []kgo.Opt{kgo.Balancers(kgo.CooperativeStickyBalancer())}},
		{t, "consumer", []kgo.Opt{kgo.ServerSideBalancer()}},
	}
}

// member joins, reads for a while and leaves, until ctx ends.
func (g group) member(ctx context.Context, n int) {
	dice := rand.New(rand.NewPCG(g.of.seed, uint64(200+n)))
	for ctx.Err() == nil {
		cl, err := kgo.NewClient(append(append(impatient(g.of.proxy.Address()), g.opts...), kgo.ConsumerGroup(g.name), kgo.ConsumeTopics(topicWritten),
			kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(), kgo.SessionTimeout(6*time.Second), kgo.HeartbeatInterval(300*time.Millisecond),
			kgo.FetchMaxWait(100*time.Millisecond), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
		if err != nil {
			g.of.fail(err)
			return
		}
		stays, cancel := context.WithTimeout(ctx, time.Second+time.Duration(dice.Int64N(int64(9*time.Second))))
		for stays.Err() == nil {
			g.commit(cl, cl.PollRecords(stays, 100), fmt.Sprintf("%s/%d", g.name, n))
			cl.AllowRebalance()
		}
		cancel()
		cl.CloseAllowingRebalance()
	}
}

// commit commits what was polled.
func (g group) commit(cl *kgo.Client, polled kgo.Fetches, worker string) {
	offsets := map[string]map[int32]kgo.EpochOffset{topicWritten: {}}
	ops := map[int32]int{}
	polled.EachPartition(func(p kgo.FetchTopicPartition) {
		if p.Err != nil || len(p.Records) == 0 {
			return
		}
		last := p.Records[len(p.Records)-1]
		offsets[topicWritten][p.Partition] = kgo.EpochOffset{Epoch: -1, Offset: last.Offset + 1}
	})
	if len(offsets[topicWritten]) == 0 {
		return
	}
	for p, at := range offsets[topicWritten] {
		ops[p] = g.of.history.Invoke(history.Op{Kind: history.Commit, Worker: worker, Group: g.name, Topic: topicWritten, Partition: p, Offset: at.Offset})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	cl.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err == nil {
			for _, t := range resp.Topics {
				for _, p := range t.Partitions {
					op, ok := ops[p.Partition]
					if !ok {
						continue
					}
					delete(ops, p.Partition)
					if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
						g.of.history.Complete(op, history.Unknown, err, nil) // another attempt may have been heard
						continue
					}
					g.of.history.Complete(op, history.OK, nil, nil)
					g.of.progress.Add(1)
				}
			}
		}
		for _, op := range ops {
			g.of.history.Complete(op, history.Unknown, err, nil)
		}
		clear(ops)
	})
	for _, op := range ops { // nobody was asked
		g.of.history.Complete(op, history.Unknown, ctx.Err(), nil)
	}
}

// asks asks for the group's offsets until ctx ends.
func (g group) asks(ctx context.Context) {
	cl, err := kgo.NewClient(append(impatient(g.of.proxy.Address()), kgo.RequestRetries(0))...)
	if err != nil {
		g.of.fail(err)
		return
	}
	defer cl.Close()
	for ; ctx.Err() == nil; victim.Sleep(ctx, 300*time.Millisecond) {
		g.ask(ctx, cl)
	}
}

func (g group) ask(ctx context.Context, cl *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	asked := g.of.history.Now()
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID = topicWritten, g.of.ids[topicWritten]
	for p := range int32(partitions) {
		t.Partitions = append(t.Partitions, p)
	}
	of := kmsg.NewOffsetFetchRequestGroup()
	of.Group, of.Topics = g.name, append(of.Topics, t)
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Groups = append(req.Groups, of)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	if err := kerr.ErrorForCode(resp.Groups[0].ErrorCode); err != nil {
		return err
	}
	for _, p := range resp.Groups[0].Topics[0].Partitions {
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			return err
		}
		g.of.history.Done(history.Op{Kind: history.FetchOffset, Worker: "asks-" + g.name, Invoked: asked, Outcome: history.OK, Group: g.name, Topic: topicWritten, Partition: p.Partition, Offset: p.Offset})
	}
	return nil
}
