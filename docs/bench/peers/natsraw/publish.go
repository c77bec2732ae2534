package natsraw

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"copyscope/internal/load"
)

// Publish sends messages that were built before, batchBytes of them in a write,
// to the streams in turns. With acks, at most outstanding writes are not yet
// acknowledged; without, the end waits until the server has taken all.
func (s *Streams) Publish(ctx context.Context, size, batchBytes, outstanding int, acks bool, most int64, until time.Time, t *load.Tally) (err error) {
	c, err := Connect(ctx, s.Address, t)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	reply := ""
	if acks {
		reply = c.inbox + " "
	}
	each := max(1, batchBytes/size)
	var writes [][]byte
	for i := range max(len(s.Names), 8) {
		writes = append(writes, lines(s.Names[i%len(s.Names)], reply, size, each, uint64(i)))
	}
	if !acks {
		sent := int64(0)
		for i := 0; (most == 0 || sent < most) && time.Now().Before(until); i++ {
			if err := c.Send(writes[i%len(writes)]); err != nil {
				return err
			}
			sent += int64(each * size)
			t.Count(int64(each*size), int64(each))
		}
		return c.Flush()
	}
	w := newWindow(outstanding * each)
	failed := make(chan error, 1)
	go func() { failed <- w.acknowledge(c, func() { t.Count(int64(size), 1) }) }()
	for i := int64(0); (most == 0 || i*int64(each*size) < most) && time.Now().Before(until); i++ {
		if err := w.take(ctx, each, failed); err != nil {
			return err
		}
		if err := c.Send(writes[i%int64(len(writes))]); err != nil {
			return err
		}
	}
	return w.empty(ctx, failed)
}

// lines are n messages for a subject as they are sent; their payload does not
// compress.
func lines(subject, reply string, size, n int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	for range n {
		fmt.Fprintf(&b, "PUB %s %s%d\r\n", subject, reply, size)
		for range size {
			b.WriteByte(byte(random.Uint32()))
		}
		b.WriteString("\r\n")
	}
	return b.Bytes()
}

// appendMessage appends one message.
func appendMessage(b []byte, subject, reply string, payload []byte) []byte {
	b = append(b, "PUB "...)
	b = append(b, subject...)
	b = append(b, ' ')
	b = append(b, reply...)
	b = strconv.AppendInt(b, int64(len(payload)), 10)
	b = append(b, "\r\n"...)
	b = append(b, payload...)
	return append(b, "\r\n"...)
}
