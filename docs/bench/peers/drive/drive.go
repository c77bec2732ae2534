//go:build linux

// Package drive has a server do a workload: for each protocol one client, all of
// them in this process (but iperf3's own).
package drive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"copyscope/docs/bench/peers/contender"
	"copyscope/docs/bench/peers/workload"
	"copyscope/internal/load"
)

// Prepared is a server that is ready to do a workload.
type Prepared struct {
	// Turn does it once for so long.
	Turn func(ctx context.Context, d time.Duration) (load.Figures, error)
}

// UnsupportedError: a server cannot do a workload.
type UnsupportedError struct{ Why string }

func (e *UnsupportedError) Error() string { return e.Why }

func unsupported(format string, args ...any) (Prepared, error) {
	return Prepared{}, &UnsupportedError{fmt.Sprintf(format, args...)}
}

// Prepare makes the topics and what is in them.
func Prepare(ctx context.Context, s *contender.Server, w workload.Workload) (p Prepared, err error) {
	switch s.Protocol {
	case contender.Kafka:
		p, err = kafka{s}.prepare(ctx, w)
	case contender.Bare:
		p, err = bare{s}.prepare(w)
	case contender.NATS:
		p, err = nats{s}.prepare(ctx, w)
	case contender.HTTP:
		p, err = web{s}.prepare(w)
	case contender.Iperf:
		p, err = iperf{s}.prepare(w)
	default:
		return unsupported("no client speaks %s", s.Protocol)
	}
	if err != nil || !w.Cold {
		return p, err
	}
	if s.Volatile {
		return unsupported("it has no files")
	}
	warm := p.Turn
	p.Turn = func(ctx context.Context, d time.Duration) (load.Figures, error) {
		if err := dropCaches(s.Data); err != nil {
			return nil, err
		}
		return warm(ctx, d)
	}
	return p, nil
}

// filled is what a server holds to be fetched: made once, and fetched by every
// workload that asks for the same.
func filled[T any](s *contender.Server, w workload.Workload, fill func() (T, error)) (T, error) {
	key := fmt.Sprint(w.FillBytes, w.RecordBytes, w.BatchBytes, w.Partitions)
	if held, ok := s.Filled[key].(T); ok {
		return held, nil
	}
	made, err := fill()
	if err == nil {
		s.Filled[key] = made
	}
	return made, err
}

// jobLimit is the most that a turn takes which does a job, however long it is.
const jobLimit = 20 * time.Second

// amount is what a turn does: a job of so many bytes, or, if that is 0, what goes
// into its time.
func amount(job int64, d time.Duration) load.Amount {
	if job > 0 {
		return load.Amount{Bytes: job, Duration: jobLimit}
	}
	return load.Amount{Duration: d}
}

// toFetch is the job of who fetches: all once if it is cold.
func toFetch(w workload.Workload) int64 {
	if w.Cold {
		return w.FillBytes
	}
	return w.FetchBytes
}

// both runs a producer and a consumer at once and counts the bytes of both; what
// each got is beside it.
func both(target *load.Target, produce, fetch func() (load.Figures, error)) (load.Figures, error) {
	var produced, fetched load.Figures
	f, err := load.MeasureOnce(target, func(t *load.Tally) error {
		failed := make(chan error, 1)
		go func() {
			var err error
			produced, err = produce()
			failed <- err
		}()
		var err error
		fetched, err = fetch()
		err = errors.Join(err, <-failed)
		for _, of := range []load.Figures{produced, fetched} {
			if bytes, records := of["bytes"].Value, of["records"].Value; bytes != nil && records != nil {
				t.Count(int64(*bytes), int64(*records))
			}
		}
		return err
	})
	for name, of := range map[string]load.Figures{"produce_bytes_per_second": produced, "fetch_bytes_per_second": fetched} {
		if v := of[load.BytesPerSecond].Value; v != nil {
			f.Set(name, "bytes/s", *v)
		}
	}
	return f, err
}

// endToEnd are the options of a workload's turn. A server that is behind is given
// up after half as long again.
func endToEnd(w workload.Workload, d time.Duration) load.EndToEndOptions {
	o := load.EndToEndOptions{RecordBytes: w.RecordBytes, BatchBytes: w.BatchBytes, Linger: time.Millisecond, Rate: w.Rate, Duration: d,
		Acks: w.Acks, MaxBytes: w.MaxBytes, Outstanding: w.Outstanding, Limit: d * 3 / 2}
	if w.Kind == workload.Tail {
		o.Limit = d // more is due than anything can take
	}
	return o
}
