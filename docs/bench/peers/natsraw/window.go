package natsraw

import (
	"bytes"
	"context"
	"fmt"
)

// window bounds the messages that are not yet acknowledged.
type window struct{ places chan struct{} }

func newWindow(messages int) *window { return &window{make(chan struct{}, messages)} }

// take waits for n places.
func (w *window) take(ctx context.Context, n int, failed chan error) error {
	for range n {
		select {
		case w.places <- struct{}{}:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// empty waits until all is acknowledged.
func (w *window) empty(ctx context.Context, failed chan error) error {
	return w.take(ctx, cap(w.places), failed)
}

// ackedPrefix begins an acknowledgement; a refusal begins with the error.
var ackedPrefix = []byte(`{"stream"`)

// acknowledge frees a place for each acknowledgement and tells acked of it, until
// the connection ends.
func (w *window) acknowledge(c *Conn, acked func()) error {
	for {
		m, err := c.Next()
		if err != nil {
			return err
		}
		b, err := c.Head(m, 200)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(b, ackedPrefix) {
			return fmt.Errorf("NATS does not acknowledge: %s", b)
		}
		acked()
		<-w.places
	}
}
