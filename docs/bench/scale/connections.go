//go:build linux

package main

import (
	"context"
	"errors"
	"time"

	"copyscope/internal/load"
)

func connections() *curve {
	return &curve{
		name: "connections", title: "Connections to a broker", size: "connections",
		about: "So many connections to a broker of its own, each of which has asked once and is then idle for a second. *RssAnon* is that of the broker's process; *for each connection* it is what the process has more than before the first one came, divided by their number, where that is more than the collector's comings and goings: from 1,000 on. Then eight of them ask for the API versions, one request after the other, while the others stay idle: *p99* is of their requests.",
		why:   "*RssAnon* bends upwards where the connections outweigh the process itself with its embedded pages. A connection is a goroutine that waits in the runtime's poller. About half of what it costs is its stack of 4 KiB, the rest its buffers, its counters and the garbage of its greeting, of which the collector lets as much stand as lives (GOGC=100): when it last ran moves the figure (`go_memstats_stack_inuse_bytes` and `go_memstats_heap_alloc_bytes` of `/metrics`).\n\nIdle connections cost a request nothing in itself: epoll(7) tells of those alone that have something. What bends *p99* upwards is the collector: a cycle has every connection's stack and buffers to mark, and takes a share of the processors meanwhile (`GODEBUG=gctrace=1` shows twice the heap at 10,000 connections, and 6 MB of stacks where there were none).",
		sizes: []int{100, 300, 1000, 3000, 10_000}, quick: []int{100, 1000},
		series: []series{
			{name: "rss", title: "RssAnon", unit: "MiB", work: true},
			{name: "rss_each", title: "RssAnon for each connection", unit: "KiB", work: true},
			{name: "p99", title: "p99 of a request", unit: "µs", work: true},
			{name: "connect", title: "Connect and ask once", unit: "µs for each", work: true},
		},
		open: func(_ context.Context, s setting) (measurer, error) { return connectionCurve(s), nil },
	}
}

// connectionCurve has nothing that its points share.
type connectionCurve setting

func (connectionCurve) Close() error { return nil }

func (c connectionCurve) measure(ctx context.Context, n int) (f figures, err error) {
	t, err := load.StartBroker(ctx, load.BrokerOptions{Binary: c.binary, Dir: c.dir})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	_, before, err := t.Holds()
	if err != nil {
		return nil, err
	}
	o := load.IdleOptions{Connections: n, Settle: time.Second, Active: 8, Asked: 2000}
	if c.quick {
		o.Settle, o.Asked = 200*time.Millisecond, 500
	}
	began := time.Now()
	connected := began
	o.Progress = func(done, total int64) {
		if done == total {
			connected = time.Now()
		}
	}
	r, err := load.Idle(ctx, on(t), o)
	if err != nil {
		return nil, err
	}
	rss, err := figure(r, "server_rss_anon_bytes")
	if err != nil {
		return nil, err
	}
	p99, err := figure(r, "active_latency_p99_ns")
	f = figures{"rss": rss / mib, "p99": p99 / 1e3, "connect": us(connected.Sub(began)) / float64(n)}
	if n >= 1000 {
		f["rss_each"] = (rss - before) / 1024 / float64(n)
	}
	return f, err
}
