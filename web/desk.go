package web

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"
)

// desk does one thing of the host's at a time for all pages, a load or a watch, and
// tells a feed how it stands. What it does belongs to the host, not to the page that
// asked for it: it goes on when that leaves.
type desk struct {
	server *Server
	feed   *Feed
	done   sync.WaitGroup

	mu     sync.Mutex
	began  time.Time
	cancel context.CancelFunc // nil: nothing is under way
}

// tell publishes how it stands.
func (d *desk) tell(message string, state any) {
	if err := d.feed.publish(message, state); err != nil {
		d.server.config.Log.Error("a desk's feed", "message", message, "err", err)
	}
}

// elapsedMs is how long what is under way has taken, of the milliseconds that it may;
// the caller holds the lock.
func (d *desk) elapsedMs(of int64) int64 { return min(time.Since(d.began).Milliseconds(), of) }

// stop ends what is under way and says whether there was anything.
func (d *desk) stop() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cancel == nil {
		return false
	}
	d.cancel()
	return true
}

// rescue, deferred by what is under way, makes an error of a fault in it, which must
// not end the process: that serves others.
func (d *desk) rescue(what string, err *error) {
	if fault := recover(); fault != nil {
		d.server.config.Log.Error(what+" panicked", "panic", fault, "stack", string(debug.Stack()))
		*err = errors.New("this request ran into a fault of the server")
	}
}
