//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/internal/load"
	"copyscope/internal/spread"
)

func partitions() *curve {
	return &curve{
		name: "partitions", title: "Partitions of a broker", size: "partitions",
		about: "A topic of so many partitions in a broker of its own. *Produce* and *fetch* go over all of them in turn, in batches of 4 KiB: a request to produce is for one partition, five are under way; a fetch is for a quarter of all partitions and brings up to 1 MiB, four are under way. *Metadata* is the time until a client has the answer that tells all partitions. *Start* is from exec to serving, after a clean stop, with the files' names in the kernel's caches. *Descriptors* are those that the broker has open after the load.",
		why:   "*Create*: a partition is a directory, its files, and a `partition.metadata` that is forced to the disk, so the disk sets the pace. On ext4 without a journal, names that were removed in the last minutes make it slower: the kernel looks through their inodes for one that may be used again (`find_inode_bit`). So nothing is removed here before the end of the run.\n\n*Start*, *RssAnon* and *metadata* bend upwards where the partitions outweigh what there is without any: the start of the process, its embedded pages, a round trip. Beyond, a start lists each partition's directory and reads its metadata, leader epochs, indexes and the end of its log; an answer has an entry for each.\n\n*Descriptors*: a partition that is written has three files open, the log and two indexes. At most 8,000 stay open unused, which is at 2,667 partitions; beyond, the files used longest ago are closed and opened again.\n\n*Produce* bends downwards where most batches are the first of their partition: that begins a leader epoch, whose file is written and forced (nine tenths of the broker's time with 4,000 partitions). Then come the files that must be opened again.\n\n*Fetch* bends downwards where an answer is no longer one piece of 1 MiB but pieces of a batch or two: each is a `sendfile` and packets of its own (half of the broker's time with 5,000 partitions), and as sessions are not kept, a request names a quarter of all partitions, which are looked up one by one (a fifth).",
		sizes: []int{1, 10, 100, 1000, 3000, 10_000}, quick: []int{1, 100, 1000},
		series: []series{
			{name: "create", title: "Create", unit: "ms", work: true},
			{name: "start", title: "Start", unit: "ms", work: true},
			{name: "rss_start", title: "RssAnon after the start", unit: "MiB", work: true},
			{name: "rss_load", title: "RssAnon after the load", unit: "MiB", work: true},
			{name: "descriptors", title: "Descriptors", unit: "open", work: true},
			{name: "produce", title: "Produce", unit: "MB/s"},
			{name: "fetch", title: "Fetch", unit: "MB/s"},
			{name: "metadata", title: "Metadata", unit: "ms", work: true},
		},
		open: func(_ context.Context, s setting) (measurer, error) { return partitionCurve(s), nil },
	}
}

// partitionCurve has nothing that its points share.
type partitionCurve setting

func (partitionCurve) Close() error { return nil }

const (
	topic = "scale"
	mib   = 1 << 20
)

// ms is a duration in milliseconds, us in microseconds.
func ms(d time.Duration) float64 { return d.Seconds() * 1e3 }
func us(d time.Duration) float64 { return d.Seconds() * 1e6 }

// on is the setup of a measurement of a broker that is there.
func on(t *load.Target) load.Setup {
	return load.Setup{Brokers: t.Address, ServerPID: t.PID, Topic: load.TopicSpec{Name: topic}, Clients: []string{load.RawSide}, Rounds: 1}
}

// figure is a measurement's median of the raw client.
func figure(r *load.Report, name string) (float64, error) {
	f := r.Median[load.RawSide][name]
	if f.Value == nil {
		return 0, fmt.Errorf("%s %s: %s", r.Bench, name, f.Reason)
	}
	return *f.Value, nil
}

func (c partitionCurve) measure(ctx context.Context, n int) (f figures, err error) {
	work, err := os.MkdirTemp(c.dir, "partitions-")
	if err != nil {
		return nil, err
	}
	options := load.BrokerOptions{Binary: c.binary, Dir: work, Data: filepath.Join(work, "data")}
	f = figures{}
	if err := c.underLoad(ctx, options, n, f); err != nil {
		return nil, err
	}
	began := time.Now()
	t, err := load.StartBroker(ctx, options)
	if err != nil {
		return nil, err
	}
	f["start"] = ms(time.Since(began))
	_, rss, err := t.Holds()
	f["rss_start"] = rss / mib
	return f, errors.Join(err, t.Close())
}

// underLoad makes the topic, measures what a running broker does with it, and
// stops the broker.
func (c partitionCurve) underLoad(ctx context.Context, options load.BrokerOptions, n int, f figures) (err error) {
	t, err := load.StartBroker(ctx, options)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	began := time.Now()
	if err := load.EnsureTopic(ctx, t.Address, topic, n); err != nil {
		return err
	}
	f["create"] = ms(time.Since(began))
	const batch = 4 << 10
	amount := load.Amount{Bytes: max(64*mib, int64(n)*batch)} // each partition gets some
	if c.quick {
		amount.Bytes /= 2
	}
	produced, err := load.Produce(ctx, on(t), load.ProduceOptions{RecordBytes: 1000, BatchBytes: batch, Acks: 1, Outstanding: 5, Producers: 1, Amount: amount})
	if err != nil {
		return err
	}
	fetched, err := load.Fetch(ctx, on(t), load.FillOptions{}, load.FetchOptions{MaxBytes: mib, Outstanding: 4, Consumers: 1, Amount: load.Amount{Bytes: 1 << 30, Duration: time.Second}})
	if err != nil {
		return err
	}
	for name, r := range map[string]*load.Report{"produce": produced, "fetch": fetched} {
		rate, err := figure(r, load.BytesPerSecond)
		if err != nil {
			return err
		}
		f[name] = rate / 1e6
	}
	if f["metadata"], err = metadataTime(ctx, t.Address); err != nil {
		return err
	}
	descriptors, rss, err := t.Holds()
	f["descriptors"], f["rss_load"] = float64(descriptors), rss/mib
	return err
}

// metadataTime is how long the answer takes that tells of the topic, in ms.
func metadataTime(ctx context.Context, address string) (float64, error) {
	conn, err := load.Connect(ctx, address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	request := kmsg.NewPtrMetadataRequest()
	request.Version = 8 // the last one without tagged fields
	asked := kmsg.NewMetadataRequestTopic()
	asked.Topic = kmsg.StringPtr(topic)
	request.Topics = append(request.Topics, asked)
	var took []float64
	for range 21 {
		_, d, err := conn.Ask(ctx, request)
		if err != nil {
			return 0, err
		}
		took = append(took, ms(d))
	}
	return spread.Of(took).Median, nil
}
