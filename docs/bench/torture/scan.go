//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"copyscope/docs/bench/torture/history"
	"copyscope/docs/bench/victim"
)

// direct are the options of clients that go around the proxy, to whose address the
// broker points them.
func (t *trial) direct() []kgo.Opt {
	return append(impatient(t.broker.Address), kgo.Dialer(func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, t.broker.Address)
	}))
}

// quiet is how long a reader of what is committed may get nothing, and be done: it is
// not told of records that were aborted.
const quiet = 2 * time.Second

// scan reads every partition whole, as both kinds of readers do. It is final when
// nothing is under way any more: then all must be decided.
func (t *trial) scan(ctx context.Context, final bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, topic := range topicsOf {
		for _, committed := range []bool{false, true} {
			if err := t.scanTopic(ctx, topic, committed, final); err != nil {
				return fmt.Errorf("read %s whole, what is committed alone: %t: %w", topic, committed, err)
			}
		}
	}
	return nil
}

func (t *trial) scanTopic(ctx context.Context, topic string, committed, final bool) error {
	opts := append(t.direct(), kgo.KeepControlRecords())
	if committed {
		opts = append(opts, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	}
	cl, err := victim.Reader(t.broker.Address, topic, make([]int64, partitions), opts...)
	if err != nil {
		return err
	}
	defer cl.Close()
	asked := t.history.Now()
	ends, err := victim.Ends(ctx, cl, topic, partitions, committed && !final)
	if err != nil {
		return err
	}
	read := make([][]history.Record, partitions)
	next := make([]int64, partitions)
	last := time.Now() // when something came that is waited for
	for behind(next, ends) >= 0 {
		polling, cancel := context.WithTimeout(ctx, quiet)
		fetches := cl.PollFetches(polling)
		nothing := polling.Err() != nil
		cancel()
		if committed && !final && time.Since(last) > quiet {
			ends = reached(next, ends) // what is left was aborted, and its marker is above the last stable offset
			break
		}
		if nothing && ctx.Err() == nil {
			continue
		}
		if ctx.Err() != nil {
			n := behind(next, ends)
			return fmt.Errorf("partition %d ends at %d, and %v later readers are at %d", n, ends[n], patience, next[n])
		}
		if err := fetches.Err(); err != nil {
			return err
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if next[r.Partition] = r.Offset + 1; r.Offset < ends[r.Partition] {
				last = time.Now()
				read[r.Partition] = append(read[r.Partition], recordOf(r))
			}
		})
	}
	for n, records := range read {
		t.history.Done(history.Op{Kind: history.Scan, Worker: "scan", Invoked: asked, Outcome: history.OK, Topic: topic, Partition: int32(n), Offset: -1,
			Committed: committed, Final: final, End: ends[n], Records: records})
	}
	return nil
}

// reached is how far each partition was read of what was there when the reader began:
// it may have got more, which nobody kept, while it waited for another partition.
func reached(next, ends []int64) []int64 {
	out := make([]int64, len(ends))
	for n := range ends {
		out[n] = min(next[n], ends[n])
	}
	return out
}

// behind is a partition that is not read up to its end, -1: none.
func behind(next, ends []int64) int {
	for n := range ends {
		if next[n] < ends[n] {
			return n
		}
	}
	return -1
}

// watch asks where the partitions end until ctx ends.
func (t *trial) watch(ctx context.Context) {
	cl, err := kgo.NewClient(append(impatient(t.proxy.Address()), kgo.RequestRetries(0))...)
	if err != nil {
		t.fail(err)
		return
	}
	defer cl.Close()
	for ; ctx.Err() == nil; victim.Sleep(ctx, 150*time.Millisecond) {
		for _, topic := range topicsOf {
			within, cancel := context.WithTimeout(ctx, 3*time.Second)
			asked := t.history.Now()
			stable, err := victim.Ends(within, cl, topic, partitions, true)
			var high []int64
			if err == nil {
				high, err = victim.Ends(within, cl, topic, partitions, false)
			}
			cancel()
			if err != nil {
				continue
			}
			for n := range high {
				t.history.Done(history.Op{Kind: history.ListOffsets, Worker: "watch", Invoked: asked, Outcome: history.OK, Topic: topic, Partition: int32(n), Offset: -1, High: high[n], Stable: stable[n]})
			}
		}
	}
}
