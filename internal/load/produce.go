package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Amount ends a measurement: after so many bytes of batches, or so much time,
// whichever comes first; zero is no limit.
type Amount struct {
	Bytes    int64
	Duration time.Duration
}

// quota is an amount that workers share.
type quota struct {
	left  atomic.Int64
	total int64
	done  atomic.Int64
	until time.Time
}

func (a Amount) begin() *quota {
	q := &quota{total: a.Bytes}
	q.left.Store(a.Bytes)
	if a.Duration > 0 {
		q.until = time.Now().Add(a.Duration)
	}
	return q
}

// take says whether n more bytes may be sent.
func (q *quota) take(n int64) bool {
	if !q.until.IsZero() && !time.Now().Before(q.until) {
		return false
	}
	return q.total <= 0 || q.left.Add(-n) > -n
}

// ProduceOptions are those of [Produce].
type ProduceOptions struct {
	RecordBytes int // of a value
	BatchBytes  int // at most, of a batch; a batch has at least one record
	Acks        int16
	Outstanding int // requests that each producer has under way
	Producers   int // connections
	Amount      Amount
	// Progress, which may be nil, is told how far it is, from several
	// goroutines.
	Progress func(done, total int64)
}

// builtBatches is how many different batches a producer sends in turn.
const builtBatches = 8

// produceRaw sends frames that were built beforehand. When ctx ends, what was
// acknowledged until then is returned with its error.
func produceRaw(ctx context.Context, t Topic, o ProduceOptions) (Tally, time.Duration, error) {
	records := recordsIn(o.BatchBytes, o.RecordBytes)
	shares := t.shares(o.Producers)
	workers := make([]*producer, len(shares))
	for i, s := range shares {
		p, err := newProducer(ctx, t.Name, s, o, records)
		if err != nil {
			return newTally(), 0, err
		}
		defer p.conn.Close()
		workers[i] = p
	}
	q := o.Amount.begin()
	began := time.Now()
	err := together(ctx, workers, func(ctx context.Context, p *producer) error { return p.run(ctx, q, o.Progress) })
	took := time.Since(began)
	sum := newTally()
	for _, p := range workers {
		sum.add(p.Tally)
	}
	return sum, took, err
}

// together runs the workers and returns the first error, which ends the others.
func together[W any](ctx context.Context, workers []W, run func(context.Context, W) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(func() {
			if err := run(ctx, w); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// producer is one connection.
type producer struct {
	Tally
	conn   duplex
	frames [][]byte
	batch  *batch
	acks   int16
	places chan struct{}  // one for each request that may be under way
	sent   chan time.Time // when, of each request under way, in order
}

func newProducer(ctx context.Context, topic string, s share, o ProduceOptions, records int) (*producer, error) {
	conn, _, congestion, err := dial(ctx, s.address, s.secure)
	if err != nil {
		return nil, err
	}
	p := &producer{Tally: newTally(), conn: conn, acks: o.Acks,
		places: make(chan struct{}, o.Outstanding), sent: make(chan time.Time, o.Outstanding)}
	p.congestion = congestion
	for i := range max(builtBatches, len(s.partitions)) {
		p.batch = buildBatch(records, o.RecordBytes, uint64(i))
		p.frames = append(p.frames, produceFrame(topic, s.partitions[i%len(s.partitions)], o.Acks, p.batch.bytes))
	}
	return p, nil
}

func (p *producer) run(ctx context.Context, q *quota, progress func(done, total int64)) error {
	defer context.AfterFunc(ctx, func() { p.conn.SetDeadline(time.Unix(1, 0)) })()
	answers := make(chan error, 1)
	if p.acks != 0 {
		go func() { answers <- p.receive(q, progress) }()
	}
	err := p.send(q)
	close(p.sent)
	if p.acks == 0 {
		if err == nil {
			err = p.flush()
		}
		answers <- nil
	}
	if err != nil {
		p.conn.SetDeadline(time.Unix(1, 0)) // an answer will not come
	}
	received := <-answers
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if received != nil {
		err = received // the broker's word tells more than the broken pipe
	}
	return ended(err)
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the broker closed the connection; its log says why")
	}
	return err
}

func (p *producer) send(q *quota) error {
	size := int64(len(p.batch.bytes))
	for i := 0; q.take(size); i++ {
		frame := p.frames[i%len(p.frames)]
		setCorrelation(frame, int32(i))
		if p.acks == 0 {
			if _, err := p.conn.Write(frame); err != nil {
				return err
			}
			p.count(size)
			continue
		}
		p.places <- struct{}{}
		p.sent <- time.Now()
		if _, err := p.conn.Write(frame); err != nil {
			return err
		}
	}
	return nil
}

// flush waits until the broker has taken what asked for no acknowledgement: it
// answers the requests of a connection in their order.
func (p *producer) flush() error {
	if _, err := p.conn.Write(apiVersionsFrame()); err != nil {
		return err
	}
	_, err := newStream(p.conn).next()
	return err
}

func (p *producer) count(size int64) {
	p.bytes += size
	p.records += int64(p.batch.records)
	p.requests++
}

// receive counts what is acknowledged.
func (p *producer) receive(q *quota, progress func(done, total int64)) (err error) {
	defer func() {
		if err != nil { // the sender must not wait for places
			p.conn.SetDeadline(time.Unix(1, 0))
			for range p.sent {
				<-p.places
			}
		}
	}()
	in := newStream(p.conn)
	size := int64(len(p.batch.bytes))
	want := int32(0)
	for at := range p.sent {
		n, err := in.next()
		if err == nil && n != want {
			err = fmt.Errorf("the server answers request %d, expected %d", n, want)
		}
		if err == nil {
			err = in.produced()
		}
		if err != nil {
			<-p.places
			return err
		}
		p.Took(time.Since(at))
		p.count(size)
		<-p.places
		want++
		if done := q.done.Add(size); progress != nil {
			progress(done, q.total)
		}
	}
	return nil
}
