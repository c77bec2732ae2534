//go:build linux

package drive

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/natsraw"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// nats is a NATS server with JetStream. A partition is a stream of its own; bytes
// are those of messages.
type nats struct{ *contender.Server }

func (n nats) prepare(ctx context.Context, w workload.Workload) (Prepared, error) {
	switch {
	case w.TLS:
		return unsupported("its client speaks no TLS here")
	case w.Kind == workload.Produce:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return n.onFresh(ctx, w, func(s *natsraw.Streams) (load.Figures, error) { return n.publish(ctx, s, w, d) })
		}}, nil
	case w.Kind == workload.EndToEnd || w.Kind == workload.Tail:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return n.onFresh(ctx, w, func(s *natsraw.Streams) (load.Figures, error) {
				sent := int64(0)
				f, err := load.MeasureOnce(n.Target, func(t *load.Tally) (err error) {
					sent, err = s.EndToEnd(ctx, endToEnd(w, d), t)
					return err
				})
				f.Set("records_sent", "records", float64(sent))
				return f, err
			})
		}}, nil
	case w.Kind == workload.Idle:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return load.IdleOnce(ctx, n.Target, load.IdleOptions{Connections: w.Connections, Settle: d, Greet: greetNATS})
		}}, nil
	}
	streams, err := filled(n.Server, w, func() (*natsraw.Streams, error) {
		streams, err := n.create(ctx, w)
		if err != nil {
			return nil, err
		}
		if err := streams.Publish(ctx, w.RecordBytes, w.BatchBytes, 4, true, w.FillBytes, time.Now().Add(fillLimit), &load.Tally{}); err != nil {
			return nil, fmt.Errorf("fill the streams: %w", err)
		}
		return streams, nil
	})
	if err != nil {
		return Prepared{}, err
	}
	fetch := func(ctx context.Context, d time.Duration) (load.Figures, error) { return n.fetch(ctx, streams, w, d) }
	if w.Kind == workload.Fetch {
		return Prepared{Turn: fetch}, nil
	}
	return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
		return n.onFresh(ctx, w, func(s *natsraw.Streams) (load.Figures, error) {
			return both(n.Target,
				func() (load.Figures, error) { return n.publish(ctx, s, w, d) },
				func() (load.Figures, error) { return fetch(ctx, d) })
		})
	}}, nil
}

// fillLimit is the most that filling may take.
const fillLimit = 2 * time.Minute

func (n nats) create(ctx context.Context, w workload.Workload) (*natsraw.Streams, error) {
	return natsraw.CreateStreams(ctx, n.Address, fmt.Sprintf("peers%d", time.Now().UnixNano()), w.Partitions, w.Acks != 0)
}

func (n nats) onFresh(ctx context.Context, w workload.Workload, run func(*natsraw.Streams) (load.Figures, error)) (load.Figures, error) {
	streams, err := n.create(ctx, w)
	if err != nil {
		return nil, err
	}
	f, err := run(streams)
	return f, errors.Join(err, streams.Remove())
}

func (n nats) publish(ctx context.Context, s *natsraw.Streams, w workload.Workload, d time.Duration) (load.Figures, error) {
	return load.MeasureOnce(n.Target, func(t *load.Tally) error {
		o := amount(w.ProduceBytes, d)
		return s.Publish(ctx, w.RecordBytes, w.BatchBytes, w.Outstanding, w.Acks != 0, o.Bytes, time.Now().Add(o.Duration), t)
	})
}

// fetch reads with as many connections as the workload has consumers.
func (n nats) fetch(ctx context.Context, s *natsraw.Streams, w workload.Workload, d time.Duration) (load.Figures, error) {
	return load.MeasureOnce(n.Target, func(t *load.Tally) (err error) {
		var readers []*natsraw.Reader
		for range w.Consumers {
			r, err := s.NewReader(ctx, w.RecordBytes, w.MaxBytes, t)
			if err != nil {
				return err
			}
			defer r.Close()
			readers = append(readers, r)
		}
		o := amount(toFetch(w), d)
		until := time.Now().Add(o.Duration)
		failed := make([]error, len(readers))
		var all sync.WaitGroup
		for i, r := range readers {
			all.Go(func() { failed[i] = r.Run(ctx, o.Bytes, until) })
		}
		all.Wait()
		for _, r := range readers {
			t.Count(r.Bytes, r.Messages)
		}
		return errors.Join(failed...)
	})
}

func greetNATS(ctx context.Context, target *load.Target, sum *load.Tally) (net.Conn, error) {
	began := time.Now()
	c, err := natsraw.Connect(ctx, target.Address, sum)
	if err != nil {
		return nil, err
	}
	sum.Took(time.Since(began))
	return c.Conn, nil
}
