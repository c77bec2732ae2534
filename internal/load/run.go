package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Setup says what is measured, and how often.
type Setup struct {
	// Brokers is host:port of a broker that is there; empty starts one.
	Brokers   string
	ServerPID int    // of that broker, 0: find it
	Data      string // data directory of that broker, if the baseline needs it
	Dir       string // where temporary data goes
	Serve     []string
	Topic     TopicSpec
	Clients   []string // RawSide, FranzSide
	Baseline  bool
	Rounds    int
	Settings  map[string]any
}

func (s Setup) open(ctx context.Context) (*Target, error) {
	if s.Brokers == "" {
		return StartBroker(ctx, BrokerOptions{Dir: s.Dir, Args: s.Serve})
	}
	t := Attach(s.Brokers, s.ServerPID)
	t.Data = s.Data
	return t, nil
}

// measured is metered for a report.
func measured(r *Report, t *Target, run func() (Tally, time.Duration, error)) (Figures, error) {
	f, congestion, err := metered(t, run)
	if congestion != "" {
		r.Congestion = congestion
	}
	return f, err
}

// metered runs one measurement with the server's meter around it, and tells the
// congestion control of the client's sockets.
func metered(t *Target, run func() (Tally, time.Duration, error)) (Figures, string, error) {
	m := startMeter(t)
	sum, took, err := run()
	f := sum.figures(took)
	m.finish(f, sum.bytes)
	return f, sum.congestion, err
}

// Produce measures how fast a broker takes records, beside a bare relay if
// asked. Each round has a fresh topic, and, where the broker is our own, a
// fresh broker, so that its files are gone before the next round begins.
func Produce(ctx context.Context, s Setup, o ProduceOptions) (*Report, error) {
	r := newReport("produce", s.Settings)
	var sides []side
	for _, client := range s.Clients {
		sides = append(sides, side{client, true, func(ctx context.Context) (Figures, error) { return r.produce(ctx, s, o, client) }})
	}
	if s.Baseline {
		sides = append(sides, side{BareSide, true, func(ctx context.Context) (Figures, error) { return r.relay(ctx, s, o) }})
	}
	return r, r.rounds(ctx, s.Rounds, sides)
}

func (r *Report) produce(ctx context.Context, s Setup, o ProduceOptions, client string) (f Figures, err error) {
	target, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	topic, remove, err := openTopic(ctx, target.Address, nil, s.Topic)
	if err != nil {
		return nil, err
	}
	defer r.cleanUp(target, remove)
	return measured(r, target, func() (Tally, time.Duration, error) {
		if client == FranzSide {
			return produceFranz(ctx, target.Address, topic, o)
		}
		return produceRaw(ctx, topic, o)
	})
}

// cleanUp deletes the topic that was made, unless the broker goes with it.
func (r *Report) cleanUp(t *Target, remove func() error) {
	if t.child != nil {
		return
	}
	if err := remove(); err != nil {
		r.note(err.Error())
	}
}

func (r *Report) relay(ctx context.Context, s Setup, o ProduceOptions) (f Figures, err error) {
	dir, err := os.MkdirTemp(s.Dir, "copyscope-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	target, err := startBare(ctx, "relay", dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	topic := BareTopic(target.Address, max(1, s.Topic.Partitions))
	return measured(r, target, func() (Tally, time.Duration, error) { return produceRaw(ctx, topic, o) })
}

// FillOptions are what a fresh topic is filled with before it is fetched.
type FillOptions struct {
	Bytes       int64
	RecordBytes int
	BatchBytes  int
}

// Fetch measures how fast a broker hands out records, beside a bare sendfile
// loop over the same files if asked.
func Fetch(ctx context.Context, s Setup, fill FillOptions, o FetchOptions) (r *Report, err error) {
	r = newReport("fetch", s.Settings)
	target, err := s.open(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	topic, remove, err := openTopic(ctx, target.Address, nil, s.Topic)
	if err != nil {
		return r, err
	}
	defer r.cleanUp(target, remove)
	if s.Baseline {
		if err := o.onePartitionEach(topic); err != nil {
			return r, err
		}
	}
	if s.Topic.Name == "" {
		topic, err = topic.Fill(ctx, target.Address, fill)
	} else {
		topic, err = topic.readable(ctx, target.Address)
	}
	if err != nil {
		return r, err
	}
	if s.Baseline {
		r.note(Settle(ctx))
	}
	var sides []side
	for _, client := range s.Clients {
		sides = append(sides, side{client, false, func(ctx context.Context) (Figures, error) {
			return measured(r, target, func() (Tally, time.Duration, error) {
				if client == FranzSide {
					return fetchFranz(ctx, target.Address, topic, o)
				}
				return fetchRaw(ctx, topic, o)
			})
		}})
	}
	if s.Baseline {
		bare, failed := startSendfile(ctx, target.Data, topic)
		if failed != nil {
			return r, failed
		}
		defer func() { err = errors.Join(err, bare.Close()) }()
		bareTopic := topic.At(bare.Address)
		sides = append(sides, side{BareSide, false, func(ctx context.Context) (Figures, error) {
			return measured(r, bare, func() (Tally, time.Duration, error) { return fetchRaw(ctx, bareTopic, o) })
		}})
	}
	return r, r.rounds(ctx, s.Rounds, sides)
}

// sendfileChunk is what a call of the bare loop asks for: as the broker's do.
const sendfileChunk = 1 << 20

func startSendfile(ctx context.Context, data string, t Topic) (*Target, error) {
	if data == "" {
		return nil, fmt.Errorf("--baseline sends the broker's own files: name its data directory with --server-data")
	}
	args := []string{strconv.Itoa(sendfileChunk)}
	for p := range t.Leaders {
		args = append(args, filepath.Join(data, fmt.Sprintf("%s-%d", t.Name, p), fmt.Sprintf("%020d.log", 0)))
	}
	return startBare(ctx, "sendfile", args...)
}
