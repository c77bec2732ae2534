package load

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// EndToEndOptions are those of [EndToEnd].
type EndToEndOptions struct {
	RecordBytes int
	BatchBytes  int
	Linger      time.Duration // how long a record waits for others in its batch
	Rate        int64         // bytes of values a second
	Duration    time.Duration
	Acks        int16
	MaxBytes    int // of a fetch's answer
	Outstanding int
	// Limit ends the sending even if the broker is so far behind that records
	// which were due have not been sent; 0: never.
	Limit    time.Duration
	Progress func(done, total int64)
}

// drainTime is how long a consumer may take for what was still under way when
// the producer ended.
const drainTime = 10 * time.Second

// EndToEnd measures how long a record takes from the time at which it was to
// be produced until a consumer has it. Records are due at a steady rate: if the
// producer or the broker falls behind, the wait counts (no coordinated
// omission). Producer and consumer are in this process, so there is one clock.
func EndToEnd(ctx context.Context, s Setup, o EndToEndOptions) (r *Report, err error) {
	r = newReport("e2e", s.Settings)
	return r, r.rounds(ctx, s.Rounds, []side{{RawSide, true, func(ctx context.Context) (Figures, error) { return r.endToEnd(ctx, s, o) }}})
}

func (r *Report) endToEnd(ctx context.Context, s Setup, o EndToEndOptions) (f Figures, err error) {
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
	f, r.Congestion, err = endToEnd(ctx, target, topic, o)
	if lost := lostRecords(f); err == nil && lost > 0 {
		r.note(fmt.Sprintf("%.0f of %.0f records had not arrived %v after the last was sent; they are in no percentile", lost, *f["records_sent"].Value, drainTime))
	}
	return f, err
}

// endToEnd is one measurement on a topic that is there.
func endToEnd(ctx context.Context, target *Target, topic Topic, o EndToEndOptions) (Figures, string, error) {
	ends, err := offsets(ctx, target.Address, topic, latest)
	if err != nil {
		return nil, "", err
	}
	sent := 0.0
	f, congestion, err := metered(target, func() (Tally, time.Duration, error) {
		sum, took, n, err := steady(ctx, topic, ends, o)
		sent = float64(n)
		return sum, took, err
	})
	f.Set("records_sent", "records", sent)
	return f, congestion, err
}

// lostRecords are those that were sent and had not arrived when the consumer ended.
func lostRecords(f Figures) float64 {
	sent, got := f["records_sent"].Value, f["records"].Value
	if sent == nil || got == nil {
		return 0
	}
	return *sent - *got
}

// steady produces at the rate and consumes what arrives, until all has.
func steady(ctx context.Context, t Topic, ends []int64, o EndToEndOptions) (sum Tally, took time.Duration, sent int64, err error) {
	sum = newTally()
	p, err := newPacer(ctx, t, o)
	if err != nil {
		return sum, 0, 0, err
	}
	defer p.close()
	var readers []*reader
	seen := &atomic.Int64{}
	for _, s := range t.shares(len(t.leaderSet())) {
		c, err := newConsumer(ctx, t.Name, s, FetchOptions{MaxBytes: o.MaxBytes, Outstanding: 1})
		if err != nil {
			return sum, 0, 0, err
		}
		defer c.conn.Close()
		for _, n := range s.partitions {
			c.next[n] = ends[n]
		}
		readers = append(readers, &reader{consumer: c, seen: seen})
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	finished := make(chan error, 1)
	go func() {
		finished <- together(reading, readers, func(ctx context.Context, r *reader) error { return r.run(ctx) })
	}()
	began := time.Now()
	sent, err = p.run(ctx, began)
	if err == nil {
		err = awaitAll(ctx, seen, sent, finished)
	}
	took = time.Since(began)
	stop()
	if e := <-finished; err == nil && e != nil && !errors.Is(e, context.Canceled) {
		err = e
	}
	for _, r := range readers {
		sum.add(r.Tally)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return sum, took, sent, err
}

// awaitAll waits until so many records have been seen, for a while.
func awaitAll(ctx context.Context, seen *atomic.Int64, sent int64, finished chan error) error {
	over := time.NewTimer(drainTime)
	defer over.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for seen.Load() < sent {
		select {
		case <-look.C:
		case err := <-finished:
			finished <- err
			return err
		case <-over.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// leaderSet is the addresses that lead a partition.
func (t Topic) leaderSet() map[string]bool {
	set := map[string]bool{}
	for _, address := range t.Leaders {
		set[address] = true
	}
	return set
}

// reader is a consumer that waits at the end of its partitions and looks at
// the stamp of every record.
type reader struct {
	*consumer
	seen *atomic.Int64
}

func (r *reader) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { r.conn.SetDeadline(time.Unix(1, 0)) })()
	s := r.slots[0]
	for n := int32(0); ; n++ {
		err := r.ask(n, s)
		if err == nil {
			err = r.read(n)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return ended(err)
		}
	}
}

func (r *reader) read(n int32) error {
	id, err := r.in.next()
	if err == nil && id != n {
		err = fmt.Errorf("the server answers request %d, expected %d", id, n)
	}
	if err != nil {
		return err
	}
	strange := false
	err = r.in.fetched(func(p int32) int64 { return r.next[p] }, func(b []byte) {
		now := time.Now().UnixNano()
		strange = !eachStamp(b, func(due int64) {
			r.Took(time.Duration(now - due))
			r.records++
			r.seen.Add(1)
		}) || strange
	}, func(p fetchedPartition) {
		r.bytes += p.bytes
		r.next[p.index] = p.next
	})
	if strange {
		return fmt.Errorf("the topic got records that are not from this benchmark; take a topic of its own")
	}
	r.requests++
	return err
}
