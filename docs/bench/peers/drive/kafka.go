//go:build linux

package drive

import (
	"context"
	"errors"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/contender/name"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// kafka is a server that speaks the Kafka protocol. Its client is the raw one of
// `copyscope bench`.
type kafka struct{ *contender.Server }

func (k kafka) prepare(ctx context.Context, w workload.Workload) (Prepared, error) {
	switch w.Kind {
	case workload.Produce:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return k.onFresh(ctx, w, func(t load.Topic) (load.Figures, error) {
				return load.ProduceOnce(ctx, k.Target, t, produceOptions(w, d))
			})
		}}, nil
	case workload.EndToEnd, workload.Tail:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return k.onFresh(ctx, w, func(t load.Topic) (load.Figures, error) {
				return load.EndToEndOnce(ctx, k.Target, t, endToEnd(w, d))
			})
		}}, nil
	case workload.Idle:
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return load.IdleOnce(ctx, k.Target, load.IdleOptions{Connections: w.Connections, Settle: d})
		}}, nil
	case workload.Fetch, workload.Mixed:
	default:
		return unsupported("a Kafka client has no workload of the kind %s", w.Kind)
	}
	topic, err := filled(k.Server, w, func() (load.Topic, error) {
		empty, _, err := load.CreateTopic(ctx, k.Address, k.Secure, w.Partitions, k.Configs)
		if err != nil {
			return empty, err
		}
		empty.Eager = k.Eager
		return empty.Fill(ctx, k.Address, load.FillOptions{Bytes: w.FillBytes, RecordBytes: w.RecordBytes, BatchBytes: w.BatchBytes})
	})
	if err != nil {
		return Prepared{}, err
	}
	fetch := func(ctx context.Context, d time.Duration) (load.Figures, error) {
		return load.FetchOnce(ctx, k.Target, topic, fetchOptions(w, d))
	}
	if w.Kind == workload.Fetch {
		return Prepared{Turn: fetch}, nil
	}
	return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
		return k.onFresh(ctx, w, func(t load.Topic) (load.Figures, error) {
			return both(k.Target,
				func() (load.Figures, error) { return load.ProduceOnce(ctx, k.Target, t, produceOptions(w, d)) },
				func() (load.Figures, error) { return fetch(ctx, d) })
		})
	}}, nil
}

// onFresh runs a turn on a topic of its own, which is deleted.
func (k kafka) onFresh(ctx context.Context, w workload.Workload, run func(load.Topic) (load.Figures, error)) (f load.Figures, err error) {
	topic, remove, err := load.CreateTopic(ctx, k.Address, k.Secure, w.Partitions, k.Configs)
	if err != nil {
		return nil, err
	}
	topic.Eager = k.Eager
	f, err = run(topic)
	return f, errors.Join(err, remove())
}

func produceOptions(w workload.Workload, d time.Duration) load.ProduceOptions {
	return load.ProduceOptions{RecordBytes: w.RecordBytes, BatchBytes: w.BatchBytes, Acks: w.Acks, Outstanding: w.Outstanding, Producers: 1, Amount: amount(w.ProduceBytes, d)}
}

func fetchOptions(w workload.Workload, d time.Duration) load.FetchOptions {
	return load.FetchOptions{MaxBytes: w.MaxBytes, Outstanding: w.Partitions, Consumers: w.Consumers, Each: w.Consumers > 1, Amount: amount(toFetch(w), d)}
}

// bare is a server that answers one request of the Kafka protocol.
type bare struct{ *contender.Server }

func (b bare) prepare(w workload.Workload) (Prepared, error) {
	switch relay := b.Name == name.BareRelay; {
	case relay && w.Kind == workload.Produce && w.Acks != 0 && !w.TLS:
		topic := load.BareTopic(b.Address, w.Partitions)
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			f, err := load.ProduceOnce(ctx, b.Target, topic, produceOptions(w, d))
			return f, errors.Join(err, emptied(b.Data))
		}}, nil
	case relay && w.Kind == workload.Produce:
		return unsupported("it answers every request")
	case !relay && w.Kind == workload.Fetch && !w.TLS && w.Partitions == contender.BarePartitions && w.FillBytes == contender.BareBytes:
		topic := load.BareTopic(b.Address, w.Partitions)
		topic.Starts = make([]int64, w.Partitions)
		return Prepared{Turn: func(ctx context.Context, d time.Duration) (load.Figures, error) {
			return load.FetchOnce(ctx, b.Target, topic, fetchOptions(w, d))
		}}, nil
	}
	return unsupported("it serves one request, and this takes others")
}
