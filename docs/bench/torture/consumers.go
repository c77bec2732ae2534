//go:build linux

package main

import (
	"context"
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// tail reads a topic as it grows.
type tail struct {
	of        *trial
	topic     string
	committed bool
}

func (r tail) name() string {
	if r.committed {
		return "reads-committed-" + r.topic
	}
	return "reads-all-" + r.topic
}

// work reads until ctx ends, again from the beginning where a power cut took what
// it had read.
func (r tail) work(ctx context.Context) {
	for ctx.Err() == nil {
		opts := append(impatient(r.of.proxy.Address()), kgo.KeepControlRecords())
		if r.committed {
			opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
		}
		cl, err := victim.Reader(r.of.proxy.Address(), r.topic, make([]int64, partitions), opts...)
		if err != nil {
			r.of.fail(err)
			return
		}
		r.read(ctx, cl)
		cl.Close()
	}
}

func (r tail) read(ctx context.Context, cl *kgo.Client) {
	// What is polled was asked for after the poll before it began.
	asked := r.of.history.Now()
	next := make([]int64, partitions)
	for ctx.Err() == nil {
		began := r.of.history.Now()
		fetches := cl.PollFetches(ctx)
		gone := false
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			gone = gone || errors.Is(p.Err, kerr.OffsetOutOfRange)
			if p.Err != nil || len(p.Records) == 0 {
				return
			}
			o := history.Op{Kind: history.Read, Worker: r.name(), Invoked: asked, Outcome: history.OK, Topic: p.Topic, Partition: p.Partition, Offset: -1,
				Committed: r.committed, Start: next[p.Partition], High: p.HighWatermark, Stable: p.LastStableOffset}
			for _, record := range p.Records {
				o.Records = append(o.Records, recordOf(record))
			}
			o.End = o.Records[len(o.Records)-1].Offset + 1
			next[p.Partition] = o.End
			r.of.history.Done(o)
		})
		asked = began
		if gone {
			return
		}
	}
}
