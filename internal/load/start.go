package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// StartOptions are those of [Start].
type StartOptions struct {
	Topics     int
	Partitions int // of each topic
	Progress   func(done, total int64)
}

// Start measures how long a broker of our own takes to serve again after a
// clean stop, with so many topics on its disk, and the descriptors it then
// holds.
func Start(ctx context.Context, s Setup, o StartOptions) (r *Report, err error) {
	r = newReport("start", s.Settings)
	work, err := os.MkdirTemp(s.Dir, "copyscope-bench-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	broker := BrokerOptions{Dir: work, Data: filepath.Join(work, "data"), Args: s.Serve}
	created, stopped, err := fillWithTopics(ctx, broker, o)
	if err != nil {
		return r, err
	}
	return r, r.rounds(ctx, s.Rounds, []side{{RawSide, true, func(ctx context.Context) (f Figures, err error) {
		began := time.Now()
		target, err := StartBroker(ctx, broker)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, target.Close()) }()
		f = Figures{}
		f.Set("ready_ns", "ns", float64(time.Since(began)))
		f.Set("create_ns", "ns", float64(created))
		f.Set("stop_ns", "ns", float64(stopped))
		if n, err := descriptorsOf(target.PID); err == nil {
			f.Set("descriptors", "descriptors", float64(n))
		} else {
			f.lack("descriptors", "descriptors", err.Error())
		}
		if rss, err := rssAnonOf(target.PID); err == nil {
			f.Set("server_rss_anon_bytes", "bytes", rss)
		} else {
			f.lack("server_rss_anon_bytes", "bytes", err.Error())
		}
		return f, nil
	}}})
}

// fillWithTopics makes the topics and stops the broker.
func fillWithTopics(ctx context.Context, broker BrokerOptions, o StartOptions) (created, stopped time.Duration, err error) {
	target, err := StartBroker(ctx, broker)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	cl, err := kgo.NewClient(kgo.SeedBrokers(target.Address))
	if err != nil {
		return 0, 0, err
	}
	defer cl.Close()
	began := time.Now()
	const atOnce = 100
	for made := 0; made < o.Topics; {
		var names []string
		for ; made < o.Topics && len(names) < atOnce; made++ {
			names = append(names, fmt.Sprintf("start-%04d", made))
		}
		if err := createTopics(ctx, cl, names, o.Partitions, nil); err != nil {
			return 0, 0, fmt.Errorf("%d of %d topics: %w", made-len(names), o.Topics, err)
		}
		if o.Progress != nil {
			o.Progress(int64(made), int64(o.Topics))
		}
	}
	created = time.Since(began)
	began = time.Now()
	err = target.Stop()
	return created, time.Since(began), err
}
