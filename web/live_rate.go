package web

import (
	"context"
	"fmt"
	"math"
	"time"
)

// mostHertz is how often the host's figures can be taken, in times per second;
// a sample takes one or two milliseconds of a processor.
const mostHertz = 10

// rateRequest is the body of live.rate, as a request and in the feed.
type rateRequest struct {
	Hz int `json:"hz"`
}

// hertz is how often per second something happens that happens every so often.
func hertz(every time.Duration) int { return int(math.Round(float64(time.Second) / float64(every))) }

func (f *figures) interval() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.every
}

// pace sets how often samples are taken, and tells every page.
func (f *figures) pace(hz int) error {
	f.mu.Lock()
	f.every = time.Second / time.Duration(hz)
	f.mu.Unlock()
	wake(f.paced)
	return f.feed.publish("live.rate", rateRequest{hz})
}

// rate answers live.rate: samples are taken that often from now on, for every
// page, as all see the same ones.
func (l *live) rate(_ context.Context, _ *Client, m Message) error {
	var r rateRequest
	if err := m.Decode(&r); err != nil {
		return err
	}
	switch {
	case l.figures == nil:
		return Problem{"unavailable", "this host's figures cannot be read", "see copyscope doctor"}
	case !l.server.local():
		return Problem{"unavailable", "pages that other machines can reach do not set how often this host is sampled", "serve the pages on 127.0.0.1"}
	case r.Hz < 1 || r.Hz > mostHertz:
		return Problem{"body", fmt.Sprintf("hz %d is not a number of samples per second", r.Hz), fmt.Sprintf("give a whole number from 1 to %d", mostHertz)}
	}
	return l.figures.pace(r.Hz)
}
