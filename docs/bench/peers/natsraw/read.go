package natsraw

import (
	"context"
	"fmt"
	"time"

	"copyscope/internal/load"
)

// firstSID is the number under which the first stream's messages come.
const firstSID = 10

// Reader reads streams from their first message on, again and again, by pull
// consumers, and throws the messages away.
type Reader struct {
	conn, control *Conn
	streams       []*pulled
	batch         int // messages that a pull asks for
	size          int // of a message, bytes
	Bytes         int64
	Messages      int64
}

// pulled is one stream.
type pulled struct {
	name, consumer, inbox string
	holds                 int64 // messages
	left                  int64 // of them, not yet asked for
	due                   int   // asked for, not yet come
}

// NewReader connects. Pulls ask for messages of together maxBytes; one is under way
// for each stream, and the next goes out when half of it has come.
func (s *Streams) NewReader(ctx context.Context, size, maxBytes int, t *load.Tally) (r *Reader, err error) {
	r = &Reader{batch: max(1, maxBytes/size), size: size}
	if r.conn, err = Connect(ctx, s.Address, t); err != nil {
		return nil, err
	}
	if r.control, err = Connect(ctx, s.Address, t); err != nil {
		r.conn.Close()
		return nil, err
	}
	counts, err := s.Messages()
	for i, name := range s.Names {
		p := &pulled{name: name, inbox: r.conn.Inbox(fmt.Sprint(i))}
		if err == nil {
			p.holds = counts[i]
			err = r.conn.Subscribe(p.inbox, firstSID+i)
		}
		if err == nil && p.holds == 0 {
			err = fmt.Errorf("stream %q is empty", name)
		}
		r.streams = append(r.streams, p)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close ends the reader; the server drops what is under way.
func (r *Reader) Close() {
	r.conn.Close()
	r.control.Close()
}

// stall is how long after its time a read may still wait for a message.
const stall = 30 * time.Second

// Run reads until so many bytes have come, or until the time, whichever is first;
// 0 bytes are no limit.
func (r *Reader) Run(ctx context.Context, most int64, until time.Time) error {
	r.conn.SetDeadline(until.Add(stall))
	defer context.AfterFunc(ctx, func() { r.conn.SetDeadline(time.Unix(1, 0)) })()
	for _, p := range r.streams {
		if err := r.ask(p); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		m, err := r.conn.Next()
		if err == nil {
			err = r.conn.Skip(m)
		}
		if err == nil && (m.SID < firstSID || m.SID >= firstSID+len(r.streams)) {
			continue
		}
		if err == nil && m.Header > 0 {
			err = fmt.Errorf("NATS ended a pull with a status")
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		p := r.streams[m.SID-firstSID]
		p.due--
		r.conn.toCome -= r.size
		r.Bytes += int64(m.Bytes)
		r.Messages++
		if p.due == r.batch/2 || p.due == 0 {
			if most > 0 && r.Bytes >= most || !time.Now().Before(until) {
				return nil
			}
			if err := r.ask(p); err != nil {
				return err
			}
		}
	}
}

// ask pulls the next messages of a stream; when all have come, from its beginning.
func (r *Reader) ask(p *pulled) (err error) {
	if p.left == 0 {
		if p.due > 0 {
			return nil // the last of them are coming
		}
		if p.consumer != "" {
			if err := dropConsumer(r.control, p.name, p.consumer); err != nil {
				return err
			}
		}
		if p.consumer, err = consumer(r.control, p.name, false); err != nil {
			return err
		}
		p.left = p.holds
	}
	n := min(int64(r.batch), p.left)
	p.left -= n
	p.due += int(n)
	r.conn.toCome += int(n) * r.size
	return r.conn.pull(p.name, p.consumer, p.inbox, int(n))
}
