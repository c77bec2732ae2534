package load

import (
	"context"
	"fmt"
	"io"
	"time"
)

// pacer sends records when they are due: record i at began + i × interval.
type pacer struct {
	o        EndToEndOptions
	interval time.Duration
	topic    string
	lanes    []*lane // by partition
}

// lane is what one partition gets. few is a batch of the records of one linger
// at the steady rate, full a whole one, for catching up.
type lane struct {
	producer   *producer
	few, full  *batch
	fewFrame   []byte
	fullFrame  []byte
	correlated int32
	answers    chan error
}

func newPacer(ctx context.Context, t Topic, o EndToEndOptions) (*pacer, error) {
	p := &pacer{o: o, topic: t.Name, interval: time.Duration(float64(time.Second) * float64(o.RecordBytes) / float64(o.Rate))}
	if p.interval <= 0 {
		return nil, fmt.Errorf("--rate: more than a record each nanosecond; use a lower rate or larger records")
	}
	full := recordsIn(o.BatchBytes, o.RecordBytes)
	few := min(full, int(o.Linger/p.interval)+1)
	for n, address := range t.Leaders {
		conn, _, congestion, err := dial(ctx, address, t.Secure)
		if err != nil {
			p.close()
			return nil, err
		}
		l := &lane{few: buildBatch(few, o.RecordBytes, uint64(n)), full: buildBatch(full, o.RecordBytes, uint64(n)), answers: make(chan error, 1)}
		l.producer = &producer{Tally: newTally(), conn: conn, acks: o.Acks, batch: l.few,
			places: make(chan struct{}, o.Outstanding), sent: make(chan time.Time, o.Outstanding)}
		l.producer.congestion = congestion
		// The frame holds the batch's bytes: stamped there, they are sent from there.
		l.fewFrame, l.few.bytes = framed(t.Name, int32(n), o.Acks, l.few.bytes)
		l.fullFrame, l.full.bytes = framed(t.Name, int32(n), o.Acks, l.full.bytes)
		p.lanes = append(p.lanes, l)
	}
	return p, nil
}

func framed(topic string, partition int32, acks int16, batch []byte) (frame, in []byte) {
	frame = produceFrame(topic, partition, acks, batch)
	return frame, frame[len(frame)-len(batch):]
}

func (p *pacer) close() {
	for _, l := range p.lanes {
		l.producer.conn.Close()
	}
}

// run sends until the duration is over and all is acknowledged. It returns how
// many records it sent.
func (p *pacer) run(ctx context.Context, began time.Time) (sent int64, err error) {
	defer context.AfterFunc(ctx, func() {
		for _, l := range p.lanes {
			l.producer.conn.SetDeadline(time.Unix(1, 0))
		}
	})()
	q := Amount{}.begin()
	for _, l := range p.lanes {
		if p.o.Acks == 0 {
			go func() { _, err := io.Copy(io.Discard, l.producer.conn); l.answers <- err }()
			continue
		}
		go func() { l.answers <- l.producer.receive(q, nil) }()
	}
	total := int64(p.o.Duration / p.interval)
	late := func() bool { return p.o.Limit > 0 && time.Since(began) >= p.o.Limit }
	for turn := 0; sent < total && !late() && ctx.Err() == nil && err == nil; turn++ {
		n, e := p.lanes[turn%len(p.lanes)].send(ctx, p, began, sent)
		sent, err = sent+n, e
		if p.o.Progress != nil {
			p.o.Progress(sent, total)
		}
	}
	for _, l := range p.lanes {
		close(l.producer.sent)
		if p.o.Acks == 0 {
			l.producer.conn.CloseWrite()
		}
		if e := <-l.answers; e != nil {
			err = e // tells more than a broken pipe
		}
	}
	return sent, ended(err)
}

// send waits until the batch's last record is due, or takes a full batch if
// that many are due, and sends it.
func (l *lane) send(ctx context.Context, p *pacer, began time.Time, first int64) (int64, error) {
	due := func(i int) time.Time { return began.Add(time.Duration(first+int64(i)) * p.interval) }
	b, frame := l.few, l.fewFrame
	if time.Since(due(l.full.records-1)) >= 0 {
		b, frame = l.full, l.fullFrame
	}
	if wait := time.Until(due(b.records - 1)); wait > 0 {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(wait):
		}
	}
	b.stamp(due)
	b.seal(time.Now())
	setCorrelation(frame, l.correlated)
	l.correlated++
	if p.o.Acks != 0 {
		l.producer.places <- struct{}{}
		l.producer.sent <- time.Now()
	}
	_, err := l.producer.conn.Write(frame)
	return int64(b.records), err
}
