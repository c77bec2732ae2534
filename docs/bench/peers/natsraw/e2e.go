package natsraw

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"copyscope/internal/load"
)

// drainTime is how long a consumer may take for what was still under way when the
// publisher ended, as for a Kafka broker.
const drainTime = 10 * time.Second

// EndToEnd publishes messages when they are due, message i at began + i × interval,
// and takes the time from then until a consumer at the streams' ends has them. If
// the server falls behind, the wait counts. It returns how many were sent.
func (s *Streams) EndToEnd(ctx context.Context, o load.EndToEndOptions, t *load.Tally) (sent int64, err error) {
	seen := &atomic.Int64{}
	r, err := s.tail(ctx, o, t)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	read := make(chan error, 1)
	go func() { read <- r.follow(seen, t) }()
	sent, err = s.pace(ctx, o)
	over := time.Now().Add(drainTime)
	for err == nil && ctx.Err() == nil && seen.Load() < sent && time.Now().Before(over) {
		select {
		case err = <-read:
			return sent, err
		case <-time.After(5 * time.Millisecond):
		}
	}
	r.Close()
	<-read
	return sent, errors.Join(err, ctx.Err())
}

// tail makes consumers of what is yet to come.
func (s *Streams) tail(ctx context.Context, o load.EndToEndOptions, t *load.Tally) (r *Reader, err error) {
	r = &Reader{batch: max(2, o.MaxBytes/o.RecordBytes), size: o.RecordBytes}
	if r.conn, err = Connect(ctx, s.Address, t); err != nil {
		return nil, err
	}
	if r.control, err = Connect(ctx, s.Address, t); err != nil {
		r.conn.Close()
		return nil, err
	}
	for i, name := range s.Names {
		p := &pulled{name: name, inbox: r.conn.Inbox(string(rune('a' + i)))}
		if err == nil {
			p.consumer, err = consumer(r.control, name, true)
		}
		if err == nil {
			err = r.conn.Subscribe(p.inbox, firstSID+i)
		}
		if err == nil {
			p.due = r.batch
			err = r.conn.pull(p.name, p.consumer, p.inbox, r.batch)
		}
		r.streams = append(r.streams, p)
	}
	if err == nil {
		err = r.control.Flush()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// follow looks at the stamp of every message.
func (r *Reader) follow(seen *atomic.Int64, t *load.Tally) error {
	for {
		m, err := r.conn.Next()
		if err != nil {
			return err
		}
		if m.SID < firstSID || m.SID >= firstSID+len(r.streams) || m.Header > 0 || m.Bytes < 8 {
			if err := r.conn.Skip(m); err != nil {
				return err
			}
			continue
		}
		b, err := r.conn.Head(m, 8)
		if err != nil {
			return err
		}
		t.Took(time.Duration(time.Now().UnixNano() - int64(binary.BigEndian.Uint64(b))))
		t.Count(int64(m.Bytes), 1)
		seen.Add(1)
		p := r.streams[m.SID-firstSID]
		if p.due--; p.due == r.batch/2 {
			p.due += r.batch
			if err := r.conn.pull(p.name, p.consumer, p.inbox, r.batch); err != nil {
				return err
			}
		}
	}
}

// pace sends: what is due within a linger in one write, or a whole batch if that
// much is due.
func (s *Streams) pace(ctx context.Context, o load.EndToEndOptions) (sent int64, err error) {
	c, err := Connect(ctx, s.Address, &load.Tally{})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	interval := time.Duration(float64(time.Second) * float64(o.RecordBytes) / float64(o.Rate))
	full := max(1, o.BatchBytes/o.RecordBytes)
	few := min(full, int(o.Linger/max(interval, 1))+1)
	window := newWindow(o.Outstanding * len(s.Names) * full)
	failed := make(chan error, 1)
	go func() { failed <- window.acknowledge(c, func() {}) }()
	payload, buffer := make([]byte, o.RecordBytes), []byte(nil)
	reply := c.inbox + " "
	began := time.Now()
	due := func(i int64) time.Time { return began.Add(time.Duration(i) * interval) }
	total := int64(o.Duration / max(interval, 1))
	late := func() bool { return o.Limit > 0 && time.Since(began) >= o.Limit }
	for turn := 0; sent < total && !late() && ctx.Err() == nil; turn++ {
		n := few
		if time.Since(due(sent+int64(full)-1)) >= 0 {
			n = full
		}
		time.Sleep(time.Until(due(sent + int64(n) - 1)))
		buffer = buffer[:0]
		for i := range n {
			binary.BigEndian.PutUint64(payload, uint64(due(sent+int64(i)).UnixNano()))
			buffer = appendMessage(buffer, s.Names[turn%len(s.Names)], reply, payload)
		}
		if err := window.take(ctx, n, failed); err != nil {
			return sent, err
		}
		if err := c.Send(buffer); err != nil {
			return sent, err
		}
		sent += int64(n)
	}
	return sent, window.empty(ctx, failed)
}
