//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"copyscope/internal/load"
)

func consumers() *curve {
	return &curve{
		name: "consumers", title: "Consumers of one log", size: "consumers",
		about: "Each consumer is a connection that reads one partition of 64 MiB again and again from its beginning, up to 1 MiB an answer, one request under way; the log is in the page cache, and the path is `sendfile`. *Throughput* is that of all together. *Server CPU* is the processor time of the broker's process. *p99* is of the time from a request to the end of its answer.",
		why:   "Nothing but processor time is used up: over loopback a byte is copied once, by the consumer that reads it, and client and server share the processors. So *throughput* is flat as soon as these are busy, *server CPU* for each gigabyte stays about what it is, and *p99* grows with the consumers: each has 1 MiB under way, and with n of them an answer takes about n MiB by the throughput. A knee of the *p99* is where the processors begin to be shared: one consumer's answer never waits for another's.",
		sizes: []int{1, 2, 5, 10, 20, 50, 100, 200}, quick: []int{1, 10, 100},
		series: []series{
			{name: "throughput", title: "Throughput", unit: "MB/s"},
			{name: "cpu", title: "Server CPU", unit: "ms/GB", work: true},
			{name: "p99", title: "p99 of a fetch", unit: "ms", work: true},
		},
		open: func(ctx context.Context, s setting) (measurer, error) {
			c := &consumerCurve{duration: time.Second}
			if s.quick {
				c.duration = 300 * time.Millisecond
			}
			var err error
			if c.broker, err = load.StartBroker(ctx, load.BrokerOptions{Binary: s.binary, Dir: s.dir}); err != nil {
				return nil, err
			}
			if err := c.fill(ctx); err != nil {
				return nil, errors.Join(err, c.Close())
			}
			return c, nil
		},
	}
}

// consumerCurve is a broker with a filled topic.
type consumerCurve struct {
	broker   *load.Target
	duration time.Duration
}

func (c *consumerCurve) Close() error { return c.broker.Close() }

func (c *consumerCurve) fill(ctx context.Context) error {
	if err := load.EnsureTopic(ctx, c.broker.Address, topic, 1); err != nil {
		return err
	}
	_, err := load.Produce(ctx, on(c.broker), load.ProduceOptions{RecordBytes: 1000, BatchBytes: 64 << 10, Acks: 1, Outstanding: 5, Producers: 1, Amount: load.Amount{Bytes: 64 * mib}})
	return err
}

func (c *consumerCurve) measure(ctx context.Context, n int) (figures, error) {
	r, err := load.Fetch(ctx, on(c.broker), load.FillOptions{}, load.FetchOptions{MaxBytes: mib, Outstanding: 1, Consumers: n, Each: true, Amount: load.Amount{Duration: c.duration}})
	if err != nil {
		return nil, err
	}
	f := figures{}
	for _, s := range []struct {
		to, from string
		unit     float64
	}{{"throughput", load.BytesPerSecond, 1e6}, {"cpu", "server_cpu_ms_per_gb", 1}, {"p99", "latency_p99_ns", 1e6}} {
		v, err := figure(r, s.from)
		if err != nil {
			return nil, err
		}
		f[s.to] = v / s.unit
	}
	return f, nil
}
