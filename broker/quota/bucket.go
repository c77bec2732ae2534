package quota

import "time"

// bucket is a token bucket (TokenBucket.java): it is filled at the rate of the
// limit, up to what the windows hold, and what is taken of it may leave it in
// debt. A new one is full.
type bucket struct {
	limit  float64 // a second, since the last fill; 0 is a new one
	tokens float64
	at     int64 // ms, of tokens
}

func (b *bucket) fill(w Windows, limit float64, now int64) {
	burst := limit * w.whole().Seconds()
	if b.limit == 0 {
		b.tokens, b.at = burst, now
	}
	b.tokens = min(burst, b.tokens+limit*float64(now-b.at)/1000)
	b.limit, b.at = limit, now
}

// take takes n.
func (b *bucket) take(w Windows, limit, n float64, now int64) {
	b.fill(w, limit, now)
	b.tokens -= n
}

// wait is how long it takes until the bucket is out of debt
// (ControllerMutationQuotaManager.throttleTimeMs).
func (b *bucket) wait(w Windows, limit float64, now int64) time.Duration {
	b.fill(w, limit, now)
	return milliseconds(max(0, -b.tokens/limit*1000))
}

// idle says that it is as full as a new one.
func (b bucket) idle(w Windows, now int64) bool {
	b.fill(w, b.limit, now)
	return b.tokens >= b.limit*w.whole().Seconds()
}
