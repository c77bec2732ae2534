package quota

import (
	"math"
	"time"
)

// Windows are how long is looked back: over Samples samples of Size each
// (Kafka: quota.window.num, quota.window.size.seconds).
type Windows struct {
	Samples int
	Size    time.Duration
}

// DefaultWindows are Kafka's: ten whole samples and the one under way.
var DefaultWindows = Windows{11, time.Second}

// whatever they are, there is one and it takes time.
func (w Windows) whatever() Windows { return Windows{max(1, w.Samples), max(time.Millisecond, w.Size)} }

// whole is how long a value counts.
func (w Windows) whole() time.Duration { return time.Duration(w.Samples) * w.Size }

// longestWait bounds waits whatever the windows are: as long as a connection may be
// silent.
const longestWait = 10 * time.Minute

// bound is the longest wait that makes sense: what is older is forgotten.
func (w Windows) bound() time.Duration { return min(w.whole(), longestWait) }

// rate is a sum a second over the windows, as Kafka's metrics have it (Rate.java,
// SampledStat.java). Times are in ms, as there.
type rate struct {
	samples []sample // at most one more than the windows have
	current int
}

// sample is what was recorded from start on, in one window's time.
type sample struct {
	start, last int64
	sum         float64
}

// record adds a value. Below zero, it takes back what was recorded.
func (r *rate) record(w Windows, value float64, now int64) {
	if len(r.samples) == 0 {
		r.samples = append(r.samples, sample{start: now, last: now})
		r.current = 0
	}
	if now-r.samples[r.current].start >= w.Size.Milliseconds() {
		r.current = (r.current + 1) % (w.Samples + 1)
		if r.current >= len(r.samples) {
			r.samples = append(r.samples, sample{})
			r.current = len(r.samples) - 1
		}
		r.samples[r.current] = sample{start: now, last: now}
	}
	s := &r.samples[r.current]
	s.sum += value
	s.last = now
}

// measure is the rate, and the time over which it was taken. Windows that were
// not lived through count as ones in which nothing came.
func (r *rate) measure(w Windows, now int64) (perSecond float64, over time.Duration) {
	sum, oldest := 0.0, now
	for i := range r.samples {
		s := &r.samples[i]
		if now-s.last >= w.whole().Milliseconds() {
			*s = sample{start: now, last: now}
		}
		sum += s.sum
		oldest = min(oldest, s.start)
	}
	elapsed := now - oldest
	if full, least := elapsed/w.Size.Milliseconds(), int64(w.Samples-1); full < least {
		elapsed += (least - full) * w.Size.Milliseconds()
	}
	over = time.Duration(max(elapsed, 1)) * time.Millisecond
	return sum / over.Seconds(), over
}

// wait is how long it takes until the rate is at the limit, if nothing is recorded
// meanwhile: a rate O over a time W comes down to T when O·W/(W+X) = T
// (QuotaUtils.throttleTime).
func (r *rate) wait(w Windows, limit float64, now int64) time.Duration {
	observed, over := r.measure(w, now)
	if observed <= limit {
		return 0
	}
	return milliseconds((observed - limit) / limit * float64(over.Milliseconds()))
}

// idle says that nothing counts any more.
func (r *rate) idle(w Windows, now int64) bool {
	for _, s := range r.samples {
		if now-s.last < w.whole().Milliseconds() {
			return false
		}
	}
	return true
}

// milliseconds rounds, and knows that a wait may be longer than any.
func milliseconds(ms float64) time.Duration {
	if ms >= float64(math.MaxInt64/int64(time.Millisecond)) {
		return math.MaxInt64
	}
	return time.Duration(math.Round(ms)) * time.Millisecond
}
