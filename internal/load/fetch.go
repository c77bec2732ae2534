package load

import (
	"context"
	"fmt"
	"time"
)

// FetchOptions are those of [Fetch].
type FetchOptions struct {
	MaxBytes    int // of an answer, and of each partition in it
	Outstanding int // requests that each consumer has under way, each for other partitions
	Consumers   int // connections
	// Each says that Amount is for each consumer, which reads every partition;
	// else they share it and the partitions.
	Each     bool
	Amount   Amount
	Progress func(done, total int64)
}

// fetchRaw reads the partitions again and again from their first offset and
// throws the records away.
func fetchRaw(ctx context.Context, t Topic, o FetchOptions) (Tally, time.Duration, error) {
	shares := o.shares(t)
	workers := make([]*consumer, len(shares))
	for i, s := range shares {
		c, err := newConsumer(ctx, t.Name, s, o)
		if err != nil {
			return newTally(), 0, err
		}
		defer c.conn.Close()
		for _, p := range s.partitions {
			c.next[p] = t.Starts[p]
		}
		workers[i] = c
	}
	total := o.Amount
	if o.Each {
		total.Bytes *= int64(o.Consumers)
	}
	shared := total.begin()
	began := time.Now()
	err := together(ctx, workers, func(ctx context.Context, c *consumer) error {
		q := shared
		if o.Each {
			q = o.Amount.begin()
		}
		return c.run(ctx, q, func(n int64) {
			if done := shared.done.Add(n); o.Progress != nil {
				o.Progress(done, total.Bytes)
			}
		})
	})
	took := time.Since(began)
	sum := newTally()
	for _, c := range workers {
		sum.add(c.Tally)
	}
	return sum, took, err
}

// shares are what each consumer reads.
func (o FetchOptions) shares(t Topic) []share {
	shares := t.shares(o.Consumers)
	if o.Each {
		for i := range shares {
			shares[i] = t.shares(1)[0]
		}
	}
	return shares
}

// onePartitionEach says if a request would be for several partitions, which the
// bare loop does not serve.
func (o FetchOptions) onePartitionEach(t Topic) error {
	for _, s := range o.shares(t) {
		if n := len(s.partitions); n > o.Outstanding {
			return fmt.Errorf("--baseline with --outstanding %d: a connection reads %d partitions, and the bare loop takes requests for one each; use --outstanding %d", o.Outstanding, n, n)
		}
	}
	return nil
}

// consumer is one connection.
type consumer struct {
	Tally
	conn  duplex
	in    *stream
	slots []*slot
	next  map[int32]int64
}

// slot is a request that goes out again when its answer has come.
type slot struct {
	frame      []byte
	partitions []int32
	served     map[int32]bool // by the last answer
	sent       time.Time
}

func newConsumer(ctx context.Context, topic string, s share, o FetchOptions) (*consumer, error) {
	conn, gulps, congestion, err := dial(ctx, s.address, s.secure)
	if err != nil {
		return nil, err
	}
	c := &consumer{Tally: newTally(), conn: conn, in: newStream(conn), next: map[int32]int64{}}
	c.congestion = congestion
	if !s.eager {
		c.in.gulps = gulps
	}
	n := min(o.Outstanding, len(s.partitions))
	for i := range n {
		var mine []int32
		for j := i; j < len(s.partitions); j += n {
			mine = append(mine, s.partitions[j])
		}
		c.slots = append(c.slots, &slot{frame: fetchFrame(topic, mine, 500, 1, int32(o.MaxBytes)), partitions: mine, served: map[int32]bool{}})
	}
	return c, nil
}

func (c *consumer) run(ctx context.Context, q *quota, progress func(int64)) error {
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })()
	err := c.fetch(q, progress)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return ended(err)
}

func (c *consumer) fetch(q *quota, progress func(int64)) error {
	for i, s := range c.slots {
		if err := c.ask(int32(i), s); err != nil {
			return err
		}
	}
	for n := int32(0); ; n++ {
		s := c.slots[int(n)%len(c.slots)]
		got, err := c.answer(n, s)
		if err != nil {
			return err
		}
		progress(got)
		if !q.take(got) {
			return nil // what else is under way is not counted
		}
		if err := c.ask(n+int32(len(c.slots)), s); err != nil {
			return err
		}
	}
}

// rotate puts the partitions that the answer had records of to the end, as Kafka's
// clients do (PartitionStates.updateAndMoveToEnd): with more partitions than an
// answer holds, the last ones would have no turn.
func (s *slot) rotate() {
	var last []int32
	first := s.partitions[:0]
	for _, p := range s.partitions {
		if s.served[p] {
			last = append(last, p)
		} else {
			first = append(first, p)
		}
	}
	s.partitions = append(first, last...)
}

func (c *consumer) ask(n int32, s *slot) error {
	setCorrelation(s.frame, n)
	for i, p := range s.partitions {
		setFetchPartition(s.frame, i, len(s.partitions), p, c.next[p])
	}
	s.sent = time.Now()
	_, err := c.conn.Write(s.frame)
	return err
}

// answer reads the answer to request n and moves the offsets on, from the end
// back to the beginning.
func (c *consumer) answer(n int32, s *slot) (got int64, err error) {
	id, err := c.in.next()
	if err == nil && id != n {
		err = fmt.Errorf("the server answers request %d, expected %d", id, n)
	}
	if err != nil {
		return 0, err
	}
	empty := true
	clear(s.served)
	err = c.in.fetched(func(p int32) int64 { return c.next[p] }, nil, func(p fetchedPartition) {
		empty = empty && p.high == p.low
		got += p.bytes
		if p.bytes > 0 {
			s.served[p.index] = true
		}
		c.records += p.records
		c.next[p.index] = p.next
		if p.next >= p.high {
			c.next[p.index] = p.low
		}
	})
	if err == nil && empty {
		err = fmt.Errorf("the topic is empty: produce to it first, or let bench make its own topic")
	}
	s.rotate()
	c.bytes += got
	c.requests++
	c.Took(time.Since(s.sent))
	return got, err
}
