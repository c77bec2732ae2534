// Package natsraw speaks as much of the NATS protocol as it takes to load a
// JetStream server without being what is measured: it sends messages that were
// built before the clock starts, and throws away what it receives
// (docs.nats.io, Client Protocol; the JetStream wire API).
package natsraw

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"copyscope/internal/load"
)

// Conn is a connection; one goroutine reads from it, any write.
type Conn struct {
	net.Conn
	in      *bufio.Reader
	writing sync.Mutex
	inbox   string
	// toCome is how many payload bytes are surely still to come.
	toCome int
}

const readBytes = 256 << 10

// inboxes makes each connection's inbox another.
var inboxes atomic.Int64

// The sids of a connection's subscriptions: requestSID is that of the answers to
// requests, the others are the caller's.
const requestSID = 1

// Connect connects, and has been answered once.
func Connect(ctx context.Context, address string, t *load.Tally) (*Conn, error) {
	raw, gulps, err := load.Dial(ctx, address, nil, t)
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: raw, inbox: fmt.Sprintf("_INBOX.copyscope%d", inboxes.Add(1))}
	c.in = bufio.NewReaderSize(&gulping{c, gulps}, readBytes)
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err = c.in.ReadSlice('\n'); err == nil { // INFO
		err = c.Send([]byte(`CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"lang":"go","version":"1"}` + "\r\n"))
	}
	if err == nil {
		err = c.Flush()
	}
	if err == nil {
		err = c.Subscribe(c.inbox, requestSID)
	}
	c.SetDeadline(time.Time{})
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to NATS at %s: %w", address, err)
	}
	return c, nil
}

// gulping tells before each read how much is to come.
type gulping struct {
	c     *Conn
	gulps func(int)
}

func (g *gulping) Read(b []byte) (int, error) {
	if g.gulps != nil {
		g.gulps(g.c.toCome)
	}
	return g.c.Conn.Read(b)
}

// Send writes whole lines of the protocol.
func (c *Conn) Send(lines []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.Write(lines)
	return err
}

// Subscribe has messages of a subject delivered under a number.
func (c *Conn) Subscribe(subject string, sid int) error {
	return c.Send(fmt.Appendf(nil, "SUB %s %d\r\n", subject, sid))
}

// Inbox is a subject of this connection's own.
func (c *Conn) Inbox(name string) string { return c.inbox + "." + name }

// Message is one that was delivered. Its payload must be read or skipped.
type Message struct {
	SID           int
	Header, Bytes int // of the header and the payload
}

// Flush waits until the server has taken all that was sent before.
func (c *Conn) Flush() error {
	if err := c.Send([]byte("PING\r\n")); err != nil {
		return err
	}
	for {
		m, pong, err := c.next()
		if err != nil || pong {
			return err
		}
		if err := c.Skip(m); err != nil {
			return err
		}
	}
}

// Next waits for a message.
func (c *Conn) Next() (Message, error) {
	for {
		m, pong, err := c.next()
		if err != nil || !pong {
			return m, err
		}
	}
}

// next waits for a message or for the answer to a PING.
func (c *Conn) next() (m Message, pong bool, err error) {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return m, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case bytes.HasPrefix(line, []byte("MSG ")), bytes.HasPrefix(line, []byte("HMSG ")):
			m, err := parse(line)
			return m, false, err
		case bytes.Equal(line, []byte("PONG")):
			return m, true, nil
		case bytes.Equal(line, []byte("PING")):
			if err := c.Send([]byte("PONG\r\n")); err != nil {
				return m, false, err
			}
		case bytes.HasPrefix(line, []byte("-ERR")):
			return m, false, fmt.Errorf("NATS: %s", line)
		}
	}
}

// parse reads MSG subject sid [reply] bytes, or HMSG with the header's bytes before
// those of both.
func parse(line []byte) (m Message, err error) {
	header := line[0] == 'H'
	last := bytes.LastIndexByte(line, ' ')
	if m.Bytes, err = strconv.Atoi(string(line[last+1:])); err != nil {
		return m, fmt.Errorf("NATS: %q has no size", line)
	}
	if header {
		before := bytes.LastIndexByte(line[:last], ' ')
		if m.Header, err = strconv.Atoi(string(line[before+1 : last])); err != nil || m.Header > m.Bytes {
			return m, fmt.Errorf("NATS: %q has no size of its header", line)
		}
		m.Bytes -= m.Header
	}
	subject := bytes.IndexByte(line, ' ') + 1
	at := bytes.IndexByte(line[subject:], ' ') + subject + 1
	for ; at < len(line) && line[at] >= '0' && line[at] <= '9'; at++ {
		m.SID = 10*m.SID + int(line[at]-'0')
	}
	return m, nil
}

const newline = 2 // bytes of \r\n

// Skip throws a message away.
func (c *Conn) Skip(m Message) error {
	_, err := c.in.Discard(m.Header + m.Bytes + newline)
	return err
}

// Head reads a message and returns at most n bytes of the beginning of its payload,
// which stay until the next call.
func (c *Conn) Head(m Message, n int) ([]byte, error) {
	if _, err := c.in.Discard(m.Header); err != nil {
		return nil, err
	}
	n = min(n, m.Bytes)
	b, err := c.in.Peek(n)
	if err != nil {
		return nil, err
	}
	b = bytes.Clone(b)
	_, err = c.in.Discard(m.Bytes + newline)
	return b, err
}

// Request asks the JetStream API, on a connection that gets no other messages.
func (c *Conn) Request(subject string, ask, answer any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	c.SetDeadline(time.Now().Add(30 * time.Second))
	defer c.SetDeadline(time.Time{})
	if err := c.Send(fmt.Appendf(nil, "PUB %s %s %d\r\n%s\r\n", subject, c.inbox, len(body), body)); err != nil {
		return err
	}
	m, err := c.Next()
	if err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	if m.Bytes == 0 {
		return fmt.Errorf("%s: nobody answers; is JetStream on?", subject)
	}
	text := make([]byte, m.Header+m.Bytes+newline)
	if _, err := io.ReadFull(c.in, text); err != nil {
		return err
	}
	text = text[m.Header : m.Header+m.Bytes]
	var failed struct {
		Error *struct{ Description string }
	}
	if err := json.Unmarshal(text, &failed); err != nil {
		return fmt.Errorf("%s: %w", subject, err)
	}
	if failed.Error != nil {
		return fmt.Errorf("%s: %s", subject, failed.Error.Description)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}
