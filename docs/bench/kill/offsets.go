//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/docs/bench/victim"
)

// committer commits a group's offsets of one partition, each one more than the
// last, as a consumer without a group membership does. What a killed broker has
// acknowledged must be known after it: that offset, or the one under way.
type committer struct {
	client  *kgo.Client
	topic   [16]byte // the newest versions name topics by id
	cancel  context.CancelFunc
	working sync.WaitGroup

	// attempt is held while a commit is under way, and by main from a kill until
	// its check: a commit to the new life would hide that the old ones are gone.
	attempt sync.Mutex

	mu           sync.Mutex
	begun, acked int64
	err          error
}

const (
	group       = "killed-group"
	commitEvery = 5 * time.Millisecond
)

func startCommits(within context.Context, address string, id [16]byte) (*committer, error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(address), kgo.RequestRetries(0), kgo.MetadataMinAge(50*time.Millisecond))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &committer{client: cl, topic: id, cancel: cancel}
	c.working.Go(func() { c.commit(ctx) })
	// The first one makes the topic of offsets, which may take longer than a life.
	for {
		var acked int64
		if c.note(func() { acked, err = c.acked, c.err }); acked > 0 {
			return c, nil
		}
		if err == nil {
			err = victim.Sleep(within, 10*time.Millisecond)
		}
		if err != nil {
			c.stop()
			return nil, err
		}
	}
}

func (c *committer) commit(ctx context.Context) {
	for offset := int64(1); ctx.Err() == nil; offset++ {
		c.note(func() { c.begun = offset })
		err := c.one(ctx, offset)
		for ; err != nil && ctx.Err() == nil; err = c.one(ctx, offset) {
			var refused *kerr.Error // and not the network's
			if errors.As(err, &refused) && !refused.Retriable {
				c.note(func() { c.err = fmt.Errorf("the commit of offset %d: %w", offset, err) })
				return
			}
			victim.Sleep(ctx, 10*time.Millisecond)
		}
		if err == nil {
			c.note(func() { c.acked = offset })
		}
		victim.Sleep(ctx, commitEvery) // the load of records needs the processors too
	}
}

func (c *committer) note(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *committer) one(ctx context.Context, offset int64) error {
	c.attempt.Lock()
	defer c.attempt.Unlock()
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Offset = offset
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic, t.TopicID, t.Partitions = topic, c.topic, append(t.Partitions, p)
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation, req.Topics = group, -1, append(req.Topics, t)
	resp, err := req.RequestWith(ctx, c.client)
	if err != nil {
		return err
	}
	return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
}

// check asks a broker that has come back for the offset.
func (c *committer) check(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cl, err := kgo.NewClient(kgo.SeedBrokers(address))
	if err != nil {
		return err
	}
	defer cl.Close()
	var least, most int64
	var failed error
	c.note(func() { least, failed = c.acked, c.err })
	if failed != nil {
		return failed
	}
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic, t.TopicID, t.Partitions = topic, c.topic, []int32{0}
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group, g.Topics = group, append(g.Topics, t)
	req := kmsg.NewPtrOffsetFetchRequest()
	req.Groups = append(req.Groups, g)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return fmt.Errorf("the group's offsets: %w", err)
	}
	got := resp.Groups[0]
	if err := kerr.ErrorForCode(got.ErrorCode); err != nil {
		return fmt.Errorf("the group's offsets: %w", err)
	}
	at := got.Topics[0].Partitions[0]
	if err := kerr.ErrorForCode(at.ErrorCode); err != nil {
		return fmt.Errorf("the group's offsets: %w", err)
	}
	c.note(func() { most = c.begun }) // commits go on meanwhile
	switch {
	case at.Offset < least && !(at.Offset == -1 && least == 0):
		return fmt.Errorf("group %s: LOST: offset %d is told, but %d was acknowledged", group, at.Offset, least)
	case at.Offset > most:
		return fmt.Errorf("group %s: offset %d is told, which nobody committed yet; the last was %d", group, at.Offset, most)
	}
	return nil
}

func (c *committer) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d offsets committed", c.acked)
}

func (c *committer) stop() {
	c.cancel()
	c.working.Wait()
	c.client.Close()
}
