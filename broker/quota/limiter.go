package quota

import (
	"sync/atomic"
	"time"
)

// Limiter says how long clients are to wait. Its methods may be called at once.
// Times come from the clock that it is given.
type Limiter struct {
	store              *Store
	clients, mutations Windows
	now                func() time.Time
	begun              time.Time

	meters map[string]*meters // by key, fixed
	waits  map[string]*waited // the same
}

// waited counts what clients were told to wait for a quota.
type waited struct{ times, ms atomic.Int64 }

// NewLimiter holds clients to the quotas of the store, over Kafka's windows for
// clients and those for what changes topics (controller.quota.window.num).
func NewLimiter(store *Store, clients, mutations Windows, now func() time.Time) *Limiter {
	l := &Limiter{store: store, clients: clients.whatever(), mutations: mutations.whatever(), now: now, begun: now(), meters: map[string]*meters{}, waits: map[string]*waited{}}
	for key := range largest {
		l.meters[key], l.waits[key] = &meters{by: map[share]*meter{}}, new(waited)
	}
	return l
}

// elapsed is the time in ms by which use is counted. It goes by the clock's monotonic
// readings: one that is set neither forgives what was used nor keeps anybody waiting.
func (l *Limiter) elapsed() int64 { return l.now().Sub(l.begun).Milliseconds() }

// Active says whether anybody has a quota of any kind. It costs one atomic load.
func (l *Limiter) Active() bool { return len(l.store.now.Load().limits) > 0 }

// Client is whose quotas count: the principal's name, and what the client calls
// itself.
type Client struct{ User, ID string }

// Record counts what a client used up of a quota, one of [ProducerByteRate],
// [ConsumerByteRate] (bytes) and [RequestPercentage] (percent of a second), and
// says how long it is to wait.
//
// The wait is at most one window for [RequestPercentage], as with Kafka
// (ClientRequestQuotaManager.maxThrottleTimeMs). For bytes Kafka knows no bound;
// here it is all windows, after which the use does not count any more.
func (l *Limiter) Record(key string, c Client, value float64) (wait time.Duration) {
	l.record(key, c, value, func(r *rate, limit float64, now int64) {
		wait = min(r.wait(l.clients, limit, now), l.longest(key))
	})
	return wait
}

// Refund takes back what was recorded of a quota and did not come about.
func (l *Limiter) Refund(key string, c Client, value float64) {
	l.record(key, c, -value, func(*rate, float64, int64) {})
}

// record counts the value, and looks at the rate then.
func (l *Limiter) record(key string, c Client, value float64, look func(r *rate, limit float64, now int64)) {
	limit, by, ok := l.store.now.Load().limit(key, c.User, c.ID)
	if !ok {
		return
	}
	now := l.elapsed()
	l.meters[key].use(by, l.clients, now, func(m *meter) {
		m.rate.record(l.clients, value, now)
		look(&m.rate, limit, now)
	})
}

func (l *Limiter) longest(key string) time.Duration {
	if key == RequestPercentage || key == ConnectionCreationRate {
		return min(l.clients.Size, longestWait)
	}
	return l.clients.bound()
}

// Most is what a client can use up at once of a quota and not wait, if it used
// nothing of late: whole windows' worth (ClientQuotaManager.getMaxValueInQuotaWindow).
// It is infinite without a quota. With one window Kafka's is 0, which lets fetches
// wait for nothing; here it is one window's.
func (l *Limiter) Most(key string, c Client) float64 {
	limit, _, _ := l.store.now.Load().limit(key, c.User, c.ID)
	return limit * float64(max(1, l.clients.Samples-1)) * l.clients.Size.Seconds()
}

// Mutate counts partitions that a client creates or deletes. A strict one is
// refused, and not counted, while the client is in debt; any other is counted and
// waits until the client is out of debt (KIP-599).
func (l *Limiter) Mutate(c Client, partitions int, strict bool) (wait time.Duration, refused bool) {
	limit, by, ok := l.store.now.Load().limit(ControllerMutationRate, c.User, c.ID)
	if !ok {
		return 0, false
	}
	now, w := l.elapsed(), l.mutations
	l.meters[ControllerMutationRate].use(by, w, now, func(m *meter) {
		if wait = m.bucket.wait(w, limit, now); strict && wait > 0 {
			refused = true
			return
		}
		m.bucket.take(w, limit, float64(partitions), now)
		if wait = 0; !strict {
			wait = m.bucket.wait(w, limit, now)
		}
	})
	return min(wait, w.bound()), refused
}

// Connect counts a new connection of an address, and says how long it is to wait;
// then it is not to be taken, and not counted (KIP-612).
func (l *Limiter) Connect(ip string) (wait time.Duration) {
	limit, ok := l.store.now.Load().connectionLimit(ip)
	if !ok {
		return 0
	}
	now := l.elapsed()
	l.meters[ConnectionCreationRate].use(share{ip: ip}, l.clients, now, func(m *meter) {
		m.rate.record(l.clients, 1, now)
		if wait = min(m.rate.wait(l.clients, limit, now), l.longest(ConnectionCreationRate)); wait > 0 {
			m.rate.record(l.clients, -1, now)
		}
	})
	return wait
}

// Waited counts that a client was told to wait for a quota.
func (l *Limiter) Waited(key string, d time.Duration) {
	l.waits[key].times.Add(1)
	l.waits[key].ms.Add(d.Milliseconds())
}

// Waits are how often clients were told to wait for a quota, and how long in all.
type Waits struct {
	Key   string
	Times int64
	Sum   time.Duration
}

// Stats tell of the waits, by key.
func (l *Limiter) Stats() (all []Waits) {
	for _, key := range []string{ProducerByteRate, ConsumerByteRate, RequestPercentage, ControllerMutationRate, ConnectionCreationRate} {
		w := l.waits[key]
		all = append(all, Waits{key, w.times.Load(), time.Duration(w.ms.Load()) * time.Millisecond})
	}
	return all
}
