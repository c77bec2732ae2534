// Command fetchload is the client of strace-fetch.sh. It fills a topic, alters
// its fetch path, or fetches all of it and prints what came:
//
//	fetchload fill  BROKER TOPIC BYTES
//	fetchload path  BROKER TOPIC PATH
//	fetchload fetch BROKER TOPIC
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fetchload:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("usage: fetchload fill|path|fetch BROKER TOPIC [BYTES|PATH]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	what, brokers, topic, last := args[0], args[1], args[2], append(args[3:], "")[0]
	opts := []kgo.Opt{kgo.SeedBrokers(brokers), kgo.AllowAutoTopicCreation()}
	switch what {
	case "fill":
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil {
			return err
		}
		return fill(ctx, append(opts, kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression())), topic, n)
	case "path":
		return alter(ctx, opts, topic, last)
	case "fetch":
		return fetch(ctx, append(opts, kgo.ConsumeTopics(topic), kgo.FetchMaxPartitionBytes(16<<20)), topic)
	}
	return fmt.Errorf("%q is none of fill, path, fetch", what)
}

// fill produces n bytes of values that do not compress.
func fill(ctx context.Context, opts []kgo.Opt, topic string, n int64) error {
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer cl.Close()
	value := make([]byte, 16<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range value {
		value[i] = byte(r.Uint32())
	}
	failed := make(chan error, 1)
	for sent := int64(0); sent < n; sent += int64(len(value)) {
		cl.Produce(ctx, &kgo.Record{Topic: topic, Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// alter sets the topic's fetch path, while the broker runs.
func alter(ctx context.Context, opts []kgo.Opt, topic, path string) error {
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer cl.Close()
	r := kmsg.NewIncrementalAlterConfigsRequestResource()
	r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, topic
	r.Configs = []kmsg.IncrementalAlterConfigsRequestResourceConfig{
		{Name: "copyscope.fetch.path", Op: kmsg.IncrementalAlterConfigOpSet, Value: &path}}
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	req.Resources = append(req.Resources, r)
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	if got := resp.Resources[0]; got.ErrorCode != 0 {
		return fmt.Errorf("error code %d: %s", got.ErrorCode, *got.ErrorMessage)
	}
	return nil
}

// fetch reads the topic's partition 0 to its end as it is now, and prints how
// many bytes of values came.
func fetch(ctx context.Context, opts []kgo.Opt, topic string) error {
	cl, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer cl.Close()
	var values, end int64
	began := time.Now()
	for next := int64(-1); next < end || next < 0; {
		f := cl.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return err
		}
		f.EachPartition(func(p kgo.FetchTopicPartition) {
			end = p.HighWatermark
			for _, r := range p.Records {
				values += int64(len(r.Value))
				next = r.Offset + 1
			}
		})
	}
	took := time.Since(began)
	fmt.Fprintf(os.Stderr, "%d bytes in %v, %.0f MB/s\n", values, took.Round(time.Millisecond), float64(values)/1e6/took.Seconds())
	fmt.Println(values)
	return nil
}
