package load

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Conn is a connection on which requests of any kind are asked, one after the
// other, and timed. It is for one goroutine.
type Conn struct {
	conn   duplex
	format *kmsg.RequestFormatter
	number int32
	frame  []byte
}

// Connect connects to the broker at host:port.
func Connect(ctx context.Context, address string) (*Conn, error) {
	conn, _, _, err := dial(ctx, address, nil)
	if err != nil {
		return nil, err
	}
	return &Conn{conn: conn, format: kmsg.NewRequestFormatter(kmsg.FormatterClientID(clientID))}, nil
}

// Ask sends the request, in the version that it names, and returns the answer,
// and how long it took until all of it was here; making and taking apart the
// messages is not in that time. The version must be one without tagged fields.
func (c *Conn) Ask(ctx context.Context, r kmsg.Request) (answer kmsg.Response, took time.Duration, err error) {
	if r.IsFlexible() {
		return nil, 0, fmt.Errorf("%s, version %d, has tagged fields; ask in an earlier version", kmsg.NameForKey(r.Key()), r.GetVersion())
	}
	defer context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })()
	c.number++
	c.frame = c.format.AppendRequest(c.frame[:0], r, c.number)
	began := time.Now()
	body, err := c.exchange()
	took = time.Since(began)
	if ctx.Err() != nil {
		return nil, took, context.Cause(ctx)
	}
	if err != nil {
		return nil, took, fmt.Errorf("%s: %w", kmsg.NameForKey(r.Key()), ended(err))
	}
	answer = r.ResponseKind()
	answer.SetVersion(r.GetVersion())
	if err := answer.ReadFrom(body); err != nil {
		return nil, took, fmt.Errorf("the answer to %s: %w", kmsg.NameForKey(r.Key()), err)
	}
	return answer, took, nil
}

// exchange sends the frame and returns the answer's body.
func (c *Conn) exchange() ([]byte, error) {
	if _, err := c.conn.Write(c.frame); err != nil {
		return nil, err
	}
	var head [8]byte // size, correlation
	if _, err := io.ReadFull(c.conn, head[:]); err != nil {
		return nil, err
	}
	size, number := int32(binary.BigEndian.Uint32(head[:])), int32(binary.BigEndian.Uint32(head[4:]))
	if size < 4 || size > maxFrame {
		return nil, fmt.Errorf("a frame of %d bytes; is the server a Kafka broker?", size)
	}
	if number != c.number {
		return nil, fmt.Errorf("the server answers request %d, expected %d", number, c.number)
	}
	body := make([]byte, size-4)
	_, err := io.ReadFull(c.conn, body)
	return body, err
}

// Close closes it.
func (c *Conn) Close() error { return c.conn.Close() }
