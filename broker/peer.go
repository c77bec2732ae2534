package broker

import (
	"context"
	"time"
)

// attended is a context for a request that waits: it ends, too, when the client
// leaves, so that nobody waits for what nobody will read. stop must be called
// before anything else is read from the connection.
//
// A client that has sent its next request already is not watched: its socket
// has something to read, and is no sign of either.
func (c *connection) attended(ctx context.Context) (_ context.Context, stop func()) {
	if c.in.waiting() {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	if !c.armed(time.Time{}) {
		cancel()
		return ctx, func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if peerLeft(plainTCP(c.conn)) {
			cancel()
		}
	}()
	return ctx, func() {
		c.readUntil = longAgo
		c.conn.SetReadDeadline(longAgo) // ends the watch; whoever reads next arms anew
		<-done
		cancel()
	}
}

// longAgo, as a deadline, ends what waits.
var longAgo = time.Unix(1, 0)

// waits is for an API that may wait as long as its client does.
func waits(serve func(*connection, context.Context, request) error) func(*connection, context.Context, request) error {
	return func(c *connection, ctx context.Context, r request) error {
		ctx, stop := c.attended(ctx)
		defer stop()
		c.use.pause() // nearly all of its time is waiting
		return serve(c, ctx, r)
	}
}
