package broker

import (
	"context"
	"math"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"copyscope/broker/quota"
)

// use is what a request uses of its client's quotas. While nobody has a quota it
// is the zero value, which counts nothing.
type use struct {
	counted bool
	client  quota.Client
	began   time.Time
	paused  time.Time     // zero: it is worked on
	idle    time.Duration // that it waited for others

	key   string // the quota that makes it wait longest
	wait  time.Duration
	until time.Time
}

// uses begins to count what a request uses, if anybody has a quota. Until it has
// authenticated, nobody knows whose quotas count.
func (c *connection) uses(r request, began time.Time) {
	if !c.b.limits.Active() || c.auth.pending() {
		return
	}
	c.use = use{counted: true, began: began, client: quota.Client{User: strings.TrimPrefix(c.seen.principal(), "User:"), ID: r.ClientID}}
}

// pause and resume: in between nobody works on the request.
func (u *use) pause() {
	if u.counted {
		u.paused = time.Now()
	}
}

func (u *use) resume() {
	if u.counted {
		u.idle += time.Since(u.paused)
		u.paused = time.Time{}
	}
}

// worked is how long the request was worked on.
func (u *use) worked() time.Duration {
	end := u.paused
	if end.IsZero() {
		end = time.Now()
	}
	return end.Sub(u.began) - u.idle
}

// charge counts what the request uses of a quota.
func (c *connection) charge(key string, value float64) {
	if c.use.counted {
		c.use.mustWait(key, c.b.limits.Record(key, c.use.client, value))
	}
}

// chargeTime counts the time for which the request was worked on, of one handler
// and in percent, as Kafka does of its threads (ClientRequestQuotaManager). Waits
// of any kind are not in it, nor is the sending.
func (c *connection) chargeTime() {
	if c.use.counted {
		c.charge(quota.RequestPercentage, 100*c.use.worked().Seconds())
	}
}

// mustWait: of all quotas that a request exceeds, the longest wait counts.
func (u *use) mustWait(key string, wait time.Duration) {
	if wait > u.wait {
		u.key, u.wait, u.until = key, wait, time.Now().Add(wait)
	}
}

// throttleMs is what the client is told.
func (u *use) throttleMs() int32 {
	return int32(min(u.wait.Milliseconds(), math.MaxInt32))
}

// tellThrottle tells the client in the answer, if that has a place for it.
func (c *connection) tellThrottle(resp kmsg.Response) {
	if !c.throttled() {
		return
	}
	if to, ok := resp.(kmsg.SetThrottleResponse); ok {
		to.SetThrottle(c.use.throttleMs())
	}
}

// throttled says whether the client must wait, and tells it to who watches: before
// the client knows it, so that nobody is told later than the client.
func (c *connection) throttled() bool {
	if c.use.wait <= 0 {
		return false
	}
	c.b.limits.Waited(c.use.key, c.use.wait)
	c.seen.throttled(c.use.until)
	return true
}

// mute waits, once the answer is sent, for as long as the client was told to;
// nothing is read from it meanwhile (KIP-219). It ends with ctx, and when the
// client leaves. No other connection waits for it.
func (c *connection) mute(ctx context.Context) {
	if c.use.wait <= 0 {
		return
	}
	c.b.muted.Add(1)
	defer c.b.muted.Add(-1)
	ctx, stop := c.attended(ctx)
	defer stop()
	pause(ctx, time.Until(c.use.until))
}

// mostFetched is how many bytes a fetch may ask for: what is more than the quota of
// all windows would never get through (KafkaApis.handleFetchRequest).
func (c *connection) mostFetched(limit int64) int64 {
	if !c.use.counted {
		return limit
	}
	return int64(min(float64(limit), c.b.limits.Most(quota.ConsumerByteRate, c.use.client)))
}

// chargeFetch counts an answer of so many bytes. If the client must wait, it is
// not counted, as the answer is to be empty: the client fetches the same again.
func (c *connection) chargeFetch(bytes int64) (throttled bool) {
	if !c.use.counted {
		return false
	}
	c.chargeTime()
	c.charge(quota.ConsumerByteRate, float64(bytes))
	if !c.throttled() {
		return false
	}
	c.b.limits.Refund(quota.ConsumerByteRate, c.use.client, float64(bytes))
	return true
}
