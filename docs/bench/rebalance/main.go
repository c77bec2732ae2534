// Command rebalance measures how long a group takes until all its members are
// stable after one joined or left: 100 members that read 20 topics, by the classic
// protocol and by the consumer protocol (KIP-848). The broker is in this process;
// each member has a connection of its own over loopback and sends the requests
// that a client sends, but reads no records.
//
//	go run ./docs/bench/rebalance [-members 100] [-rounds 10] [-interval 250ms]
//
// A member learns of a change by its next heartbeat, so the interval of these, here
// the same for both protocols, bounds what there is to gain. It fails where a
// median is not below a second.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker"
)

const (
	topics     = 20
	partitions = 10 // of each
	promised   = time.Second
	// limit is how long one round may take: a group that hangs is a failure.
	limit = 30 * time.Second
)

func main() {
	members := flag.Int("members", 100, "members of the group, before one joins")
	rounds := flag.Int("rounds", 10, "joins and leaves by each protocol")
	interval := flag.Duration("interval", 250*time.Millisecond, "between heartbeats")
	flag.Parse()
	if err := measure(*members, *rounds, *interval); err != nil {
		fmt.Fprintln(os.Stderr, "rebalance:", err)
		os.Exit(1)
	}
}

func measure(members, rounds int, interval time.Duration) (err error) {
	dir, err := os.MkdirTemp("", "rebalance")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ms := strconv.FormatInt(interval.Milliseconds(), 10)
	b, err := broker.Open(context.Background(), broker.Config{Listen: "127.0.0.1:0", Dir: dir, EventsPerSecond: 1, Defaults: broker.Defaults{
		"group.consumer.min.heartbeat.interval.ms": ms, "group.consumer.heartbeat.interval.ms": ms, "group.initial.rebalance.delay.ms": "1000"}})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- b.Serve(ctx) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	s := &setup{address: b.PlainAddr().String(), interval: interval}
	if err := s.createTopics(ctx); err != nil {
		return err
	}
	fmt.Printf("%d processors, %s, %s, load %s; %d members, %d topics of %d partitions, a heartbeat every %v\n\n",
		runtime.NumCPU(), cpu(), runtime.Version(), load(), members, topics, partitions, interval)
	fmt.Println("| protocol | change | median ms | least | most |")
	fmt.Println("| --- | --- | --: | --: | --: |")
	var broken []error
	for _, p := range []struct {
		name string
		kind protocol
	}{{"classic, eager", classic}, {"consumer, uniform", consumer}} {
		joins, leaves, err := s.changes(ctx, p.kind, members, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		for i, took := range [][]time.Duration{joins, leaves} {
			change := []string{"one joins", "one leaves"}[i]
			slices.Sort(took)
			median := took[len(took)/2]
			fmt.Printf("| %s | %s | %d | %d | %d |\n", p.name, change, median.Milliseconds(), took[0].Milliseconds(), took[len(took)-1].Milliseconds())
			if median >= promised {
				broken = append(broken, fmt.Errorf("%s, %s: %v, promised is less than %v", p.name, change, median, promised))
			}
		}
	}
	fmt.Printf("\nLoad at the end: %s\n", load())
	return errors.Join(broken...)
}

// setup is what all members know.
type setup struct {
	address  string
	interval time.Duration
	names    []string
}

func (s *setup) connect() (*kgo.Client, error) {
	return kgo.NewClient(kgo.SeedBrokers(s.address), kgo.RetryTimeout(limit))
}

func (s *setup) createTopics(ctx context.Context) error {
	cl, err := s.connect()
	if err != nil {
		return err
	}
	defer cl.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	req.TimeoutMillis = int32(limit.Milliseconds())
	for i := range topics {
		t := kmsg.NewCreateTopicsRequestTopic()
		t.Topic, t.NumPartitions, t.ReplicationFactor = fmt.Sprintf("topic-%02d", i), partitions, 1
		req.Topics = append(req.Topics, t)
		s.names = append(s.names, t.Topic)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	for _, t := range resp.Topics {
		if t.ErrorCode != 0 {
			return fmt.Errorf("topic %s was not made: error %d", t.Topic, t.ErrorCode)
		}
	}
	return nil
}

// changes makes a group, lets one more join and leave in turn, and times each
// until all are stable.
func (s *setup) changes(ctx context.Context, kind protocol, members, rounds int) (joins, leaves []time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	g := newGroup(s, kind, cancel)
	defer g.close()
	for range members {
		if _, err := g.start(ctx); err != nil {
			return nil, nil, err
		}
	}
	if err := g.stable(ctx, members); err != nil {
		return nil, nil, err
	}
	for range rounds {
		// From anywhere between two heartbeats, as members come.
		time.Sleep(s.interval + s.interval*time.Duration(len(joins)%7)/7)
		began, err := g.start(ctx)
		if err != nil {
			return nil, nil, err
		}
		if err := g.stable(ctx, members+1); err != nil {
			return nil, nil, err
		}
		joins = append(joins, time.Since(began))
		time.Sleep(s.interval + s.interval*time.Duration(len(joins)%7)/7)
		began = time.Now()
		if err := g.leave(ctx); err != nil {
			return nil, nil, err
		}
		if err := g.stable(ctx, members); err != nil {
			return nil, nil, err
		}
		leaves = append(leaves, time.Since(began))
	}
	return joins, leaves, nil
}

func load() string {
	b, _ := os.ReadFile("/proc/loadavg")
	fields := strings.Fields(string(b))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

func cpu() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.SplitSeq(string(b), "\n") {
		if name, ok := strings.CutPrefix(line, "model name\t: "); ok {
			return name
		}
	}
	return runtime.GOARCH
}
